"""CNN048."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, said

CODE = "CNN048"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_channels_that_come_first_are_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_shape_that_is_offered_silences_the_rule(example: Example) -> None:
    ((_, problem),) = of_example(CODE, example)
    assert problem.help == "channels come first: `3x224x224`"
    assert problem.at is not None
    assert problem.at.line == 2
    assert said(CODE, example.text.replace("224x224x3", "3x224x224"), None) == []


@pytest.mark.parametrize(
    ("shape", "flagged"),
    [
        ("224x224x3", True), ("28x28x1", True), ("480x640x4", True), ("64x128x128x1", True),
        ("3x224x224", False), ("100x1x1", False), ("512x4x4", False), ("512x6x4", False), ("80x32", False),
        ("64x3", False), ("1x100x3", False), ("3x300x25", False), ("224x224x5", False), ("2048x7x7", False),
    ],
)  # fmt: skip
def test_images_and_maps_of_features_are_told_apart(shape: str, flagged: bool) -> None:  # noqa: FBT001
    assert (said(CODE, "relu", shape) != []) is flagged


def test_every_input_is_looked_at() -> None:
    text = "cnncalc: 1\ninputs: {a: 3x32x32, b: 32x32x3}\nlayers: [conv 4 k1, dropout 0.5]\n"
    ((_, problem),) = said(CODE, text, None)
    assert problem.message.startswith("input 32x32x3 has 32 channels")
