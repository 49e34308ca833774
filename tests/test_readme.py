"""What the documents show is what the program prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cnncalc

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

ROOT = Path(__file__).parent.parent
RULES = ROOT / "docs" / "rules.md"  # made from the manuals of the rules, whose examples are bad on purpose
DOCUMENTS = [ROOT / "README.md", *sorted({*(ROOT / "docs").glob("**/*.md")} - {RULES})]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    document: Path
    line: int
    text: str


def blocks(language: str, only: str = "") -> list[ParameterSet]:
    """All fenced blocks of a language with a line of that pattern, named by file and line."""
    found: list[ParameterSet] = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for match in FENCE.finditer(text):
            if match[1] == language and re.search(only, match[2], re.MULTILINE):
                line = text.count("\n", 0, match.start()) + 1
                name = f"{path.relative_to(ROOT).as_posix()}:{line}"
                found.append(pytest.param(Block(path, line, match[2]), id=name))
    return found


def commands(text: str) -> list[tuple[str, str]]:
    """(command, output) of a console block: a line after `$ `, going on after a backslash, and what follows it."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines(keepends=True):
        if found and found[-1][0].endswith("\\\n"):
            found[-1] = (found[-1][0] + line.removeprefix("> "), "")
        elif line.startswith("$ "):
            found.append((line.removeprefix("$ "), ""))
        else:
            assert found, "a console block starts with a command"
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the project's root, where files may be written, with `cnncalc` in `bin`."""
    folder = tmp_path_factory.mktemp("root")
    for entry in ROOT.iterdir():
        if not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry)
    (folder / "bin").mkdir()
    program = folder / "bin" / "cnncalc"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cnncalc "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are for a POSIX shell")
@pytest.mark.parametrize("block", blocks("console"))
def test_a_console_block_shows_what_the_program_prints(block: Block, place: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "PYTHONWARNINGS"}}
    env |= {"COLUMNS": "100", "NO_COLOR": "1", "PATH": f"{place / 'bin'}{os.pathsep}{env['PATH']}"}
    shown = commands(block.text)
    assert shown
    for command, expected in shown:
        if not re.search(r"\bcnncalc\b", command) or re.search(r"\b(pip|pipx|uvx?)\b", command):
            continue  # an installation is not repeated
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=place,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        assert done.stdout == expected, f"{block.document.name}:{block.line}: $ {command}"


@pytest.mark.parametrize("block", blocks("yaml", only=r"^cnncalc: 1\b"))
def test_a_network_in_a_document_can_be_built(block: Block) -> None:
    assert cnncalc.analyze(block.text).layers


def test_the_documents_have_examples_to_prove() -> None:
    assert blocks("console")
