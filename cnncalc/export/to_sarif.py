"""SARIF 2.1.0, the OASIS standard that GitHub code scanning and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import os
from json import dumps
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cnncalc import __version__
from cnncalc.errors import Severity
from cnncalc.export.paths import fingerprints, relative
from cnncalc.lint.rules.errors import manuals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import Edit, Finding, Frame, Location
    from cnncalc.lint.base import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def to_sarif(findings: Sequence[Finding]) -> str:
    """One log with one run; every code that occurs is described in it."""
    known = manuals()
    codes = sorted({found.code for found in findings})
    index = {code: number for number, code in enumerate(codes)}
    run = {
        "tool": {
            "driver": {
                "name": "cnncalc",
                "semanticVersion": __version__,
                "rules": [_descriptor(known[code]) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(found, index[found.code], fingerprint)
            for found, fingerprint in zip(findings, fingerprints(findings), strict=True)
        ],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.manual},
        "help": {"text": rule.manual, "markdown": f"```text\n{rule.manual}\n```"},
        "defaultConfiguration": {"enabled": rule.default, "level": _LEVELS[rule.severity]},
    }


def _result(found: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    text = found.message + (f" ({found.copies} copies)" if found.copies > 1 else "")
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": _LEVELS[found.severity],
        "message": {"text": f"{text}\n{found.help}" if found.help else text},
        "partialFingerprints": {"cnncalcFinding/v1": fingerprint},
    }
    if found.at:
        place = _place(found.at)
        if found.layer:
            place["logicalLocations"] = [{"fullyQualifiedName": found.layer, "kind": "member"}]
        result["locations"] = [place]
    if found.stack:
        result["relatedLocations"] = [_call(number, frame) for number, frame in enumerate(found.stack, 1)]
    if found.edits:
        result["fixes"] = [_fix(found.edits, found.help or "the safe remedy")]
    return result


def _place(at: Location) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(at.file)}, "region": _region(at)}}


def _region(at: Location) -> dict[str, Any]:
    end = {} if at.end_column is None else {"endColumn": at.end_column}
    return {"startLine": at.line, "startColumn": at.column, **end}


def _call(number: int, frame: Frame) -> dict[str, Any]:
    return {"id": number, **_place(frame.at), "message": {"text": f"block {frame.block} called for {frame.layer}"}}


def _fix(edits: Sequence[Edit], description: str) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.at), "insertedContent": {"text": edit.replacement}} for edit in edits
    ]
    change = {"artifactLocation": {"uri": _uri(edits[0].at.file)}, "replacements": replacements}
    return {"description": {"text": description}, "artifactChanges": [change]}


def _uri(path: str) -> str:
    """A relative URI; `file:` for what lies elsewhere."""
    shown = relative(path)
    if os.path.isabs(shown):  # noqa: PTH117 - pathlib costs more than it gives
        return "file://" + quote("/" + shown.lstrip("/"))
    return quote(shown)
