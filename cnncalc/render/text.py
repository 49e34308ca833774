"""A table as plain aligned text: for pipes, for long tables, and wherever colour is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.table import GAP, Grid, Row, Table, grid
from cnncalc.render.wide import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROSE_WIDTH = 100
"""Notes are wrapped here where nothing else is."""


def plain(table: Table[Row], *, width: int | None = None, notes: bool = True) -> str:
    """The table with its title above and its facts and notes below; no width: nothing is cut or wrapped."""
    laid_out = grid(table, width)
    lines = [*wrapped(table.title, width), "", *grid_lines(laid_out)]
    lines += below(table, laid_out, width=width, notes=notes)
    return "\n".join(lines) + "\n"


def grid_lines(laid_out: Grid) -> Iterator[str]:
    """Header, rows and totals, between rules as wide as the table."""
    gap = " " * GAP
    rule = "-" * (sum(laid_out.widths) + GAP * (len(laid_out.widths) - 1))
    makers = [str.rjust if right else str.ljust for right in laid_out.right]
    columns = list(zip(makers, laid_out.widths, strict=True))

    def line(cells: list[str]) -> str:
        return gap.join([make(text, size) for text, (make, size) in zip(cells, columns, strict=True)]).rstrip()

    yield line(laid_out.header)
    yield rule
    for row in laid_out.rows:
        yield line(row)
    if laid_out.totals:
        yield rule
        yield line(laid_out.totals)


def below(table: Table[Row], laid_out: Grid, *, width: int | None, notes: bool) -> list[str]:
    """The lines under a table, each block after an empty line."""
    lines: list[str] = []
    facts = (*table.facts, *table.answers)
    if facts:
        lines += ["", *fact_lines(facts, width)]
    remarks = [*table.notes, *laid_out.notes]
    if laid_out.dropped:
        columns = "column" if len(laid_out.dropped) == 1 else "columns"
        remarks.append(f"Too narrow for the {columns} {', '.join(laid_out.dropped)}.")
    if notes and remarks:
        lines += ["", *(line for remark in remarks for line in wrapped(remark, width or PROSE_WIDTH))]
    return lines


def fact_lines(facts: Sequence[tuple[str, str]], width: int | None) -> list[str]:
    """What on the left, how much on the right, continued under itself."""
    indent = max(len(what) for what, _ in facts) + GAP
    return [line for what, text in facts for line in wrapped(f"{what:<{indent}}{text}", width, indent)]
