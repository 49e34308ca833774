"""Cutting an image into tiles: period, halos, lengths, pieces, and what they cost."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, lcm, prod
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import build
from cnncalc.ops.refuse import axis_names
from cnncalc.queries.clean import clean
from cnncalc.queries.columns import follow
from cnncalc.queries.nontiling import Blame, differing
from cnncalc.queries.progressions import Progression, progressions
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
class Plan:
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
        kept = [length for length in legal if kept_of(found, length) > 0]
        return replace(found, lengths=progressions(kept, high))

    def works(self, number: int, axis: TileAxis, length: int) -> bool:
        """Whether tiles may have this length."""
        if length >= axis.size or any(length in run for run in axis.lengths):
            return True
        if (axis.size - length) % (axis.period or 1) or kept_of(axis, length) < 1:
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
                axis.size if length >= axis.size else kept_of(axis, length)
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


def kept_of(axis: TileAxis, length: int) -> int:
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
    kept, before = kept_of(axis, length), -(-(axis.halo or (0, 0))[0] // period) * period
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
    if not lengths or count(axis, lengths[-1]) > MOST_TILES:
        return None
    fewest = count(axis, lengths[-1])
    return next(length for length in lengths if count(axis, length) == fewest)


def count(axis: TileAxis, length: int) -> int:
    """`1 + ceil((image - length) / kept)` tiles."""
    return 1 - (length - axis.size) // kept_of(axis, length)
