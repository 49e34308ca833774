"""Progressions hold exactly the numbers that they were made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.queries.progressions import progressions


def shape(numbers: list[int], high: int) -> list[tuple[int, int, int, bool]]:
    return [(run.first, run.step, run.last, run.goes_on) for run in progressions(numbers, high)]


@given(st.sets(st.integers(1, 80)))
def test_the_progressions_hold_every_number_once_and_no_other(numbers: set[int]) -> None:
    runs = progressions(sorted(numbers), 80)
    held = [number for run in runs for number in run]
    assert sorted(held) == sorted(numbers)
    assert len({run.step for run in runs}) <= 1


@given(st.sets(st.integers(1, 40), min_size=3), st.integers(0, 9))
def test_what_repeats_takes_no_more_than_one_progression_for_each_number_of_a_period(
    numbers: set[int], times: int
) -> None:
    period = max(numbers)
    repeated = [number + turn * period for turn in range(times + 1) for number in sorted(numbers)]
    assert len(progressions(repeated, repeated[-1])) <= len(numbers)


@pytest.mark.parametrize(
    ("numbers", "high", "expected"),
    [
        ([], 9, []),
        ([7], 9, [(7, 1, 7, False)]),
        ([9], 9, [(9, 1, 9, True)]),
        ([3, 4, 5, 6], 6, [(3, 1, 6, True)]),
        ([3, 4, 5, 6], 7, [(3, 1, 6, False)]),
        ([16, 32, 48], 63, [(16, 16, 48, True)]),
        ([16, 32, 48], 64, [(16, 16, 48, False)]),
        ([1, 3, 6, 8, 11, 13], 15, [(1, 5, 11, True), (3, 5, 13, True)]),
    ],
)
def test_numbers_become_the_progressions_that_a_reader_would_write(
    numbers: list[int], high: int, expected: list[tuple[int, int, int, bool]]
) -> None:
    assert shape(numbers, high) == expected


@given(st.integers(1, 9), st.integers(1, 20), st.integers(30, 60))
def test_one_progression_is_found_as_one(first: int, step: int, high: int) -> None:
    numbers = list(range(first, high + 1, step))
    runs = progressions(numbers, high)
    assert len(runs) == 1
    assert runs[0].count == len(numbers)
    assert all(number in runs[0] for number in numbers)
    assert first + step * len(numbers) not in runs[0]
