"""Sets of sizes written as arithmetic progressions: `16 + 16k`."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MOST_GAPS = 48
"""Steps that are tried: sums of so many neighbouring gaps."""


@value
class Progression:
    """The numbers `first + step*k` from `first` to `last`."""

    first: int
    step: int
    last: int
    goes_on: bool
    """It reaches the end of the range that was asked for."""

    @property
    def count(self) -> int:
        """How many numbers."""
        return (self.last - self.first) // self.step + 1

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last and (number - self.first) % self.step == 0

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1, self.step))


def progressions(numbers: Sequence[int], high: int) -> tuple[Progression, ...]:
    """Few progressions of one step that hold exactly these rising numbers of a range that ends at `high`.

    The steps that are tried are the gaps, and the sums of the last ones: the period of what repeats is among them.

    >>> [(each.first, each.step, each.last, each.goes_on) for each in progressions([5, 16, 32, 48], 60)]
    [(5, 16, 5, False), (16, 16, 48, True)]
    """
    best: list[range] = []
    for gaps in range(1, min(len(numbers), _MOST_GAPS + 1)):
        found = _runs(numbers, numbers[-1] - numbers[-1 - gaps])
        if not best or len(found) < len(best):
            best = found
        if len(found) <= gaps:  # one for each number in a period
            break
    else:
        for step in sorted({later - earlier for earlier, later in pairwise(numbers)})[:_MOST_GAPS]:
            found = _runs(numbers, step)
            best = found if len(found) < len(best) else best
    if not best:
        best = [range(number, number + 1) for number in numbers]
    return tuple(
        Progression(first=run[0], step=run.step, last=run[-1], goes_on=len(best) > 0 and run[-1] + run.step > high)
        for run in best
    )


def _runs(numbers: Sequence[int], step: int) -> list[range]:
    """The numbers as runs of this step, by their first number."""
    ends: dict[int, tuple[int, int]] = {}
    done: list[range] = []
    for number in numbers:
        residue = number % step
        run = ends.get(residue)
        if run is None:
            ends[residue] = number, number
        elif run[1] + step == number:
            ends[residue] = run[0], number
        else:
            done.append(range(run[0], run[1] + 1, step))
            ends[residue] = number, number
    done += [range(first, last + 1, step) for first, last in ends.values()]
    return sorted(done, key=lambda run: run[0])
