"""The JSON document has exactly the documented keys, and every value is that of the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cnncalc.engine import analyze
from cnncalc.errors import Finding, Location, Severity
from cnncalc.export.to_json import errors_to_json, several_to_json, to_json
from cnncalc.graph import build
from cnncalc.report import LayerReport, Report
from cnncalc.spec.reader import parse, parse_line, parse_shape
from cnncalc.values import replace
from tests.cli.program import CONFIGS

if TYPE_CHECKING:
    from fractions import Fraction

# As documented in docs and in the command line's manual, in order.
DOCUMENT = ["schema_version", "name", "source", "batch", "dtype", "partial", "inputs", "outputs", "layers", "totals",
            "findings"]  # fmt: skip
LAYER = [
    "name", "op", "inputs", "input_shapes", "output_shape",
    "kernel_size", "stride", "padding", "dilation", "groups", "effective_kernel_size",
    "jump", "rf", "start", "touched", "phases", "global", "erf_sigma",
    "weight_shape", "fan_in", "fan_out", "params", "buffers",
    "macs", "macs_valid", "flops", "flops_by_class", "intensity",
    "activations", "im2col_bytes", "at",
]  # fmt: skip
TOTALS = ["params", "buffers", "macs", "macs_valid", "flops", "flops_by_class", "activations", "weights_bytes",
          "outputs_bytes", "peak_bytes", "peaks", "saved_bytes", "training_bytes", "im2col_bytes"]  # fmt: skip
FINDING = ["code", "name", "severity", "message", "help", "file", "line", "column", "end_column", "layer", "copies"]
EXAMPLES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))


def report_of(line: str, size: str = "3x224x224") -> Report:
    return analyze(build(parse_line(line, {"input": parse_shape(size)})))


def example(name: str) -> Report:
    path = CONFIGS / f"{name}.yaml"
    return analyze(build(parse(path.read_bytes(), source=path.name)))


def number(value: Fraction) -> float:
    return value.numerator if value.denominator == 1 else float(value)


def or_null(values: list[Any]) -> list[Any] | None:
    return None if not values or None in values else values


def spelled_out(row: LayerReport, *, several: bool) -> dict[str, Any]:
    """The same row, each key by itself and without any sharing."""
    own = row.settings
    document: dict[str, Any] = {
        "name": row.name,
        "op": row.op,
        "inputs": list(row.inputs),
        "input_shapes": [list(shape) for shape in row.input_shapes],
        "output_shape": list(row.output_shape),
        "kernel_size": list(own.kernel_size) if own else None,
        "stride": list(own.stride) if own else None,
        "padding": [list(pair) for pair in own.padding] if own else None,
        "dilation": list(own.dilation) if own else None,
        "groups": own.groups if own else None,
        "effective_kernel_size": list(own.effective_kernel_size) if own else None,
        "jump": or_null([None if axis.jump is None else number(axis.jump) for axis in row.reach]),
        "rf": [axis.rf for axis in row.reach] or None,
        "start": or_null([None if axis.start is None else number(axis.start) for axis in row.reach]),
        "touched": [axis.touched for axis in row.reach] or None,
        "phases": or_null([None if axis.phases is None else [list(p) for p in axis.phases] for axis in row.reach]),
        "global": row.is_global,
        "erf_sigma": or_null([axis.erf_sigma for axis in row.reach]),
        "weight_shape": list(row.weights[0].shape) if row.weights else None,
        "fan_in": row.fan_in,
        "fan_out": row.fan_out,
        "params": None if "params" in row.unknown else row.params,
        "buffers": row.buffers,
        "macs": None if "macs" in row.unknown else row.macs,
        "macs_valid": None if "macs" in row.unknown else row.macs_valid,
        "flops": None if "macs" in row.unknown else row.flops,
        "flops_by_class": {kind.value: count for kind, count in row.flops_by_class.items()},
        "intensity": row.intensity,
        "activations": row.activations,
        "im2col_bytes": row.im2col_bytes,
        "at": {"file": row.at.file, "line": row.at.line, "column": row.at.column},
    }
    if several:
        document["fields"] = {
            name: {
                "jump": or_null([None if axis.jump is None else number(axis.jump) for axis in field.axes]),
                "rf": [axis.rf for axis in field.axes],
                "start": or_null([None if axis.start is None else number(axis.start) for axis in field.axes]),
                "touched": [axis.touched for axis in field.axes],
                "phases": or_null(
                    [None if axis.reduced else [list(pair) for pair in axis.extents] for axis in field.axes]
                ),
            }
            for name, field in row.fields.items()
        }
    return document


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_layer_of_every_example_says_what_its_report_says(name: str) -> None:
    report = example(name)
    document = json.loads(to_json(report))
    several = len(report.inputs) > 1
    assert document["layers"] == [spelled_out(row, several=several) for row in report.layers]


@pytest.mark.parametrize("name", ["resnet18", "unet", "siamese"])
def test_the_keys_are_the_documented_ones_in_their_order(name: str) -> None:
    report = example(name)
    document = json.loads(to_json(report))
    layer = [*LAYER]
    if name == "siamese":
        layer.insert(LAYER.index("erf_sigma") + 1, "fields")
    assert list(document) == DOCUMENT
    assert all(list(row) == layer for row in document["layers"])
    assert list(document["totals"]) == TOTALS


def test_the_first_layer_of_resnet_says_what_the_manual_shows() -> None:
    stem = json.loads(to_json(report_of("stem: conv 64 k7 s2 p3 nobias")))["layers"][0]
    # The example in the documentation; macs_valid by enumerating: 3*64 pairs times the taps on the image, per axis
    # 7 taps at 112 places less 3 + 1 before the first two and 2 after the last.
    assert stem == {
        "name": "stem", "op": "conv", "inputs": ["input"], "input_shapes": [[3, 224, 224]],
        "output_shape": [64, 112, 112], "kernel_size": [7, 7], "stride": [2, 2], "padding": [[3, 3], [3, 3]],
        "dilation": [1, 1], "groups": 1, "effective_kernel_size": [7, 7], "jump": [2, 2], "rf": [7, 7],
        "start": [0.5, 0.5], "touched": [7, 7], "phases": [[[7, 1]], [[7, 1]]], "global": False,
        "erf_sigma": [2.0, 2.0], "weight_shape": [64, 3, 7, 7], "fan_in": 147, "fan_out": 3136, "params": 9408,
        "buffers": 0, "macs": 118013952, "macs_valid": 3 * 64 * (7 * 112 - 6) ** 2, "flops": 236027904,
        "flops_by_class": {"mac": 118013952}, "intensity": 118013952 / (4 * (150528 + 9408 + 802816)),
        "activations": 802816, "im2col_bytes": 7375872, "at": {"file": "<line>", "line": 1, "column": 7},
    }  # fmt: skip


def test_totals_are_those_of_the_report() -> None:
    report = example("resnet18")
    totals = json.loads(to_json(report))["totals"]
    for key in set(TOTALS) - {"flops_by_class", "peaks"}:
        assert totals[key] == getattr(report.totals, key)
    assert totals["flops_by_class"] == {kind.value: n for kind, n in report.totals.flops_by_class.items()}
    assert {name: peak["bytes"] for name, peak in totals["peaks"].items()} == {
        name: peak.bytes for name, peak in report.totals.peaks.items()
    }
    assert sum(tensor["bytes"] for tensor in totals["peaks"]["in_place"]["alive"]) == totals["peak_bytes"]


def test_a_jump_that_is_no_whole_number_is_the_nearest_double() -> None:
    half = json.loads(to_json(report_of("conv 4 k3 p1 | upsample 2", "3x8x8")))["layers"][-1]
    assert half["jump"] == [0.5, 0.5]
    third = json.loads(to_json(report_of("conv 4 k3 p1 | upsample 3", "3x8x8")))["layers"][-1]
    assert third["jump"] == [1 / 3, 1 / 3]


def test_a_whole_jump_is_written_without_a_point() -> None:
    assert '"jump": [2, 2]' in to_json(report_of("conv 4 k3 s2", "3x9x9"))


def test_what_a_custom_op_does_not_declare_is_null_and_the_document_partial() -> None:
    document = json.loads(to_json(report_of("conv 8 k3 | custom out=16x?x? k3", "3x8x8")))
    row = document["layers"][1]
    assert document["partial"] is True
    assert [row[key] for key in ("params", "macs", "macs_valid", "flops", "intensity")] == [None] * 5
    assert document["layers"][0]["params"] == 224


def test_a_map_that_is_gone_has_neither_jump_nor_phases() -> None:
    row = json.loads(to_json(report_of("conv 8 k3 | gap", "3x8x8")))["layers"][1]
    assert (row["rf"], row["jump"], row["phases"], row["global"]) == ([8, 8], None, None, True)


def test_any_text_in_names_and_messages_is_quoted() -> None:
    odd = 'a "b"\\\n\t\x00\u2028 \U0001f600 </script> \u00e9'
    found = Finding(
        code="CNN001",
        name="merge-mismatch",
        severity=Severity.WARNING,
        message=odd,
        help=odd,
        at=Location(file=odd, line=3, column=4, end_column=9),
        layer=odd,
        copies=2,
    )
    report = replace(report_of("conv 8 k3"), name=odd, source=odd, findings=(found,))
    document = json.loads(to_json(report))
    assert (document["name"], document["source"]) == (odd, odd)
    assert list(document["findings"][0]) == FINDING
    assert document["findings"][0] == {
        "code": "CNN001", "name": "merge-mismatch", "severity": "warning", "message": odd, "help": odd, "file": odd,
        "line": 3, "column": 4, "end_column": 9, "layer": odd, "copies": 2,
    }  # fmt: skip


def test_a_finding_without_a_place_has_nulls() -> None:
    found = Finding(code="CNN901", name="yaml-syntax", severity=Severity.ERROR, message="m")
    document = json.loads(errors_to_json("net.yaml", [found]))
    assert list(document) == ["schema_version", "source", "findings"]
    assert [document["findings"][0][key] for key in ("file", "line", "column", "end_column", "layer", "help")] == [
        None
    ] * 6


def test_several_documents_are_an_array_and_one_is_itself() -> None:
    assert json.loads(several_to_json(['{"a": 1}'])) == {"a": 1}
    assert json.loads(several_to_json(['{"a": 1}', '{"a": 2}'])) == [{"a": 1}, {"a": 2}]


def test_keys_that_were_asked_for_stand_before_the_findings() -> None:
    text = to_json(report_of("conv 8 k3"), extra={"conventions": {"fvcore": 12}})
    assert list(json.loads(text)) == [*DOCUMENT[:-1], "conventions", "findings"]
    assert json.loads(text)["conventions"] == {"fvcore": 12}


def test_a_network_without_layers_is_a_document_too() -> None:
    document = json.loads(to_json(replace(report_of("conv 8 k3"), layers=())))
    assert document["layers"] == []
