"""A table in GitHub's Markdown, with every column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.table import Row, Table, grid

if TYPE_CHECKING:
    from collections.abc import Sequence


def markdown(table: Table[Row], *, notes: bool = True) -> str:
    """The table as a pull request or a README shows it."""
    full = grid(table)
    lines = [f"**{escaped(table.title)}**", "", *markdown_rows(full.header, full.rows, full.right)]
    if full.totals:
        lines.append(_line([f"**{escaped(text)}**" if text else "" for text in full.totals]))
    facts = (*table.facts, *table.answers)
    if facts:
        lines += ["", *(f"- {escaped(what)}: {escaped(text)}" for what, text in facts)]
    remarks = (*table.notes, *full.notes)
    if notes and remarks:
        lines += ["", *(line for note in remarks for line in (escaped(note), ""))]
    return "\n".join(lines).rstrip() + "\n"


def markdown_rows(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """The lines of a bare table."""
    return [
        _line([escaped(text) for text in header]),
        _line(["---:" if flag else "---" for flag in right]),
        *(_line([escaped(text) for text in row]) for row in rows),
    ]


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is.

    >>> print(escaped("a|b * c_d <e>"))
    a\|b \* c\_d &lt;e>
    """
    for character in "\\`*_|":
        if character in text:
            text = text.replace(character, "\\" + character)
    return text.replace("<", "&lt;")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
