"""CNN041 against the definition: which input channels an output channel depends on."""

from __future__ import annotations

import re

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, said

CODE = "CNN041"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_a_pointwise_convolution_behind_it_is_enough(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_convolution_that_is_offered_silences_the_rule_at_its_price(example: Example) -> None:
    from tests.lint.rules.cases import sound

    ((_, problem),) = of_example(CODE, example)
    match = re.match(r"`(.*)` behind it mixes them \((\d+) parameters\)", problem.help or "")
    assert match is not None
    text = f"{example.text} | {match[1]}"
    assert said(CODE, text) == []
    assert sound(text).totals.params - sound(example.text).totals.params == int(match[2])


@pytest.mark.parametrize(
    ("behind", "mixes"),
    [
        ("relu", False), ("bn relu", False), ("maxpool 2", False), ("gap", False), ("dwconv k3 p1", False),
        ("scale", False), ("channelshuffle 4", False), ("upsample 2", False), ("softmax", False),
        ("conv 8 k1", True), ("conv 8 k3 p1 g4", True), ("fc 10", True), ("gap | fc 10", True), ("se 4", True),
        ("sepconv 8 k3", True), ("convt 8 k2 s2", True), ("tokens | attention 2", True), ("custom out=4x?x?", True),
        ("dwconv k3 | relu | conv 4 k1", True),
    ],
)  # fmt: skip
def test_channels_are_mixed_by_what_reads_several_of_them(behind: str, mixes: bool) -> None:  # noqa: FBT001
    steps = behind.split(" | ")
    line = " | ".join(
        ["dwconv k3 p1 bn relu", *([f"{steps[0]}"] if " relu" not in steps[0] else ["bn", "relu"]), *steps[1:]]
    )
    assert ("dwconv1" not in {name for name, _ in said(CODE, line)}) is mixes


@pytest.mark.parametrize("line", ["conv 8 k3 p1", "conv 8 k3 g4", "dwconv k1", "sepconv 8 k3", "convt 8 k4 s2 p1 g8"])
def test_only_depthwise_windows_are_judged(line: str) -> None:
    assert said(CODE, line) == []


def test_one_channel_alone_has_nothing_to_mix() -> None:
    assert said(CODE, "dwconv k3 p1 m8", "1x32x32") == []


def test_depthwise_by_groups_points_at_the_groups() -> None:
    ((_, problem),) = said(CODE, "conv 8 k3 p1 g8")
    assert problem.option == "groups"


def test_a_path_on_which_channels_are_mixed_is_enough() -> None:
    assert said(CODE, "res(dwconv k3 p1 relu; identity) | add(relu; conv 8 k1)") == []
