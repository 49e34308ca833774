"""Attention that is written out: `softmax(q k^T * scale + mask) v`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.onnx.fusing.wiring import Fused
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.onnx.fusing.wiring import Wiring
    from cnncalc.importers.onnx.records import Node

ATTENTION = "cnncalc.Attention"
"""An op that no file has: q, k transposed, v, then whatever scales the scores or is added to them."""
_DEPTH = 16


def attention(last: Node, wiring: Wiring) -> Fused | None:
    """`P v`, or `v P^T` where channels stand before positions."""
    if len(last.inputs) != 2:  # noqa: PLR2004 - two
        return None
    for at in (0, 1):
        weights, v = last.inputs[at], last.inputs[1 - at]
        inner: list[Node] = []
        if at == 1:
            turned = wiring.maker(weights, "Transpose")
            if turned is None or not _swaps(turned):
                continue
            inner.append(turned)
            weights = turned.inputs[0]
        found = _scores(weights, wiring)
        if found is None:
            continue
        product, extras, nodes = found
        made = replace(
            last,
            op=ATTENTION,
            inputs=(*product.inputs, v, *extras),
            attributes={"swapped": at},
        )
        return Fused(node=made, inner=(*inner, *nodes))
    return None


def _swaps(node: Node) -> bool:
    """Whether a Transpose exchanges the last two axes."""
    order = node.attributes.get("perm")
    if not isinstance(order, tuple) or len(order) < 2:  # noqa: PLR2004 - two
        return False
    rank = len(order)
    return order == (*range(rank - 2), rank - 1, rank - 2)


def _scores(name: str, wiring: Wiring) -> tuple[Node, list[str], list[Node]] | None:
    """The product under a softmax over its last axis, what is joined to it, and the nodes in between."""
    name, inner = wiring.through(name)
    guard = wiring.maker(name, "Where")  # rows that are masked all over are 0 instead of not a number
    if guard is not None:
        test = wiring.maker(guard.inputs[0], "IsNaN")
        if guard.inputs[1] not in wiring.fixed or guard.inputs[0] not in wiring.fixed | {_output(test)}:
            return None
        inner += [guard, test] if test is not None else [guard]
        name, passed = wiring.through(guard.inputs[2])
        inner += passed
    softmax = wiring.maker(name, "Softmax")
    if softmax is None:
        return None
    inner.append(softmax)
    name = softmax.inputs[0]
    extras: list[str] = []
    while len(inner) < _DEPTH:
        name, passed = wiring.through(name)
        inner += passed
        node = wiring.maker(name, "Mul", "Div", "Add", "Sub", "MatMul", "Where", "Reshape")
        if node is None:
            return None
        inner.append(node)
        if node.op == "Reshape" and node.inputs[1] in wiring.fixed:  # windows apart for a mask, and together again
            name = node.inputs[0]
            continue
        if node.op == "MatMul":
            return node, extras, inner
        found = _other(node, wiring)
        if found is None:
            return None
        name, more = found
        extras += more
    return None


def _output(node: Node | None) -> str:
    return node.outputs[0] if node is not None else ""


def _other(node: Node, wiring: Wiring) -> tuple[str, list[str]] | None:
    """What goes on towards the product, and what is joined to it there."""
    if node.op == "Where":
        test, yes, no = node.inputs
        return (no, [test]) if wiring.is_scalar(yes) else (yes, [test]) if wiring.is_scalar(no) else None
    a, b = node.inputs
    for x, y in ((a, b), (b, a)):
        if y in wiring.fixed and (x == a or node.op in ("Add", "Mul")):
            return x, [y]
    # Of two tensors the first one comes from the product; a mask or bias is added second.
    for x, y in ((a, b), (b, a)):
        if wiring.maker(x, "Mul", "Div", "Add", "MatMul", "Where", "Reshape") is not None and (
            x == a or node.op in ("Add", "Mul")
        ):
            return x, [y]
    return None
