"""CNN047."""

from __future__ import annotations

import re

import pytest

from cnncalc.lint.base import RULES, Example
from cnncalc.lint.driver import lint
from tests.lint.rules.cases import of_example, report_of, said

CODE = "CNN047"


def net(layers: str, dtype: str = "float16") -> str:
    return f"cnncalc: 1\ninput: 3x32x32\ndtype: {dtype}\nlayers: [{layers}]\n"


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_multiples_are_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_either_number_that_is_offered_silences_the_rule(example: Example) -> None:
    ((_, problem),) = of_example(CODE, example)
    assert problem.help == "use 56 or 64"
    for channels in (56, 64):
        assert said(CODE, example.text.replace("conv 60", f"conv {channels}"), None) == []


@pytest.mark.parametrize(
    ("dtype", "step"), [("float16", 8), ("bfloat16", 8), ("int8", 16), ("float32", 4), ("float64", 2)]
)
def test_the_step_is_sixteen_bytes(dtype: str, step: int) -> None:
    flagged = [c for c in range(1, 65) if said(CODE, net(f"conv {c} k3, conv 64 k3, gap, fc 7", dtype), None)]
    assert flagged == [c for c in range(1, 65) if c % step]


def test_groups_are_counted_by_themselves() -> None:
    ((_, problem),) = said(CODE, net("conv 64 k3, conv 48 k3 g16, conv 64 k1"), None)
    assert problem.message == "48 output channels (3 in each of 16 groups) are no multiple of 8 (float16)"
    assert re.findall(r"\d+", problem.help or "") == ["128"]
    assert said(CODE, net("conv 64 k3, conv 128 k3 g16, conv 64 k1"), None) == []


@pytest.mark.parametrize(
    "layers", ["conv 64 k3, fc 10", "conv 64 k3, conv 21 k1, upsample 2", "dwconv k3, conv 64 k1, fc 8"]
)
def test_outputs_inputs_and_depthwise_layers_are_left_out(layers: str) -> None:
    assert said(CODE, net(layers), None) == []


def test_it_is_off_unless_selected() -> None:
    text = net("conv 60 k3 relu, conv 64 k3 relu, gap, fc 8")
    assert CODE not in {found.code for found in lint(report_of(text, None))}
    assert CODE in {found.code for found in lint(report_of(text + "lint: {select: [CNN047]}\n", None))}
