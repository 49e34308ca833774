"""What one output position sees, exactly, at the border too: the backward walk from it to an input."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.errors import LayerError, UsageError, counted
from cnncalc.geometry.boxes import added, placed, shadow
from cnncalc.geometry.pixels import PixelSet
from cnncalc.geometry.trace import read_by
from cnncalc.geometry.window import AxisWhole
from cnncalc.ops.base import Mix
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.geometry.boxes import Box
    from cnncalc.geometry.window import AxisRead
    from cnncalc.graph import Graph, Node

MOST_PIXELS = 2**22
"""On one axis."""


@value
class UnitAxis:
    """The pixels seen on one axis of the input."""

    pixels: tuple[int, ...]
    """Sorted."""
    lo: int | None
    """The first pixel, None where nothing is seen."""
    hi: int | None
    """The last pixel."""
    extent: int
    """`hi - lo + 1`, 0 where nothing is seen."""
    touched: int
    """How many pixels."""
    centre: Fraction | None
    """`(lo + hi + 1) / 2`: the middle, where pixel `i` has its centre at `i + 0.5`."""


@value
class UnitAnswer:
    """What one position of a layer sees of one input."""

    layer: str
    index: tuple[int, ...]
    is_global: bool
    """Something on the way mixed all positions; beside local branches the axes leave it out (see `Field`)."""
    axes: tuple[UnitAxis, ...]
    """One per axis of the input."""
    input: str
    sizes: tuple[int, ...]
    """Of the input, per axis."""
    boxes: tuple[Box, ...]
    """What is seen, in the plane: the union of these boxes, each one set per axis."""


def unit(graph: Graph, at: str, index: tuple[int, ...], *, input: str | None = None) -> UnitAnswer:  # noqa: A002 - the word that users see
    """What position `index` of layer `at` sees of an input (by default the first that it depends on).

    Taps outside a map drop at every layer, not only at the input: a pixel that a pooling floor dropped never reaches
    the output. What is seen is the projection onto each axis of a union of boxes, so that a position that sees nothing
    on one axis sees nothing at all. Raises UsageError for an unknown layer or input, or an index outside the map.
    """
    start = node_of(graph, at)
    _check_index(at, index, graph.nodes[start].inference.output.sizes)
    ways = ways_to(graph, start)
    name = input_of(at, ways[start], graph, input)
    origin = graph.inputs[name]
    try:
        boxes = _walk(graph, start, tuple(PixelSet(place, place + 1) for place in index), name, ways)
        sizes = graph.nodes[origin].inference.output.sizes
        axes = tuple(_axis(shadow(boxes, axis)) for axis in range(len(sizes)))
    except LayerError as error:
        raise UsageError(f"`{at}` at {', '.join(map(str, index))}: {error.message}") from error
    is_global = ways[start][name].mixed
    return UnitAnswer(layer=at, index=index, is_global=is_global, axes=axes, input=name, sizes=sizes, boxes=boxes)


class Way(NamedTuple):
    """How a node depends on an input."""

    gone: bool
    """All positions see the same: the map was reduced, or enlarged from one position."""
    mixed: bool
    """Something mixed all positions."""


Ways = dict[str, Way]
_LOCAL = Way(gone=False, mixed=False)


def ways_to(graph: Graph, last: int) -> list[Ways]:
    """For every node up to the last how it depends on each input; the first input first."""
    names = {node: name for name, node in graph.inputs.items()}
    ways: list[Ways] = []
    for node in graph.nodes[: last + 1]:
        if node.op is None:
            ways.append({names[node.index]: _LOCAL})
            continue
        branches: dict[str, list[Way]] = {}
        for place, source in enumerate(node.inputs):
            for name, way in ways[source].items():
                branches.setdefault(name, []).append(through_way(node, place, way))
        ways.append(
            {
                name: Way(gone=all(way.gone for way in each), mixed=any(way.mixed for way in each))
                for name, each in branches.items()
            }
        )
    return ways


def through_way(node: Node, place: int, way: Way) -> Way:
    """How a node depends on what its input of this place depends on so."""
    mix, reads = node.inference.mix, reads_of(node, place)
    if mix is Mix.REDUCE or (reads and all(isinstance(read, AxisWhole) for read in reads)):
        return Way(gone=True, mixed=True)
    mixes = mix is Mix.GATE or any(isinstance(read, AxisWhole) for read in reads or ())
    return Way(gone=way.gone, mixed=True) if mixes else way


def reads_of(node: Node, place: int) -> Sequence[AxisRead] | None:
    """How a node reads its input of this place; None is position by position."""
    reads = node.inference.reads
    return reads[place] if place < len(reads) else None


def _walk(graph: Graph, start: int, box: Box, name: str, ways: Sequence[Ways]) -> tuple[Box, ...]:
    """The boxes of the input that this box of the node sees."""
    origin = graph.inputs[name]
    seen: dict[int, tuple[Box, ...]] = {start: (box,)}
    for at in range(start, origin, -1):
        boxes = seen.pop(at, ())
        if not boxes:
            continue
        node = graph.nodes[at]
        places = [place for place, source in enumerate(node.inputs) if name in ways[source]]
        local = [place for place in places if not through_way(node, place, ways[node.inputs[place]][name]).gone]
        for place in local or places:
            source = node.inputs[place]
            for each in boxes:
                for before in _before(graph, node, place, each):
                    seen[source] = added(seen.get(source, ()), before)
    return seen.get(origin, ())


def _before(graph: Graph, node: Node, place: int, box: Box) -> tuple[Box, ...]:
    """What a box of a node reads of its input of this place."""
    shape, inference = graph.nodes[node.inputs[place]].inference.output, node.inference
    reads = reads_of(node, place)
    if inference.mix is Mix.REDUCE or (reads and all(isinstance(read, AxisWhole) for read in reads)):
        return (tuple(PixelSet(0, size) for size in shape.sizes),)
    if not reads:
        return placed(box[0], shape.sizes) if inference.output.tokens and not shape.tokens else (box,)
    made: list[PixelSet] = []
    steps = list(zip(reads, box, shape.sizes, strict=True))
    for axis, step in enumerate(steps):
        same = next((done for done in range(axis) if steps[done] == step), None)
        made.append(read_by(*step, inference.boundary) if same is None else made[same])
    return (tuple(made),) if all(each.lo < each.hi for each in made) else ()


def _axis(seen: PixelSet) -> UnitAxis:
    if seen.touched > MOST_PIXELS:
        raise LayerError(
            "CNN902", f"it sees {seen.touched:,} pixels on one axis, more than the limit of {MOST_PIXELS:,}"
        )
    nothing = seen.lo == seen.hi
    return UnitAxis(
        pixels=tuple(seen.pixels()),
        lo=None if nothing else seen.lo,
        hi=None if nothing else seen.hi - 1,
        extent=seen.hi - seen.lo,
        touched=seen.touched,
        centre=None if nothing else Fraction(seen.lo + seen.hi, 2),
    )


def node_of(graph: Graph, at: str) -> int:
    """The node that a name stands for; UsageError where there is none."""
    scope = graph.scopes.get(at)
    if scope is None:
        raise UsageError(_unknown(f"no layer `{at}` in {graph.spec.source}", at, graph.scopes))
    return scope.output


def input_of(at: str, ways: Ways, graph: Graph, name: str | None) -> str:
    """The input that is asked about, by default the first one that the layer depends on; UsageError if it cannot be."""
    if name is None:
        return next(iter(ways))
    if name not in graph.inputs:
        raise UsageError(_unknown(f"no input `{name}` in {graph.spec.source}", name, graph.inputs))
    if name not in ways:
        raise UsageError(f"`{at}` does not depend on input `{name}`")
    return name


def _unknown(message: str, word: str, known: Mapping[str, object]) -> str:
    from cnncalc.spec.suggest import meant_layer  # needed for mistakes only

    help_ = meant_layer(word, known)
    return f"{message}: {help_}" if help_ else message


def _check_index(at: str, index: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    if len(index) != len(sizes):
        has = f"is {'x'.join(map(str, sizes))} positions large" if sizes else "is a vector without positions"
        raise UsageError(f"`{at}` {has}: an index has {counted(len(sizes), 'number')}, found {len(index)}")
    for axis, (place, size) in enumerate(zip(index, sizes, strict=True)):
        if not 0 <= place < size:
            raise UsageError(f"index {place} of axis {axis} is outside `{at}`: 0 to {size - 1} are there")
