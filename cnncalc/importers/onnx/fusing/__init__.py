"""Ops that exporters write as several nodes, put together again: activations, norms, attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.onnx.fusing.activations import gated, hard_sigmoid
from cnncalc.importers.onnx.fusing.attention import attention
from cnncalc.importers.onnx.fusing.norms import divided, multiplied
from cnncalc.importers.onnx.fusing.wiring import Fused, Wiring
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.onnx.records import Graph, Node

Pattern = "Callable[[Node, Wiring], Fused | None]"
PATTERNS: dict[str, Sequence[Callable[[Node, Wiring], Fused | None]]] = {
    "Mul": (gated, hard_sigmoid, multiplied),
    "Div": (gated, hard_sigmoid, divided),
    "MatMul": (attention,),
}
"""By the op of the last node. Those with larger matches come first."""


def fused(graph: Graph) -> Graph:
    """The graph with known patterns as one node each, in the place of their last node."""
    if not any(node.op in PATTERNS for node in graph.nodes):
        return graph
    wiring = Wiring(graph)
    found: dict[str, Node] = {}
    gone: set[str] = set()
    for node in reversed(graph.nodes):  # the largest match ends last
        if node.name in gone or not node.is_standard:
            continue
        for pattern in PATTERNS.get(node.op, ()):
            made = pattern(node, wiring)
            if made is None or not _is_closed(node, made, wiring) or gone.intersection(one.name for one in made.inner):
                continue
            inner = sorted(made.inner, key=lambda one: wiring.place[one.name])
            found[node.name] = replace(made.node, parts=(*inner, node))
            gone.update(one.name for one in inner)
            break
    if not found:
        return graph
    return replace(graph, nodes=tuple(found.get(node.name, node) for node in graph.nodes if node.name not in gone))


def _is_closed(last: Node, made: Fused, wiring: Wiring) -> bool:
    """Whether nobody else reads what is inside."""
    inside = [*made.inner, last]
    read: dict[str, int] = {}
    for node in inside:
        for name in node.inputs:
            read[name] = read.get(name, 0) + 1
    return all(wiring.uses[name] == read.get(name, 0) for node in made.inner for name in node.outputs if name)
