"""CNN046."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, said

CODE = "CNN046"


def net(layers: str, batch: str = "batch: 1\n") -> str:
    return f"cnncalc: 1\ninput: 8x16x16\n{batch}layers: [{layers}]\n"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_statistics_of_many_values_are_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_norms_that_are_offered_silence_the_rule(example: Example) -> None:
    ((_, problem),) = of_example(CODE, example)
    word = "gn" if example.input is None else "ln"
    assert problem.help is not None
    assert f"`{word}`" in problem.help
    assert said(CODE, example.text.replace(" bn ", f" {word} "), example.input) == []


@pytest.mark.parametrize(("channels", "word"), [(64, "gn"), (24, "gn=8"), (30, "gn=2"), (7, "gn=1")])
def test_the_groups_that_are_offered_divide_the_channels(channels: int, word: str) -> None:
    ((_, problem),) = said(CODE, net(f"conv {channels} k3 bn"), None)
    assert problem.help == f"group norm (`{word}`) does not depend on the batch"
    assert said(CODE, net(f"conv {channels} k3 {word}"), None) == []


@pytest.mark.parametrize(
    ("layers", "batch", "message"),
    [
        ("conv 8 k3 bn", "batch: 1\n", "with `batch: 1` the statistics of a channel come from 196 values"),
        ("gap, fc 8 bn", "batch: 1\n", "with `batch: 1` the statistics of a channel come from 1 value"),
        ("gap, conv 8 k1 bn", "batch: 4\n", "the map has one position: the statistics of a channel come from 4 values"),
        ("conv 8 k16 bn", "", "the map has one position: the statistics of a channel come from one value a sample"),
    ],
)
def test_the_message_counts_the_values(layers: str, batch: str, message: str) -> None:
    ((_, problem),) = said(CODE, net(layers, batch), None)
    assert problem.message.startswith(message)


@pytest.mark.parametrize("layers", ["conv 8 k3 bn", "gap, fc 8 bn"])
def test_a_batch_that_the_file_does_not_state_is_not_taken_for_one(layers: str) -> None:
    assert said(CODE, net(layers, ""), None) == []
    assert said(CODE, net(layers, "batch: 2\n"), None) == []


@pytest.mark.parametrize(
    "layers", ["conv 8 k3 gn=4", "conv 8 k3 ln", "conv 8 k3 in", "conv 8 k3, {op: bn, frozen: true}"]
)
def test_norms_that_do_not_depend_on_the_batch_are_fine(layers: str) -> None:
    assert said(CODE, net(layers), None) == []
