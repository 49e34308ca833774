"""CNN046."""

from __future__ import annotations

import pytest

from cnncalc.errors import Severity
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


def test_a_stated_batch_of_one_is_told_once_and_as_info() -> None:
    ((name, problem),) = said(CODE, net("conv 32 k3 bn relu, conv 64 k3 bn relu, conv 48 k3 bn"), None)
    assert (name, problem.severity) == ("conv1.bn", Severity.INFO)
    assert problem.message == "with `batch: 1` the statistics of 3 batch norms come from one sample in training"
    assert problem.help == "group norm (`gn=16`) does not depend on the batch"


@pytest.mark.parametrize(
    ("layers", "batch", "message"),
    [
        ("gap, fc 8 bn", "batch: 1\n", "1 value a sample: the map has one position, the batch is 1"),
        ("gap, conv 8 k1 bn", "batch: 4\n", "4 values: the map has one position, the batch is 4"),
        ("conv 8 k16 bn", "", "1 value a sample: the map has one position"),
    ],
)
def test_the_message_counts_the_values(layers: str, batch: str, message: str) -> None:
    ((_, problem),) = said(CODE, net(layers, batch), None)
    assert problem.message == f"the statistics of a channel come from {message}"
    assert problem.severity is None


@pytest.mark.parametrize("layers", ["conv 8 k3 bn", "gap, fc 8 bn"])
def test_a_batch_that_the_file_does_not_state_is_not_taken_for_one(layers: str) -> None:
    assert said(CODE, net(layers, ""), None) == []
    assert said(CODE, net(layers, "batch: 2\n"), None) == []


def test_a_stated_batch_of_sixteen_is_enough_for_one_position() -> None:
    assert said(CODE, net("gap, conv 8 k1 bn", "batch: 16\n"), None) == []
    assert said(CODE, net("gap, conv 8 k1 bn", "batch: 15\n"), None) != []


@pytest.mark.parametrize(
    "layers", ["conv 8 k3 gn=4", "conv 8 k3 ln", "conv 8 k3 in", "conv 8 k3, {op: bn, frozen: true}"]
)
def test_norms_that_do_not_depend_on_the_batch_are_fine(layers: str) -> None:
    assert said(CODE, net(layers), None) == []
