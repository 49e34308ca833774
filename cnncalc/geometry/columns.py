"""The pixel sets and influence distributions of many units at once, held as columns so that C loops do the work."""

from __future__ import annotations

from operator import le
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cnncalc.geometry.limits import check_field
from cnncalc.geometry.pixels import PixelSet, union

if TYPE_CHECKING:
    from collections.abc import Sequence


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

    def pick(self, units: Sequence[int], shift: int) -> Sets:
        """The sets of these units, where the units listed here recur without end, `shift` pixels further on."""
        lows, highs, bits = self
        pieces = _pieces(units, len(lows))
        if pieces is None:
            places = [divmod(unit, len(lows)) for unit in units]
            return Sets(
                [lows[phase] + turn * shift for turn, phase in places],
                [highs[phase] + turn * shift for turn, phase in places],
                None if bits is None else [bits[phase] for _, phase in places],
            )
        return Sets(
            _gathered(lows, pieces, shift),
            _gathered(highs, pieces, shift),
            None if bits is None else [each for _, piece in pieces for each in bits[piece]],
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

    def pick(self, units: Sequence[int], shift: int) -> Influence:
        """Those of these units; compare `Sets.pick`."""
        weights, means, variances = self
        pieces = _pieces(units, len(means))
        if pieces is None:
            places = [divmod(unit, len(means)) for unit in units]
            return Influence(
                weights if isinstance(weights, (int, float)) else [weights[phase] for _, phase in places],
                [means[phase] + turn * shift for turn, phase in places],
                [variances[phase] for _, phase in places],
            )
        return Influence(
            weights if isinstance(weights, (int, float)) else _gathered(weights, pieces, 0),
            _gathered(means, pieces, shift),
            _gathered(variances, pieces, 0),
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


Number = TypeVar("Number", int, float)


def _pieces(units: Sequence[int], period: int) -> list[tuple[int, slice]] | None:
    """A range of units as slices of the columns, each with its number of periods; None where it is no range."""
    if not isinstance(units, range) or not units or units.step < 1 or period < _SHORT:
        return None
    first, last = units[0] // period, units[-1] // period
    if units.step > 1:
        return [(first, slice(units[0] % period, units[-1] % period + 1, units.step))] if first == last else None
    starts = [max(units.start - turn * period, 0) for turn in range(first, last + 1)]
    return [
        (turn, slice(start, min(units.stop - turn * period, period)))
        for turn, start in zip(range(first, last + 1), starts, strict=True)
    ]


_SHORT = 8
"""Periods below this are not worth slicing."""


def _gathered(column: Sequence[Number], pieces: Sequence[tuple[int, slice]], shift: int) -> list[Number]:
    gathered: list[Number] = []
    for turn, piece in pieces:
        by = turn * shift
        gathered += [each + by for each in column[piece]] if by else column[piece]
    return gathered


def chained(parts: Sequence[tuple[Sets, Influence]]) -> tuple[Sets, Influence]:
    """Units of all parts, one part after the other; the weights are 1 or 0."""
    runs = all(sets.bits is None for sets, _ in parts)
    lows: list[int] = []
    highs: list[int] = []
    bits: list[int | None] = []
    means: list[float] = []
    variances: list[float] = []
    for sets, influence in parts:
        lows += sets.lows
        highs += sets.highs
        bits += [None] * len(sets.lows) if sets.bits is None else sets.bits
        means += influence.means
        variances += influence.variances
    return Sets(lows, highs, None if runs else bits), Influence(1.0, means, variances)
