"""Means, sums, maxima and norms along axes, and global pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.tensors.reducing import reduced
from cnncalc.importers.tensors.trace import UnmappedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.importers.onnx.nodes import Call
    from cnncalc.importers.tensors.trace import Held

KINDS = {
    "ReduceMean": ("", "mean", ""), "ReduceSum": ("", "sum", ""), "ReduceMax": ("", "max", ""),
    "ReduceMin": ("", "min", ""), "ReduceL2": ("", "norm", ""), "ReduceL1": ("abs", "sum", ""),
    "ReduceSumSquare": ("square", "sum", ""), "ReduceLogSum": ("", "sum", "log"),
    "ReduceLogSumExp": ("exp", "sum", "log"),
}  # fmt: skip
"""What comes before it, the reduction, what comes after it."""


def reduction(call: Call) -> Held:
    """Over the axes that are given, or all behind the batch."""
    before, kind, after = KINDS[call.node.op]
    x = call.x
    over = call.numbers("axes", 1)
    if not over and call.integer("noop_with_empty_axes"):
        places: list[int] = []
    else:
        places = sorted({call.axis(axis) for axis in over}) if over else list(range(len(x.dims)))
    if before:
        x = call.same(before, x)
    if places:
        x = reduced(call.trace, call.node, x, kind, places, keep=bool(call.integer("keepdims", 1)))
    elif kind == "norm":
        x = call.same("abs", x)
    return call.same(after, x) if after else x


def extreme(call: Call) -> Held:
    """`ArgMax`, `ArgMin`: as many comparisons as the maximum has."""
    kind = "max" if call.node.op == "ArgMax" else "min"
    place = call.axis(call.integer("axis", 0))
    return reduced(call.trace, call.node, call.x, kind, [place], keep=bool(call.integer("keepdims", 1)))


def pooled(kind: str) -> Callable[[Call], Held]:
    """Global pools: over all positions, which stay with size 1."""

    def mapped(call: Call) -> Held:
        x, order = call.x, call.integer("p", 2)
        if order not in (1, 2):
            raise UnmappedError(f"a norm of order {order}")
        if kind == "norm" and order == 1:
            x = call.same("abs", x)
        how = "sum" if kind == "norm" and order == 1 else kind
        return reduced(call.trace, call.node, x, how, range(2, len(x.dims)), keep=True)

    return mapped
