"""0 fine; 1 the network failed; 2 the command was wrong; 3 an internal error; 130 after Ctrl-C."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import ROOT, config, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

CONV = ("-i", "3x32x32", "conv 8 k3 | relu")
BROKEN = "cnncalc: 1\ninput: 3x32x32\nlayers:\n  - conv 8 k3\n  - conv 16 k40\n"
PARTIAL = "cnncalc: 1\ninput: 3x32x32\nlayers:\n  - conv 8 k3\n  - custom out=16x?x? k3\n"
REPORTS = ("summary", "shapes", "rf", "params", "flops", "memory")


@pytest.mark.parametrize("command", REPORTS)
def test_a_network_that_can_be_built_exits_0_and_leaves_stderr_empty(cli: Cli, command: str) -> None:
    done = cli(command, *CONV)
    assert (done.status, done.err) == (0, "")
    assert "conv1" in done.out


@pytest.mark.parametrize("command", [*REPORTS, "explain"])
def test_a_network_with_errors_exits_1_with_a_code_frame_on_stderr_and_no_table(
    cli: Cli, command: str, tmp_path: Path
) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(BROKEN)
    at = ("--at", "conv1") if command == "explain" else ()
    done = cli(command, str(path), *at)
    assert done.status == 1
    assert done.out.strip() == ""
    assert f"{path}:5:" in done.err
    assert "CNN002" in done.err
    assert "- conv 16 k40" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rf", "nosuch.yaml"], "no such file: nosuch.yaml"),
        (["rf", "nosuch.onnx"], "no such file: nosuch.onnx"),
        (["rf", "nosuch"], "no such file: nosuch"),
        (["rf", "conv 8 k3"], "-i 3x224x224 'conv 8 k3'"),
        (["rf", "relu"], "-i 3x224x224 'relu'"),
        (["rf", ""], "the source is empty"),
        (["rf", "."], "is a folder"),
        (["rf", "package.models:net"], "a model needs the size of its input"),
        (["rf", "-i", "3x", "conv 8 k3"], "`3x224x224`"),
        (["rf", "-i", "3x8x8", "-i", "3x8x8", "conv 8 k3"], "given twice"),
        (["rf", *CONV, "--at", "cnov1"], "did you mean `conv1`?"),
        (["rf", *CONV, "--at", "input"], "`input` is an input of the network"),
        (["rf", *CONV, "--set", "width"], "--set width=0.5"),
        (["rf", *CONV, "--set", "width=2"], "no var `width`"),
        (["params", *CONV, "--max", "5Q"], "`Q` is no unit"),
        (["params", *CONV, "--max", "5KiB"], "`5K`"),
        (["shapes", *CONV, "--layout", "channels"], "channels_first or channels_last"),
        (["flops", *CONV, "--convention", "pytorch"], "there are torchvision, torch"),
        (["rf", "-i", "3x4x4", "gap | fc 4", "--min", "3"], "no receptive field"),
        (["explain", "cnov"], "did you mean `conv`?"),
        (["explain", "net.yaml"], "--at"),
        (["explain", "conv", "--format", "csv"], "--format json"),
        (["explain", "CNN012", "--format", "markdown"], "--format json"),
        (["rf", *CONV, "--output", "no/such/folder/x.txt"], "cannot write no/such/folder/x.txt"),
    ],
)
def test_a_wrong_request_exits_2_and_says_what_would_be_right(cli: Cli, arguments: list[str], says: str) -> None:
    done = cli(*arguments)
    assert done.status == 2
    assert done.out == ""
    assert says in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["rf"],
        ["rf", *CONV, "--format", "xml"],
        ["rf", *CONV, "--depth", "0"],
        ["rf", *CONV, "--batch", "0"],
        ["rf", *CONV, "--dtype", "int9"],
        ["rf", *CONV, "--nosuch"],
        ["summary", "a.yaml", "b.yaml"],
        [],
    ],
)
def test_a_wrong_option_or_command_exits_2(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments).status == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--dtype", "int9"], "'int9' is not one of 'float64', 'float32'"),
        (["--format", "xml"], "'xml' is not one of 'table', 'json', 'csv', 'markdown'"),
        (["--batch", "many"], "'many' "),
        (["--batch", "0"], "0"),
    ],
)
def test_a_wrong_value_of_an_option_is_named_without_the_words_of_a_library(
    cli: Cli, arguments: list[str], says: str
) -> None:
    done = cli("rf", *CONV, *arguments)
    assert f"Invalid value for '{arguments[0]}'" in done.err.replace(" / '-f'", "")
    last = done.err.rstrip().splitlines()[-1].partition(": Invalid value for ")[2]
    assert says in last
    assert not re.search(r"Value error|Input should|unable to parse|pydantic", done.err)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        # 3 -> 5 -> 6 -> 10 -> 14 -> 16: VGG's recurrence by hand
        (["rf", "--min", "17"], "rf at maxpool2: asked for at least 17, found 16: 1 too few"),
        (["rf", "--max", "15"], "rf at maxpool2: asked for at most 15, found 16: 1 too many"),
        (["rf", "--at", "conv2", "--max", "4"], "rf at conv2: asked for at most 4, found 5: 1 too many"),
        # 4*3*9 + 4, then three times 4*4*9 + 4
        (["params", "--max", "0.5K"], "params: asked for at most 0.5K, found 556: 56 too many (11.2%)"),
        (["params", "--at", "conv1", "--max", "111"], "params at conv1: asked for at most 111, found 112: 1 too many"),
        (
            ["flops", "--at", "conv1", "--max", "27K"],
            "MACs at conv1: asked for at most 27K, found 27,648: 648 too many",
        ),
        # weights 556*4 bytes, and at conv2 its input and output of 4*16*16*4 bytes each
        (
            ["memory", "--max", "8K"],
            "weights + peak: asked for at most 8K, found 10.2 KiB (10,416 bytes): 2.36 KiB too",
        ),
    ],
)
def test_a_budget_that_does_not_hold_exits_1_and_says_asked_found_and_how_far_off(
    cli: Cli, arguments: list[str], found: str
) -> None:
    line = "(conv 4 k3 p1 | conv 4 k3 p1 | maxpool 2) | conv 4 k3 p1 | conv 4 k3 p1 | maxpool 2"
    done = cli(*arguments, "-i", "3x16x16", line)
    assert done.status == 1
    assert f"<line>: error: {found}" in done.err


@pytest.mark.parametrize(
    "arguments",
    [["rf", "--min", "16", "--max", "16"], ["params", "--max", "556"], ["flops", "--at", "conv1", "--max", "27648"]],
)
def test_a_budget_that_is_just_met_exits_0(cli: Cli, arguments: list[str]) -> None:
    line = "(conv 4 k3 p1 | conv 4 k3 p1 | maxpool 2) | conv 4 k3 p1 | conv 4 k3 p1 | maxpool 2"
    done = cli(*arguments, "-i", "3x16x16", line)
    assert (done.status, done.err) == (0, "")


def test_a_minimum_holds_on_every_axis(cli: Cli) -> None:
    done = cli("rf", "-i", "3x16x16", "conv 4 k3x5", "--min", "4")
    assert done.status == 1
    assert "found 3x5: 1 too few" in done.err


@pytest.mark.parametrize("command", ["params", "flops", "memory"])
def test_a_partial_figure_never_passes_a_budget(cli: Cli, command: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(PARTIAL)
    done = cli(command, str(path), "--max", "1T")
    assert done.status == 1
    assert "the figure is partial" in done.err


def test_memory_that_follows_from_undeclared_parameters_is_a_lower_bound(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(PARTIAL)
    shown = cli("memory", str(path)).out.splitlines()
    for figure in ("weights", "training"):
        (line,) = [line for line in shown if line.startswith(f"{figure} ")]
        assert line.split(maxsplit=1)[1].startswith("at least ")


def test_a_budget_on_a_declared_name_passes_where_another_is_partial(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(PARTIAL)
    assert cli("params", str(path), "--at", "conv1", "--max", "224").status == 0


def test_every_one_of_several_sources_has_to_keep_the_budget(cli: Cli) -> None:
    done = cli("params", config("resnet18"), config("vgg16"), "--max", "12M", "--quiet")
    assert (done.status, done.out) == (1, "")
    assert "vgg16.yaml: error: params" in done.err
    assert "resnet18" not in done.err


def test_the_exit_status_does_not_depend_on_the_format(cli: Cli) -> None:
    for form in ("table", "json", "csv", "markdown"):
        assert cli("params", *CONV, "--max", "1", "--format", form).status == 1


def test_an_internal_error_exits_3_with_one_line_and_no_traceback(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("cnncalc.engine.analyze", fail)
    done = cli("rf", *CONV)
    assert done.status == 3
    assert "internal error: ZeroDivisionError: boom" in done.err
    assert "Traceback" not in done.err


def test_debug_shows_the_traceback_of_an_internal_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("cnncalc.engine.analyze", fail)
    done = cli("rf", *CONV, "--debug")
    assert done.status == 3
    assert "Traceback" in done.err


@pytest.mark.parametrize(("arguments", "status"), [(["rf", *CONV], 0), (["rf", "nosuch.yaml"], 2), (["--version"], 0)])
def test_the_process_exits_with_the_status(arguments: list[str], status: int) -> None:
    assert start(*arguments).status == status


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_ctrl_c_exits_130_without_a_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cnncalc", "rf", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        # a job in the background ignores it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    try:
        assert process.stdin is not None
        process.stdin.write(b"#" * 2**20)  # more than a pipe holds: it is through when somebody reads
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
