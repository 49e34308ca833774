"""Start-up stays fast: what a command does not need is not imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cli.program import PLAIN, ROOT, config

SCRIPT = """
import sys
from cnncalc.__main__ import run
try:
    run(sys.argv[1:])
finally:
    loaded = [name for name, module in sys.modules.items() if module is not None]
    sys.stderr.write("\\n".join(["LOADED", *loaded]))
"""


def imported(*arguments: str, env: dict[str, str] | None = None) -> set[str]:
    """Every module that a run leaves behind."""
    environment = {name: value for name, value in os.environ.items() if name not in PLAIN}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={**environment, **(env or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.partition("LOADED")[2].split())


def loads_rich(modules: set[str]) -> bool:
    """Whether any part of rich is there."""
    return any(name.partition(".")[0] == "rich" for name in modules)


def test_the_version_needs_not_even_typer() -> None:
    assert not imported("--version") & {"typer", "yaml", "rich", "pydantic", "cnncalc.ops"}


@pytest.mark.parametrize("arguments", [["--help"], ["rf", "--help"], ["explain", "--help"]])
def test_help_imports_neither_yaml_nor_rich_nor_an_op(arguments: list[str]) -> None:
    modules = imported(*arguments)
    assert not modules & {"yaml", "cnncalc.ops", "cnncalc.spec.reader", "cnncalc.engine"}
    assert not loads_rich(modules)


def test_help_of_one_command_imports_no_other() -> None:
    commands = {name for name in imported("rf", "--help") if name.startswith("cnncalc.cli.commands.")}
    assert commands == {"cnncalc.cli.commands.rf"}
    assert "cnncalc.cli.run" not in imported("rf", "--help")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_commands_imports_neither_yaml_nor_rich_nor_an_op(shell: str) -> None:
    env = {
        "_CNNCALC_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "cnncalc r",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "COMP_WORDS": "cnncalc r",
        "COMP_CWORD": "1",
    }
    modules = imported(env=env)
    assert not modules & {"yaml", "cnncalc.ops"}
    assert not loads_rich(modules)


@pytest.mark.parametrize("command", ["summary", "shapes", "rf", "params", "flops", "memory"])
def test_a_table_on_a_pipe_never_imports_rich(command: str) -> None:
    modules = imported(command, config("lenet5"))
    assert not loads_rich(modules)
    assert not modules & {"torch", "onnx", "cnncalc.export.to_json", "cnncalc.render.snippet"}


def test_only_the_ops_of_a_network_are_loaded() -> None:
    loaded = {name.rpartition(".")[2] for name in imported("rf", config("lenet5")) if name.startswith("cnncalc.ops.")}
    assert {"conv", "pool", "linear", "activation"} <= loaded
    assert not loaded & {"attention", "border", "convt", "custom", "merge", "reduce", "resize", "sdpa", "se"}


def test_json_imports_no_table() -> None:
    modules = imported("rf", config("lenet5"), "--format", "json")
    assert "cnncalc.export.to_json" in modules
    assert not loads_rich(modules)
    assert not {name for name in modules if name.startswith("cnncalc.render.")}


def test_rich_is_there_where_colour_is_wanted() -> None:
    assert loads_rich(imported("rf", config("lenet5"), "--color", "always"))
