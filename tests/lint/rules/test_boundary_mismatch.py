"""CNN049."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, said, sound

CODE = "CNN049"
BOUNDARIES = ["zeros", "reflect", "replicate", "circular"]


def net(layers: str, boundary: str) -> str:
    return f"cnncalc: 1\ninput: 3x8x8\nlayers: [{layers}]\ntask: {{boundary: {boundary}}}\n"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_padding_as_the_task_has_it_is_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_word_that_is_offered_silences_the_rule(example: Example) -> None:
    ((_, problem),) = of_example(CODE, example)
    assert (problem.option, problem.help) == ("padding", "write `circular`")
    assert said(CODE, example.text.replace("p1", "p1 circular"), None) == []


@pytest.mark.parametrize("wanted", BOUNDARIES)
@pytest.mark.parametrize("written", BOUNDARIES)
@pytest.mark.parametrize("line", ["conv 4 k3 p1", "dwconv k3 p1", "sepconv 4 k3 p1", "blurpool 3", "pad 1"])
def test_every_layer_that_can_be_told_is_compared(line: str, written: str, wanted: str) -> None:
    found = said(CODE, net(f"{line} {written}", wanted), None)
    assert [problem.option for _, problem in found] == ["padding_mode"] * (written != wanted)


@pytest.mark.parametrize("line", ["conv 4 k3", "conv 4 k1 p0", "maxpool 3 s1 p1", "convt 4 k4 s2 p1", "pad -1", "relu"])
def test_layers_without_padding_or_choice_are_left_alone(line: str) -> None:
    assert said(CODE, net(line, "reflect"), None) == []


def test_padding_that_cannot_be_mirrored_is_told_how_much_can() -> None:
    text = "cnncalc: 1\ninput: 3x4x4\nlayers: [conv 4 k9 p4]\ntask: {boundary: reflect}\n"
    ((_, problem),) = said(CODE, text, None)
    assert problem.help == "write `reflect` and pad at most 3 here"
    assert sound(text.replace("p4", "p3 reflect"), None).layers[0].output_shape == (4, 2, 2)


def test_a_task_without_a_boundary_is_not_judged() -> None:
    assert said(CODE, "cnncalc: 1\ninput: 3x8x8\nlayers: [conv 4 k3 p1 reflect]\ntask: {dense: true}\n", None) == []
