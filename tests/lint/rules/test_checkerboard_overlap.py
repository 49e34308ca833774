from __future__ import annotations

from itertools import product

import pytest

from tests.lint.rules.cases import feeds, is_flagged, said, sound, words

N = 48


@pytest.mark.parametrize("s", range(1, 5))
def test_a_transposed_convolution_is_reported_exactly_where_its_outputs_are_sums_of_unequally_many_products(
    s: int,
) -> None:
    for k, d, p in product(range(1, 7), range(1, 4), range(3)):
        made = feeds(N, k, s, d, p, 0)
        counts = {len(each) for each in made[len(made) // 2 - 6 : len(made) // 2 + 6]}
        uneven = len(counts) > 1
        line = f"convt 8 k{k} s{s} d{d} p{p}"
        found = [is_flagged(code, line, f"1x{N}") for code in ("CNN011", "CNN012")]
        if found[0] is not None:
            assert sum(map(bool, found)) == uneven, line  # one mistake, one finding


def test_the_pattern_that_is_shown_is_that_of_neighbouring_outputs() -> None:
    for k, s, p in product(range(2, 7), range(2, 5), range(2)):
        for _, problem in said("CNN011", f"convt 8 k{k} s{s} p{p}", f"1x{N}"):
            shown = [
                int(count) for count in problem.message.split(" sums of ")[1].split(" ")[0].split(",") if count != "..."
            ]
            counts = [len(each) for each in feeds(N, k, s, 1, p, 0)]
            start = s * 4
            assert counts[start : start + len(shown)] == shown, (k, s, p)


@pytest.mark.parametrize(
    "line",
    ["convt 8 k3 s2 p1 op1", "convt 8 k5 s2 p2 op1", "convt 8 k5 s3 p1", "convt 8 k3 s2 d2 p2", "convt 8 k7 s4 p2 op1"],
)
def test_every_kernel_that_is_offered_overlaps_evenly_and_keeps_the_size(line: str) -> None:
    ((_, problem),) = said("CNN011", line)
    windows = [window for window in words(problem.help) if window.startswith("k")]
    assert windows
    for window in windows:
        assert is_flagged("CNN011", f"convt 8 {window}", "8x32x32") is False
        assert sound(f"convt 8 {window}").layers[0].output_shape == sound(line).layers[0].output_shape


def test_only_the_axis_that_overlaps_unevenly_is_named() -> None:
    ((_, problem),) = said("CNN011", "convt 8 k3x4 s2 p1")
    why = "height: kernel 3 is not divisible by stride 2"
    assert problem.message == f"{why}: neighbouring outputs are sums of 1,2,1,2 taps"
