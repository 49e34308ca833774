from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.program import config

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
