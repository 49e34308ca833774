"""What every position of a layer sees of one axis of an input, exactly: the walk forwards, all positions at once.

Taps outside a map drop at every layer, as in `unit`. Each axis by itself: where a branch reads nothing at all on
another axis, it counts here all the same.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.errors import LayerError, UsageError
from cnncalc.geometry.limits import FIELD_BITS
from cnncalc.geometry.pixels import EMPTY, PixelSet, union_all
from cnncalc.geometry.trace import read_by
from cnncalc.geometry.window import AxisTaps, AxisWhole, AxisWindow
from cnncalc.ops.base import Mix
from cnncalc.queries.unit import reads_of, through_way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.geometry.window import AxisRead, Boundary
    from cnncalc.graph import Graph, Node
    from cnncalc.queries.unit import Ways

MOST_POSITIONS = 2**20
"""On one axis."""


class Reached(NamedTuple):
    """One entry per position."""

    pixels: list[PixelSet]
    padded: list[bool]
    """Some tap on the way falls outside a map."""


def reached(graph: Graph, last: int, axis: int, name: str, ways: Sequence[Ways]) -> Reached:
    """What the positions of node `last` see of this axis of an input; UsageError if it is too much."""
    known: dict[int, Reached] = {}
    origin = graph.inputs[name]
    size = graph.nodes[origin].inference.output.sizes[axis]
    largest = max(graph.nodes[node].inference.output.sizes[axis : axis + 1] or (0,) for node in {origin, last})[0]
    if largest > MOST_POSITIONS:
        raise UsageError(f"an axis of {largest:,} positions is too large, the limit is {MOST_POSITIONS:,}")
    known[origin] = Reached([PixelSet(place, place + 1) for place in range(size)], [False] * size)
    needed = _needed(graph, last, name, ways)
    try:
        for node in graph.nodes[origin + 1 : last + 1]:
            if node.index in needed:
                known[node.index] = _node(graph, node, axis, name, ways, known)
    except LayerError as error:
        message = f"{graph.nodes[last].name}: {error.message}"
        raise UsageError(message) from error
    return known[last]


def _needed(graph: Graph, last: int, name: str, ways: Sequence[Ways]) -> frozenset[int]:
    """The nodes between an input and a layer through which its local field runs."""
    found = {last}
    for node in reversed(graph.nodes[: last + 1]):
        if node.index in found and node.op is not None:
            found.update(node.inputs[place] for place in _places(node, name, ways))
    return frozenset(found)


def _places(node: Node, name: str, ways: Sequence[Ways]) -> list[int]:
    """The inputs of a node that count: local ones where there are any."""
    places = [place for place, source in enumerate(node.inputs) if name in ways[source]]
    local = [place for place in places if not through_way(node, place, ways[node.inputs[place]][name]).gone]
    return local or places


def _node(  # noqa: PLR0913 - the network, the axis of which input, and what is known
    graph: Graph, node: Node, axis: int, name: str, ways: Sequence[Ways], known: dict[int, Reached]
) -> Reached:
    output = node.inference.output
    own = 0 if output.tokens else axis  # tokens have one axis, on which all axes of the input hang
    parts = []
    for place in _places(node, name, ways):
        before = known[node.inputs[place]]
        shape = graph.nodes[node.inputs[place]].inference.output
        reads = reads_of(node, place)
        whole = reads and all(isinstance(read, AxisWhole) for read in reads)
        if node.inference.mix is Mix.REDUCE or whole or own >= output.ndim:
            size = output.sizes[own] if own < output.ndim else 1
            parts.append(Reached([union_all(before.pixels)] * size, [any(before.padded)] * size))
        elif reads:
            parts.append(_read(reads[own], before, output.sizes[own], node.inference.boundary))
        else:
            parts.append(_numbered(before, shape.sizes, axis) if output.tokens and not shape.tokens else before)
    if len(parts) == 1:
        return parts[0]
    return Reached(
        [union_all(sets) for sets in zip(*(part.pixels for part in parts), strict=True)],
        [any(flags) for flags in zip(*(part.padded for part in parts), strict=True)],
    )


def _numbered(before: Reached, grid: Sequence[int], axis: int) -> Reached:
    """A map whose positions are tokens from here on, row by row."""
    count, inner = prod(grid), prod(grid[axis + 1 :])
    if count > MOST_POSITIONS:
        raise UsageError(f"{count:,} tokens are too many, the limit is {MOST_POSITIONS:,}")
    places = [token // inner % grid[axis] for token in range(count)] if axis < len(grid) else [0] * count
    return Reached([before.pixels[place] for place in places], [before.padded[place] for place in places])


def _read(read: AxisRead, before: Reached, n_out: int, boundary: Boundary) -> Reached:
    n_in = len(before.pixels)
    if isinstance(read, AxisWhole):
        return Reached([union_all(before.pixels)] * n_out, [any(before.padded)] * n_out)
    pixels: list[PixelSet] = []
    padded: list[bool] = []
    held = 0
    for unit in range(n_out):
        sources = read_by(read, PixelSet(unit, unit + 1), n_in, boundary).pixels()
        seen = union_all([before.pixels[source] for source in sources]) if sources else EMPTY
        held += 0 if seen.bits is None else seen.hi - seen.lo
        if held > FIELD_BITS:
            raise LayerError("CNN902", f"what its positions see takes more than {FIELD_BITS:,} bits on one axis")
        pixels.append(seen)
        taps = read.taps(unit) if isinstance(read, (AxisWindow, AxisTaps)) else range(0)
        outside = bool(taps) and (taps[0] < 0 or taps[-1] >= n_in)
        padded.append(outside or any(before.padded[source] for source in sources))
    return Reached(pixels, padded)
