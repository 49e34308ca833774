"""What the shell offers after TAB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cnncalc.cli.app import COMMANDS
from cnncalc.lint.rules.errors import manuals
from tests.cli.program import config, start

if TYPE_CHECKING:
    from pathlib import Path

RESNET = config("resnet18")
DCGAN = config("dcgan_generator")
OTHERS = [code for code in manuals() if code.startswith("CNN01") and code != "CNN010"]


def offered(line: str) -> list[str]:
    """What bash gets for a line with the cursor at its end."""
    words = line.split(" ")
    env = {"_CNNCALC_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = start(env=env)
    assert (done.status, done.err) == (0, "")
    return done.out.split()


def test_commands_are_offered_in_their_order() -> None:
    assert offered("cnncalc ") == list(COMMANDS)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("cnncalc s", [name for name in COMMANDS if name.startswith("s")]),
        ("cnncalc rf --de", ["--depth", "--debug"]),
        ("cnncalc rf x.yaml --format ", ["table", "json", "csv", "markdown"]),
        ("cnncalc memory x.yaml --optimizer a", ["adam", "adamw"]),
        ("cnncalc memory x.yaml --dtype f", ["float64", "float32", "float16", "float8"]),
        ("cnncalc shapes x.yaml --layout channels_l", ["channels_last"]),
        ("cnncalc flops x.yaml --convention t", ["torchvision", "torch", "thop"]),
        ("cnncalc explain dw", ["dwconv"]),
        ("cnncalc explain CNN00", [code for code in manuals() if code.startswith("CNN00")]),
        (f"cnncalc rf {RESNET} --at la", ["layer1", "layer2", "layer3", "layer4"]),
        (f"cnncalc rf {RESNET} --at layer1.", ["layer1.0", "layer1.1"]),
        (f"cnncalc explain {RESNET} --at layer1.0.conv1", ["layer1.0.conv1"]),
        (f"cnncalc explain {RESNET} --at layer1.0.conv1.", ["layer1.0.conv1.bn", "layer1.0.conv1.relu"]),
        ("cnncalc check x.yaml --select CNN01", [code for code in manuals() if code.startswith("CNN01")]),
        ("cnncalc check x.yaml --ignore CNN010,CNN01", [f"CNN010,{code}" for code in OTHERS]),
        ("cnncalc check x.yaml --severity CNN010", ["CNN010="]),
        ("cnncalc check x.yaml --severity CNN010=w", ["CNN010=warning"]),
        (f"cnncalc rf {DCGAN} --set ", ["maps=64"]),
        (f"cnncalc check {DCGAN} --set ma", ["maps=64"]),
        (f"cnncalc rf {DCGAN} --set q", []),
        ("cnncalc rf nosuch.yaml --set ", []),
        ("cnncalc rf -i 3x8x8 first:conv --at f", []),
        ("cnncalc rf nosuch.yaml --at f", []),
        ("cnncalc rf --at f", []),
    ],
)
def test_names_are_offered(line: str, names: list[str]) -> None:
    assert offered(line) == names


def test_vars_are_offered_with_their_values_as_a_file_has_them(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    head = "vars: {width: 0.5, depth: 3, act: relu, wide: width*2, third: 1/3, sizes: [1, 3], flag: true}"
    path.write_text(f"cnncalc: 1\ninput: 3x8x8\n{head}\nlayers: [relu]\n")
    expected = ["width=0.5", "depth=3", "act=relu", "wide=width*2", "third=1/3", "sizes=(1,3)", "flag=true"]
    assert offered(f"cnncalc rf {path} --set ") == expected


def test_layer_names_come_from_a_layer_line_too() -> None:
    line = "cnncalc rf -i 3x32x32 'a: conv 8 k3 | b: relu' --at "
    env = {"_CNNCALC_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": "6"}
    assert start(env=env).out.split() == ["a", "b"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell_is_printed(shell: str) -> None:
    done = start(env={"_CNNCALC_COMPLETE": f"source_{shell}"})
    assert done.status == 0
    assert "_CNNCALC_COMPLETE=complete_" in done.out


def test_zsh_gets_a_line_of_help_with_every_command() -> None:
    done = start(env={"_CNNCALC_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "cnncalc "})
    assert '"rf":"Receptive field of every layer, exactly."' in done.out
