"""`cnncalc check` for eyes: code frames, a line each, or how often each code was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.snippet import concise, counts, printable, render_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import Finding
    from cnncalc.lint.outcome import Checked, Count


def frames(findings: Sequence[Finding], checked: Sequence[Checked], *, colour: bool = False) -> str:
    """Every finding with its line of the source; after the first 20 a line each."""
    texts = {each.source: each.text for each in checked}
    shown = render_findings(findings, texts, colour=colour)
    return shown.rpartition("\n")[0].rstrip("\n") + "\n\n" if shown else ""  # the last line is `summary`'s


def lines(findings: Sequence[Finding]) -> str:
    """A line each: `file:line:column: severity CODE: message`."""
    return "".join(f"{concise(found)}\n" for found in findings)


def statistics(found: Sequence[Count]) -> str:
    """How often each code was found."""
    width = max((len(f"{each.count:,}") for each in found), default=0)
    return "".join(f"{each.count:>{width},}  {each.code}  {each.severity.value:<7}  {each.name}\n" for each in found)


def summary(findings: Sequence[Finding], checked: Sequence[Checked]) -> str:
    """One line with all counts."""
    done = [each for each in checked if each.done]
    failed = len(checked) - len(done)
    parts = [f"{_many(len(done), 'file')} checked"]
    if done:  # nothing checked is not the same as nothing found
        parts[0] += f": {counts(findings)}"
    hit = sum(bool(each.findings) for each in done)
    if findings and len(done) > 1:
        parts[0] += f" in {_many(hit, 'file')}"
    if failed:
        parts.append(f"{failed} could not be checked")
    return "; ".join(parts) + "\n"


def problems(checked: Sequence[Checked]) -> list[str]:
    """A line for each source that could not be checked."""
    told = [f"error: {printable(each.problem)}" if "\n" not in each.problem else f"error: {each.problem}"
            for each in checked if each.problem is not None]  # fmt: skip
    return told + [
        f"cnncalc: internal error in {printable(each.source)}: {printable(each.crash)}\n"
        "  --debug shows where; please report it"
        for each in checked
        if each.crash is not None
    ]


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
