"""How to run a network on tiles of an image so that the result is that of the whole image, position by position."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, lcm, prod
from typing import TYPE_CHECKING

from cnncalc.engine import analyze
from cnncalc.errors import Severity, UsageError
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import build
from cnncalc.ops.refuse import axis_names
from cnncalc.queries.clean import clean
from cnncalc.queries.columns import follow
from cnncalc.queries.nontiling import Blame, blames, differing
from cnncalc.queries.places import last_map
from cnncalc.queries.progressions import Progression, progressions
from cnncalc.queries.unit import node_of
from cnncalc.spec.reader import with_overrides
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cnncalc.geometry.field import AxisField
    from cnncalc.graph import Graph

Pair = tuple[int, int]
LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096)
"""Tiles that are shown where none is asked for, as far as the image is larger."""
_MOST_WORK = 16
"""Tiles that make that many times the work of the image are shown only if they are asked for."""
_MOST_LENGTHS = 20_000
"""So many tile lengths are looked at, the shortest first; a longer one can be asked for."""
MOST_TILES = 100_000
"""Tiles on one axis."""
_HIGH = 4096
"""Tile lengths are listed up to here, or up to the image's own size."""


@value
class Piece:
    """One tile on one axis."""

    start: int
    stop: int
    """The pixels `start` to `stop - 1` of the image go in."""
    first: int
    end: int
    """The positions `first` to `end - 1` of the whole output are taken from it."""


@value
class TileAxis:
    """One axis."""

    name: str
    size: int
    """Of the image."""
    period: int | None
    """Tiles start at multiples of it; None where there is none."""
    halo: Pair | None
    """Pixels before and after that a kept part needs which starts and ends at multiples of the period."""
    worst_halo: Pair | None
    """The same for a part that starts and ends anywhere."""
    lengths: tuple[Progression, ...]
    """Tile lengths that work for this image."""


@value
class Tiling:
    """One way to cut the image."""

    sizes: tuple[int, ...]
    """Of a tile, per axis."""
    kept: tuple[int, ...]
    """Pixels per axis from the start of one tile to that of the next."""
    counts: tuple[int, ...]
    """Tiles per axis."""
    pieces: tuple[tuple[Piece, ...], ...]
    """Per axis; the tiles are their product."""
    pixels: Fraction
    """Pixels of all tiles together, over those of the image."""
    macs: Fraction | None
    """The same for multiply-accumulates, None where the network has none."""

    @property
    def count(self) -> int:
        """How many tiles."""
        return prod(self.counts)


@value
class TileAnswer:
    """How to tile."""

    layer: str
    axes: tuple[TileAxis, ...]
    exact: bool
    """Tiles reproduce the whole image."""
    because: tuple[Blame, ...]
    """What prevents it."""
    tilings: tuple[Tiling, ...]
    """The tiles that were asked for, else some to choose from; () where nothing is exact."""


def tile(graph: Graph, *, at: str | None = None, size: Sequence[int] | None = None) -> TileAnswer:
    """Period, halo and tile lengths for layer `at` (by default the last map) and an image of the graph's input size.

    A position of the output has phase `p` of T and sees pixels from `lo(p)` to `hi(p)`, and S pixels on for every T
    positions: the period is S, the halo `max(0, max -lo(p))` before and `max(0, max hi(p) - (S - 1))` after, for parts
    that are multiples of S. A tile starts at a multiple of S and is as long as the image modulo S. `size` asks for
    one tile. Raises UsageError for an unknown layer, or a tile that cannot work, which says what would.

    >>> from cnncalc import build, parse
    >>> answer = tile(build(parse("maxpool 2 | conv 8 k3 p1 | convt 4 k2 s2", input="3x64x64")))
    >>> answer.exact, answer.axes[0].period, answer.axes[0].halo
    (True, 2, (2, 2))
    """
    at = at or last_map(graph)
    last = node_of(graph, at)
    nodes = _ancestors(graph, last)
    inputs = tuple(name for name, node in graph.inputs.items() if node in nodes)
    image = graph.nodes[graph.inputs[inputs[0]]].inference.output.sizes
    if not image:
        raise UsageError(f"input `{inputs[0]}` has no spatial axes to cut")
    found = tuple(blames(graph, nodes, inputs, at))
    fields = _fields(graph, last, inputs, len(image))
    if fields is None:
        found = found or (Blame(layer=at, reason="its fields follow no period", line=None),)
        return TileAnswer(layer=at, axes=_no_axes(image), exact=False, because=found, tilings=())
    plan = _Plan(graph=graph, last=last, nodes=nodes, inputs=inputs, image=image, jumps=_jumps(fields))
    axes = tuple(plan.axis(axis, parts) for axis, parts in enumerate(fields))
    if not found:
        axes, found = plan.checked(axes)
    if found:
        return TileAnswer(layer=at, axes=axes, exact=False, because=found, tilings=())
    wanted = _wanted(size, axes, plan)
    tilings = plan.choices(axes) if wanted is None else [plan.tiling(axes, wanted)]
    return TileAnswer(layer=at, axes=axes, exact=True, because=(), tilings=tuple(tilings))


