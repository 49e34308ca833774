"""Which axis of an input the ops that read it take for the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.importers.onnx.records import Graph, Node

SECOND = frozenset({
    "Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "BatchNormalization", "InstanceNormalization",
    "GroupNormalization", "LRN", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool", "Resize",
    "Upsample", "DepthToSpace", "SpaceToDepth", "PRelu",
})  # fmt: skip
"""Ops for which it is the second."""
LAST = frozenset({"MatMul", "Gemm", "LayerNormalization", "RMSNormalization", "MatMulInteger", "QLinearMatMul"})
"""Ops with a weight for which it is the last."""
PASSED = frozenset({
    "Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear", "Add", "Sub", "Mul", "Div", "Relu", "Clip",
    "Sigmoid", "Dropout", "Pad", "Neg", "Abs",
})  # fmt: skip
"""Ops that leave every axis where it is."""
MAX_SEEN = 64
"""Nodes that are looked at."""


def readers(graph: Graph) -> dict[str, list[Node]]:
    """The nodes that read each tensor."""
    found: dict[str, list[Node]] = {}
    for node in graph.nodes:
        for name in dict.fromkeys(node.inputs):
            found.setdefault(name, []).append(node)
    return found


def channel_axis(name: str, rank: int, reading: Mapping[str, Sequence[Node]], constants: frozenset[str]) -> int:
    """The axis of a tensor that is the channels.

    Where no op says it, the one that a transpose of images brings to the second place, else the second.
    """
    pending = [(name, tuple(range(rank)))]
    seen = 0
    while pending and seen < MAX_SEEN:
        tensor, order = pending.pop(0)
        for node in reading.get(tensor, ()):
            seen += 1
            found = _taken(node, tensor, order, constants)
            if found:
                return found
            after = _after(node, order)
            if after is not None and node.outputs:
                pending.append((node.outputs[0], after))
    turned = [_after(node, tuple(range(rank))) for node in reading.get(name, ()) if node.op == "Transpose"]
    if rank > 3 and turned and turned[0] and len(turned) == len(reading[name]):  # noqa: PLR2004 - an image
        return turned[0][1]
    return min(1, rank - 1)


def _taken(node: Node, tensor: str, order: tuple[int, ...], constants: frozenset[str]) -> int | None:
    """The axis that an op takes for the channels; `order` says which axes stand where."""
    if node.inputs[:1] != (tensor,) or len(order) < 2:  # noqa: PLR2004 - samples and channels
        return None
    if node.op in SECOND:
        return order[1]
    weighted = any(given in constants for given in node.inputs[1:])
    return order[-1] if node.op in LAST and weighted and node.attributes.get("axis", -1) == -1 else None


def _after(node: Node, order: tuple[int, ...]) -> tuple[int, ...] | None:
    if node.op in PASSED:
        return order
    perm = node.attributes.get("perm", tuple(reversed(range(len(order)))))
    if node.op != "Transpose" or not isinstance(perm, tuple) or sorted(perm) != list(range(len(order))):
        return None
    return tuple(order[int(place)] for place in perm)
