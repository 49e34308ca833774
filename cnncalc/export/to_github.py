"""GitHub annotations: workflow commands that a step of GitHub Actions turns into remarks at the lines.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.export.paths import relative

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.errors import Finding

SHOWN = 10
"""GitHub shows so many of a kind in one step and drops the rest without a word."""
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def to_github(findings: Sequence[Finding]) -> str:
    """An annotation for each finding, errors first; the last notice says how many GitHub will not show."""
    return "".join(f"{line}\n" for line in _lines(sorted(findings, key=lambda found: -found.severity.rank)))


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    counts = Counter(_KINDS[found.severity] for found in findings)
    hidden = {kind: count - SHOWN for kind, count in counts.items() if count > SHOWN}
    notices = SHOWN - 1 if hidden else SHOWN  # the last place is for the notice about the rest
    if hidden and counts["notice"] > notices:
        hidden["notice"] = counts["notice"] - notices
    written = 0
    for found in findings:
        kind = _KINDS[found.severity]
        written += kind == "notice"
        if kind != "notice" or written <= notices:
            yield f"::{kind} {_properties(found)}::{_data(_message(found))}"
    if hidden:
        told = ", ".join(f"{count} more {kind}{'s' if count > 1 else ''}" for kind, count in hidden.items())
        yield f"::notice title=cnncalc::{_data(f'{told} not shown here: `cnncalc check` prints all')}"


def _message(found: Finding) -> str:
    copies = f" ({found.copies} copies)" if found.copies > 1 else ""
    return f"{found.message}{copies}" + (f"\n{found.help}" if found.help else "")


def _properties(found: Finding) -> str:
    parts = {"title": f"{found.code} {found.name}"}
    if found.at:
        parts = {"file": relative(found.at.file), "line": str(found.at.line), "col": str(found.at.column), **parts}
        if found.at.end_column and found.at.end_column > found.at.column:
            parts["endColumn"] = str(found.at.end_column - 1)
    return ",".join(f"{key}={_property(text)}" for key, text in parts.items())


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
