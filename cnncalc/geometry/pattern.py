"""What the units of a layer see on one axis, and the figures that are read off it."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

from cnncalc.geometry.columns import Influence, Sets
from cnncalc.geometry.limits import PHASE_BITS
from cnncalc.values import value


@value(kw_only=False)
class AxisPattern:
    """The pixels that every unit of a layer sees on one axis of one input.

    Either periodic, T phases with a shift of S pixels; or a table of all units (`shift` None); or, where the map itself
    is gone, one set for all (`n_pixels` given).
    """

    offsets: tuple[int, ...] = (0,)
    """Per phase the lowest pixel; equal to its end where the phase sees nothing."""
    ends: tuple[int, ...] = (1,)
    """Per phase one past the highest pixel."""
    holed: tuple[int | None, ...] | None = None
    """Per phase its mask, None for a run without holes; None: every phase sees such a run."""
    shift: int | None = 1
    """S: unit `o + T` sees what unit `o` sees, S pixels on. None: a table of all units, not periodic."""
    means: tuple[float, ...] = (0.5,)
    """Per phase the mean of its influence under uniform weights, pixel `i` at `i + 0.5`."""
    variances: tuple[float, ...] = (0.0,)
    n_pixels: int | None = None
    """Size of the input where the map itself is gone: one field, the union over the map, clipped to the input."""

    @property
    def reduced(self) -> bool:
        """The map itself is gone: one field, the union over the map, clipped to the input."""
        return self.n_pixels is not None

    @property
    def is_local(self) -> bool:
        """Units differ in what they see: neither reduced nor the same everywhere."""
        return self.n_pixels is None and self.shift != 0

    @property
    def period(self) -> int:
        """T; in a table the number of units."""
        return len(self.offsets)

    @property
    def masks(self) -> tuple[int, ...]:
        """Per phase the pixels seen, bit `b` for pixel `lo + b`; 0 where it sees nothing."""
        return tuple(each.mask for each in self.sets.rows())

    def pixels(self, unit: int) -> tuple[int, ...]:
        """The pixels that a unit sees in the interior (not clipped at the border)."""
        turn, phase = (0, 0) if self.reduced else (0, unit) if self.shift is None else divmod(unit, self.period)
        return tuple(self.sets.row(phase).moved(turn * (self.shift or 0)).pixels())

    @property
    def jump(self) -> Fraction | None:
        """`S/T`; in a table `(last centre - first centre) / (n_out - 1)`; None where there are no two."""
        if self.reduced:
            return None
        if self.shift is not None:
            return Fraction(self.shift, self.period)
        first, last = self._outermost
        if first == last:
            return None
        return (self._centre(last) - self._centre(first)) / (last - first)

    @property
    def rf(self) -> int:
        """The largest extent over the phases."""
        return self.sets.extent

    @property
    def extents(self) -> tuple[tuple[int, int], ...]:
        """(extent, how many phases), by extent."""
        if self.period == 1:
            return ((self.ends[0] - self.offsets[0], 1),)
        counts: dict[int, int] = {}
        for low, end in zip(self.offsets, self.ends, strict=True):
            counts[end - low] = counts.get(end - low, 0) + 1
        return tuple(sorted(counts.items()))

    @property
    def start(self) -> Fraction | None:
        """Mean over phases of `(lo + hi + 1)/2 - phase*jump`: the centre of unit 0, pixel `i` at `i + 0.5`.

        The centre of the first unit in a table, the middle of the input where the map is gone; None where no unit sees
        anything.
        """
        if self.n_pixels is not None:
            return Fraction(self.n_pixels, 2)
        if self.shift is None:
            first, _ = self._outermost
            return None if first < 0 else self._centre(first) - first * (self.jump or 0)
        seeing = [phase for phase, low in enumerate(self.offsets) if low < self.ends[phase]]
        if not seeing:
            return None
        twice = sum(self.offsets[phase] + self.ends[phase] for phase in seeing)
        return (Fraction(twice, 2) - sum(seeing) * Fraction(self.shift, self.period)) / len(seeing)

    @property
    def touched(self) -> int:
        """The largest number of pixels over the phases."""
        if self.holed is None:
            return self.rf
        return max(each.touched for each in self.sets.rows())

    @property
    def erf_sigma(self) -> float | None:
        """Standard deviation of the influence under uniform weights, the variance averaged over phases."""
        seeing = self.period if self.holed is None else sum(map(int.__lt__, self.offsets, self.ends))
        return None if self.reduced or not seeing else sqrt(sum(self.variances) / seeing)

    @property
    def held_bits(self) -> int:
        """What it takes to hold this field in memory, about: four numbers per phase, and the masks."""
        masks = 0 if self.holed is None else sum(mask.bit_length() for mask in self.holed if mask is not None)
        return self.period * 4 * PHASE_BITS + masks

    # ---------------------------------------------------------------- as columns

    @property
    def sets(self) -> Sets:
        """What each phase sees."""
        return Sets(self.offsets, self.ends, self.holed)

    @property
    def influence(self) -> Influence:
        """How the influence on each phase is spread."""
        weights = 1.0 if self.holed is None else [float(a < b) for a, b in zip(self.offsets, self.ends, strict=True)]
        return Influence(weights, self.means, self.variances)

    @property
    def _outermost(self) -> tuple[int, int]:
        """The first and the last phase that see anything; -1 where none does."""
        seeing = [phase for phase, low in enumerate(self.offsets) if low < self.ends[phase]]
        return (seeing[0], seeing[-1]) if seeing else (-1, -1)

    def _centre(self, phase: int) -> Fraction:
        return Fraction(self.offsets[phase] + self.ends[phase], 2)
