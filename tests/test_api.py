"""The public functions: what they take, and that they raise everything at once."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.geometry.shape import TensorShape

ROOT = Path(__file__).parent.parent
RESNET = ROOT / "examples" / "configs" / "resnet18.yaml"
TWO_MISTAKES = "cnncalc: 1\ninput: 3x32x32\nlayers:\n  - conv 8 k3 strid=2\n  - conv 8 k40\n"


def test_everything_that_is_public_can_be_had() -> None:
    for name in cnncalc.__all__:
        assert getattr(cnncalc, name) is not None
    assert set(cnncalc.__all__) <= set(dir(cnncalc))


def test_what_is_not_public_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nosuch'"):
        _ = cnncalc.nosuch


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import sys, cnncalc; print([n for n in sys.modules if n.startswith(('cnncalc.', 'yaml', 'pydantic'))])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", [RESNET, str(RESNET)])
def test_a_path_is_analyzed(path: Path | str) -> None:
    report = cnncalc.analyze(path)
    # torchvision's table
    assert (report.totals.params, report.totals.macs) == (11_689_512, 1_814_073_344)
    assert report.outputs == {"head": (1000,)}


def test_a_spec_and_a_graph_give_the_same_report() -> None:
    spec = cnncalc.load(RESNET)
    assert cnncalc.analyze(spec) == cnncalc.analyze(cnncalc.build(spec)) == cnncalc.analyze(RESNET)


def test_a_name_of_a_report_has_shape_field_and_sums() -> None:
    layer3 = cnncalc.analyze(RESNET)["layer3"]
    assert layer3.output_shape == (256, 14, 14)
    assert [axis.rf for axis in layer3.reach] == [211, 211]
    with pytest.raises(KeyError):
        cnncalc.analyze(RESNET)["layer5"]


@pytest.mark.parametrize("size", ["3x32x32", (3, 32, 32), [3, 32, 32], TensorShape(3, (32, 32)), {"input": "3x32x32"}])
def test_a_layer_line_takes_its_input_in_many_forms(size: str) -> None:
    assert cnncalc.analyze("conv 8 k3 | gap | fc 10", input=size).outputs == {"fc1": (10,)}


def test_a_layer_line_without_input_is_refused_with_an_example() -> None:
    with pytest.raises(ValueError, match="input='3x224x224'"):
        cnncalc.parse("conv 8 k3")


@pytest.mark.parametrize(
    "text",
    [
        "cnncalc: 1\ninput: 3x8x8\nlayers: [conv 8 k3]\n",
        "# a comment first\n\ninput: 3x8x8\nlayers: [conv 8 k3]\n",
        "{cnncalc: 1, input: 3x8x8, layers: [conv 8 k3]}",
        '{"cnncalc": 1, "input": "3x8x8", "layers": ["conv 8 k3"]}',
    ],
)
def test_the_text_of_a_file_is_told_from_a_layer_line(text: str) -> None:
    assert cnncalc.analyze(text).outputs == {"conv1": (8, 6, 6)}
    assert cnncalc.analyze(text, input="3x10x10").outputs == {"conv1": (8, 8, 8)}


def test_keywords_override_what_a_file_says() -> None:
    report = cnncalc.analyze(RESNET, batch=4, dtype="float16", input=(3, 448, 448))
    assert (report.batch, report.dtype, report.inputs) == (4, "float16", {"input": (3, 448, 448)})
    assert report.totals.weights_bytes == 2 * (11_689_512 + 9_600)


def test_variables_can_be_set() -> None:
    text = "cnncalc: 1\ninput: 3x8x8\nvars: {width: 8}\nlayers: [conv width k3]\n"
    assert cnncalc.analyze(text, variables={"width": 16}).outputs == {"conv1": (16, 6, 6)}


def test_all_findings_are_raised_at_once() -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.analyze(TWO_MISTAKES)
    assert [found.code for found in caught.value.findings] == ["CNN904", "CNN002"]
    assert "CNN904" in str(caught.value)
    assert "CNN002" in str(caught.value)
    assert isinstance(caught.value, cnncalc.CnncalcError)


def test_a_missing_file_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        cnncalc.analyze("nosuch.yaml")
    with pytest.raises(FileNotFoundError):
        cnncalc.load("nosuch.yaml")


def test_a_wrong_optimizer_is_refused() -> None:
    with pytest.raises(ValueError, match="rmsprop"):
        cnncalc.analyze("conv 8 k3", input="3x8x8", optimizer="rmsprop")


def test_a_report_shows_itself_through_render_alone() -> None:
    assert not hasattr(cnncalc.Report, "_repr_html_")
    page = cnncalc.render.html(cnncalc.analyze(RESNET))
    assert page._repr_html_() == page
    assert "<td>layer4.1.relu1</td>" in page
    assert "11,689,512" in page


def test_html_escapes_every_text() -> None:
    page = cnncalc.render.html(cnncalc.analyze("cnncalc: 1\nname: <b>&\ninput: 3x8x8\nlayers: [conv 8 k3]"))
    assert "&lt;b&gt;&amp;" in page
    assert "<b>" not in page


def test_a_report_is_one_line_at_a_prompt() -> None:
    # 3*3*3*8 + 8 weights, each of 8 outputs of 30x30 positions from 27 taps
    report = cnncalc.analyze("a: conv 8 k3", input="3x32x32")
    assert repr(report) == "<Report of network: 1 layer, 224 params, 194,400 MACs>"
    assert repr(report["a"]) == "<a: 8x30x30, 224 params, 194,400 MACs>"


def test_an_unknown_name_of_a_report_offers_the_nearest_one() -> None:
    report = cnncalc.analyze("stem: conv 8 k3", input="3x32x32")
    with pytest.raises(KeyError, match="no layer `stm` in network: did you mean `stem`"):
        report["stm"]


def test_a_report_survives_pickling_and_copying() -> None:
    report = cnncalc.analyze(RESNET.parent / "densenet121.yaml")
    for other in (pickle.loads(pickle.dumps(report)), copy.deepcopy(report)):  # noqa: S301 - our own bytes
        assert other == report
        assert type(other.totals.flops_by_class) is type(report.totals.flops_by_class)


@pytest.mark.parametrize("wrong", [{"batch": 0}, {"dtype": "float31"}, {"variables": {"depth": 3}}])
def test_a_wrong_argument_is_a_value_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which one is told elsewhere
        cnncalc.analyze("conv 8 k3", input="3x32x32", **wrong)
