"""Folded rows are sums over what they cover, with shape and field of what they stand for."""

from __future__ import annotations

from functools import cache

import pytest

from cnncalc.engine import analyze
from cnncalc.errors import UsageError
from cnncalc.graph import build
from cnncalc.queries.rows import covered, deepest, fitting, folded, named
from cnncalc.report import Report
from cnncalc.spec.reader import parse
from tests.cli.program import CONFIGS

EXAMPLES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
SUMS = ("params", "buffers", "macs", "macs_valid", "flops", "activations", "output_bytes")


@cache
def example(name: str) -> Report:
    path = CONFIGS / f"{name}.yaml"
    return analyze(build(parse(path.read_bytes(), source=path.name)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_at_every_depth_rows_cover_each_layer_once_and_keep_the_sums(name: str) -> None:
    report = example(name)
    for depth in range(1, deepest(report) + 1):
        rows = folded(report, depth)
        indices = [index for part in covered(report, rows) for index in part]
        assert indices == list(range(len(report.layers)))
        for figure in SUMS:
            total = sum(getattr(layer, figure) for layer in report.layers)
            assert sum(getattr(row, figure) for row in rows) == total


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_depth_of_the_longest_name_folds_nothing(name: str) -> None:
    report = example(name)
    assert folded(report, deepest(report)) == report.layers
    assert folded(report, 99) == report.layers


def test_a_folded_row_has_shape_and_field_of_what_its_name_stands_for() -> None:
    rows = {row.name: row for row in folded(example("resnet18"), 1)}
    assert list(rows) == ["stem", "maxpool1", "layer1", "layer2", "layer3", "layer4", "gap1", "head"]
    # sizes of the paper's table 1, fields by autograd (tests/data/receptive_fields.csv)
    assert {name: rows[name].output_shape for name in ("layer1", "layer4")} == {
        "layer1": (64, 56, 56),
        "layer4": (512, 7, 7),
    }
    assert [rows[f"layer{stage}"].reach[0].rf for stage in (1, 2, 3, 4)] == [43, 99, 211, 435]


def test_a_folded_row_reads_what_comes_from_outside() -> None:
    row = named(example("resnet18"), "layer2.0")
    assert (row.inputs, row.input_shapes) == (("layer1.1.relu1",), ((64, 56, 56),))


def test_few_ops_are_named_and_many_are_counted() -> None:
    report = example("resnet18")
    assert named(report, "stem").op == "conv bn relu"
    assert named(report, "layer1").op == "14 layers"


def test_a_name_of_one_layer_is_that_layer() -> None:
    report = example("resnet18")
    assert named(report, "maxpool1") is report.layers[3]


def test_the_kinds_of_arithmetic_are_added_up() -> None:
    report = example("resnet18")
    row = named(report, "layer3")
    assert sum(row.flops_by_class.values()) + row.macs == row.flops


@pytest.mark.parametrize(
    ("name", "says"), [("layer5", "did you mean `layer"), ("conv1", "did you mean `"), ("zzz", "no layer `zzz`")]
)
def test_an_unknown_name_is_refused_with_a_near_one(name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        named(example("resnet18"), name)


def test_an_input_is_no_row() -> None:
    with pytest.raises(UsageError, match="`input` is an input of the network"):
        named(example("resnet18"), "input")


def test_fitting_is_the_deepest_fold_that_fits() -> None:
    report = example("resnet50")
    assert len(fitting(report, 40)) == len(folded(report, 2)) == 22
    assert fitting(report, 1000) == report.layers
    assert fitting(report, 1) == folded(report, 1)


def test_the_row_of_a_layer_line_keeps_the_window_and_the_weight_of_its_layer() -> None:
    row = named(example("resnet18"), "stem")
    assert row.op == "conv bn relu"
    assert row.settings is not None
    assert (row.settings.kernel_size, row.settings.stride, row.settings.padding) == ((7, 7), (2, 2), ((3, 3), (3, 3)))
    assert (row.weights[0].shape, row.fan_in, row.fan_out) == ((64, 3, 7, 7), 147, 3136)
    assert row.params == 9408 + 128


def test_the_row_of_a_scope_has_no_window_of_its_own() -> None:
    row = named(example("resnet18"), "layer1.0")
    assert (row.settings, row.weights, row.fan_in, row.fan_out) == (None, (), None, None)
