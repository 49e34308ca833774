from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import CONFIGS, ROOT, config
from tests.frameworks import needed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Cli


def test_without_a_format_the_command_is_wrong(cli: Cli) -> None:
    done = cli("export", config("lenet5"))
    assert done.status == 2
    assert "--to" in done.err


def test_an_unknown_format_is_refused(cli: Cli) -> None:
    assert cli("export", config("lenet5"), "--to", "png").status == 2


def test_a_network_with_errors_is_not_exported(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "net.dot"
    done = cli("export", "-i", "3x4x4", "conv 8 k7", "--to", "dot", "-o", str(target))
    assert (done.status, done.out) == (1, "")
    assert "CNN002" in done.err
    assert not target.exists()


def test_the_file_holds_what_would_be_printed(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "net.mmd"
    printed = cli("export", config("lenet5"), "--to", "mermaid").out
    assert cli("export", config("lenet5"), "--to", "mermaid", "-o", str(target)).out == ""
    assert target.read_text() == printed


def test_json_is_what_the_report_commands_write(cli: Cli) -> None:
    exported = json.loads(cli("export", config("lenet5"), "--to", "json").out)
    assert exported == json.loads(cli("summary", config("lenet5"), "--format", "json").out)


def test_csv_is_what_summary_writes(cli: Cli) -> None:
    exported = cli("export", config("resnet18"), "--to", "csv").out
    assert exported == cli("summary", config("resnet18"), "--format", "csv").out


class TestSpec:
    @pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
    def test_every_example_can_be_formatted(self, cli: Cli, path: Path) -> None:
        done = cli("export", str(path), "--to", "spec")
        assert (done.status, done.err) == (0, "")

    def test_a_file_is_formatted_in_place(self, cli: Cli, tmp_path: Path) -> None:
        path = tmp_path / "net.yaml"
        path.write_text("cnncalc: 1\ninput:  3x8x8\nlayers:\n- conv  8 k3   # first\n")
        assert cli("export", str(path), "--to", "spec", "-o", str(path)).status == 0
        assert path.read_text() == "cnncalc: 1\ninput: 3x8x8\nlayers:\n  - conv 8 k3  # first\n"

    def test_a_layer_line_becomes_a_file(self, cli: Cli) -> None:
        line = "stem: conv 8 k3 p1 bn relu|(res(conv 8 k3 p1 | bn))*2|gap | e: fc 10"
        done = cli("export", "-i", "3x32x32", "--batch", "2", line, "--to", "spec")
        assert done.out == (
            "cnncalc: 1\ninput: 3x32x32\nbatch: 2\nlayers:\n  - stem: conv 8 k3 p1 bn relu\n"
            "  - '(res(conv 8 k3 p1 | bn))*2'\n  - gap\n  - e: fc 10\n"
        )

    def test_other_sizes_are_refused_for_a_file_whose_text_has_its_own(self, cli: Cli) -> None:
        done = cli("export", config("lenet5"), "--to", "spec", "--batch", "2")
        assert (done.status, done.out) == (2, "")
        assert "formats the file as it is" in done.err

    def test_a_layout_that_would_say_something_else_is_refused(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cnncalc.export.to_spec.formatted", lambda text: text.replace("6 k5", "5 k6"))
        done = cli("export", config("lenet5"), "--to", "spec")
        assert (done.status, done.out) == (2, "")
        assert "nothing is written" in done.err

    def test_a_layout_that_loses_a_comment_is_refused(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cnncalc.export.to_spec.formatted", lambda text: text.partition("\n")[2])
        done = cli("export", config("lenet5"), "--to", "spec")
        assert (done.status, done.out) == (2, "")


def test_a_layer_without_code_is_an_error_of_the_request(cli: Cli) -> None:
    done = cli("export", "-i", "3x8x8", "custom out=8x?x?", "--to", "torch")
    assert (done.status, done.out) == (2, "")
    assert "a declared op has no code" in done.err


class TestOnnx:
    @pytest.fixture(autouse=True)
    def _package(self) -> None:
        needed("onnx")

    def test_a_file_and_a_pipe_get_the_same_bytes(self, cli: Cli, tmp_path: Path) -> None:
        target = tmp_path / "net.onnx"
        assert cli("export", config("lenet5"), "--to", "onnx", "-o", str(target)).out == ""
        command = [sys.executable, "-m", "cnncalc", "export", config("lenet5"), "--to", "onnx"]
        piped = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
        assert piped.stdout == target.read_bytes()

    def test_a_terminal_is_spared_the_bytes(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        done = cli("export", config("lenet5"), "--to", "onnx")
        assert (done.status, done.out) == (2, "")
        assert "-o FILE" in done.err

    def test_what_would_be_too_large_is_refused_before_anything_is_written(self, cli: Cli, tmp_path: Path) -> None:
        target = tmp_path / "net.onnx"
        done = cli("export", "-i", "3x100x100", "fc 20000", "--to", "onnx", "-o", str(target))
        assert done.status == 2
        assert "ONNX file of 2.2 GiB; protobuf reads 2 GiB at most, which `--dtype float16` would keep to" in done.err
        assert list(tmp_path.iterdir()) == []

    def test_a_full_disk_leaves_nothing_half_written(
        self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_file: object) -> Iterator[bytes]:
            yield b"half of it"
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("cnncalc.export.onnx.file.File.__iter__", fail)
        done = cli("export", config("alexnet"), "--to", "onnx", "-o", str(tmp_path / "net.onnx"))
        assert done.status == 2
        assert "No space left on device" in done.err
        assert list(tmp_path.iterdir()) == []

    def test_batch_fixes_the_samples(self, cli: Cli, tmp_path: Path) -> None:
        target = tmp_path / "net.onnx"
        cli("export", config("lenet5"), "--to", "onnx", "--batch", "4", "-o", str(target))
        (given,) = import_module("onnx").load(target).graph.input
        assert [dim.dim_value for dim in given.type.tensor_type.shape.dim] == [4, 1, 32, 32]

    @pytest.mark.parametrize("form", ["torch", "onnx", "keras", "spec", "mermaid", "dot", "json", "csv"])
    def test_a_model_file_is_exported_like_a_spec(self, cli: Cli, tmp_path: Path, form: str) -> None:
        source, target = tmp_path / "net.onnx", tmp_path / "result"
        cli("export", config("lenet5"), "--to", "onnx", "-o", str(source))
        done = cli("export", str(source), "--to", form, "-o", str(target))
        assert (done.status, done.err) == (0, "")
        assert target.stat().st_size > 100
