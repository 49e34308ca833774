from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import CONFIGS, config

if TYPE_CHECKING:
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
