"""Linear layers and attention as ONNX nodes."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from cnncalc.export.onnx.draft import dims_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.export.onnx.draft import Draft
    from cnncalc.geometry.shape import TensorShape

QUERY_KEY_VALUE = 3
ORDERS = ("nc", "cn", "nc")
"""Positions and channels of a head of query, key and value, as their products want them."""


def linear(draft: Draft) -> str:
    """`Gemm` of vectors, `MatMul` of tokens: the matrix of the latter stands transposed, as it is everywhere."""
    if draft.shape.tokens:
        return _projected(draft, draft.x, 0, bias=1 if draft.op.bias else None)
    x = draft.node("Flatten", draft.x, axis=1) if draft.shape.sizes else draft.x
    return draft.node("Gemm", x, *draft.weights(), transB=1)


def attention(draft: Draft) -> str:
    """Projections, heads, scores, heads, projection; a map is a row of tokens for it."""
    shape, heads = draft.shape, draft.op.num_heads
    channels, count = shape.channels, shape.positions
    x = draft.x
    if not shape.tokens:
        x = draft.transpose(draft.reshape(x, (0, channels, count)), 0, 2, 1)
    parts = draft.nodes_of(
        "Split", QUERY_KEY_VALUE, _projected(draft, x, 0, bias=1), axis=2, num_outputs=QUERY_KEY_VALUE
    )
    sizes = {"n": count, "g": heads, "c": channels // heads}
    q, k, v = (_arranged(draft, part, "ngc", f"g{order}", sizes) for part, order in zip(parts, ORDERS, strict=True))
    made = draft.transpose(_attended(draft, q, k, v, channels // heads), 0, 2, 1, 3)
    made = _projected(draft, draft.reshape(made, (0, count, channels)), 2, bias=3)
    if shape.tokens:
        return made
    return draft.reshape(draft.transpose(made, 0, 2, 1), (0, *shape))


def sdpa(draft: Draft) -> str:
    """Axes of windows and of the heads of the query that share a key stand only where there are some."""
    heads, windows = draft.op.num_heads, draft.op.windows
    shared = draft.op.num_kv_heads or heads
    axes = ("w" if windows > 1 else "") + ("go" if heads > shared else "g")
    made = []
    for place, (shape, order) in enumerate(zip(draft.shapes, ORDERS, strict=True)):
        own = heads // shared if place == 0 else 1
        sizes = {"w": windows, "n": shape.positions // windows, "g": shared, "o": own}
        sizes["c"] = shape.channels // (shared * own)
        made.append(_arranged(draft, draft.values[place], _written(axes, shape), axes + order, sizes))
    q, k, v = made
    result = _attended(draft, q, k, v, draft.shape.channels // heads)
    written = _written(axes, draft.output)
    result = draft.transpose(result, 0, *(1 + f"{axes}nc".index(axis) for axis in written))
    return draft.reshape(result, (0, *dims_of(draft.output)))


def _written(axes: str, shape: TensorShape) -> str:
    """The axes in the order in which an input has them: windows outside of positions, heads outside of channels."""
    windows = "w" if "w" in axes else ""
    heads = axes.removeprefix("w")
    return f"{windows}n{heads}c" if shape.tokens else f"{heads}c{windows}n"


def _arranged(draft: Draft, x: str, before: str, after: str, sizes: Mapping[str, int]) -> str:
    """Cut into axes, which then stand in another order."""
    x = draft.reshape(x, (0, *(sizes[axis] for axis in before)))
    return draft.transpose(x, 0, *(1 + before.index(axis) for axis in after))


def matmul(draft: Draft) -> str:
    """Matrices made of both inputs row by row; which axis is which is not said."""
    (a, b), out, inner = draft.shapes, draft.output, draft.op.inner
    batch = draft.op.batch(out, a, b)
    rows, columns = a.numel // inner // batch, b.numel // inner // batch
    left = draft.reshape(draft.values[0], (0, batch, rows, inner))
    right = draft.reshape(draft.values[1], (0, batch, inner, columns))
    return draft.reshape(draft.node("MatMul", left, right), (0, *dims_of(out)))


def _projected(draft: Draft, x: str, weight: int, *, bias: int | None) -> str:
    made = draft.node("MatMul", x, draft.weight(weight, turned=True))
    return made if bias is None else draft.node("Add", made, draft.weight(bias))


def _attended(draft: Draft, q: str, k: str, v: str, length: int) -> str:
    """`softmax(q k / sqrt(length)) v`; the positions of k stand last."""
    scores = draft.node("Mul", draft.node("MatMul", q, k), draft.numbers("scale", (1 / sqrt(length),), ()))
    return draft.node("MatMul", draft.node("Softmax", scores, axis=-1), v)
