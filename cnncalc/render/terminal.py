"""A table with rich: for a terminal with colour, up to a few hundred rows (0.3 ms each)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.table import GAP, Row, Table, grid
from cnncalc.render.text import below
from cnncalc.render.wide import wrapped

if TYPE_CHECKING:
    from rich.text import Text

MOST_ROWS = 300
_UNLIMITED = 10_000
_QUIET_CELLS = frozenset({"0", "-", "0%", "all"})


def coloured(table: Table[Row], *, width: int | None = None, notes: bool = True, unicode: bool = True) -> str:
    """The table as ANSI text: bold heads, names and totals, dim zeros; the sixteen colours of the terminal's theme."""
    import io

    from rich.box import Box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    laid_out = grid(table, width)
    rule = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * 2 if unicode else "--"
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=True,
        color_system="standard",
        width=width or _UNLIMITED,
        legacy_windows=False,
        highlight=False,
    )
    lined = Box(f"    \n    \n {rule} \n    \n    \n {rule} \n    \n    \n", ascii=not unicode)
    shown = RichTable(box=lined, pad_edge=False, show_edge=False, padding=(0, GAP - 1, 0, 0), header_style="bold")
    footer = laid_out.totals or [""] * len(laid_out.header)
    shown.show_footer = laid_out.totals is not None
    for title, last, right in zip(laid_out.header, footer, laid_out.right, strict=True):
        shown.add_column(
            Text(title), Text(last, "bold"), justify="right" if right else "left", no_wrap=True, overflow="crop"
        )
    for row in laid_out.rows:
        shown.add_row(Text(row[0], "cyan"), *(_cell(text) for text in row[1:]))
    for line in wrapped(table.title, width):
        console.print(Text(line, "bold"))
    console.print()
    console.print(shown)
    for line in below(table, laid_out, width=width, notes=notes):
        console.print(Text(line), soft_wrap=True)
    return buffer.getvalue()


def _cell(text: str) -> Text:
    from rich.text import Text

    return Text(text, "dim" if text in _QUIET_CELLS else "")
