"""CNN030 against an enumeration of every position of every map."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cnncalc.engine import analyze
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import build
from cnncalc.lint.base import RULES
from cnncalc.lint.rules.field_exceeds_input import sees_all
from cnncalc.spec.reader import parse, parse_line, with_overrides
from tests.lint.rules.cases import of_example, problems, said, sound

if TYPE_CHECKING:
    from cnncalc.lint.base import Example
    from cnncalc.report import LayerReport, Report

CODE = "CNN030"
CONFIGS = Path(__file__).parents[3] / "examples" / "configs"


def sees_everything(layer: LayerReport, report: Report) -> bool:
    """By enumeration: each position of the layer sees each pixel of the (square) input, on one axis."""
    pixels = set(range(report.inputs["input"][1]))
    axis = layer.fields["input"].axes[0]
    return all(pixels <= set(axis.pixels(unit)) for unit in range(layer.output_shape[1]))


@pytest.mark.parametrize("example", RULES[CODE].good)
def test_a_field_that_does_not_fill_the_input_is_silent(example: Example) -> None:
    assert of_example(CODE, example) == []


@pytest.mark.parametrize("example", RULES[CODE].bad)
def test_one_layer_is_named_the_border_layer(example: Example) -> None:
    ((name, problem),) = of_example(CODE, example)
    assert name == "repeat2.1.conv1"
    assert "this convolution adds no spatial context (584 parameters, 2,304 MACs)" in problem.message


def test_the_border_layer_is_the_first_all_of_whose_input_positions_see_everything() -> None:
    drawn = random.Random(30)
    named = 0
    for _ in range(300):
        words = []
        for _ in range(drawn.randint(2, 7)):
            k, s, d = drawn.choice([1, 2, 3, 3, 5]), drawn.choice([1, 1, 2, 3]), drawn.choice([1, 1, 2, 3])
            words.append(f"conv 2 k{k} s{s} d{d} p{drawn.randint(d * (k - 1) // 2, d * (k - 1))}")
        size = drawn.randint(4, 12)
        spec_report = report_or_none(" | ".join(words), size)
        if spec_report is None:
            continue
        rows = spec_report.layers
        expected = [
            layer
            for source, layer in pairwise(rows)
            if layer.settings and layer.settings.kernel_size[0] > 1 and sees_everything(source, spec_report)
        ]
        found = problems(CODE, spec_report)
        assert [name for name, _ in found] == [layer.name for layer in expected[:1]], words
        named += bool(found)
    assert named > 20


def report_or_none(line: str, size: int) -> Report | None:
    report = analyze(build(parse_line(line, {"input": TensorShape(2, (size, size))})))
    return None if report.findings else report


def test_holes_count_as_pixels_that_are_not_seen() -> None:
    # Three taps 5 apart, then 3: {-8..8} without -6, -4, ...; the extent would cover 9 pixels from every position.
    report = sound("conv 2 k3 d6 p6 | conv 2 k3 d6 p6 | conv 2 k3 p1", "2x7x7")
    axis = report.layers[1].fields["input"].axes[0]
    assert axis.rf >= 2 * 7 - 1
    assert not sees_all(axis, 7, 7)
    assert problems(CODE, report) == []


def test_a_generator_that_grows_from_one_pixel_is_silent() -> None:
    assert said(CODE, "convt 8 k4 relu | convt 8 k4 s2 p1 relu | conv 3 k3 p1", "16x1x1") == []


def test_a_decoder_behind_a_full_field_is_silent() -> None:
    line = "conv 8 k9 s4 p4 relu | conv 8 k7 s2 p3 relu | upsample 8 | conv 8 k3 p1 relu"
    report = sound(line, "3x16x16")
    assert sees_everything(report.layers[-3], report)
    assert problems(CODE, report) == []


FLAGGED = [
    "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "inception_v3", "mnasnet1_0",
    "mobilenet_v3_large", "regnet_x_400mf", "regnet_y_400mf", "shufflenet_v2_x1_0",
]  # fmt: skip


@pytest.mark.parametrize("name", FLAGGED)
def test_the_input_size_that_is_offered_is_the_smallest_that_silences_the_rule(name: str) -> None:
    spec = parse((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    ((_, problem),) = problems(CODE, analyze(build(spec)))
    assert problem.help is not None
    wanted = int(problem.help.partition("input of ")[2].partition("x")[0])
    for size, silent in ((wanted, True), (wanted - 1, False)):
        larger = with_overrides(spec, inputs={"input": TensorShape(3, (size, size))})
        assert (problems(CODE, analyze(build(larger))) == []) is silent, size


def test_no_size_is_offered_where_padding_depends_on_the_size() -> None:
    ((_, problem),) = said(CODE, "(conv 8 k3 s2 same relu)*3 | (conv 8 k3 same relu)*2", "3x16x16")
    assert problem.help is None
