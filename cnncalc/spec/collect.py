"""Where the readers of a file put what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.errors import Finding, Severity, finding
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnncalc.errors import Location
    from cnncalc.spec.items import Origin
    from cnncalc.spec.problems import TextError


MAX_FINDINGS = 1_000
"""After so many mistakes the rest of a file is not read: whoever made them needs no more, and each takes its time."""


class TooManyError(Exception):
    """The reader gives up; the findings say so."""


class Findings:
    """The findings of one file, in the order in which they were made."""

    def __init__(self, found: Iterable[Finding] = ()) -> None:
        self.found = list(found)

    def add(self, code: str, message: str, at: Location, help: str | None = None) -> None:  # noqa: A002
        """Report a mistake; raises TooManyError."""
        if len(self.found) >= MAX_FINDINGS:
            message = f"more than {MAX_FINDINGS:,} mistakes: the rest is not read"
            self.found.append(finding("CNN902", message, at=at))
            raise TooManyError
        self.found.append(finding(code, message, at=at, help=help))

    def note(self, code: str, message: str, at: Location, help: str | None = None) -> None:  # noqa: A002
        """Report what is no mistake."""
        self.found.append(replace(finding(code, message, at=at, help=help), severity=Severity.INFO))

    def text(self, error: TextError, origin: Origin) -> None:
        """Report what is wrong with a stretch of a text."""
        self.add(error.code, error.message, origin.locate(error.start, error.end), error.help)


class Spot(NamedTuple):
    """The origin of an item that was written as a mapping or list: whatever is asked for, it is there."""

    at: Location

    def locate(self, start: int, end: int) -> Location:  # noqa: ARG002 - an Origin takes them
        """The place of the item."""
        return self.at