def _ancestors(graph: Graph, last: int) -> frozenset[int]:
    """The nodes that a node depends on, itself included."""
    found = {last}
    for node in reversed(graph.nodes[: last + 1]):
        if node.index in found:
            found.update(node.inputs)
    return frozenset(found)


def _fields(graph: Graph, last: int, inputs: Sequence[str], ndim: int) -> list[list[AxisField]] | None:
    """Per axis the fields on all inputs; None where one is not periodic, or they do not move alike."""
    if graph.nodes[last].layer < 0:
        return None
    fields = analyze(graph).layers[graph.nodes[last].layer].fields
    shapes = {graph.nodes[graph.inputs[name]].inference.output.sizes for name in inputs}
    if len(shapes) > 1 or len(graph.nodes[last].inference.output.sizes) != ndim:
        return None
    axes = [[fields[name].axes[axis] for name in inputs] for axis in range(ndim)]
    for parts in axes:
        if any(part.shift is None or not part.is_local for part in parts) or len({part.jump for part in parts}) > 1:
            return None
    return axes


def _jumps(fields: list[list[AxisField]]) -> tuple[Fraction, ...]:
    return tuple(parts[0].jump or Fraction(1) for parts in fields)


def _no_axes(image: tuple[int, ...]) -> tuple[TileAxis, ...]:
    names = axis_names(len(image))
    return tuple(
        TileAxis(name=name, size=size, period=None, halo=None, worst_halo=None, lengths=())
        for name, size in zip(names, image, strict=True)
    )


def _wanted(size: Sequence[int] | None, axes: tuple[TileAxis, ...], plan: _Plan) -> tuple[int, ...] | None:
    """The tile that was asked for; UsageError where it does not work, with those next to it that do."""
    if size is None:
        return None
    wanted = tuple(size) * (len(axes) if len(size) == 1 else 1)
    if len(wanted) != len(axes):
        has = f"{len(axes)} ax{'i' if len(axes) == 1 else 'e'}s"
        raise UsageError(f"tile {'x'.join(map(str, size))}: the input has {has}, give one size for each")
    for number, (axis, length) in enumerate(zip(axes, wanted, strict=True)):
        if plan.works(number, axis, length):
            continue
        known = sorted(each for run in axis.lengths for each in run)
        near = [*[each for each in known if each < length][-1:], *[each for each in known if each > length][:1]]
        fits = f"the nearest are {' and '.join(map(str, near))}" if near else "no tile is smaller than the image"
        period, halo = axis.period or 1, axis.halo or (0, 0)
        raise UsageError(
            f"a tile of {length} does not work on the {axis.name}: like the image it has to be {axis.size % period} "
            f"modulo {period}, and to be longer than its halos of {halo[0]} and {halo[1]}; {fits}"
        )
    for axis, length in zip(axes, wanted, strict=True):
        if length < axis.size and _count(axis, length) > MOST_TILES:
            message = f"tiles of {length} cut the {axis.name} into {_count(axis, length):,} parts"
            raise UsageError(f"{message}, more than the limit of {MOST_TILES:,}; use larger tiles")
    return tuple(min(length, axis.size) for length, axis in zip(wanted, axes, strict=True))


