"""CNN032 against an enumeration of all ways."""

from __future__ import annotations

import pytest

from cnncalc.lint.base import RULES, Example
from tests.lint.rules.cases import of_example, said, sound

CODE = "CNN032"


def net(layers: str, task: str = "{dense: true, stride: 1}") -> str:
    return f"cnncalc: 1\ninput: 3x64x64\nlayers:\n{layers}task: {task}\n"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_a_skip_connection_at_the_task_s_stride_is_enough(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_the_layer_that_loses_the_resolution_is_named_with_the_one_before_it(example: Example) -> None:
    ((name, problem),) = of_example(CODE, example)
    assert (name, problem.option) == ("conv2", "stride")
    assert "nothing finer than jump 4 is left" in problem.message
    mended = example.text.replace("conv 2 k1]", "concat conv1, conv 2 k1]")
    assert problem.help is not None
    assert "`conv1`" in problem.help
    assert said(CODE, mended, None) == []


@pytest.mark.parametrize(
    ("skip", "stride", "flagged"),
    [("a", 1, False), ("b", 1, True), ("b", 2, False), ("c", 2, True), ("c", 4, False), ("d", 4, True)],
)
def test_the_finest_way_to_the_output_decides(skip: str, stride: int, flagged: bool) -> None:  # noqa: FBT001
    layers = (
        "  - a: conv 4 k3 p1\n  - b: conv 4 k3 s2 p1\n  - c: conv 4 k3 s2 p1\n  - d: conv 4 k3 s2 p1\n"
        f"  - upsample 8\n  - side: {{op: upsample, from: {skip}, size: a}}\n  - concat upsample1\n  - conv 2 k1\n"
    )
    text = net(layers, f"{{dense: true, stride: {stride}}}")
    assert (said(CODE, text, None) != []) is flagged


def test_an_output_that_is_itself_too_coarse_is_left_to_the_rule_about_that() -> None:
    text = net("  - conv 4 k3 s4 p1\n")
    assert said(CODE, text, None) == []
    assert said("CNN034", text, None) != []


def test_space_folded_into_channels_is_not_lost() -> None:
    fold = net("  - pixelunshuffle 4\n  - conv 48 k3 p1\n  - pixelshuffle 4\n")
    assert said(CODE, fold, None) == []
    assert said(CODE, fold.replace("pixelunshuffle 4", "maxpool 4"), None) != []


def test_a_pooled_branch_does_not_hide_the_fine_one() -> None:
    layers = "  - a: conv 4 k3 p1\n  - branches: [[conv 4 k1], [gap, conv 4 k1, upsample size=a]]\n    merge: concat\n"
    assert said(CODE, net(layers), None) == []


def test_a_pooled_branch_brings_no_detail_back() -> None:
    coarse = "conv 4 k3 s4 p1, upsample 4"
    layers = f"  - branches: [[{coarse}], [gap, conv 4 k1, upsample 64]]\n    merge: concat\n  - conv 2 k1\n"
    assert [name for name, _ in said(CODE, net(layers), None)] == ["conv1"]


def test_networks_without_a_task_are_not_judged() -> None:
    report = sound("conv 4 k3 s8 p1 | upsample 8", "3x64x64")
    assert said(CODE, "conv 4 k3 s8 p1 | upsample 8", "3x64x64") == []
    assert report.layers[-1].reach[0].jump == 1
