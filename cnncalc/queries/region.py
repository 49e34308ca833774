"""Which positions of a layer see a region of the input, and which one is centred nearest to it."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError, counted
from cnncalc.ops.refuse import axis_names
from cnncalc.queries.reached import reached
from cnncalc.queries.unit import input_of, node_of, ways_to
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.geometry.pixels import PixelSet
    from cnncalc.graph import Graph
    from cnncalc.queries.reached import Reached


@value
class RegionAxis:
    """One axis of the layer's map."""

    name: str
    size: int
    """Positions of the map."""
    pixels: tuple[int, int]
    """The region, its end excluded."""
    touching: tuple[int, ...]
    """Positions that see some pixel of the region."""
    covering: tuple[int, ...]
    """Positions that see every pixel of the region."""
    inside: tuple[int, ...]
    """Positions that see something, and nothing outside the region."""
    nearest: int | None
    """The position whose field is centred nearest to the middle of the region, the first of equals."""
    centre: Fraction | None
    """The centre of its field, where pixel `i` has its centre at `i + 0.5`."""
    distance: Fraction | None
    """From the middle of the region to there."""
    padded: int
    """Positions for which some tap on the way falls outside a map."""


@value
class RegionAnswer:
    """Which positions see the region: on each axis, so that the positions are the products."""

    layer: str
    input: str
    is_global: bool
    """Something on the way mixed all positions: all see everything beside what is said here."""
    axes: tuple[RegionAxis, ...]

    @property
    def touching(self) -> int:
        """How many positions see some pixel."""
        return prod(len(axis.touching) for axis in self.axes)

    @property
    def covering(self) -> int:
        """How many see all of the region."""
        return prod(len(axis.covering) for axis in self.axes)

    @property
    def inside(self) -> int:
        """How many see nothing else."""
        return prod(len(axis.inside) for axis in self.axes)

    @property
    def positions(self) -> int:
        """Of the whole map."""
        return prod(axis.size for axis in self.axes)

    @property
    def padded(self) -> Fraction:
        """The share of positions that see padding, on any axis: `1 - prod(1 - padded / size)`."""
        return 1 - Fraction(prod(axis.size - axis.padded for axis in self.axes), self.positions)


def region(
    graph: Graph,
    at: str,
    pixels: Sequence[tuple[int, int]],
    *,
    input: str | None = None,  # noqa: A002 - the word that users see
) -> RegionAnswer:
    """Which positions of layer `at` see the pixels `[first, end)` of each axis of an input (by default the first one).

    Every position is walked exactly, clipped at each layer as in `unit`. Centres are those of unclipped fields where
    fields are periodic, of what is seen elsewhere. Raises UsageError for an unknown layer or input, a region outside
    the input, or a layer that has no map.

    >>> from cnncalc import build, parse
    >>> axis, _ = region(build(parse("conv 8 k3 s2 p1", input="3x32x32")), "conv1", [(10, 12), (0, 32)]).axes
    >>> axis.touching, axis.covering, axis.nearest
    ((5, 6), (5,), 5)
    """
    last = node_of(graph, at)
    ways = ways_to(graph, last)
    name = input_of(at, ways[last], graph, input)
    sizes = graph.nodes[graph.inputs[name]].inference.output.sizes
    output = graph.nodes[last].inference.output
    if not sizes or output.ndim != len(sizes) or output.tokens:
        raise UsageError(f"`{at}` is {output}, which has no map of positions; ask about a layer that has one")
    _check(pixels, sizes, name)
    known: dict[object, Reached] = {}
    axes = []
    centres = _centres(graph, last, name)
    for axis, ((first, end), title) in enumerate(zip(pixels, axis_names(len(sizes)), strict=True)):
        key = _alike(graph, last, axis)
        if key not in known:
            known[key] = reached(graph, last, axis, name, ways)
        axes.append(_axis(known[key], title, (first, end), centres[axis]))
    return RegionAnswer(layer=at, input=name, is_global=ways[last][name].mixed, axes=tuple(axes))


def _check(pixels: Sequence[tuple[int, int]], sizes: tuple[int, ...], name: str) -> None:
    if len(pixels) != len(sizes):
        shape = "x".join(map(str, sizes))
        raise UsageError(
            f"input `{name}` is {shape} pixels large: give {counted(len(sizes), 'range')}, found {len(pixels)}"
        )
    for axis, ((first, end), size) in enumerate(zip(pixels, sizes, strict=True)):
        if not 0 <= first < end <= size:
            raise UsageError(
                f"pixels {first}:{end} of axis {axis} are no part of input `{name}`: its ranges lie within 0:{size}, "
                "the end excluded and larger than the start"
            )


def _alike(graph: Graph, last: int, axis: int) -> object:
    """Equal for axes that are read alike at every node."""
    found: list[object] = []
    for node in graph.nodes[: last + 1]:
        reads = node.inference.reads
        found.append(node.inference.output.sizes[axis : axis + 1])
        found.append(tuple(each[axis] if each and axis < len(each) else None for each in reads))
    return tuple(found)


def _centres(graph: Graph, last: int, name: str) -> list[object]:
    """Per axis the field whose centres count, None where it has no period."""
    from cnncalc.engine import analyze  # nothing else here needs all fields

    if graph.nodes[last].layer < 0:
        return [None] * graph.nodes[last].inference.output.ndim
    field = analyze(graph).layers[graph.nodes[last].layer].fields[name]
    return [axis if axis.shift is not None and axis.is_local else None for axis in field.axes]


def _axis(found: Reached, title: str, pixels: tuple[int, int], field: object) -> RegionAxis:
    first, end = pixels
    touching, covering, inside = [], [], []
    middle = Fraction(first + end, 2)
    nearest: tuple[Fraction, int, Fraction] | None = None
    for unit, seen in enumerate(found.pixels):
        part = _within(seen, first, end)
        if part:
            touching.append(unit)
            if part == end - first:
                covering.append(unit)
            if part == seen.touched:
                inside.append(unit)
        centre = _centre(seen, unit, field)
        if centre is not None and (nearest is None or abs(centre - middle) < nearest[0]):
            nearest = abs(centre - middle), unit, centre
    return RegionAxis(
        name=title,
        size=len(found.pixels),
        pixels=pixels,
        touching=tuple(touching),
        covering=tuple(covering),
        inside=tuple(inside),
        nearest=nearest[1] if nearest else None,
        centre=nearest[2] if nearest else None,
        distance=nearest[0] if nearest else None,
        padded=sum(found.padded),
    )


def _within(seen: PixelSet, first: int, end: int) -> int:
    """How many pixels of [first, end) are seen."""
    lo, hi = max(seen.lo, first), min(seen.hi, end)
    if lo >= hi:
        return 0
    return hi - lo if seen.bits is None else (seen.bits >> (lo - seen.lo) & ((1 << (hi - lo)) - 1)).bit_count()


def _centre(seen: PixelSet, unit: int, field: object) -> Fraction | None:
    from cnncalc.geometry.axis_field import AxisField

    if isinstance(field, AxisField):
        turn, phase = divmod(unit, field.period)
        if field.offsets[phase] == field.ends[phase]:
            return None
        return Fraction(field.offsets[phase] + field.ends[phase], 2) + turn * (field.shift or 0)
    return None if seen.lo == seen.hi else Fraction(seen.lo + seen.hi, 2)
