"""JUnit XML: a test case for each finding, a passing one for each clean file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.export.paths import relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.errors import Finding

_ESCAPES = str.maketrans({
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;",
})  # fmt: skip
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def to_junit(findings: Sequence[Finding], sources: Iterable[str]) -> str:
    """A suite for each source; errors and warnings fail, infos pass and stand in the output of their case."""
    by_source: dict[str, list[Finding]] = {source: [] for source in sources}
    for found in findings:
        by_source.setdefault(found.at.file if found.at else "", []).append(found)
    suites = [_suite(source, found) for source, found in by_source.items()]
    cases = sum(max(len(found), 1) for found in by_source.values())
    failures = sum(_fails(found) for found in findings)
    head = f'<testsuites name="cnncalc" tests="{cases}" failures="{failures}">'
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', head, *suites, "</testsuites>"]) + "\n"


def _suite(source: str, findings: Sequence[Finding]) -> str:
    name = _text(relative(source))
    cases = [_case(name, found) for found in findings] or [f'  <testcase classname="{name}" name="no findings"/>']
    failures = sum(map(_fails, findings))
    head = f' <testsuite name="{name}" tests="{len(cases)}" failures="{failures}" errors="0" skipped="0">'
    return "\n".join([head, *cases, " </testsuite>"])


def _case(source: str, found: Finding) -> str:
    place = f"{found.at.line}:{found.at.column}" if found.at else ""
    told = f"{place}: {found.severity.value} {found.code}: {found.message}"
    if found.copies > 1:
        told += f" ({found.copies} copies)"
    if found.help:
        told += f"\nhelp: {found.help}"
    line = f' line="{found.at.line}"' if found.at else ""
    head = f'  <testcase classname="{source}" name="{_text(f"{found.code} {found.name} at {place}")}"{line}>'
    if _fails(found):
        inside = f'<failure type="{found.code}" message="{_text(found.message)}">{_text(told)}</failure>'
    else:
        inside = f"<system-out>{_text(told)}</system-out>"
    return f"{head}\n   {inside}\n  </testcase>"


def _fails(found: Finding) -> bool:
    return found.severity is not Severity.INFO


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text).translate(_ESCAPES)
