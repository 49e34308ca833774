"""GitLab code quality: an array, `[]` when clean.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.export.paths import fingerprints, relative

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import Finding

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def to_gitlab(findings: Sequence[Finding]) -> str:
    """One entry for each finding; a line is required, so that what has none stands in line 1."""
    entries = [
        {
            "description": f"{found.code} {found.message}" + (f" ({found.copies} copies)" if found.copies > 1 else ""),
            "check_name": found.code,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[found.severity],
            "location": {
                "path": relative(found.at.file) if found.at else "",
                "lines": {"begin": found.at.line if found.at else 1},
            },
        }
        for found, fingerprint in zip(findings, fingerprints(findings), strict=True)
    ]
    return dumps(entries, indent=1) + "\n"
