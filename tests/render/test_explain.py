"""Every line of an explanation is true: the formula gives the value, and the last line is the layer's."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from math import floor

import pytest

from cnncalc.engine import analyze
from cnncalc.graph import build
from cnncalc.queries.explain import Kind, compare, explain, product
from cnncalc.render.explain import tables
from cnncalc.render.text import plain
from cnncalc.report import Report
from cnncalc.spec.reader import parse, parse_line, parse_shape
from tests.cli.program import CONFIGS

EXAMPLES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))


@cache
def example(name: str) -> Report:
    path = CONFIGS / f"{name}.yaml"
    return analyze(build(parse(path.read_bytes(), source=path.name)))


def report_of(line: str, size: str) -> Report:
    return analyze(build(parse_line(line, {"input": parse_shape(size)})))


def value(text: str) -> Fraction:
    """What the left side of a formula comes to."""
    expression = re.sub(r"\d+(?:\.\d+)?", lambda number: f"Fraction('{number[0]}')", text.replace(" x ", " * "))
    result = eval(expression, {"Fraction": Fraction, "floor": floor})  # noqa: S307 - our own output
    return Fraction(result)


def formulas(report: Report, name: str) -> list[tuple[str, str]]:
    """(left, right) of every formula in an explanation."""
    found = []
    for table in tables(report, explain(report, name)):
        for step in table.rows:
            for column in table.columns:
                left, equals, right = column.text(step).rpartition(" = ")
                if equals and not left.startswith("union of"):
                    found.append((left, right))
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_formula_gives_the_value_beside_it(name: str) -> None:
    report = example(name)
    output = list(report.outputs)[-1]
    found = formulas(report, output)
    assert found
    for left, right in found:
        assert value(left) == Fraction(right), f"{left} = {right}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_last_step_is_the_layer_that_was_asked_for(name: str) -> None:
    report = example(name)
    for layer in report.layers[:: max(len(report.layers) // 5, 1)]:
        for axes, steps in explain(report, layer.name).axes:
            output = report.layers[report.scopes[layer.name].output_layer]
            assert steps[-1].layer == output.name
            assert all(steps[-1].reach == output.reach[axis] for axis in axes)


def test_why_layer3_of_resnet18_sees_211_pixels() -> None:
    # He et al. 2015: 7x7/2, pool 3/2, then two basic blocks a stage; the extents by hand along the longest path
    by_hand = {
        "stem": "1 + 6 x 1 = 7",
        "maxpool1": "7 + 2 x 2 = 11",
        "layer1.0.conv1": "11 + 2 x 4 = 19",
        "layer1.0.conv2": "19 + 2 x 4 = 27",
        "layer1.0.add1": "union of 27, 11 = 27",
        "layer1.1.conv1": "27 + 2 x 4 = 35",
        "layer1.1.conv2": "35 + 2 x 4 = 43",
        "layer1.1.add1": "union of 43, 27 = 43",
        "layer2.0.conv1": "43 + 2 x 4 = 51",
        "layer2.0.conv2": "51 + 2 x 8 = 67",
        "layer2.0.shortcut1": "43",
        "layer2.0.add1": "union of 67, 43 = 67",
        "layer2.1.conv1": "67 + 2 x 8 = 83",
        "layer2.1.conv2": "83 + 2 x 8 = 99",
        "layer2.1.add1": "union of 99, 67 = 99",
        "layer3.0.conv1": "99 + 2 x 8 = 115",
        "layer3.0.conv2": "115 + 2 x 16 = 147",
        "layer3.0.shortcut1": "99",
        "layer3.0.add1": "union of 147, 99 = 147",
        "layer3.1.conv1": "147 + 2 x 16 = 179",
        "layer3.1.conv2": "179 + 2 x 16 = 211",
        "layer3.1.add1": "union of 211, 147 = 211",
    }
    report = example("resnet18")
    (table,) = tables(report, explain(report, "layer3"))
    rf = next(column for column in table.columns if column.key == "rf")
    shown = {step.layer: rf.text(step) for step in table.rows}
    assert {name: shown[name] for name in by_hand} == by_hand
    assert set(shown) == {*by_hand, "input", "layer3.1.relu1"}


def test_axes_that_differ_are_explained_one_by_one() -> None:
    report = report_of("a: conv 8 k3x5 p1 | b: maxpool 2", "3x32x32")
    first, second = tables(report, explain(report, "b"))
    assert first.title.endswith("(first axis)")
    assert second.title.endswith("(second axis)")
    assert [step.reach.rf for step in first.rows if step.reach] == [3, 4]
    assert [step.reach.rf for step in second.rows if step.reach] == [5, 6]
    assert (first.facts, first.notes) == ((), ())
    assert second.notes


def test_axes_that_are_alike_are_explained_once() -> None:
    report = report_of("a: conv 8 k3", "3x32x32x32")
    (table,) = tables(report, explain(report, "a"))
    assert "axis" not in table.title


@pytest.mark.parametrize(
    ("line", "name", "shown"),
    [
        ("a: conv 8 k3 p1 | reduce mean over=h | m: add a align=broadcast", "m", "union of 3 = 3"),
        ("a: conv 8 k3 p1 | b: conv 8 k5 p2 | m: add a", "m", "union of 7, 3 = 7"),
        ("a: conv 8 k3 p1 | m: sdpa a a", "m", "3"),
        ("a: conv 8 k3 p1 | m: matmul a out=8x8 inner=256", "m", "16"),
    ],
)
def test_only_what_is_joined_position_by_position_is_a_union(line: str, name: str, shown: str) -> None:
    report = report_of(line, "3x16x16")
    table = tables(report, explain(report, name))[0]
    rf = next(column for column in table.columns if column.key == "rf")
    assert {step.layer: rf.text(step) for step in table.rows}[name] == shown


def test_where_the_recurrence_does_not_apply_no_formula_is_shown() -> None:
    report = report_of("a: conv 8 k3 p1 | b: convt 8 k3 s2 p1 op1 | c: conv 8 k3 p1", "3x16x16")
    kinds = {step.layer: step.kind for _, steps in explain(report, "c").axes for step in steps}
    assert kinds == {"input": Kind.INPUT, "a": Kind.CHAIN, "b": Kind.OTHER, "c": Kind.OTHER}
    assert "exact sets" in plain(tables(report, explain(report, "c"))[0])


@pytest.mark.parametrize(
    ("line", "size", "own", "dense", "unshared", "separable"),
    [
        # C*prod(n) inputs times C_out*prod(m) outputs; a window at every position; C*k*k + C*C_out
        ("a: conv 16 k3 p1 nobias", "8x10x10", 1152, 800 * 1600, 115200, 8 * 9 + 8 * 16),
        ("a: conv 16 k3 p1", "8x10x10", 1168, 800 * 1600 + 1600, 115200 + 1600, 72 + 128 + 16),
        ("a: conv 16 k3 s2 g4 nobias", "8x11x11", 288, 968 * 400, 288 * 25, 8 * 9 + 8 * 16),
        ("a: conv 4 k5 nobias", "2x20", 40, 40 * 64, 40 * 16, 2 * 5 + 2 * 4),
        ("a: dwconv k3 p1 nobias", "8x10x10", 72, 800 * 800, 7200, 72 + 64),
    ],
)
def test_parameters_beside_those_of_a_dense_an_unshared_and_a_separable_layer(
    line: str, size: str, own: int, dense: int, unshared: int, separable: int
) -> None:
    found = compare(report_of(line, size).layers[0])
    assert found is not None
    assert (found.own, found.dense, found.unshared, found.separable) == (own, dense, unshared, separable)


@pytest.mark.parametrize(
    "line", ["a: fc 10", "a: convt 4 k2 s2", "a: maxpool 2", "a: se 4", "a: sepconv 8 k3", "a: bn"]
)
def test_only_a_convolution_is_compared(line: str) -> None:
    assert compare(report_of(line, "8x8x8").layers[0]) is None


@pytest.mark.parametrize(
    ("line", "size", "matrices"),
    [
        ("a: conv 64 k7 s2 p3", "3x224x224", (1, 64, 147, 12544)),
        ("a: conv 16 k3 p1 g4", "8x10x10", (4, 4, 18, 100)),
        ("a: dwconv k3 p1", "8x10x10", (8, 1, 9, 100)),
        ("a: fc 10", "8x4x4", (1, 10, 128, 1)),
        ("a: convt 4 k2 s2", "8x5x5", (1, 16, 8, 25)),
        ("a: convt 4 k3 s2 g2", "8x5x5", (2, 18, 4, 25)),
    ],
)
def test_a_layer_is_a_matrix_product_with_exactly_its_macs(
    line: str, size: str, matrices: tuple[int, int, int, int]
) -> None:
    layer = report_of(line, size).layers[0]
    found = product(layer)
    assert found is not None
    assert (found.times, found.rows, found.inner, found.columns) == matrices
    assert found.macs == layer.macs


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_convolution_and_linear_layer_of_the_examples_is_a_matrix_product(name: str) -> None:
    for layer in example(name).layers:
        found = product(layer)
        if layer.op in {"conv", "dwconv", "convt", "linear", "fc"}:
            assert found is not None
            assert example(name).batch * found.macs == layer.macs
        else:
            assert found is None


def test_a_name_that_covers_several_layers_says_their_sums() -> None:
    text = plain(tables(example("resnet18"), explain(example("resnet18"), "layer3"))[-1])
    # layer3 of ResNet-18: 128->256 and 256->256 twice 3x3, a 1x1 projection, five norms of 2*256
    params = 9 * 128 * 256 + 3 * 9 * 256 * 256 + 128 * 256 + 5 * 512
    assert f"{params:,} params" in text


def test_the_deviations_are_those_of_kaiming() -> None:
    text = plain(tables(example("resnet18"), explain(example("resnet18"), "stem"))[-1])
    assert "147, Kaiming std 0.117" in text  # sqrt(2/147)
    assert "3,136, Kaiming std 0.0253" in text  # sqrt(2/3136)