@value
class _Plan:
    """What the search for tiles works with."""

    graph: Graph
    last: int
    nodes: frozenset[int]
    inputs: tuple[str, ...]
    image: tuple[int, ...]
    jumps: tuple[Fraction, ...]

    def axis(self, axis: int, fields: Iterable[AxisField]) -> TileAxis:
        """Period and halos of all inputs together, and the lengths that work."""
        parts = list(fields)
        period = lcm(*(part.shift or 1 for part in parts))
        halos = [_halo(part) for part in parts]
        worst = [_worst_halo(part) for part in parts]
        found = TileAxis(
            name=axis_names(len(self.image))[axis],
            size=self.image[axis],
            period=period,
            halo=(max(before for before, _ in halos), max(after for _, after in halos)),
            worst_halo=(max(before for before, _ in worst), max(after for _, after in worst)),
            lengths=(),
        )
        return self.with_lengths(axis, found)

    def with_lengths(self, axis: int, found: TileAxis) -> TileAxis:
        """The axis with the lengths that go with its halo."""
        period, size = found.period or 1, found.size
        shortest = size % period or period
        high = min(max(_HIGH, size), shortest + (_MOST_LENGTHS - 1) * period)
        wanted = range(shortest, high + 1, period)
        legal = follow(self.graph, axis, self.inputs, wanted).sizes
        kept = [length for length in legal if _kept(found, length) > 0]
        return replace(found, lengths=progressions(kept, high))

    def works(self, number: int, axis: TileAxis, length: int) -> bool:
        """Whether tiles may have this length."""
        if length >= axis.size or any(length in run for run in axis.lengths):
            return True
        if (axis.size - length) % (axis.period or 1) or _kept(axis, length) < 1:
            return False
        return bool(follow(self.graph, number, self.inputs, [length]).sizes)

    def checked(self, axes: tuple[TileAxis, ...]) -> tuple[tuple[TileAxis, ...], tuple[Blame, ...]]:
        """The halos held against a walk through the layers of a tile, and what reads a tile in another way."""
        probe = [min((run.first for run in axis.lengths), default=axis.size) for axis in axes]
        small = self.built(probe)
        if small is None:
            return axes, (Blame(layer=self.graph.spec.source, reason="a tile cannot be built", line=None),)
        found = tuple(differing(self.graph, small, self.nodes))
        if found:
            return axes, found
        made = []
        for axis, (known, length) in enumerate(zip(axes, probe, strict=True)):
            inside = clean(small, self.last, self.nodes, axis, left=True, right=True)
            made.append(self.with_lengths(axis, _widened(known, length, inside, self.jumps[axis])))
        return tuple(made), ()

    def built(self, sizes: Sequence[int]) -> Graph | None:
        """The network with inputs of these sizes, None where it has errors."""
        shapes = {}
        for name, node in self.graph.inputs.items():
            shape = self.graph.nodes[node].inference.output
            shapes[name] = (
                TensorShape(shape.channels, tuple(sizes), shape.tokens) if shape.sizes == self.image else shape
            )
        made = build(with_overrides(self.graph.spec, inputs=shapes))
        return None if any(found.severity is Severity.ERROR for found in made.findings) else made

    def tiling(self, axes: tuple[TileAxis, ...], lengths: Sequence[int]) -> Tiling:
        """The image cut into tiles of this size."""
        outputs = self.graph.nodes[self.last].inference.output.sizes
        cuts = zip(axes, lengths, outputs, self.jumps, strict=True)
        pieces = tuple(tuple(_pieces(axis, length, n_out, jump)) for axis, length, n_out, jump in cuts)
        counts = tuple(map(len, pieces))
        small = self.built(lengths)
        whole = self.macs(self.graph)
        pixels = Fraction(prod(counts) * prod(lengths), prod(self.image))
        return Tiling(
            sizes=tuple(lengths),
            kept=tuple(
                axis.size if length >= axis.size else _kept(axis, length)
                for axis, length in zip(axes, lengths, strict=True)
            ),
            counts=counts,
            pieces=pieces,
            pixels=pixels,
            macs=Fraction(prod(counts) * self.macs(small), whole) if whole and small is not None else None,
        )

    def macs(self, graph: Graph) -> int:
        """Multiply-accumulates of the nodes that matter, for one sample."""
        return sum(graph.nodes[node].inference.macs for node in self.nodes)

    def choices(self, axes: tuple[TileAxis, ...]) -> Iterator[Tiling]:
        """For each of some lengths: as few tiles as tiles up to that length can be, and those no larger than needed."""
        shown: set[tuple[int, ...]] = set()
        for most in LENGTHS:
            lengths = tuple(_fitting(axis, most) for axis in axes)
            sizes = tuple(length for length in lengths if length is not None)
            if len(sizes) < len(lengths) or sizes in shown or sizes == self.image:
                continue
            shown.add(sizes)
            tiling = self.tiling(axes, sizes)
            if tiling.pixels <= _MOST_WORK:
                yield tiling


