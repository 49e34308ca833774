"""`cnncalc verify`: exit status and whole outputs, which a person has read and found right."""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import CONFIGS, ROOT, config
from tests.importers import wire

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

GOLDEN = ROOT / "tests" / "golden" / "verify"
MODELS = ROOT / "examples" / "models"
SAME = "examples/configs/lenet5.yaml examples/models/lenet5.json"
OTHER = "examples/configs/lenet5.yaml examples/models/lenet5_same.json"


@pytest.mark.parametrize(
    ("name", "arguments", "columns", "status", "facts"),
    [
        # 61,706 parameters and 416,520 MACs are added up by hand in the example; 480 inputs instead of 120 for f6 are
        # 84 * 360 = 30,240 parameters more, and 6 * 32 * 32 * 25 = 153,600 MACs in the first layer
        ("same.txt", SAME, None, 0, ["61,706", "416,520", "they match"]),
        ("other.txt", OTHER, None, 1, ["30,240 more", "153,600", "lenet5.yaml:6:9"]),
        ("other_80.txt", OTHER, 80, 1, ["30,240 more"]),
        ("other_all.csv", f"{OTHER} --all -f csv", None, 1, ["c1,padding,0,2,", "f6,params,10164,40404,"]),
        ("other.md", f"{OTHER} --only shapes -f markdown", None, 1, ["| 6x28x28 | 6x32x32 |"]),
        ("other.json", f"{OTHER} -f json", None, 1, ['"macs": {"spec": 416520, "model": 732360, "known": true}']),
    ],
)
def test_the_whole_output_is_the_one_that_was_read_and_found_right(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    arguments: str,
    columns: int | None,
    status: int,
    facts: list[str],
) -> None:
    monkeypatch.chdir(ROOT)
    done = cli("verify", *arguments.split(), **({"COLUMNS": str(columns)} if columns else {}))
    assert (done.status, done.err) == (status, "")
    if os.environ.get("CNNCALC_WRITE_GOLDEN"):
        (GOLDEN / name).write_text(done.out, encoding="utf-8", newline="")
    assert done.out == (GOLDEN / name).read_text(encoding="utf-8")
    assert not [fact for fact in facts if fact not in done.out]
    if columns:
        assert max(map(len, done.out.split("\n"))) <= columns


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gone.yaml", str(MODELS / "lenet5.json")), "no such file: gone.yaml"),
        ((config("lenet5"), "gone.onnx"), "no such file: gone.onnx"),
        (
            (config("lenet5"), str(MODELS / "lenet5.json"), "--only", "shape"),
            "expected some of shapes, params, macs, rf",
        ),
        ((config("lenet5"), str(MODELS / "lenet5.json"), "--kwargs", "{"), "--kwargs {: no JSON"),
        (("conv 8 k3", "conv 8 k3"), "a layer line needs the size of its input"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_line(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    done = cli("verify", *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("kind", ["table", "json"])
def test_errors_of_either_side_are_shown_with_their_place(cli: Cli, side: int, kind: str) -> None:
    sides = ["conv 8 k3", "conv 8 k3"]
    sides[side] = "conv 8 k99"
    done = cli("verify", "-i", "3x32x32", *sides, "-f", kind)
    assert done.status == 1
    assert "CNN002" in done.err
    assert kind == "table" or [found["code"] for found in json.loads(done.out)["findings"]] == ["CNN002"]


def test_ops_without_a_counterpart_are_an_error(cli: Cli, tmp_path: Path) -> None:
    nodes = [wire.node("Conv", "x w", "a"), wire.node("CumSum", "a", "y")]
    path = tmp_path / "net.onnx"
    weights = [wire.tensor("w", 4, 3, 1, 1)]
    path.write_bytes(wire.model(nodes, [wire.value_info("x", 1, 3, 8, 8)], ["y"], weights))
    refused = cli("verify", "-i", "3x8x8", "conv 4 k1", str(path))
    assert (refused.status, refused.out) == (1, "")
    assert "CumSum" in refused.err


def test_figures_that_nobody_declares_are_said_not_to_be_compared(cli: Cli) -> None:
    done = cli("verify", "-i", "3x8x8", "conv 4 k1 | custom out=?x?x?", "conv 4 k1 | custom out=?x?x? params=3 macs=4")
    assert (done.status, done.err) == (0, "")
    assert "not compared where no figure is declared: custom1" in done.out


def test_a_model_takes_the_sizes_of_the_spec_where_it_has_none_of_its_own(cli: Cli, tmp_path: Path) -> None:
    def model(*sizes: int | str) -> str:
        path = tmp_path / f"{'x'.join(map(str, sizes))}.onnx"
        weights = [wire.tensor("w", 4, 3, 3, 3)]
        path.write_bytes(
            wire.model([wire.node("Conv", "x w", "y")], [wire.value_info("x", "N", 3, *sizes)], ["y"], weights)
        )
        return str(path)

    spec = "w: conv 4 k3 nobias"
    assert cli("verify", "-i", "3x24x32", spec, model("H", "W")).status == 0
    net = tmp_path / "net.yaml"
    net.write_text(f"cnncalc: 1\ninput: 3x24x32\nlayers:\n  - {spec}\n")
    assert cli("verify", str(net), model("H", "W")).status == 0
    assert cli("verify", str(net), model(24, 32)).status == 0
    other = cli("verify", str(net), model(20, 32), "-f", "csv")
    assert other.status == 1
    assert next(csv.DictReader(io.StringIO(other.out)))["what"] == "input"
    assert cli("verify", str(net), model(20, 32), "-i", "3x40x40").status == 0


def test_variables_are_those_of_the_spec(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("cnncalc: 1\ninput: 3x8x8\nvars: {c: 4}\nlayers:\n  - a: conv c k1\n")
    line = tmp_path / "other.yaml"
    line.write_text("cnncalc: 1\ninput: 3x8x8\nlayers:\n  - a: conv 6 k1\n")
    assert cli("verify", str(path), str(line)).status == 1
    assert cli("verify", str(path), str(line), "--set", "c=6").status == 0


def test_quiet_leaves_the_exit_status_alone(cli: Cli) -> None:
    done = cli("verify", config("lenet5"), str(MODELS / "lenet5_same.json"), "-q")
    assert (done.status, done.out, done.err) == (1, "", "")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_itself(cli: Cli, path: Path) -> None:
    done = cli("verify", str(path), str(path), "-f", "json")
    assert done.status == 0
    found = json.loads(done.out)
    assert found["matched"] == found["by_name"] > 0


@pytest.mark.parametrize("pair", [("resnet18", "resnet50"), ("vgg16", "vgg16_bn"), ("unet", "unet_valid")])
def test_different_networks_do_not_match(cli: Cli, pair: tuple[str, str]) -> None:
    size = "1x572x572" if pair[0] == "unet" else "3x224x224"
    assert cli("verify", *map(config, pair), "-i", size, "-q").status == 1
