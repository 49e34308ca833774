"""Activations that are written as products: silu, hardswish, mish, gelu; and hardsigmoid as a clipped line."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.fusing.wiring import Fused
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.onnx.fusing.wiring import Wiring
    from cnncalc.importers.onnx.records import Node

_DEPTH = 12
"""Nodes that the inside of a tanh may have."""


def gated(last: Node, wiring: Wiring) -> Fused | None:
    """`x * g(x)`, in whatever order it and its factors are multiplied."""
    factors, inner, scale = _factors(last, wiring)
    if len(factors) != 2:  # noqa: PLR2004 - x and its gate
        return None
    for x, gate in (factors, factors[::-1]):
        found = _gate(x, gate, scale, wiring)
        if found is not None:
            op, nodes = found
            made = replace(last, op=op, inputs=(x,), attributes={})
            return Fused(node=made, inner=(*inner, *nodes))
    return None


def _factors(last: Node, wiring: Wiring) -> tuple[list[str], list[Node], float]:
    """The tensors that are multiplied, the nodes that do it but for the last one, and the number beside them."""
    factors: list[str] = []
    inner: list[Node] = []
    scale = 1.0
    pending = [last]
    while pending:
        node = pending.pop()
        if node is not last:
            inner.append(node)
        for at, name in enumerate(node.inputs):
            number = wiring.scalar(name)
            before = wiring.maker(name, "Mul", "Div")
            if number is not None and (node.op == "Mul" or at == 1) and number:
                scale = scale * number if node.op == "Mul" else scale / number
            elif node.op == "Div" and at == 1:
                return [], [], 1.0
            elif before is not None and wiring.uses[name] == 1 and len(inner) < _DEPTH:
                pending.append(before)
            else:
                factors.append(name)
    return factors, inner, scale


def _gate(x: str, gate: str, scale: float, wiring: Wiring) -> tuple[str, list[Node]] | None:
    """The activation that `scale * x * gate` is, and the nodes that make the gate."""
    maker = wiring.makers.get(gate)
    if maker is None or not maker.is_standard:
        return None
    inner = wiring.makers.get(maker.inputs[0]) if maker.inputs else None
    if scale == 1 and maker.inputs[:1] == (x,) and maker.op in ("Sigmoid", "HardSigmoid"):
        return ("Swish" if maker.op == "Sigmoid" else "HardSwish"), [maker]
    if scale == 1 and maker.op == "Tanh" and inner is not None and inner.op == "Softplus" and inner.inputs == (x,):
        return "Mish", [maker, inner]
    line = _clipped(gate, wiring)
    if line is not None and line[0] == x and isclose(scale, 1 / 6, rel_tol=1e-3):
        return "HardSwish", line[1]
    if maker.op == "Add" and isclose(scale, 0.5):
        sides = [name for name in maker.inputs if wiring.scalar(name) != 1]
        curve = wiring.maker(sides[0], "Erf", "Tanh") if len(sides) == 1 else None
        nodes = _only(x, curve.inputs[0], wiring) if curve is not None else None
        if curve is not None and nodes is not None:
            return "Gelu", [maker, curve, *nodes]
    return None


def _only(x: str, name: str, wiring: Wiring) -> list[Node] | None:
    """The nodes between x and something that is computed from x and numbers alone."""
    found: dict[str, Node] = {}
    pending = [name]
    while pending:
        at = pending.pop()
        if at == x or wiring.is_scalar(at):
            continue
        node = wiring.maker(at, "Mul", "Div", "Add", "Pow")
        if node is None or len(found) >= _DEPTH:
            return None
        if node.name not in found:
            found[node.name] = node
            pending += node.inputs
    return list(found.values())


def _clipped(name: str, wiring: Wiring) -> tuple[str, list[Node]] | None:
    """`min(max(x + 3, 0), 6)`: x, and the nodes that make it."""
    clip = wiring.maker(name, "Clip")
    if clip is None:
        return None
    given = {"min": clip.attributes.get("min"), "max": clip.attributes.get("max")}
    for key, at in (("min", 1), ("max", 2)):
        if given[key] is None and len(clip.inputs) > at:
            given[key] = wiring.scalar(clip.inputs[at])
    line = wiring.maker(clip.inputs[0], "Add")
    parts = wiring.with_scalar(line) if line is not None else None
    if line is None or parts is None or wiring.scalar(parts[1]) != 3 or (given["min"], given["max"]) != (0, 6):  # noqa: PLR2004
        return None
    return parts[0], [clip, line]


def hard_sigmoid(last: Node, wiring: Wiring) -> Fused | None:
    """`min(max(x + 3, 0), 6) / 6`."""
    parts = wiring.with_scalar(last)
    number = wiring.scalar(parts[1]) if parts is not None else None
    if parts is None or not number or not isclose(number if last.op == "Mul" else 1 / number, 1 / 6, rel_tol=1e-3):
        return None
    line = _clipped(parts[0], wiring)
    if line is None:
        return None
    return Fused(node=replace(last, op="HardSigmoid", inputs=(line[0],), attributes={}), inner=tuple(line[1]))
