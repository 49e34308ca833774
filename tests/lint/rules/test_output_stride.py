"""CNN034."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, said

CODE = "CNN034"


def net(layers: str, task: str) -> str:
    return f"cnncalc: 1\ninput: 3x64x64\nlayers: {layers}\ntask: {task}\n"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_an_output_on_the_task_s_grid_is_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_upsampling_that_is_offered_silences_the_rule(example: Example) -> None:
    ((name, problem),) = of_example(CODE, example)
    assert (name, problem.message) == ("conv3", "output `conv3` has jump 4, the task asks for stride 2")
    assert problem.help == "`upsample 2` behind it, or 2 times less stride before it"
    assert said(CODE, example.text.replace("conv 2 k1]", "conv 2 k1, upsample 2]"), None) == []
    assert said(CODE, example.text.replace("[conv 8 k3 s2", "[conv 8 k3 s1"), None) == []


def test_an_output_that_is_too_fine_is_told_how_much_stride_is_missing() -> None:
    ((_, problem),) = said(CODE, net("[conv 8 k3 s2 p1]", "{stride: 8}"), None)
    assert problem.help == "4 times more stride before it"
    assert said(CODE, net("[conv 8 k3 s8 p1]", "{stride: 8}"), None) == []


def test_axes_are_judged_by_themselves() -> None:
    layers = "[conv 8 k3 s2x4 p1]"
    assert said(CODE, net(layers, "{stride: 2x4}"), None) == []
    ((_, problem),) = said(CODE, net(layers, "{stride: 2}"), None)
    assert problem.message == "output `conv1` has jump 2x4, the task asks for stride 2"
    assert problem.help == "`upsample 1x2` behind it, or 1x2 times less stride before it"
    assert said(CODE, net("[conv 8 k3 s2x4 p1, upsample 1x2]", "{stride: 2}"), None) == []


def test_a_vector_is_no_answer_per_position() -> None:
    for task in ("{dense: true}", "{dense: true, stride: 4}"):
        ((name, problem),) = said(CODE, net("[conv 8 k3 s4 p1 relu, gap, fc 10]", task), None)
        assert name == "fc1"
        assert problem.message.startswith("output `fc1` has no map")


def test_one_level_of_a_pyramid_on_the_grid_is_enough() -> None:
    pyramid = "[p2: conv 8 k3 s4 p1, p3: conv 8 k3 s2 p1, p4: conv 8 k3 s2 p1]\noutputs: [p2, p3, p4]"
    assert said(CODE, net(pyramid, "{stride: 8}"), None) == []
    assert [name for name, _ in said(CODE, net(pyramid, "{stride: 2}"), None)] == ["p2", "p3", "p4"]


def test_nothing_is_asked_without_a_dense_task() -> None:
    assert said(CODE, net("[conv 8 k3 s4 p1 relu, gap, fc 10]", "{object: 32}"), None) == []
