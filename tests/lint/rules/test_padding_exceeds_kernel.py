from __future__ import annotations

from itertools import product, takewhile

import pytest

from tests.lint.rules.cases import feeds, is_flagged, reads, said, within


def blind_ends(seen: list[bool]) -> tuple[int, int]:
    """How many outputs at the beginning and at the end see nothing."""
    first = len(list(takewhile(lambda sees: not sees, seen)))
    return first, len(list(takewhile(lambda sees: not sees, reversed(seen)))) if first < len(seen) else 0


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_a_window_is_reported_exactly_where_outputs_at_a_border_read_only_padding(n: int) -> None:
    for k, s, d, p in product(range(1, 5), range(1, 4), range(1, 3), [(0, 0), (1, 1), (3, 3), (0, 4), (5, 2)]):
        line = f"conv 8 k{k} s{s} d{d} p{p[0]}/{p[1]}"
        flagged = is_flagged("CNN019", line, f"1x{n}")
        if flagged is not None:
            sees = [bool(within(seen, n)) for seen in reads(n, k, s, d, p)]
            assert flagged is any(blind_ends(sees)), line


def test_the_outputs_that_see_nothing_are_counted_at_both_ends() -> None:
    sees = [bool(within(seen, 8)) for seen in reads(8, 3, 1, 1, (5, 3))]
    assert blind_ends(sees) == (3, 1)
    ((_, problem),) = said("CNN019", "conv 8 k3 p5/3", "1x8")
    assert "the first 3 and the last 1 of 14 positions see only padding" in problem.message


def test_output_padding_beyond_the_last_product_is_reported() -> None:
    for k, s, p in product(range(2, 6), range(2, 4), range(2)):
        for extra in range(s):
            made = feeds(6, k, s, 1, p, extra)
            if k >= s:
                blind = not made[-1] or not made[0]
                line = f"convt 8 k{k} s{s} p{p} op{extra}"
                assert is_flagged("CNN019", line, "1x6") is blind, line


@pytest.mark.parametrize("line", ["pad 3", "pad 3 | conv 8 k7", "crop 2", "conv 8 k1 p1 reflect"])
def test_a_layer_whose_purpose_is_padding_passes_and_so_does_padding_that_is_no_zeros(line: str) -> None:
    assert is_flagged("CNN019", line, "8x8x8") is False


@pytest.mark.parametrize(
    "line", ["conv 8 k1 p1", "conv 8 k3 p3", "conv 8 k3 p5/3", "conv 8 k2 s3 p4", "conv 8 k3 d2 p6"]
)
def test_the_padding_that_is_offered_silences_the_rule(line: str) -> None:
    ((_, problem),) = said("CNN019", line)
    help_ = problem.help or ""
    new = help_.removeprefix("pad at most ").split(";")[0] if help_.startswith("pad at most") else "p0"
    mended = " ".join(new if word.startswith("p") else word for word in line.split())
    assert is_flagged("CNN019", mended, "8x32x32") is False, mended


def test_leaving_the_output_padding_out_silences_the_rule() -> None:
    ((_, problem),) = said("CNN019", "convt 8 k2 s2 op1")
    assert problem.help == "leave it out"
    assert is_flagged("CNN019", "convt 8 k2 s2", "8x32x32") is False
