from __future__ import annotations

from itertools import product

import pytest

from cnncalc.errors import Severity
from cnncalc.lint.resizing import sizing
from tests.lint.rules.cases import is_flagged, problems, reads, report_of, said, sound


def left_over(n: int, k: int, s: int, d: int, p: tuple[int, int]) -> tuple[int, int]:
    """Positions behind the last one that any window reads: padding included, and of the input alone."""
    last = max(set().union(*reads(n, k, s, d, p)))
    return n + p[1] - 1 - last, max(n - 1 - last, 0)


def leaves_gaps(k: int, s: int, d: int) -> bool:
    return len({d * t % s for t in range(k)}) < s


@pytest.mark.parametrize("n", range(3, 13))
def test_input_that_is_left_over_is_a_warning_and_padding_alone_an_info(n: int) -> None:
    for k, s, d, p in product(range(1, 5), range(1, 5), range(1, 3), [(0, 0), (1, 1), (0, 1), (2, 0), (3, 3)]):
        line = f"conv 8 k{k} s{s} d{d} p{p[0]}/{p[1]}"
        report = report_of(line, f"1x{n}")
        if report.findings or leaves_gaps(k, s, d):
            continue
        every, lost = left_over(n, k, s, d, p)
        expected = [None] if lost else [Severity.INFO] if every else []
        assert [problem.severity for _, problem in problems("CNN013", report)] == expected, line


def test_the_number_of_rows_that_are_lost_is_exact() -> None:
    for n, k, s in product(range(5, 20), range(1, 5), range(2, 5)):
        if not leaves_gaps(k, s, 1):
            _, lost = left_over(n, k, s, 1, (0, 0))
            for _, problem in said("CNN013", f"conv 8 k{k} s{s}", f"1x{n}"):
                shown = "the last position of" if lost == 1 else f"the last {lost} positions of"
                assert problem.message.startswith(f"{shown} {n} "), (n, k, s)


@pytest.mark.parametrize(
    "line", ["maxpool 2 ceil", "conv 8 k3 s2 same", "convt 8 k3 s2 p1", "conv 8 k1 s2", "conv 8 k3 p1"]
)
def test_what_loses_nothing_or_has_a_rule_of_its_own_passes(line: str) -> None:
    assert is_flagged("CNN013", line, "8x33x33") is False


def test_the_sizes_and_the_flag_that_are_offered_silence_the_rule() -> None:
    ((_, problem),) = said("CNN013", "maxpool 3 s3", "8x32x32")
    assert problem.help == "30 or 33 here comes out even, or say `ceil`"
    for line, shape in (("maxpool 3 s3", "8x30x30"), ("maxpool 3 s3", "8x33x33"), ("maxpool 3 s3 ceil", "8x32x32")):
        assert is_flagged("CNN013", line, shape) is False


def test_for_a_layer_further_on_the_sizes_of_the_input_are_offered_too() -> None:
    line = "conv 8 k7 s2 p3 | maxpool 3 s2 p1 | maxpool 2"
    ((name, problem),) = [each for each in said("CNN013", line, "3x225x225") if each[1].severity is None]
    assert name == "maxpool2"
    assert "(an input of 224 or 229)" in (problem.help or "")
    for n in (224, 229):
        assert not [each for each in said("CNN013", line, f"3x{n}x{n}") if each[1].severity is None]


def test_padding_left_over_is_reported_once_a_network_with_sizes_that_come_out_even() -> None:
    line = "conv 8 k7 s2 p3 | maxpool 3 s2 p1 | conv 8 k3 s2 p1 | conv 8 k3 s2 p1 | conv 8 k3 s2 p1"
    ((name, problem),) = said("CNN013", line, "3x224x224")
    assert name == "conv1"
    assert problem.message == (
        "1 row and column of the padding is never read: 224 is padded by 3 before and 2 after (and so in 4 more layers)"
    )
    # 225 is the size at which MobileNet and ResNet pad evenly: Alsallakh et al. 2020, arXiv:2010.02178, figure 6.
    assert problem.help == "193 or 225 comes out even everywhere"
    for n in (193, 225):
        assert is_flagged("CNN013", line, f"3x{n}x{n}") is False


def test_a_size_that_only_mends_one_layer_is_not_offered() -> None:
    line = "conv 8 k7 s2 p3 | maxpool 3 s2 p1 | avgpool 2 | avgpool 2 | avgpool 2"
    ((_, problem),) = said("CNN013", line, "3x224x224")
    assert problem.help == "221 or 253 comes out even everywhere"
    for n in (221, 253):
        assert is_flagged("CNN013", line, f"3x{n}x{n}") is False
    assert is_flagged("CNN013", line, "3x225x225") is True


@pytest.mark.parametrize(
    "line",
    [
        "conv 8 k7 s2 p3 bn relu | maxpool 3 s2 p1 | res(conv 8 k3 s2 p1; project) | upsample 2 | conv 8 k4 s2 same",
        "a: conv 8 k3 p1 | maxpool 2 | conv 8 k5 | convt 8 k2 s2 | sepconv 8 k3 s2 p1 | se 2 | pad 1 | avgpool 3 s2",
        "concat(conv 8 k3 s2 p1; maxpool 2) | conv 8 k3 s3 same_lower | pixelshuffle 2 | blurpool 3",
    ],
)
def test_sizes_worked_out_for_another_input_are_those_of_the_network_built_for_it(line: str) -> None:
    known = sizing(sound(line, "3x64x48"), 0)
    assert known is not None
    built = 0
    for n in range(20, 70):
        report = report_of(line, f"3x{n}x48")
        sizes = known.sizes(n)
        assert (sizes is None) == bool(report.findings), n
        if sizes is not None:
            built += 1
            assert all(sizes[known.own[each.name]] == each.output_shape[1] for each in report.layers), n
    assert built


def test_a_stride_on_one_axis_leaves_the_other_alone() -> None:
    ((_, problem),) = said("CNN013", "conv 8 k3 p1 | conv 8 k3 s1x2 p1", "8x32x32")
    assert problem.message == "width: 1 column of the padding is never read: 32 is padded by 1 before and 0 after"
    assert problem.help == "31 or 33 comes out even everywhere"
    assert is_flagged("CNN013", "conv 8 k3 p1 | conv 8 k3 s1x2 p1", "8x32x33") is False


def test_where_no_size_suits_a_decoder_too_a_kernel_that_comes_out_even_is_offered() -> None:
    line = "e: identity | conv 8 k3 s2 p1 | convt 8 k2 s2 | concat e"
    ((_, problem),) = said("CNN013", line)
    assert problem.help == "`k4 s2 p1` comes out even here"
    assert is_flagged("CNN013", line.replace("k3 s2 p1", "k4 s2 p1"), "8x32x32") is False
