"""No false alarms: what is found over the examples is meant, line by line, with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnncalc.engine import analyze
from cnncalc.graph import build
from cnncalc.lint.driver import lint
from cnncalc.spec.reader import parse

HERE = Path(__file__).parent
CONFIGS = sorted((HERE.parents[1] / "examples" / "configs").glob("*.yaml"))
LINE = re.compile(r"(?P<finding>(?P<file>\w+\.yaml):\d+ (?:error|warning|info) CNN\d{3} x\d+) (?P<reason>\S.{10,})")


def golden() -> list[re.Match[str]]:
    text = (HERE / "examples_findings.txt").read_text(encoding="utf-8")
    matches = [LINE.fullmatch(line) for line in text.splitlines() if line and not line.startswith("#")]
    found = [match for match in matches if match is not None]
    assert len(found) == len(matches), "each line is FILE:LINE SEVERITY CODE COPIES and a reason"
    return found


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_is_found_in_an_example_is_meant(path: Path) -> None:
    found = lint(analyze(build(parse(path.read_bytes(), source=path.name))))
    lines = [
        f"{each.at.file}:{each.at.line} {each.severity.value} {each.code} x{each.copies}" for each in found if each.at
    ]
    assert len(lines) == len(found)
    assert lines == [match["finding"] for match in golden() if match["file"] == path.name]


def test_the_list_names_examples_that_exist() -> None:
    assert {match["file"] for match in golden()} <= {path.name for path in CONFIGS}


def test_no_example_has_an_error() -> None:
    assert not [match["finding"] for match in golden() if " error " in match["finding"]]
