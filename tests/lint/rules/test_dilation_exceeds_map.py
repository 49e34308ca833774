from __future__ import annotations

from itertools import product

import pytest

from tests.lint.rules.cases import feeds, is_flagged, said, sound, words


def dead_taps(n: int, k: int, s: int, d: int, p: int) -> int:
    """Taps that read no input at any output, by trial of all."""
    outputs = len(reads_at(n, k, s, d, p))
    return sum(all(not 0 <= o * s - p + d * t < n for o in range(outputs)) for t in range(k))


def reads_at(n: int, k: int, s: int, d: int, p: int) -> range:
    return range(max((n + 2 * p - d * (k - 1) - 1) // s + 1, 0))


@pytest.mark.parametrize("n", range(1, 6))
def test_a_window_is_reported_exactly_where_a_tap_reads_padding_at_every_position(n: int) -> None:
    for k, s, d, p in product(range(1, 5), range(1, 4), range(1, 5), range(5)):
        line = f"conv 8 k{k} s{s} d{d} p{p}"
        flagged = is_flagged("CNN018", line, f"1x{n}")
        if flagged is not None:
            assert flagged is (dead_taps(n, k, s, d, p) > 0), line


def test_the_number_of_taps_and_the_share_of_weights_are_exact() -> None:
    ((_, problem),) = said("CNN018", "conv 8 k5 d4 p8", "8x6x6")
    assert dead_taps(6, 5, 1, 4, 8) == 2
    assert (
        problem.message
        == "dilation 4 on a map of 6: 2 of 5 taps read only padding: 16 of 25 weights are without effect"
    )


def test_a_transposed_tap_that_feeds_only_what_is_cut_away_is_reported() -> None:
    for n, k, s, p in product(range(1, 4), range(1, 6), range(1, 4), range(3)):
        line = f"convt 8 k{k} s{s} p{p}"
        flagged = is_flagged("CNN018", line, f"1x{n}")
        if flagged is not None:
            m = len(feeds(n, k, s, 1, p, 0))
            dead = any(all(not 0 <= i * s - p + t < m for i in range(n)) for t in range(k))
            assert flagged is dead, line


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_that_repeats_the_map_is_no_padding_of_zeros(mode: str) -> None:
    assert is_flagged("CNN018", f"conv 8 k3 p4 d4 {mode}", "8x5x5") is False
    assert is_flagged("CNN018", "conv 8 k3 p5 d5", "8x5x5") is True


@pytest.mark.parametrize(
    ("line", "n"),
    [
        ("conv 8 k3 d16 p16", 16),
        ("conv 8 k3 p1", 1),
        ("conv 8 k5 d3 p6", 4),
        ("conv 8 k7 p3", 2),
        ("conv 8 k3 s2 d9 p9", 8),
    ],
)
def test_the_window_that_is_offered_silences_the_rule_and_keeps_the_size(line: str, n: int) -> None:
    ((_, problem),) = said("CNN018", line, f"8x{n}x{n}")
    (window,) = words(problem.help)
    stride = "s2" if "s2" in line else "s1"
    mended = f"conv 8 {stride} {window}"
    assert is_flagged("CNN018", mended, f"8x{n}x{n}") is False
    assert sound(mended, f"8x{n}x{n}").layers[0].output_shape == sound(line, f"8x{n}x{n}").layers[0].output_shape
