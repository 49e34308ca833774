"""What tables of answers share: titles, runs of pixels, progressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.queries.progressions import Progression
    from cnncalc.spec.network import NetworkSpec

_MOST_RUNS = 6


def title(spec: NetworkSpec, about: str) -> str:
    """Name and source of the network, and what the table is about."""
    name = spec.name if spec.name in ("", spec.source) else f"{spec.name} ({spec.source})"
    return f"{name or spec.source}, {about}"


def pixels(numbers: Sequence[int]) -> str:
    """Pixels or positions as runs.

    >>> pixels([0, 1, 2, 3]), pixels([20, 22, 24]), pixels([1, 2, 5]), pixels([])
    ('0..3', '20..24 step 2', '1..2, 5', 'none')
    """
    if not numbers:
        return "none"
    runs = _steps(numbers)
    shown = [
        str(run[0]) if len(run) == 1 else f"{run[0]}..{run[-1]}" + (f" step {run.step}" if run.step > 1 else "")
        for run in runs[:_MOST_RUNS]
    ]
    return ", ".join(shown) + (f", ... {numbers[-1]}" if len(runs) > _MOST_RUNS else "")


def sizes(runs: Sequence[Progression]) -> str:
    """Sizes as progressions.

    >>> from cnncalc.queries.progressions import progressions
    >>> sizes(progressions([16, 32, 48], 60)), sizes(progressions([5, 6, 7], 7)), sizes(progressions([4], 9)), sizes(())
    ('16 + 16k', '5 + k', '4', 'none')
    """
    if not runs:
        return "none"
    shown = [_progression(run) for run in runs[:_MOST_RUNS]]
    return ", ".join(shown) + (f", and {len(runs) - _MOST_RUNS} more" if len(runs) > _MOST_RUNS else "")


def _progression(run: Progression) -> str:
    if run.count == 1:
        return str(run.first)
    step = "k" if run.step == 1 else f"{run.step}k"
    return f"{run.first} + {step}" + ("" if run.goes_on else f" up to {run.last}")


def _steps(numbers: Sequence[int]) -> list[range]:
    """One progression of at least three numbers, else runs of neighbours."""
    step = numbers[1] - numbers[0] if len(numbers) > 2 else 1  # noqa: PLR2004 - two numbers have always one step
    whole = range(numbers[0], numbers[-1] + 1, step)
    if len(whole) == len(numbers) and set(whole) == set(numbers):
        return [whole]
    runs: list[range] = []
    first = 0
    for at in range(1, len(numbers) + 1):
        if at == len(numbers) or numbers[at] != numbers[at - 1] + 1:
            runs.append(range(numbers[first], numbers[at - 1] + 1))
            first = at
    return runs
