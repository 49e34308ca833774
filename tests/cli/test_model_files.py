from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.importers import wire

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

LINE = ["-i", "3x8x8", "conv 4 k3 p1 relu | gap"]


@pytest.fixture
def onnx(tmp_path: Path) -> str:
    path = tmp_path / "net.onnx"
    path.write_bytes(
        wire.model(
            [
                wire.node("Conv", "data w b", "a", pads=(1, 1, 1, 1)),
                wire.node("Relu", "a", "c"),
                wire.node("GlobalAveragePool", "c", "y"),
            ],
            [wire.value_info("data", "N", 3, "H", "W")],
            ["y"],
            [wire.tensor("w", 4, 3, 3, 3), wire.tensor("b", 4)],
        )
    )
    return str(path)


@pytest.fixture
def keras(tmp_path: Path) -> str:
    layers = [
        {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, None, None, 3]}},
        {"class_name": "Conv2D", "config": {"name": "conv1", "filters": 4, "kernel_size": [3, 3], "padding": "same",
                                            "activation": "relu"}},
        {"class_name": "GlobalAveragePooling2D", "config": {"name": "gap1", "keepdims": True}},
    ]  # fmt: skip
    path = tmp_path / "net.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "net", "layers": layers}}))
    return str(path)


@pytest.mark.parametrize("command", ["rf", "summary", "params", "flops", "shapes"])
@pytest.mark.parametrize("kind", ["onnx", "keras"])
def test_every_command_takes_a_model_file(cli: Cli, request: pytest.FixtureRequest, kind: str, command: str) -> None:
    done = cli(command, request.getfixturevalue(kind), "-i", "3x8x8", "--format", "json")
    assert done.status == 0, done.err
    wanted, found = (json.loads(text)["totals"] for text in (cli(command, *LINE, "--format", "json").out, done.out))
    assert found == wanted


@pytest.mark.parametrize("command", ["shapes", "import"])
def test_a_free_size_of_a_model_is_given_by_its_name(cli: Cli, onnx: str, command: str) -> None:
    assert cli(command, onnx, "-i", "H=8", "-i", "W=9").status == 0
    done = cli(command, onnx, "-i", "H=8")
    assert done.status != 0
    assert "or -i W=224" in done.err


@pytest.mark.parametrize("name", ["data", "input"])
def test_an_input_of_a_model_is_given_by_its_name_or_as_the_only_one(cli: Cli, onnx: str, name: str) -> None:
    assert cli("shapes", onnx, "-i", f"{name}=3x8x8").status == 0


def test_an_imported_spec_gives_what_the_model_gives(cli: Cli, onnx: str, tmp_path: Path) -> None:
    written = tmp_path / "net.yaml"
    assert cli("import", onnx, "-i", "3x8x8", "-o", str(written)).status == 0
    direct, read = (
        cli("summary", *source, "--format", "csv").out for source in ([onnx, "-i", "3x8x8"], [str(written)])
    )
    assert direct == read


def test_a_free_size_that_is_not_given_is_a_wrong_request(cli: Cli, onnx: str) -> None:
    done = cli("summary", onnx)
    assert (done.status, done.out) == (2, "")
    assert "-i data=3x224x224" in done.err


def test_a_damaged_model_is_an_error_without_a_traceback(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"\x3a\xff\xff\xff\x7f")
    done = cli("summary", str(path))
    assert done.status == 1
    assert "is no ONNX model, or a damaged one" in done.err
    assert "Traceback" not in done.err


def test_fixing_never_writes_into_a_model_file(cli: Cli, onnx: str, tmp_path: Path) -> None:
    before = (tmp_path / "net.onnx").read_bytes()
    cli("check", "--fix", onnx, "-i", "3x8x8")
    assert (tmp_path / "net.onnx").read_bytes() == before
