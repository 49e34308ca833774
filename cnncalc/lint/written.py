"""The text of a source around a location, for remedies that edit it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cnncalc.errors import Location

if TYPE_CHECKING:
    from cnncalc.spec.network import NetworkSpec

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@lru_cache(maxsize=1)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(_LINE_BREAK.split(text))


def line_of(spec: NetworkSpec, at: Location) -> str:
    """The line on which a location stands, "" where the source has no text."""
    lines = _lines(spec.text)
    return lines[at.line - 1] if at.file == spec.source and at.line <= len(lines) else ""


def stretch(spec: NetworkSpec, at: Location) -> str | None:
    """The text that stands at a location, None where its end is not known."""
    line = line_of(spec, at)
    if at.end_column is None or at.end_column > len(line) + 1:
        return None
    return line[at.column - 1 : at.end_column - 1]


def on_line(at: Location, start: int, end: int) -> Location:
    """Characters start..end (end excluded, counted from 0) of the line of another location."""
    return Location(file=at.file, line=at.line, column=start + 1, end_column=end + 1)
