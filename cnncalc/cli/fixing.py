"""`check --fix`: remedies that are safe and exact, applied to the text of a file; `--diff` shows them.

Every remedy is tried by itself: it stays only if the finding is gone, nothing new has come, and the outputs of the
network are what they were. Comments and layout stay as they are.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Severity, UsageError
from cnncalc.export.paths import relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.cli.checking import Plan
    from cnncalc.errors import Edit, Finding
    from cnncalc.report import Report

MOST = 200
"""Remedies tried in one file."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_BOM = "\ufeff"


def fix_files(files: Iterable[str], plan: Plan, *, write: bool) -> tuple[list[str], int]:
    """The unified diff of each file that changes, and how many remedies that are; with `write` the files change."""
    from cnncalc.cli.output import write_file

    diffs, count = [], 0
    for path in files:
        if not os.path.isfile(path):  # noqa: PTH113 - pathlib costs more than it gives
            continue
        try:
            with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123
                before = file.read()
        except (OSError, UnicodeDecodeError):
            continue  # the check itself says so
        mark = _BOM if before.startswith(_BOM) else ""
        try:
            after, applied = fixed(before.removeprefix(_BOM), path, plan)
        except (UsageError, CnncalcError):
            continue  # likewise
        if applied:
            count += applied
            diffs.append(_diff(path, before, mark + after))
            if write:
                write_file(path, mark + after)
    return diffs, count


def fixed(text: str, path: str, plan: Plan) -> tuple[str, int]:
    """The text with all remedies that prove right, and how many those are."""
    applied = 0
    rejected: set[tuple[str, str]] = set()
    report, findings = _look(text, path, plan)
    for _ in range(MOST):
        candidate = next((each for each in findings if each.edits and _key(each, text) not in rejected), None)
        if candidate is None:
            break
        changed = edited(text, candidate.edits)
        if changed is not None:
            new_report, new_findings = _look(changed, path, plan)
            if _is_better(report, findings, new_report, new_findings):
                text, report, findings = changed, new_report, new_findings
                applied += 1
                continue
        rejected.add(_key(candidate, text))
    return text, applied


def edited(text: str, edits: Sequence[Edit]) -> str | None:
    """The text with its stretches replaced; None where a place does not exist or two overlap."""
    lines = [match[0] for match in _LINE.finditer(text) if match[0]]
    last: tuple[int, int] | None = None
    for edit in sorted(edits, key=lambda edit: (edit.at.line, edit.at.column), reverse=True):
        line, start = edit.at.line - 1, edit.at.column - 1
        end = start if edit.at.end_column is None else edit.at.end_column - 1
        size = len(lines[line].rstrip("\r\n")) if 0 <= line < len(lines) else -1
        if not 0 <= start <= end <= size:
            return None
        if last is not None and last[0] == line and end > last[1]:
            return None
        whole = start == 0 and end == size and not edit.replacement  # an emptied line goes with its break
        lines[line] = "" if whole else lines[line][:start] + edit.replacement + lines[line][end:]
        last = line, start
    return "".join(lines)


def _look(text: str, path: str, plan: Plan) -> tuple[Report, tuple[Finding, ...]]:
    from cnncalc.cli.checking import lint_spec
    from cnncalc.cli.sources import Text, read_text

    report, checked = lint_spec(read_text(Text(name=path, data=text), plan.reading), path, plan)
    return report, checked.findings


def _is_better(old: Report, before: Sequence[Finding], new: Report, after: Sequence[Finding]) -> bool:
    def errors(findings: Sequence[Finding]) -> int:
        return sum(found.severity is Severity.ERROR for found in findings)

    return (
        len(after) < len(before)
        and errors(after) <= errors(before)
        and list(old.outputs.values()) == list(new.outputs.values())
    )


def _key(found: Finding, text: str) -> tuple[str, str]:
    """What a remedy is, whatever lines move."""
    return found.code, f"{found.at}{len(text)}"


def _diff(path: str, before: str, after: str) -> str:
    from difflib import unified_diff

    old, new = ([match[0] for match in _LINE.finditer(text) if match[0]] for text in (before, after))
    name = relative(path).lstrip("/")
    lines = unified_diff(old, new, f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
