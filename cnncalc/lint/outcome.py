"""What came of checking several sources, and whether that is a failure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.errors import Finding


@value
class Checked:
    """One source with its findings, or why it could not be checked."""

    source: str
    """As messages name it."""
    text: str = ""
    findings: tuple[Finding, ...] = ()
    problem: str | None = None
    """It could not be read, or an option does not fit it."""
    crash: str | None = None
    """An internal error."""

    @property
    def done(self) -> bool:
        """It was checked."""
        return self.problem is None and self.crash is None


@value
class Count:
    """How often a code was found."""

    code: str
    name: str
    severity: Severity
    count: int


def all_findings(checked: Iterable[Checked]) -> list[Finding]:
    """The findings of all sources in the order of the sources, inside one by position."""
    return [found for each in checked for found in each.findings]


def fails(found: Iterable[Finding], threshold: str) -> bool:
    """Whether a finding is at or above the threshold: error, warning, info or never."""
    if threshold == "never":
        return False
    least = Severity(threshold).rank
    return any(each.severity.rank >= least for each in found)


def statistics(found: Sequence[Finding]) -> list[Count]:
    """How many findings each code has, the most frequent first."""
    counts = Counter((each.code, each.name, each.severity) for each in found)
    return [
        Count(code=code, name=name, severity=severity, count=count)
        for (code, name, severity), count in sorted(counts.items(), key=lambda item: (-item[1], item[0][0]))
    ]
