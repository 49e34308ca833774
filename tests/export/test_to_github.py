"""Workflow commands as docs.github.com states them, and the traps of how GitHub shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cnncalc.errors import Severity
from cnncalc.export.to_github import SHOWN, to_github
from tests.export.findings import FULL, at, finding

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def test_nothing_found_is_nothing_written() -> None:
    assert to_github([]) == ""


@pytest.mark.parametrize("severity", Severity)
def test_a_finding_is_an_annotation_at_its_place(severity: Severity) -> None:
    assert to_github([finding(severity=severity)]) == (
        f"::{KINDS[severity]} file=models/net.yaml,line=4,col=7,title=CNN012 skipped-input,endColumn=8::the message\n"
    )


def test_percent_and_line_ends_are_escaped_and_in_properties_colon_and_comma_too() -> None:
    (line,) = to_github([FULL]).splitlines()
    assert line.endswith(
        '::a, b: 100%25 <"c"> & \x1b d%0D%0Ae ]]> (2 copies)%0Afirst%0Asecond',
    )
    (line,) = to_github([finding(place=at(file="a:b,c%.yaml"))]).splitlines()
    assert "file=a%3Ab%2Cc%25.yaml," in line


def test_a_path_is_relative_to_the_folder_here_without_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("./net.yaml", str(tmp_path / "net.yaml"), "x/../net.yaml"):
        assert " file=net.yaml," in to_github([finding(place=at(file=path))])


def test_errors_come_first_because_github_shows_ten_of_a_kind() -> None:
    found = [finding("w"), finding("e", severity=Severity.ERROR), finding("i", severity=Severity.INFO)]
    assert re.findall(r"^::(\w+) ", to_github(found), re.MULTILINE) == ["error", "warning", "notice"]


@pytest.mark.parametrize("severity", Severity)
def test_what_github_will_not_show_is_counted_in_a_last_notice(severity: Severity) -> None:
    found = [finding(f"{number}", severity=severity) for number in range(SHOWN + 3)]
    lines = to_github(found).splitlines()
    kind = KINDS[severity]
    shown = min(sum(line.startswith(f"::{kind} file=") for line in lines), SHOWN)
    hidden = 3 if severity is not Severity.INFO else 4  # the notice itself takes a place among the notices
    assert shown == SHOWN + 3 - hidden
    assert lines[-1].startswith(f"::notice title=cnncalc::{hidden} more {kind}s not shown here")


def test_ten_of_a_kind_need_no_notice() -> None:
    found = [finding(f"{number}", severity=severity) for number in range(SHOWN) for severity in Severity]
    assert "not shown" not in to_github(found)
