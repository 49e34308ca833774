"""`check --format json` and `jsonl`, version 1: keys are only ever added."""

from __future__ import annotations

from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

from cnncalc.export.to_json import SCHEMA_VERSION, finding_to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.errors import Finding
    from cnncalc.lint.outcome import Count


def to_json(findings: Sequence[Finding], files: int, statistics: Iterable[Count] | None = None) -> str:
    """One document, also when there is nothing to report."""
    listed = ",\n  ".join(map(finding_to_json, findings))
    counts = "" if statistics is None else f',\n "statistics": [{", ".join(map(_count, statistics))}]'
    return f'{{"schema_version": {SCHEMA_VERSION}, "findings": [{listed}],\n "files": {files}{counts}}}\n'


def to_jsonl(findings: Iterable[Finding]) -> str:
    """A line for each finding."""
    return "".join(f"{finding_to_json(found)}\n" for found in findings)


def _count(each: Count) -> str:
    return (
        f'{{"code": {quoted(each.code)}, "name": {quoted(each.name)}, "severity": {quoted(each.severity.value)}, '
        f'"count": {each.count}}}'
    )
