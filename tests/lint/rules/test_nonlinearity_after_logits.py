"""CNN043."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, said

CODE = "CNN043"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_plain_logits_probabilities_and_features_are_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_dropping_the_word_that_is_named_silences_the_rule(example: Example) -> None:
    ((name, problem),) = of_example(CODE, example)
    assert name.endswith(".relu")
    assert problem.help == "drop `relu`"
    assert said(CODE, example.text.replace(" relu", "")) == []


@pytest.mark.parametrize(
    ("line", "flagged"),
    [
        ("fc 10 leaky", True),
        ("fc 10 bn relu", True),
        ("fc 10 relu | dropout 0.5", True),
        ("fc 10 relu | softmax", True),
        ("fc 1 relu sigmoid", True),
        ("conv 4 k1 relu6 | sigmoid", True),
        ("fc 1 relu", False),  # a quantity that cannot be negative
        ("fc 10 sigmoid", False),
        ("fc 10 tanh", False),
        ("fc 10 softplus", False),
        ("conv 10 k1 relu | gap | flatten", False),
        ("fc 64 relu | fc 10", False),
        ("relu", False),
    ],
)
def test_rectified_logits_are_those_of_a_last_linear_layer_or_before_probabilities(line: str, flagged: bool) -> None:  # noqa: FBT001
    assert (said(CODE, line) != []) is flagged


def test_every_output_is_looked_at() -> None:
    text = "cnncalc: 1\ninput: 8x4x4\nlayers:\n  - a: fc 10 relu\n  - b: fc 10\noutputs: [a, b]\n"
    assert [name for name, _ in said(CODE, text, None)] == ["a.relu"]
