from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from cnncalc.errors import Severity
from cnncalc.lint.flow import flow
from tests.lint.rules.cases import is_flagged, problems, reads, report_of, said, words

N = 24


def centre(seen: set[int]) -> Fraction:
    return Fraction(min(seen) + max(seen) + 1, 2)


def two_paths(first: tuple[int, int, int, int], second: tuple[int, int, int, int], stride: int) -> str:
    one, other = (f"conv 8 k{k} s{stride} d{d} p{before}/{after}" for k, d, before, after in (first, second))
    return f"add({one}; {other})"


@pytest.mark.parametrize("stride", [1, 2])
def test_two_convolutions_are_reported_exactly_where_their_units_are_centred_differently(stride: int) -> None:
    windows = [(k, d, before, after) for k in (1, 2, 3) for d in (1, 2) for before in range(3) for after in range(3)]
    met = set()
    for first, second in product(windows[::2], windows[::3]):
        report = report_of(two_paths(first, second, stride), f"1x{N}")
        if report.findings:
            continue
        units = [
            reads(N, k, stride, d, (before, after))[5] for k, d, before, after in (first, second)
        ]  # far from the border
        apart = abs(centre(units[0]) - centre(units[1]))
        found = problems("CNN015", report)
        met.add(bool(apart))
        assert bool(found) is bool(apart), (first, second)
        for _, problem in found:
            shown = str(float(apart)).removesuffix(".0")
            noun = "pixel" if apart == 1 else "pixels"
            assert f"are centred {shown} {noun} apart" in problem.message
            assert problem.severity is (None if 2 * apart >= stride else Severity.INFO)
    assert met == {True, False}


@pytest.mark.parametrize(
    "line",
    [
        "res(conv 8 k3 s2 p1; project)",
        "concat(conv 8 k3 s2 p1; maxpool 3 s2 p1; conv 8 k5 s2 p2)",
        "e: conv 8 k3 p1 | maxpool 2 | conv 8 k3 p1 | convt 8 k2 s2 | concat e",
        "e: conv 8 k3 p1 | maxpool 2 | conv 8 k3 p1 | convt 8 k4 s2 p1 | concat e",
        "e: conv 8 k3 p1 | maxpool 2 | upsample 2 mode=linear | concat e",
        "e: conv 8 k3 p1 | conv 8 k3 | conv 8 k3 | concat e align=crop",
        "se 4 | res(conv 8 k1)",
        "a: conv 8 k3 p1 | gap | conv 8 k1 sigmoid | mul a",
        "concat(conv 8 k3 p1; gap | conv 8 k1 | upsample size=32x32)",
        "res(conv 8 k3 d2 causal relu | conv 8 k3 d4 causal)",
    ],
)
def test_well_built_merges_pass(line: str) -> None:
    assert is_flagged("CNN015", line, "8x32x32") is False


def test_a_feature_pyramid_on_strided_3x3_convolutions_is_half_a_unit_off_at_every_level() -> None:
    line = "c1: conv 8 k3 s2 p1 | c2: conv 8 k3 s2 p1 | upsample 2 | add c1"
    ((name, problem),) = said("CNN015", line)
    # A unit of c2 is centred where every second unit of c1 is, its two copies half a step before and behind.
    assert (name, problem.severity) == ("add1", None)
    assert problem.message == "`upsample1` and `c1` are centred 1 pixel apart (-0.5 and 0.5, jump 2)"


def test_branches_with_other_jumps_are_reported() -> None:
    ((_, problem),) = said("CNN015", "add(conv 8 k3 s2 p1; conv 8 k17)", "8x32")
    assert problem.message == "neighbours are 2 pixels apart in `conv1`, 1 in `conv2`"


@pytest.mark.parametrize("side", ["2/0", "0/2"])
def test_the_padding_that_is_offered_for_whole_units_puts_the_branches_in_line(side: str) -> None:
    main = f"conv 8 k3 p{side} | conv 8 k3 p{side}"
    ((_, problem),) = said("CNN015", f"add({main}; conv 8 k1)", "8x32")
    path, branch = words(problem.help)
    assert branch == "conv3"
    assert is_flagged("CNN015", f"add({main}; conv 8 k1 | {path})", "8x32") is False


def test_causal_branches_are_compared_by_the_last_pixel_that_they_see() -> None:
    assert is_flagged("CNN015", "res(conv 8 k3 causal)", "8x32") is False
    assert is_flagged("CNN015", "res(conv 8 k3 causal | conv 8 k3 p0/2)", "8x32") is False  # centred alike
    assert is_flagged("CNN015", "add(conv 8 k3 causal; conv 8 k3 p1)", "8x32") is True
    text = "cnncalc: 1\ninput: 8x32\nlayers:\n  - residual: [conv 8 k3 p2/0]\n"
    assert is_flagged("CNN015", text, None) is True
    assert is_flagged("CNN015", text + "task: {causal: true}\n", None) is False


def test_inputs_that_share_no_pixels_are_not_compared() -> None:
    text = "cnncalc: 1\ninputs: {a: 3x32x32, b: 3x32x32}\nlayers: [conv 3 k2 p0/1, concat b]\n"
    assert is_flagged("CNN015", text, None) is False


def test_what_a_network_flows_through_is_worked_out_once_for_a_report() -> None:
    report = report_of("conv 8 k3 | conv 8 k3")
    assert flow(report) is flow(report)
    assert flow(report_of("conv 8 k3")).report is not report