def _halo(field: AxisField) -> Pair:
    """`max(0, max -lo(p))` and `max(0, max hi(p) - (S - 1))` over the phases that see anything."""
    spans = [(low, end) for low, end in zip(field.offsets, field.ends, strict=True) if low < end]
    shift = field.shift or 1
    return max([0, *(-low for low, _ in spans)]), max([0, *(end - shift for _, end in spans)])


def _worst_halo(field: AxisField) -> Pair:
    """`max ceil(p*jump) - lo(p)` and `max hi(p) + 1 - floor((p + 1)*jump)`."""
    shift, period = field.shift or 1, field.period
    spans = [span for span in enumerate(zip(field.offsets, field.ends, strict=True)) if span[1][0] < span[1][1]]
    before = [-(-phase * shift // period) - low for phase, (low, _) in spans]
    after = [end - (phase + 1) * shift // period for phase, (_, end) in spans]
    return max([0, *before]), max([0, *after])


def _kept(axis: TileAxis, length: int) -> int:
    """`floor((L - after) / S)*S - ceil(before / S)*S`: what a tile between others gives."""
    period, (before, after) = axis.period or 1, axis.halo or (0, 0)
    return (length - after) // period * period - -(-before // period) * period


def _widened(axis: TileAxis, length: int, inside: tuple[int | None, int | None], jump: Fraction) -> TileAxis:
    """The axis with larger halos where positions that do not exist in a tile spoil more than their pixels say.

    A crop before a padded layer does that: the layer pads what the whole image has.
    """
    period, (before, after) = axis.period or 1, axis.halo or (0, 0)
    first, end = ceil((inside[0] or 0) * jump), int((inside[1] or 0) * jump)
    if -(-first // period) > -(-before // period):
        before = -(-first // period) * period
    if end // period < (length - after) // period:
        after = length - end // period * period
    return replace(axis, halo=(before, after))


def _pieces(axis: TileAxis, length: int, n_out: int, jump: Fraction) -> Iterator[Piece]:
    """The tiles on one axis, the last one moved back so that it ends with the image."""
    size, period = axis.size, axis.period or 1
    kept, before = _kept(axis, length), -(-(axis.halo or (0, 0))[0] // period) * period
    start, taken = 0, 0
    while start + length < size:
        end = start + before + kept
        yield Piece(start=start, stop=start + length, first=int(taken / jump), end=int(end / jump))
        start, taken = start + kept, end
    yield Piece(start=max(size - length, 0), stop=size, first=int(taken / jump), end=n_out)


def _fitting(axis: TileAxis, most: int) -> int | None:
    """The shortest length with as few tiles as the longest up to `most`; the image itself where it is no longer."""
    if axis.size <= most:
        return axis.size
    lengths = sorted(length for run in axis.lengths for length in run if length <= most)
    if not lengths or _count(axis, lengths[-1]) > MOST_TILES:
        return None
    fewest = _count(axis, lengths[-1])
    return next(length for length in lengths if _count(axis, length) == fewest)


def _count(axis: TileAxis, length: int) -> int:
    """`1 + ceil((image - length) / kept)` tiles."""
    return 1 - (length - axis.size) // _kept(axis, length)
