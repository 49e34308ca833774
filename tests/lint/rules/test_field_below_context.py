"""CNN031."""

from __future__ import annotations

import re

import pytest

from cnncalc.errors import Severity
from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, said

CODE = "CNN031"
NET = """\
cnncalc: 1
input: 3x256x256
layers:
  - conv 8 k3 s2 p1 relu
  - {more}
  - {name}: conv 8 k3 s2 p1 relu
  - conv 2 k1
task: {{object: {object}}}
"""


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_fewest_convolutions_that_reach_the_object_are_offered(example: Example) -> None:
    ((_, problem),) = of_example(CODE, example)
    match = re.match(r"(\d+) more `(conv 8 k3 p1)` behind `conv2`", problem.help or "")
    assert match is not None
    for count, silent in ((int(match[1]), True), (int(match[1]) - 1, False)):
        more = example.text.replace("conv 2 k1]", f"{{repeat: {count}, do: {match[2]}}}, conv 2 k1]")
        assert (said(CODE, more, None) == []) is silent


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_a_field_that_covers_the_object_is_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("object_", [12, 40, 95])
def test_the_missing_convolutions_are_counted_on_the_coarsest_map(object_: int) -> None:
    text = NET.format(more="conv 8 k3 p1 relu", name="deep", object=object_)
    ((_, problem),) = said(CODE, text, None)
    match = re.match(r"(\d+) more `conv 8 k3 p1` behind `deep` would do \(each adds 8x8", problem.help or "")
    assert match is not None
    count = int(match[1])
    for copies, silent in ((count, True), (count - 1, False)):
        more = text.replace("  - conv 2 k1", f"  - {{repeat: {copies}, do: conv 8 k3 p1}}\n  - conv 2 k1")
        assert (said(CODE, more, None) == []) is silent


def test_the_smallest_field_of_any_phase_decides() -> None:
    # Positions of the up-convolution see 3 pooled ones, 6 pixels; two neighbours as many, or 2 more across an edge.
    text = (
        "cnncalc: 1\ninput: 3x32x32\nlayers: [maxpool 2, conv 8 k3 p1 relu, convt 8 k2 s2, conv 8 k2 p0/1]\n"
        "task: {object: %d}\n"
    )
    assert said(CODE, text % 6, None) == []
    assert said(CODE, text % 7, None) != []


def test_one_level_of_a_pyramid_that_sees_the_object_is_enough() -> None:
    text = "cnncalc: 1\ninput: 3x64x64\nlayers:\n  - a: conv 8 k3 p1\n  - b: conv 8 k9 p4\noutputs: [a, b]\n"
    assert said(CODE, text + "task: {object: 11}\n", None) == []  # b sees 3 + 8
    assert [name for name, _ in said(CODE, text + "task: {object: 12}\n", None)] == ["a", "b"]


def test_a_layer_that_mixes_all_positions_sees_any_object() -> None:
    text = "cnncalc: 1\ninput: 8x64x64\nlayers: [conv 8 k3 p1, se 4, conv 2 k1]\ntask: {object: 32}\n"
    assert said(CODE, text, None) == []


def test_a_mean_over_positions_none_of_which_sees_the_input_is_told_as_info() -> None:
    text = "cnncalc: 1\ninput: 3x64x64\nlayers: [conv 8 k9 s4 p4 relu, conv 10 k1, gap, flatten]\ntask: {sizes: [64]}\n"
    ((name, problem),) = said(CODE, text, None)
    assert (name, problem.severity) == ("gap1", Severity.INFO)
    assert "see 9x9 pixels each, the input has 64x64" in problem.message


def test_without_a_task_nothing_is_asked() -> None:
    assert said(CODE, "conv 8 k3 p1 relu | gap | fc 10", "3x224x224") == []
