"""What makes tiles of an image differ from the whole: the layers that are to blame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.geometry.window import AxisTaps, AxisWhole, AxisWindow, Boundary
from cnncalc.ops.base import Mix
from cnncalc.queries.unit import ways_to
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cnncalc.geometry.window import AxisRead
    from cnncalc.graph import Graph, Node
    from cnncalc.queries.unit import Ways


@value
class Blame:
    """A layer that makes tiles differ from the whole image."""

    layer: str
    reason: str
    line: int | None


def blames(graph: Graph, nodes: Collection[int], inputs: Sequence[str], at: str) -> Iterator[Blame]:
    """The layers on the way that see more than a tile can have."""
    shapes = {name: graph.nodes[graph.inputs[name]].inference.output.sizes for name in inputs}
    if len(set(shapes.values())) > 1:
        yield Blame(layer=at, reason=f"it depends on inputs of different sizes ({', '.join(shapes)})", line=None)
    ways = ways_to(graph, max(nodes))
    for node in graph.nodes:
        if node.index in nodes and node.op is not None:
            reason = _reason(graph, node) or _repeats(node, ways)
            if reason:
                layer = graph.layers[node.layer]
                yield Blame(layer=layer.name, reason=reason, line=layer.at.line)


def differing(whole: Graph, small: Graph, nodes: Collection[int]) -> Iterator[Blame]:
    """The layers that read a tile in another way than the image."""
    same = len(whole.nodes) == len(small.nodes) and all(
        type(one.op) is type(other.op) and one.inputs == other.inputs
        for one, other in zip(whole.nodes, small.nodes, strict=False)
    )
    if not same:
        yield Blame(layer=whole.spec.source, reason="the network is another one for a tile (`when`, sizes)", line=None)
        return
    for node in whole.nodes:
        if node.index in nodes and node.op is not None:
            mine, theirs = node.inference.reads, small.nodes[node.index].inference.reads
            if list(map(_form, _flat(mine))) != list(map(_form, _flat(theirs))):
                layer = whole.layers[node.layer]
                yield Blame(layer=layer.name, reason="its window depends on the size of the map", line=layer.at.line)


def _reason(graph: Graph, node: Node) -> str | None:
    inference = node.inference
    positions = max(graph.nodes[source].inference.output.positions for source in node.inputs)
    if inference.mix is Mix.REDUCE:
        return "reduces the whole map" if positions > 1 else None
    if inference.mix is Mix.GATE:
        return "mixes all positions of the map" if positions > 1 else None
    if inference.output.tokens:
        return "turns the map into tokens" if not graph.nodes[node.inputs[0]].inference.output.tokens else None
    reads = _flat(inference.reads)
    if any(isinstance(read, AxisTaps) and read.shift is None for read in reads):
        return "reads the map at a ratio that follows no period"
    if inference.boundary is Boundary.CIRCULAR and any(
        isinstance(read, AxisWindow) and any(read.padding) for read in reads
    ):
        return "wraps around the map"
    return None


def _repeats(node: Node, ways: Sequence[Ways]) -> str | None:
    """A map that is still there is read as a whole; one that is gone was blamed where that happened."""
    for source, reads in zip(node.inputs, node.inference.reads, strict=False):
        gone = all(way.gone for way in ways[source].values())
        if not gone and any(isinstance(read, AxisWhole) for read in reads or ()):
            return "repeats on an axis what has one position there"
    return None


def _flat(reads: Sequence[Sequence[AxisRead] | None]) -> list[AxisRead]:
    return [read for each in reads for read in each or ()]


def _form(read: AxisRead) -> object:
    """All of a read but what lies behind the map."""
    if isinstance(read, AxisWindow):
        return read.kernel_size, read.stride, read.dilation, read.padding[0], read.input_dilation
    return "whole" if isinstance(read, AxisWhole) else read
