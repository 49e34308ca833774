"""Sizes followed through a network to the end: those at which it would expand differently by builds of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import build
from cnncalc.queries.columns import follow
from cnncalc.queries.followed import Refusal
from cnncalc.queries.unread import window_unread
from cnncalc.spec.reader import with_overrides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.graph import Graph
    from cnncalc.queries.followed import Cell, Followed


def moving(graph: Graph, axis: int) -> tuple[str, ...]:
    """The inputs whose size on this axis is that of the first input."""
    shapes = {name: graph.nodes[node].inference.output for name, node in graph.inputs.items()}
    first = next(iter(shapes.values()))
    return tuple(
        name for name, shape in shapes.items() if shape.ndim == first.ndim and shape.sizes[axis] == first.sizes[axis]
    )


def settled(graph: Graph, axis: int, inputs: tuple[str, ...], wanted: Sequence[int]) -> Followed:
    """Sizes followed, those that were set aside by a build of their own."""
    followed = follow(graph, axis, inputs, wanted)
    if not followed.aside:
        return followed
    rows: dict[int, dict[int, Cell]] = {
        size: {node: column[place] for node, column in followed.outputs.items()}
        for place, size in enumerate(followed.sizes)
    }
    for size in followed.aside:
        built = _built(graph, axis, inputs, size)
        if isinstance(built, Refusal):
            followed.refused[size] = built
            continue
        rows[size] = {
            graph.outputs[name]: _cell(built, node, axis)
            for name, node in built.outputs.items()
            if name in graph.outputs
        }
        unread = _unread_node(built, axis)
        if unread is not None:
            followed.unread[size] = _node_of(graph, built.layers[built.nodes[unread].layer].name)
    followed.sizes = sorted(rows)
    for node in followed.outputs:
        followed.outputs[node] = [rows[size].get(node, 0) for size in followed.sizes]
    return followed


def _built(graph: Graph, axis: int, inputs: tuple[str, ...], size: int) -> Graph | Refusal:
    """The network at one size, or what refuses it."""
    shapes = {}
    for name, node in graph.inputs.items():
        shape = graph.nodes[node].inference.output
        changed = (*shape.sizes[:axis], size, *shape.sizes[axis + 1 :]) if name in inputs else shape.sizes
        shapes[name] = TensorShape(shape.channels, changed, shape.tokens)
    built = build(with_overrides(graph.spec, inputs=shapes))
    for found in built.findings:
        if found.severity is Severity.ERROR:
            return Refusal(
                node=_node_of(graph, found.layer or ""), code=found.code, message=found.message, help=found.help
            )
    return built


def _node_of(graph: Graph, layer: str) -> int:
    """The node of a layer of a network that was expanded differently; the last one where this one has no such layer."""
    scope = graph.scopes.get(layer)
    return scope.output if scope else len(graph.nodes) - 1


def _cell(graph: Graph, node: int, axis: int) -> Cell:
    shape = graph.nodes[node].inference.output
    return shape.sizes[axis] if axis < shape.ndim else shape


def _unread_node(graph: Graph, axis: int) -> int | None:
    for node in graph.nodes:
        reads = node.inference.reads[0] if node.inference.reads else None
        if not reads or axis >= min(len(reads), node.inference.output.ndim):
            continue
        before = graph.nodes[node.inputs[0]].inference.output
        if axis < before.ndim and window_unread(reads[axis], before.sizes[axis], node.inference.output.sizes[axis]):
            return node.index
    return None
