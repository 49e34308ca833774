"""CNN042: the offered layer has the same shapes and field, and fewer parameters."""

from __future__ import annotations

import re

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, problems, said, sound

CODE = "CNN042"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_activations_and_factorizations_are_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_layer_without_an_activation_is_named_and_one_behind_it_is_enough(example: Example) -> None:
    ((name, problem),) = of_example(CODE, example)
    assert problem.help is not None
    assert problem.help.startswith("an activation behind it, such as `relu`")
    steps = example.text.split(" | ")
    first = next(index for index, step in enumerate(steps) if step.startswith(name.rstrip("1")))
    steps[first] += " relu"
    assert said(CODE, " | ".join(steps)) == []


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        ("conv 64 k3 p1 | conv 64 k3 p1", "3x32x32"),
        ("conv 32 k5 p2 | conv 16 k1", "3x32x32"),
        ("conv 32 k1 | conv 16 k3 s2 p1", "3x32x32"),
        ("conv 64 k4 s4 | conv 16 k2 s2", "3x64x64"),
        ("conv 32 k3 s2 p1/0 | conv 32 k3 s2 p0/1", "1x64"),
        ("conv 32 k2 s3 p1 | conv 32 k3 s1 p2", "2x17x17"),
        ("fc 256 | fc 10", "32x1x1"),
        ("flatten | linear 128 | linear 10", "8x2x2"),
        ("fc 64 | dropout 0.5 | fc 10", "8x4x4"),
    ],
)
def test_one_layer_of_the_same_shape_and_field_is_offered(line: str, shape: str) -> None:
    before = sound(line, shape)
    ((_, problem),) = problems(CODE, before)
    match = re.search(r"or one `(.*)` in their place \(([\d,]+) parameters, not ([\d,]+)\)", problem.help or "")
    assert match is not None, problem.help
    prefix = "flatten | " if line.startswith("flatten") else ""
    after = sound(prefix + match[1], shape)
    assert after.layers[-1].output_shape == before.layers[-1].output_shape
    assert [(axis.rf, axis.jump, axis.start) for axis in after.layers[-1].reach] == [
        (axis.rf, axis.jump, axis.start) for axis in before.layers[-1].reach
    ]
    assert after.totals.params == int(match[2].replace(",", ""))
    assert before.totals.params == int(match[3].replace(",", ""))
    assert after.totals.params < before.totals.params


@pytest.mark.parametrize(
    "line",
    [
        "conv 8 k1 | dwconv k3 p1",
        "conv 8 k3 p1 g4 | conv 8 k1",
        "conv 8 k1x7 half | conv 8 k7x1 half",
        "conv 4 k1 | conv 16 k3 p1",  # 8 to 4 to 16: a low-rank product
        "conv 16 k3 p1 bn | conv 16 k3 p1",
        "conv 16 k3 p1 | maxpool 2 | conv 16 k3 p1",
        "conv 16 k3 p1 | gap | fc 10",
        "a: conv 16 k3 p1 | conv 16 k3 p1 | add a",  # two readers
        "conv 16 k3 p1 | convt 16 k2 s2",
        "conv 16 k3 p1 | pixelshuffle 2 | conv 16 k3 p1",
    ],
)
def test_layers_with_something_between_or_a_product_that_saves_are_silent(line: str) -> None:
    assert said(CODE, line) == []


def test_an_output_between_two_layers_is_something_between() -> None:
    text = "cnncalc: 1\ninput: 3x8x8\nlayers: [a: conv 8 k3 p1, b: conv 8 k3 p1]\noutputs: [a, b]\n"
    text = text.replace("[a: conv 8 k3 p1, b: conv 8 k3 p1]", "\n  - a: conv 8 k3 p1\n  - b: conv 8 k3 p1")
    assert said(CODE, text, None) == []


def test_copies_of_one_line_are_a_chain_too() -> None:
    assert [name for name, _ in said(CODE, "conv 8 k3 p1 *3 | relu")] == ["conv1.0", "conv1.1"]
