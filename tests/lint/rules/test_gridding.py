from __future__ import annotations

import re
from itertools import product

import pytest

from cnncalc.errors import Severity
from tests.lint.rules.cases import is_flagged, said


def field_of(windows: list[tuple[int, int]]) -> set[int]:
    """Pixels that one unit sees through windows of (kernel size, dilation) at stride 1, by definition."""
    seen = {0}
    for k, d in windows:
        seen = {pixel + d * t for pixel in seen for t in range(k)}
    return seen


def has_holes(windows: list[tuple[int, int]]) -> bool:
    seen = field_of(windows)
    return len(seen) < max(seen) - min(seen) + 1


@pytest.mark.parametrize("k", [2, 3])
def test_a_stack_is_reported_once_exactly_where_its_end_has_holes(k: int) -> None:
    for dilations in product(range(1, 6), repeat=3):
        windows = [(k, d) for d in dilations]
        line = " | ".join(f"conv 8 k{k} d{d}" for d in dilations)
        found = said("CNN014", line, "1x64")
        assert len(found) == has_holes(windows), dilations
        for name, problem in found:
            seen = field_of(windows)
            last = max(at for at, d in enumerate(dilations) if d > 1)
            assert name == f"conv{last + 1}"
            assert f"reads {len(seen)} of the {max(seen) + 1} pixels" in problem.message


def test_the_dilations_that_are_offered_leave_no_hole() -> None:
    offered = 0
    for dilations in product(range(1, 6), repeat=3):
        line = " | ".join(f"conv 8 k3 d{d}" for d in dilations)
        for _, problem in said("CNN014", line, "1x64"):
            match = re.match(r"dilations? ([\d, ]+) leaves? none", problem.help or "")
            assert match, dilations
            new = [int(number) for number in match[1].split(", ")]
            dilated = [at for at, d in enumerate(dilations) if d > 1]
            mended = list(dilations)
            for at, d in zip(dilated, new, strict=True):
                mended[at] = d
            assert is_flagged("CNN014", " | ".join(f"conv 8 k3 d{d}" for d in mended), "1x64") is False
            offered += 1
    assert offered


def test_holes_of_known_stacks() -> None:
    # Wang et al. 2018, arXiv:1702.08502: rates 2, 2, 2 leave a grid, 1, 2, 5 cover everything.
    assert (len(field_of([(3, 2)] * 3)), max(field_of([(3, 2)] * 3)) + 1) == (7, 13)
    assert len(field_of([(3, 1), (3, 2), (3, 5)])) == 17
    assert is_flagged("CNN014", "conv 8 k3 d1 | conv 8 k3 d2 | conv 8 k3 d5", "8x64x64") is False


@pytest.mark.parametrize(
    "line",
    [
        "conv 8 k3 d2 p2 | conv 8 k3 p1",
        "maxpool 4 | conv 8 k3 d2 p2",  # units a jump apart see all the pixels between
        "conv 8 k1 s2",  # CNN012's business
        "res(conv 8 k3 d2 p2 | conv 8 k3 p1)",
    ],
)
def test_holes_that_a_later_layer_fills_or_that_no_dilation_makes_pass(line: str) -> None:
    found = is_flagged("CNN014", line, "8x64x64")
    assert found is ("maxpool 4" in line)


def test_a_backbone_whose_units_see_enough_leaves_no_holes_behind_any_rate() -> None:
    backbone = "conv 8 k7 s2 p3 | maxpool 3 s2 p1 | (conv 8 k3 p1)*8"
    aspp = "concat(conv 8 k1; conv 8 k3 d2 p2; conv 8 k3 d4 p4)"
    assert is_flagged("CNN014", f"{backbone} | {aspp}", "3x224x224") is False


def test_rates_side_by_side_are_one_info_with_the_field_of_the_merge() -> None:
    ((name, problem),) = said("CNN014", "concat(conv 8 k1; conv 8 k3 d6 p6; conv 8 k3 d12 p12) | conv 8 k1", "8x64x64")
    assert (name, problem.severity) == ("conv3", Severity.INFO)
    assert problem.message == "reads 5 of the 25 pixels of its field at `conv4` (dilations 6, 12 on the way)"


def test_only_the_axis_with_holes_is_named() -> None:
    ((_, problem),) = said("CNN014", "conv 8 k3 d=(1,2)", "8x64x64")
    assert problem.message == "width: reads 3 of the 5 pixels of its field (dilation 2 on the way)"
