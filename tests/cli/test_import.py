"""`cnncalc import`, and models in code as sources of other commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.program import start
from tests.frameworks import needed

if TYPE_CHECKING:
    from pathlib import Path

needed("torch")
pytestmark = pytest.mark.oracle
NET = """\
from torch import nn


def make(width=8):
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def other():
    return 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net_of_a_user.py").write_text(NET)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rf", "net_of_a_user:make"), "-i CHANNELSxHEIGHTxWIDTH"),
        (("rf", "net_of_a_user:mak", "-i", "3x8x8"), "did you mean net_of_a_user:make?"),
        (("rf", "no_such_module_here:gone", "-i", "3x8x8"), "or among the installed packages"),
        (("rf", "net_of_a_user:other", "-i", "3x8x8"), "gave int, not a torch.nn.Module"),
        (("import", "net_of_a_user:make", "-i", "3x8x8", "--args", "3"), "expected a JSON list"),
        (("import", "net_of_a_user:make", "-i", "3x8x8", "--kwargs", "{"), "no JSON"),
        (("import", "net_of_a_user:make", "-i", "3x8x8", "--kwargs", '{"depth": 1}'), "unexpected keyword argument"),
        (("import", "net_of_a_user:make", "-i", "5x8x8"), "torch.export cannot read Sequential"),
        (("import", "conv 8 k3", "-i", "5x8x8"), "package.module:callable, such as"),
    ],
)
def test_what_is_no_model_is_said_in_a_line(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    outcome = start(*arguments, cwd=folder)
    assert outcome.status == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err


def test_a_written_spec_reads_back_to_what_the_model_itself_shows(folder: Path) -> None:
    written = start("import", "net_of_a_user:make", "-i", "3x8x8", "-o", "net.yaml", cwd=folder)
    assert written.status == 0
    direct = start("params", "net_of_a_user:make", "-i", "3x8x8", "--format", "csv", cwd=folder)
    assert direct.status == 0
    assert direct.out == start("params", "net.yaml", "--format", "csv", cwd=folder).out


def test_arguments_reach_the_callable_and_shapes_stand_beside_the_lines(folder: Path) -> None:
    outcome = start("import", "net_of_a_user:make", "-i", "3x8x8", "--kwargs", '{"width": 5}', "--annotate", cwd=folder)
    lines = [line.split("#") for line in outcome.out.splitlines()]
    assert [(line.strip(), note.strip()) for line, note in (each for each in lines if len(each) > 1)] == [
        ("- _0: conv 5 k3 p1 relu", "5x8x8"),
        ("- _2: gap", "5x1x1"),
        ("- flatten", "5"),
    ]
