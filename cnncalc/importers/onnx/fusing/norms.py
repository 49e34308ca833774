"""Norms over an axis that are written out: LayerNorm and RMSNorm, without their scale and shift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.onnx.constants import integers
from cnncalc.importers.onnx.fusing.wiring import Fused
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.onnx.fusing.wiring import Wiring
    from cnncalc.importers.onnx.records import Node

LAYER, RMS = "cnncalc.LayerNorm", "cnncalc.RMSNorm"
"""Ops that no file has: the norm over `axes`, without weights."""


def divided(last: Node, wiring: Wiring) -> Fused | None:
    """`d / sqrt(mean(d*d) + eps)`."""
    if len(last.inputs) != 2:  # noqa: PLR2004 - two
        return None
    root = wiring.maker(last.inputs[1], "Sqrt")
    return _norm(last, last.inputs[0], root.inputs[0], [root], wiring) if root is not None else None


def multiplied(last: Node, wiring: Wiring) -> Fused | None:
    """`d * (1 / sqrt(mean(d*d) + eps))`, or `d * (mean(d*d) + eps)**-0.5`."""
    for name in last.inputs:
        difference = wiring.other(last, name)
        inverse = wiring.maker(name, "Reciprocal", "Pow", "Div")
        if difference is None or inverse is None:
            continue
        if inverse.op == "Pow":
            found = (inverse.inputs[0], [inverse]) if wiring.scalar(inverse.inputs[1]) == -0.5 else None  # noqa: PLR2004
        else:
            under = inverse.inputs[0] if inverse.op == "Reciprocal" else inverse.inputs[1]
            ones = inverse.op == "Reciprocal" or wiring.scalar(inverse.inputs[0]) == 1
            root = wiring.maker(under, "Sqrt")
            found = (root.inputs[0], [inverse, root]) if root is not None and ones else None
        made = _norm(last, difference, *found, wiring) if found is not None else None
        if made is not None:
            return made
    return None


def _norm(last: Node, d: str, variance: str, inner: list[Node], wiring: Wiring) -> Fused | None:
    """The norm of which `d` is divided by the root of `variance`, mean(d*d) + eps."""
    plus = wiring.maker(variance, "Add")
    parts = wiring.with_scalar(plus) if plus is not None else None
    mean = wiring.maker(parts[0], "ReduceMean") if parts is not None else None
    square = wiring.maker(mean.inputs[0], "Pow", "Mul") if mean is not None else None
    if plus is None or mean is None or square is None or not _is_square(square, d, wiring):
        return None
    inner = [*inner, plus, mean, square]
    axes = _axes(mean, wiring)
    if axes is None or mean.attributes.get("keepdims", 1) != 1:
        return None
    minus = wiring.maker(d, "Sub")
    centre = wiring.maker(minus.inputs[1], "ReduceMean") if minus is not None else None
    if minus is not None and centre is not None:
        x = minus.inputs[0]
        if centre.inputs[0] == x and _axes(centre, wiring) == axes and centre.attributes.get("keepdims", 1) == 1:
            return _made(last, LAYER, x, axes, [*inner, minus, centre])
    return _made(last, RMS, d, axes, inner)


def _made(last: Node, op: str, x: str, axes: tuple[int, ...], inner: list[Node]) -> Fused:
    return Fused(node=replace(last, op=op, inputs=(x,), attributes={"axes": axes}), inner=tuple(inner))


def _is_square(node: Node, d: str, wiring: Wiring) -> bool:
    if node.op == "Mul":
        return node.inputs == (d, d)
    return node.inputs[0] == d and wiring.scalar(node.inputs[1]) == 2  # noqa: PLR2004 - squared


def _axes(node: Node, wiring: Wiring) -> tuple[int, ...] | None:
    found = node.attributes.get("axes")
    if isinstance(found, tuple):
        return tuple(int(axis) for axis in found)
    return integers(wiring.constants.get(node.inputs[1])) if len(node.inputs) > 1 else None
