"""Paths and fingerprints in the reports of findings that other programs read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cnncalc.errors import Finding


def relative(path: str) -> str:
    """A path relative to the folder here, without `./` and with `/`; what lies elsewhere stays absolute."""
    if path.startswith("<"):
        return path
    try:
        inside = os.path.relpath(path)
    except ValueError:  # another drive
        return path.replace(os.sep, "/")
    found = path if inside.startswith("..") else inside
    return found.replace(os.sep, "/")


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """One for each finding: of code, path, layer and message, not of the line; salted where two would be equal."""
    from hashlib import sha256

    seen: dict[str, int] = {}
    for found in findings:
        path = relative(found.at.file) if found.at else ""
        key = "\0".join((found.code, path, found.layer or "", found.message))
        number = seen[key] = seen.get(key, -1) + 1
        yield sha256(f"{key}\0{number}".encode(errors="backslashreplace")).hexdigest()[:32]
