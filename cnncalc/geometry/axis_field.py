"""Which pixels of one axis the units of a layer see, exactly."""

from __future__ import annotations

from math import gcd, lcm
from typing import TYPE_CHECKING

from cnncalc.geometry.columns import Influence, Sets
from cnncalc.geometry.limits import check_field, check_jump
from cnncalc.geometry.pattern import AxisPattern
from cnncalc.geometry.pixels import PixelSet, union_all
from cnncalc.geometry.sliding import listed, swept
from cnncalc.geometry.window import AxisTaps, AxisWhole, AxisWindow, inside
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.geometry.window import AxisRead


@value(kw_only=False)
class AxisField(AxisPattern):
    """The receptive fields of all units of a layer on one axis of one input.

    Either periodic, T phases with a shift of S pixels; or a table of all units (`shift` None); or, where the map itself
    is gone, one set for all (`n_pixels` given).
    """

    @classmethod
    def source(cls) -> AxisField:
        """The field of the input itself: T = 1, S = 1, unit 0 sees pixel 0."""
        return cls()

    # ---------------------------------------------------------------- how fields come about

    def through(self, read: AxisRead, n_in: int, n_out: int) -> AxisField:
        """The field of a layer that reads units of this one (n_in units, giving n_out).

        `T' = T*a / gcd(T*a, s)`, `S' = S*s*T' / (T*a)` for a window of stride `s` and input dilation `a`; each phase is
        the union over the taps. Where this field or the read is a table, so is the result, and taps outside
        [0, n_in) drop. Raises LayerError (CNN902) where the field would grow beyond its limits.

        >>> field = AxisField.source().through(AxisWindow(kernel_size=3, stride=2, padding=(1, 1)), 9, 5)
        >>> field.rf, field.jump, field.start
        (3, Fraction(2, 1), Fraction(1, 2))
        """
        if isinstance(read, AxisWindow):
            if read.is_identity:
                return self
            if self.shift is not None and read.input_dilation == 1 and len(self.offsets) == 1:
                return self._chained(read, self.shift)
        if self.reduced:
            return self
        if isinstance(read, AxisWhole):
            return self._whole(n_in)
        phases, shift = self._rhythm(read, n_out)
        check_field(phases, 1)
        if self.shift is None and isinstance(read, AxisWindow) and read.input_dilation == 1:
            return self._of(*swept(self.sets, self.influence, read, n_out), None)
        taps = [read.taps(phase) for phase in range(phases)]
        if shift is None:
            n_units = n_in if self.shift is not None else self.period
            taps = [inside(each, n_units) for each in taps]
        return self._of(*listed(self.sets, self.influence, self.shift, taps), shift)

    @staticmethod
    def merge(branches: Sequence[AxisField], weights: Sequence[int], n_units: int) -> AxisField:
        """Unit by unit the union of the branches; `weights` weigh them in erf_sigma.

        `T' = lcm(T)`; branches of different jumps, and tables, give a table of `n_units`. Branches in which all units
        see the same (a map that is gone or enlarged again) are left out beside branches that are local.
        """
        parts = [(branch, weight) for branch, weight in zip(branches, weights, strict=True) if branch.is_local]
        if not parts:
            return _merged_uniform(branches)
        first = parts[0][0]
        if all(branch is first for branch, _ in parts):
            return first
        merged = _merged_runs(parts)
        if merged is not None:
            return merged
        phases, shift = _common_rhythm([branch for branch, _ in parts], n_units)
        sets, influence = first._units(phases)  # noqa: SLF001 - of this class
        influence = influence.weighed(parts[0][1])
        for branch, weight in parts[1:]:
            more, spread = branch._units(phases)  # noqa: SLF001 - likewise
            sets, influence = sets.joined(more), influence.mixed(spread.weighed(weight))
        return AxisField._of(sets, influence, shift)

    def reduce(self, n_units: int, n_pixels: int) -> AxisField:
        """The union over units 0..n_units-1, clipped to the input."""
        if self.reduced:
            return self
        seen = union_all([run.clipped(n_pixels) for run, _, _ in self._runs(n_units, n_pixels)])
        return _gone(seen, n_pixels)

    def table(self, units: Sequence[int]) -> AxisField:
        """A table of these units of the interior, in this order."""
        if self.reduced:
            return self
        check_field(len(units), self.rf)
        move = self.shift or 0
        return AxisField._of(self.sets.pick(units, move), self.influence.pick(units, move), None)

    # ---------------------------------------------------------------- inside

    @staticmethod
    def _of(sets: Sets, influence: Influence, shift: int | None) -> AxisField:
        check_field(len(sets.lows), sets.extent)
        return AxisField(
            offsets=tuple(sets.lows),
            ends=tuple(sets.highs),
            holed=None if sets.bits is None else tuple(sets.bits),
            shift=shift,
            means=tuple(influence.means),
            variances=tuple(influence.variances),
        )

    def _chained(self, window: AxisWindow, shift: int) -> AxisField:
        """`through` where T = 1 and nothing is up-sampled: the classic recurrence, exact holes added."""
        kernel_size, step, jump = window.kernel_size, window.dilation * shift, shift * window.stride
        check_jump(jump)
        move, span = -window.padding[0] * shift, (kernel_size - 1) * step
        low, end, holed = self.offsets[0] + move, self.ends[0] + move, None
        if low == end:
            return replace(self, shift=jump)
        check_field(1, end - low + span)
        if self.holed is None and step <= end - low:
            end += span
        else:
            low, end, bits = self.sets.row(0).moved(move).repeated(kernel_size, step)
            holed = None if bits is None else (bits,)
        return AxisField(
            offsets=(low,),
            ends=(end,),
            holed=holed,
            shift=jump,
            means=(self.means[0] + move + span / 2,),
            variances=(self.variances[0] + (kernel_size * kernel_size - 1) * step * step / 12,),
        )

    def _rhythm(self, read: AxisWindow | AxisTaps, n_out: int) -> tuple[int, int | None]:
        """(T', S') of what reads this field so."""
        if self.shift is None or (isinstance(read, AxisTaps) and read.shift is None):
            return n_out, None
        if isinstance(read, AxisWindow):
            positions = self.period * read.input_dilation
            common = gcd(positions, read.stride)
            phases, shift = positions // common, self.shift * read.stride // common
        else:
            move = read.shift or 0
            turns = self.period // gcd(self.period, move)
            phases, shift = len(read.phases) * turns, self.shift * turns * move // self.period
        check_jump(shift)
        return phases, shift

    def _whole(self, n_units: int) -> AxisField:
        """Every unit sees what all units see: T = 1, S = 0."""
        seen = union_all([run for run, _, _ in self._runs(n_units, None)])
        influence = Influence(0.0, [0.0], [0.0])
        for _, phase, count in self._runs(n_units, None):
            spread = (count * count - 1) * (self.shift or 0) ** 2 / 12
            mean = self.means[phase] + (count - 1) * (self.shift or 0) / 2
            influence = influence.mixed(Influence(float(count), [mean], [self.variances[phase] + spread]))
        return AxisField._of(Sets.of([seen]), influence, 0)

    def _runs(self, n_units: int, n_pixels: int | None) -> Iterator[tuple[PixelSet, int, int]]:
        """What units 0..n_units-1 see in [0, n_pixels): for each phase the union, the phase and how many units."""
        for phase, seen in enumerate(self.sets.rows()[:n_units]):
            count, shift = (n_units - phase - 1) // self.period + 1, self.shift or 0
            if seen.lo == seen.hi:
                continue
            first, last = 0, count - 1
            if n_pixels is not None and shift:
                first, last = max(-seen.hi // shift + 1, 0), min((n_pixels - 1 - seen.lo) // shift, last)
            if first <= last:
                yield seen.moved(first * shift).repeated(last - first + 1, shift), phase, last - first + 1

    def _units(self, count: int) -> tuple[Sets, Influence]:
        """Units 0..count-1."""
        if count == self.period:
            return self.sets, self.influence
        move = self.shift or 0
        return self.sets.pick(range(count), move), self.influence.pick(range(count), move)


def _merged_runs(parts: Sequence[tuple[AxisField, int]]) -> AxisField | None:
    """The merge of the common case, by itself for speed: one phase each, equal jumps, runs that touch; else None."""
    first = parts[0][0]
    low, end, shift = first.offsets[0], first.ends[0], first.shift
    if shift is None:
        return None
    total, mean = 0, 0.0
    for branch, weight in parts:
        if branch.holed is not None or len(branch.offsets) > 1 or branch.shift != shift:
            return None
        if branch.offsets[0] > end or branch.ends[0] < low:
            return None
        low, end = min(low, branch.offsets[0]), max(end, branch.ends[0])
        total, mean = total + weight, mean + weight * branch.means[0]
    mean /= total
    variance = sum(weight * (branch.variances[0] + (branch.means[0] - mean) ** 2) for branch, weight in parts) / total
    check_field(1, end - low)
    return AxisField(offsets=(low,), ends=(end,), shift=shift, means=(mean,), variances=(variance,))


def _common_rhythm(branches: Sequence[AxisField], n_units: int) -> tuple[int, int | None]:
    """(T', S') of a merge: periodic where the jumps are equal, else a table of all units."""
    first = branches[0]
    period, shift = first.period, first.shift
    if shift is None or any(
        branch.shift is None or branch.shift * period != shift * branch.period for branch in branches
    ):
        check_field(n_units, 1)
        return n_units, None
    phases = lcm(*[branch.period for branch in branches])
    check_field(phases, 1)
    return phases, shift * (phases // period)


def _merged_uniform(branches: Sequence[AxisField]) -> AxisField:
    """The union of branches in each of which all units see the same."""
    first = branches[0]
    if all(branch is first for branch in branches):
        return first
    sizes = [branch.n_pixels for branch in branches if branch.n_pixels is not None]
    seen = union_all([each for branch in branches for each in branch.sets.rows()])
    if not sizes:
        return AxisField._of(Sets.of([seen]), Influence(1.0, [0.0], [0.0]), 0)  # noqa: SLF001 - its own module
    return _gone(seen.clipped(sizes[0]), sizes[0])


def _gone(seen: PixelSet, n_pixels: int) -> AxisField:
    """The field of a map that is gone."""
    return AxisField(
        offsets=(seen.lo,),
        ends=(seen.hi,),
        holed=None if seen.bits is None and seen.hi > seen.lo else (seen.bits,),
        shift=None,
        means=(n_pixels / 2,),
        n_pixels=n_pixels,
    )
