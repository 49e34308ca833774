"""What can be wrong, and where: locations, findings and the exceptions that carry them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(str, Enum):
    """How bad a finding is; ordered by `rank`, the worst highest."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """2 for an error, 1 for a warning, 0 for an info."""
        return {"error": 2, "warning": 1, "info": 0}[self.value]


# Codes that the reader and the engine themselves give. The lint rules have files of their own.
CODES: dict[str, tuple[str, Severity]] = {
    "CNN001": ("merge-mismatch", Severity.ERROR),
    "CNN002": ("empty-output", Severity.ERROR),
    "CNN003": ("indivisible-groups", Severity.ERROR),
    "CNN004": ("impossible-padding", Severity.ERROR),
    "CNN005": ("linear-on-map", Severity.ERROR),
    "CNN006": ("expectation-failed", Severity.ERROR),
    "CNN901": ("yaml-syntax", Severity.ERROR),
    "CNN902": ("limit-exceeded", Severity.ERROR),
    "CNN903": ("duplicate-key", Severity.ERROR),
    "CNN904": ("unknown-word", Severity.ERROR),
    "CNN905": ("invalid-value", Severity.ERROR),
    "CNN906": ("missing-value", Severity.ERROR),
    "CNN910": ("unused-ignore", Severity.WARNING),
    "CNN911": ("unknown-code", Severity.WARNING),
}


@value
class Location:
    """A stretch of one line of a source; lines and columns count from 1, columns in code points."""

    file: str
    line: int
    column: int
    end_column: int | None = None
    """One past the last column of the stretch; None where only the start is known."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@value
class Frame:
    """One level of the block call stack of a finding: which block, called where, for which layer and copy."""

    block: str
    at: Location
    layer: str
    copy: int | None = None
    copies: int | None = None


@value
class Edit:
    """A change of the text that removes a finding: the stretch `at` becomes `replacement`."""

    at: Location
    replacement: str


@value
class Finding:
    """One thing that is wrong or doubtful: the fact with its numbers, and apart from it the remedy."""

    code: str
    name: str
    severity: Severity
    message: str
    help: str | None = None
    at: Location | None = None
    layer: str | None = None
    stack: tuple[Frame, ...] = ()
    copies: int = 1
    """In how many copies of a block the same finding stands."""
    edits: tuple[Edit, ...] = ()
    """A safe and exact remedy, () where there is none."""


def finding(  # noqa: PLR0913 - a finding has this many parts
    code: str,
    message: str,
    *,
    at: Location | None = None,
    help: str | None = None,  # noqa: A002 - the word that users see
    layer: str | None = None,
    stack: tuple[Frame, ...] = (),
) -> Finding:
    """Make the finding of one of `CODES`."""
    name, severity = CODES[code]
    return Finding(code=code, name=name, severity=severity, message=message, help=help, at=at, layer=layer, stack=stack)


class CnncalcError(Exception):
    """Base of everything that cnncalc raises on purpose; carries all findings that led to it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(_line(found) for found in self.findings))


class SpecError(CnncalcError):
    """The network could not be read or built."""


class UsageError(ValueError):
    """The request itself is wrong (an unknown layer in `--at`, a wrong argument); exit status 2."""


class LayerError(ValueError):
    """What an op or a formula refuses; it knows no position, the builder adds it."""

    def __init__(self, code: str, message: str, *, help: str | None = None, option: str | None = None) -> None:  # noqa: A002
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
        self.option = option
        """The option at which to point (`groups`, `padding`), None for the whole layer."""


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "pixel"), counted(2, "axis"), counted(1_000, "value")
    ('1 pixel', '2 axes', '1,000 values')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-2] + 'es' if noun.endswith('is') else noun + 's'}"


def _line(found: Finding) -> str:
    place = f"{found.at}: " if found.at else ""
    text = f"{place}{found.severity.value} {found.code}: {found.message}"
    return f"{text}\n   help: {found.help}" if found.help else text
