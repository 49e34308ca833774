"""The pixel sets and influence distributions of many units at once, held as columns so that C loops do the work."""

from __future__ import annotations

from operator import le
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.geometry.limits import check_field
from cnncalc.geometry.pixels import PixelSet, union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Sets(NamedTuple):
    """One `PixelSet` per unit, column by column."""

    lows: Sequence[int]
    highs: Sequence[int]
    bits: Sequence[int | None] | None
    """None: every unit sees a run without holes, and sees something."""

    @classmethod
    def of(cls, sets: Sequence[PixelSet]) -> Sets:
        """The columns of these rows."""
        lows, highs, bits = zip(*sets, strict=True)
        runs = all(each is None for each in bits) and all(map(int.__lt__, lows, highs))
        return cls(lows, highs, None if runs else bits)

    def row(self, unit: int) -> PixelSet:
        """What one unit sees."""
        return PixelSet(self.lows[unit], self.highs[unit], None if self.bits is None else self.bits[unit])

    def rows(self) -> list[PixelSet]:
        """What each unit sees."""
        bits = self.bits or [None] * len(self.lows)
        return list(map(PixelSet, self.lows, self.highs, bits))

    @property
    def extent(self) -> int:
        """The largest extent."""
        return max(map(int.__sub__, self.highs, self.lows))

    def pick(self, units: Iterable[int], shift: int) -> Sets:
        """The sets of these units, where the units listed here recur without end, `shift` pixels further on."""
        period, lows, highs, bits = len(self.lows), self.lows, self.highs, self.bits
        places = [divmod(unit, period) for unit in units]
        return Sets(
            [lows[phase] + turn * shift for turn, phase in places],
            [highs[phase] + turn * shift for turn, phase in places],
            None if bits is None else [bits[phase] for _, phase in places],
        )

    def joined(self, other: Sets) -> Sets:
        """Unit by unit the union."""
        if self.bits is None and other.bits is None:
            lows = list(map(min, self.lows, other.lows))
            highs = list(map(max, self.highs, other.highs))
            if all(map(le, map(max, self.lows, other.lows), map(min, self.highs, other.highs))):
                return Sets(lows, highs, None)
            check_field(len(lows), max(map(int.__sub__, highs, lows)))
        return Sets.of(list(map(union, self.rows(), other.rows())))


class Influence(NamedTuple):
    """How the influence of the pixels on each unit is spread: mean and variance; for `erf_sigma` only."""

    weights: float | Sequence[float]
    """One for all units, or one each; 0 for a unit that sees nothing."""
    means: Sequence[float]
    variances: Sequence[float]

    def pick(self, units: Iterable[int], shift: int) -> Influence:
        """Those of these units; compare `Sets.pick`."""
        period, means, variances, weights = len(self.means), self.means, self.variances, self.weights
        places = [divmod(unit, period) for unit in units]
        return Influence(
            weights if isinstance(weights, (int, float)) else [weights[phase] for _, phase in places],
            [means[phase] + turn * shift for turn, phase in places],
            [variances[phase] for _, phase in places],
        )

    def weighed(self, factor: float) -> Influence:
        """The same with other weights."""
        weights = self.weights
        changed = weights * factor if isinstance(weights, (int, float)) else [each * factor for each in weights]
        return self._replace(weights=changed)

    def mixed(self, other: Influence) -> Influence:
        """Unit by unit the mixture: `Var = sum w (Var_b + (mu_b - mu)^2)`, weights normed to 1."""
        one_weights, other_weights = self.weights, other.weights
        columns = (self.means, other.means, self.variances, other.variances)
        if isinstance(one_weights, (int, float)) and isinstance(other_weights, (int, float)):
            both = one_weights + other_weights
            v = other_weights / both if both else 0.0
            u, uv = 1.0 - v, v * (1.0 - v)
            return Influence(
                both,
                [u * m + v * n for m, n in zip(self.means, other.means, strict=True)],
                [u * s + v * t + uv * (m - n) * (m - n) for m, n, s, t in zip(*columns, strict=True)],
            )
        weights, means, variances = [], [], []
        rows = zip(_each(one_weights, len(self.means)), _each(other_weights, len(self.means)), *columns, strict=True)
        for w, x, m, n, s, t in rows:
            both = w + x
            v = x / both if both else 0.0
            u = 1.0 - v
            weights.append(both)
            means.append(u * m + v * n)
            variances.append(u * s + v * t + u * v * (m - n) * (m - n))
        return Influence(weights, means, variances)


def _each(weights: float | Sequence[float], count: int) -> Sequence[float]:
    return [weights] * count if isinstance(weights, (int, float)) else weights


def windows(
    sets: Sets, influence: Influence, shift: int | None, step: int, queries: Sequence[tuple[int, int]]
) -> tuple[Sets, Influence]:
    """For each query (first, count) the union and the mixture over units `first + step*j`, `j < count`, count > 0.

    Units recur every `len(sets.lows)`, `shift` pixels on; in a table (shift None) the queries stay within it. Doubling:
    level l holds windows of 2**l units from every start, two of them cover any count up to 2**(l+1), and the windows
    at the binary digits of a count add up to it.
    """
    groups: dict[int, list[int]] = {}
    for at, (_, count) in enumerate(queries):
        groups.setdefault(count, []).append(at)
    move = shift or 0
    done: dict[int, tuple[Sets, Influence]] = {}
    reached: dict[int, Influence] = {}
    wanted = {count: [queries[at][0] for at in group] for count, group in groups.items()}
    for level in range(max(groups).bit_length()):
        size = 1 << level
        for count, starts in wanted.items():
            if not count & size:
                continue
            passed = step * (count & (size - 1))
            part = influence.pick([start + passed for start in starts] if passed else starts, move)
            reached[count] = reached[count].mixed(part) if passed else part
            if count >> level == 1:
                union_ = sets.pick(starts, move)
                rest = step * (count - size)
                if rest:
                    union_ = union_.joined(sets.pick([start + rest for start in starts], move))
                done[count] = union_, reached.pop(count)
        if max(groups) >> level > 1:
            sets, influence = _doubled(sets, influence, shift, step * size)
    if len(groups) == 1:
        return next(iter(done.values()))
    return _assembled(groups, done, len(queries))


def _doubled(sets: Sets, influence: Influence, shift: int | None, apart: int) -> tuple[Sets, Influence]:
    """From every start the windows joined with those `apart` units on; a table loses the starts with no partner."""
    period = len(sets.lows)
    kept = period if shift is not None else max(period - apart, 0)
    others = range(apart, apart + kept)
    here = range(kept)
    move = shift or 0
    if kept < period:
        return (
            sets.pick(here, 0).joined(sets.pick(others, 0)),
            influence.pick(here, 0).mixed(influence.pick(others, 0)),
        )
    return sets.joined(sets.pick(others, move)), influence.mixed(influence.pick(others, move))


def _assembled(
    groups: dict[int, list[int]], done: dict[int, tuple[Sets, Influence]], total: int
) -> tuple[Sets, Influence]:
    """The answers of all groups in the order of the queries."""
    rows: list[PixelSet] = [PixelSet(0, 0)] * total
    weights, means, variances = [0.0] * total, [0.0] * total, [0.0] * total
    for count, group in groups.items():
        sets, influence = done[count]
        each = _each(influence.weights, len(group))
        for at, row, w, m, v in zip(group, sets.rows(), each, influence.means, influence.variances, strict=True):
            rows[at], weights[at], means[at], variances[at] = row, w, m, v
    return Sets.of(rows), Influence(weights, means, variances)
