"""CNN040: the arithmetic of a norm, and remedies applied to the text."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from cnncalc.cli.fixing import edited
from cnncalc.lint.base import RULES, Example
from cnncalc.report import Report
from tests.lint.rules.cases import of_example, problems, said, sound

CODE = "CNN040"


def file(layers: str, more: str = "") -> str:
    return f"cnncalc: 1\ninput: 8x32x32\n{more}layers:\n{layers}"


def mended(text: str) -> tuple[str, Report]:
    """The text with every remedy applied, those of one place once."""
    edits = {edit.at: edit for _, problem in said(CODE, text, None) for edit in problem.edits}
    result = edited(text, list(edits.values()))
    assert result is not None
    return result, sound(result, None)


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_a_bias_that_is_of_use_is_left_alone(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_remedy_drops_the_bias_and_nothing_else(example: Example) -> None:
    ((name, problem),) = of_example(CODE, example)
    assert (name, problem.option) == ("conv1", "bias")
    assert "(16 parameters)" in problem.message
    text = edited(example.text, problem.edits)
    assert text is not None
    before, after = sound(example.text), sound(text)
    assert problems(CODE, after) == []
    assert before.totals.params - after.totals.params == 16
    assert [layer.output_shape for layer in before.layers] == [layer.output_shape for layer in after.layers]


def normed(values: list[Fraction]) -> list[Fraction]:
    """What batch and instance norm do to a channel, up to the scale by the variance."""
    mean = sum(values, Fraction(0)) / len(values)
    spread = sum((value - mean) ** 2 for value in values)
    return [(value - mean) / spread for value in values]


def test_a_norm_of_a_channel_gives_the_same_with_and_without_a_bias() -> None:
    drawn = random.Random(40)
    values = [Fraction(drawn.randint(-99, 99)) for _ in range(20)]
    assert normed(values) == normed([value + 7 for value in values])
    # Two channels normed together (group norm) with biases of their own do not.
    assert normed(values) != normed([value + (7 if index < 10 else 3) for index, value in enumerate(values)])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("  - conv 8 k3 p1 bias bn relu  # why\n", "  - conv 8 k3 p1 bn relu  # why\n"),
        ("  - conv 8 bias k3 in\n", "  - conv 8 k3 in\n"),
        ("  - [conv 8 k3 bias bn, relu]\n", "  - [conv 8 k3 bn, relu]\n"),
        ("  - 'conv 8 k3 bias=true bn'\n", "  - 'conv 8 k3 nobias bn'\n"),
        ("  - conv 8 k3 bias | bn\n", "  - conv 8 k3 nobias | bn\n"),
        ("  - conv 8 k3\n  - bn\n", "  - conv 8 k3 nobias\n  - bn\n"),
        ("  - a: conv 8 k3 p1   # first\n  - bn\n", "  - a: conv 8 k3 p1 nobias   # first\n  - bn\n"),
        ("  - convt 8 k2 s2 | bn | relu\n", "  - convt 8 k2 s2 nobias | bn | relu\n"),
        ("  - fc 8 | bn\n", "  - fc 8 nobias | bn\n"),
        ("  - sepconv 8 k3 | identity | bn\n", "  - sepconv 8 k3 nobias | identity | bn\n"),
        ("  - {op: conv, out_channels: 8, kernel_size: 3, bias: true, norm: bn}\n",
         "  - {op: conv, out_channels: 8, kernel_size: 3, bias: false, norm: bn}\n"),
        ("  - {repeat: 2, do: [conv 8 k3 p1, bn, relu]}\n", "  - {repeat: 2, do: [conv 8 k3 p1 nobias, bn, relu]}\n"),
        ("  - conv 8 k3 bias bn | conv 8 k3 bias bn\n", "  - conv 8 k3 bn | conv 8 k3 bn\n"),
    ],
)  # fmt: skip
def test_the_text_is_edited_where_the_bias_comes_from(before: str, after: str) -> None:
    text, report = mended(file(before))
    assert text == file(after)
    assert problems(CODE, report) == []


def test_a_bias_from_the_defaults_is_switched_off_on_the_line() -> None:
    more = "defaults: {conv: {bias: true}}\n"
    text, report = mended(file("  - conv 8 k3 bn\n", more))
    assert text == file("  - conv 8 k3 nobias bn\n", more)
    assert problems(CODE, report) == []
    text, report = mended(file("  - conv 8 k3 bias bn\n", more))
    assert text == file("  - conv 8 k3 nobias bn\n", more)
    assert problems(CODE, report) == []


@pytest.mark.parametrize(
    "layer",
    [
        "  - {op: conv, out_channels: 8, kernel_size: 3}\n  - bn\n",  # no place on the line for another key
        "  - op: conv\n    out_channels: 8\n    kernel_size: 3\n  - bn\n",
    ],
)
def test_what_has_no_exact_remedy_is_reported_without_one(layer: str) -> None:
    ((_, problem),) = said(CODE, file(layer), None)
    assert problem.edits == ()


def test_an_expression_that_others_may_share_is_not_edited() -> None:
    more = "vars: {biased: true}\n"
    ((_, problem),) = said(CODE, file("  - conv 8 k3 bias=biased bn\n", more), None)
    assert problem.edits == ()


@pytest.mark.parametrize(
    "layers",
    [
        "  - a: conv 8 k3 p1\n  - bn\n  - add a\n",  # the sum reads the bias
        "  - conv 8 k3 gn=4\n",
        "  - conv 8 k3 bias ln\n",
        "  - conv 8 k3 bias frozen bn\n",
        "  - conv 8 k3 | relu | bn\n",
        "  - conv 8 k3 | bn frozen=true\n",
        "  - maxpool 2 | bn\n",
        "  - a: conv 8 k3 p1\n  - bn\n  - conv 8 k3 p1 share=a\n  - relu\n",  # shared with a place where it counts
    ],
)
def test_a_bias_that_reaches_something_else_is_left_alone(layers: str) -> None:
    assert said(CODE, file(layers), None) == []


def test_an_output_of_the_network_keeps_its_bias() -> None:
    assert said(CODE, file("  - a: conv 8 k3\n  - b: bn\noutputs: [a, b]\n"), None) == []


def test_both_readers_may_be_norms() -> None:
    text = file("  - a: conv 8 k3 p1\n  - b: bn from=a\n  - c: bn from=a\n  - add b\n")
    assert [name for name, _ in said(CODE, text, None)] == ["a"]
