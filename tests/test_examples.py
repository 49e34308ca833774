"""Every example reads without errors, gives the figures that its `expect:` block states, and stands in the README."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cnncalc.engine import analyze
from cnncalc.errors import Severity
from cnncalc.graph import build
from cnncalc.spec.reader import parse
from cnncalc.spec.source import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import Report

EXAMPLES = Path(__file__).parents[1] / "examples"
CONFIGS = sorted((EXAMPLES / "configs").iterdir())
COUNTS = ("params", "buffers", "macs", "flops", "activations")
BYTES = {"memory": ("weights_bytes", "peak_bytes"), "peak": ("peak_bytes",)}
PER_AXIS = ("rf", "jump", "start")
LONGEST = 64
# (extent, how many phases), from gradients of the same networks in PyTorch over one period of units.
PHASES = [
    ("unet", "last", ((188, 4), (204, 12))),
    ("unet_valid", "last", ((188, 4), (204, 12))),
    ("unet3d", "last", ((92, 4), (100, 4))),
    ("espcn_x3", "last", ((9, 3),)),
    ("hifigan_v1", "stages", ((26, 146), (27, 110))),
    ("hifigan_v1", "wave", ((26, 140), (27, 116))),
]
each_example = pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)


@cache
def report_of(path: Path) -> Report:
    return analyze(build(parse(read_file(path), source=path.name)))


def failures(expected: Any, found: Any, path: str) -> Iterator[str]:
    """What of `expected` (a part of an `expect:` block) does not hold for `found` (the totals, or a name's figures)."""
    for key in COUNTS:
        quantity = getattr(expected, key)
        if quantity is not None and not quantity.admits(getattr(found, key)):
            yield f"{path}{key}: {quantity} expected, {getattr(found, key)} found"


def failures_of_output(expected: Any, shape: tuple[int, ...], reach: tuple[Any, ...], path: str) -> Iterator[str]:
    for key in PER_AXIS:
        quantity = getattr(expected, key)
        values = tuple(getattr(axis, key) for axis in reach)
        if quantity is not None and (not values or None in values or not quantity.admits(values)):
            yield f"{path}{key}: {quantity} expected, {values} found"
    if expected.shape is not None and expected.shape != shape:
        yield f"{path}shape: {expected.shape} expected, {shape} found"


def all_failures(report: Report) -> list[str]:
    expected = report.spec.expect
    assert expected is not None
    found = list(failures(expected, report.totals, ""))
    for key, parts in BYTES.items():
        quantity = getattr(expected, key)
        value = sum(getattr(report.totals, part) for part in parts)
        if quantity is not None and not quantity.admits(value):
            found.append(f"{key}: {quantity} expected, {value} found")
    wanted = dict(expected.outputs or {})
    if expected.output is not None:
        (only,) = report.outputs
        wanted[only] = expected.output
    found += [
        f"output {name}: {report.outputs[name]}" for name, shape in wanted.items() if report.outputs[name] != shape
    ]
    (last, *_) = report.outputs
    found += failures_of_output(expected, report.outputs[last], report[last].reach, "")
    for name, figures in (expected.at or {}).items():
        named = report[name]
        found += failures(figures, named, f"{name}.")
        found += failures_of_output(figures, named.output_shape, named.reach, f"{name}.")
    return found


@each_example
def test_an_example_has_no_errors(path: Path) -> None:
    report = report_of(path)
    assert [finding for finding in report.findings if finding.severity is Severity.ERROR] == []
    assert not report.partial


@each_example
def test_an_example_gives_the_figures_that_it_expects(path: Path) -> None:
    assert all_failures(report_of(path)) == []


@each_example
def test_an_example_expects_params_macs_output_and_figures_of_layers(path: Path) -> None:
    expected = report_of(path).spec.expect
    assert expected is not None
    stated = [expected.params, expected.macs, expected.output or expected.outputs, expected.at]
    assert None not in stated
    assert all(quantity.low == quantity.high for quantity in (expected.params, expected.macs) if quantity)


@pytest.mark.parametrize(("name", "at", "phases"), PHASES)
def test_the_windows_of_a_network_with_up_sampling_differ_by_phase_as_autograd_says(
    name: str, at: str, phases: tuple[tuple[int, int], ...]
) -> None:
    report = report_of(EXAMPLES / f"configs/{name}.yaml")
    assert {axis.phases for axis in report[at].reach} == {phases}


def test_a_wrong_expectation_is_noticed() -> None:
    text = (EXAMPLES / "configs/lenet5.yaml").read_text(encoding="utf-8")
    for right, wrong in (
        ("params: 61706", "params: 61707"),
        ("macs: 416520", "macs: max 416519"),
        ("output: 10", "output: 11"),
        ("{shape: 16x5x5", "{shape: 16x5x6"),
        ("rf: 16", "rf: 17"),
        ("jump: 4", "jump: 5"),
        ("start: 8", "start: 8.5"),
    ):
        assert right in text
        report = analyze(build(parse(text.replace(right, wrong), source="wrong.yaml")))
        assert len(all_failures(report)) == 1, right


@each_example
def test_an_example_says_its_paper_first_and_is_short(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert re.match(r"# .*\b(19|20)\d\d\b", lines[0])
    assert lines[1] == "cnncalc: 1"
    assert len(lines) <= LONGEST
    assert max(map(len, lines)) <= 150


def test_the_table_lists_every_example_once() -> None:
    rows = re.findall(
        r"^\| \[(\w+)\]\(configs/(\w+)\.yaml\) \|", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert all(shown == linked for shown, linked in rows)
    assert sorted(linked for _, linked in rows) == [path.stem for path in CONFIGS]
    assert {path.suffix for path in CONFIGS} == {".yaml"}
