"""Windows over many units at once: unions by doubling, mixtures by binary digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.geometry.columns import Influence, Sets, chained
from cnncalc.geometry.window import inside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.geometry.window import AxisWindow

Units = tuple[Sets, Influence]
NOTHING: Units = Sets([0], [0], [None]), Influence(0.0, [0.0], [0.0])
"""One unit that sees nothing."""


def listed(sets: Sets, influence: Influence, shift: int | None, taps: Sequence[range]) -> Units:
    """What reads these taps, one unit for each range; the taps of all are equally far apart.

    Units recur every `len(sets.lows)`, `shift` pixels on; in a table (shift None) the taps stay within it. Equal reads
    are made once.
    """
    period, move = len(sets.lows), shift or 0
    wanted: dict[int, set[int]] = {}
    places: list[tuple[int, int, int]] = []
    for each in taps:
        turn, first = divmod(each.start, period)
        places.append((len(each), first, turn * move))
        wanted.setdefault(len(each), set()).add(first)
    (step,) = {each.step for each in taps if len(each) > 1} or {1}
    nothing = wanted.pop(0, None)
    groups = {count: _ranged(sorted(starts)) for count, starts in wanted.items()}
    done = windows(sets, influence, shift, step, groups) if groups else {}
    made, spread = chained([*done.values(), *([NOTHING] if nothing else [])])
    rows = {key: row for row, key in enumerate((count, first) for count in done for first in groups[count])}
    found = [(rows[count, first], by) if count else (-1, 0) for count, first, by in places]
    return Sets(
        [made.lows[row] + by for row, by in found],
        [made.highs[row] + by for row, by in found],
        None if made.bits is None else [made.bits[row] for row, _ in found],
    ), Influence(1.0, [spread.means[row] + by for row, by in found], [spread.variances[row] for row, _ in found])


def swept(sets: Sets, influence: Influence, window: AxisWindow, n_out: int) -> Units:
    """A window over a table: inside in one sweep, across the border unit by unit, taps outside dropped."""
    n, stride, before = len(sets.lows), window.stride, window.padding[0]
    first = min(max(-(-before // stride), 0), n_out)
    stop = max(min((n - window.effective_kernel_size + before) // stride + 1, n_out), first)
    parts: list[Units] = []
    if first:
        parts.append(_near(sets, influence, [inside(window.taps(unit), n) for unit in range(first)]))
    if stop > first:
        starts = range(first * stride - before, stop * stride - before, stride)
        parts.append(windows(sets, influence, None, window.dilation, {window.kernel_size: starts})[window.kernel_size])
    if n_out > stop:
        parts.append(_near(sets, influence, [inside(window.taps(unit), n) for unit in range(stop, n_out)]))
    return chained(parts)


def _near(sets: Sets, influence: Influence, taps: Sequence[range]) -> Units:
    """`listed` of a table, from the part of it that is read."""
    low = min((each.start for each in taps if each), default=0)
    part = range(low, max((each[-1] + 1 for each in taps if each), default=low + 1))
    moved = [range(each.start - low, each.stop - low, each.step) for each in taps]
    return listed(sets.pick(part, 0), influence.pick(part, 0), None, moved)


def _ranged(units: list[int]) -> Sequence[int]:
    """The same as a range where there is no gap."""
    return range(units[0], units[-1] + 1) if units[-1] - units[0] == len(units) - 1 else units


def windows(
    sets: Sets, influence: Influence, shift: int | None, step: int, wanted: Mapping[int, Sequence[int]]
) -> dict[int, Units]:
    """For each count and each start wanted the union and the mixture over units `start + step*j`, `j < count`.

    Units recur every `len(sets.lows)`, `shift` pixels on; in a table (shift None) the windows stay within it. Doubling:
    level l holds windows of 2**l units from every start, two of them cover any count up to 2**(l+1), and the windows
    at the binary digits of a count add up to it.
    """
    move = shift or 0
    done: dict[int, tuple[Sets, Influence]] = {}
    reached: dict[int, Influence] = {}
    for level in range(max(wanted).bit_length()):
        size = 1 << level
        for count, starts in wanted.items():
            if not count & size:
                continue
            passed = step * (count & (size - 1))
            part = influence.pick(_moved(starts, passed), move)
            reached[count] = reached[count].mixed(part) if passed else part
            if count >> level == 1:
                union_ = sets.pick(starts, move)
                rest = step * (count - size)
                if rest:
                    union_ = union_.joined(sets.pick(_moved(starts, rest), move))
                done[count] = union_, reached.pop(count)
        if max(wanted) >> level > 1:
            # A table loses the starts that have no partner.
            apart, period = step * size, len(sets.lows)
            kept = range(period if shift is not None else period - apart)
            others = range(apart, apart + len(kept))
            sets = sets.pick(kept, 0).joined(sets.pick(others, move))
            influence = influence.pick(kept, 0).mixed(influence.pick(others, move))
    return done


def _moved(units: Sequence[int], by: int) -> Sequence[int]:
    if not by:
        return units
    if isinstance(units, range):
        return range(units.start + by, units.stop + by, units.step)
    return [unit + by for unit in units]
