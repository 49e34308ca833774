from __future__ import annotations

from itertools import product

import pytest

from cnncalc.errors import Severity
from tests.lint.rules.cases import is_flagged, reads, said


def pool_windows(n: int, m: int) -> list[range]:
    """PyTorch's start and end of every adaptive window."""
    return [range(o * n // m, ((o + 1) * n + m - 1) // m) for o in range(m)]


def before(n: int, k: int, s: int, *, lower: bool) -> int:
    """What `same` pads before the map: the least total for `ceil(n/s)` windows, halved."""
    total = next(total for total in range(99) if len(reads(n, k, s, 1, (0, total))) >= -(-n // s))
    return (total + 1) // 2 if lower else total // 2


def test_adaptive_pooling_is_reported_exactly_where_windows_overlap() -> None:
    for n, m in product(range(1, 13), range(2, 13)):
        overlap = sum(map(len, pool_windows(n, m))) > n
        for op in ("adaptive", "adaptive_max"):
            assert is_flagged("CNN017", f"{op} {m}", f"8x{n}") is overlap, (n, m)


def test_the_sizes_that_are_offered_divide() -> None:
    ((_, problem),) = said("CNN017", "adaptive 6", "8x14x14")
    assert problem.help == "feed 12 or 18, or pool to 2 or 7"
    assert is_flagged("CNN017", "adaptive 6", "8x12x12") is False
    assert is_flagged("CNN017", "adaptive 6", "8x18x18") is False
    assert is_flagged("CNN017", "adaptive 2", "8x14x14") is False
    assert is_flagged("CNN017", "adaptive 7", "8x14x14") is False


def test_same_is_reported_exactly_where_it_pads_otherwise_than_at_sizes_that_the_stride_divides() -> None:
    for n, k, s, word in product(range(4, 16), range(1, 6), range(1, 5), ("same", "same_lower")):
        lower = word == "same_lower"
        moves = before(n, k, s, lower=lower) != before(-(-n // s) * s, k, s, lower=lower)
        assert is_flagged("CNN017", f"conv 8 k{k} s{s} {word}", f"1x{n}") is moves, (n, k, s, word)


def test_half_in_place_of_same_silences_the_rule() -> None:
    ((_, problem),) = said("CNN017", "conv 8 k3 s2 same", "8x33x33")
    assert problem.help == "`half` pads alike at every size"
    assert is_flagged("CNN017", "conv 8 k3 s2 half", "8x33x33") is False


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("upsample 2", []),
        ("upsample 2 mode=linear", []),
        ("upsample 2 mode=cubic", []),
        ("upsample 0.5", []),
        ("upsample 2 mode=linear align_corners", [Severity.INFO]),
        ("upsample size=57x57", [Severity.INFO]),
        ("upsample size=64x57", [Severity.INFO]),
        ("upsample 1.5 mode=linear", [Severity.INFO]),
    ],
)
def test_interpolation_by_whole_factors_passes_and_any_other_is_an_info(line: str, expected: list[Severity]) -> None:
    assert [problem.severity for _, problem in said("CNN017", line)] == expected


def test_only_the_axis_with_a_broken_factor_is_named() -> None:
    ((_, problem),) = said("CNN017", "upsample size=64x57")
    assert problem.message == "width: 57 of 32 is no whole factor: units are unequally far apart"
    assert problem.help == "width: a size of 32 or 64 is a whole factor"
