"""The summary table as HTML, with every character of the network escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cnncalc.render.summary import table
from cnncalc.render.table import grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.report import Report

_RIGHT = ' style="text-align: right"'


class Html(str):
    """Text that a notebook shows as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


def page(report: Report) -> Html:
    """Title, table with totals in its foot, facts and notes; no style but alignment, so that any theme fits."""
    shown = table(report, report.layers)
    laid_out = grid(shown)
    head = _row("th", laid_out.header, laid_out.right)
    body = "\n".join(_row("td", row, laid_out.right) for row in laid_out.rows)
    foot = _row("th", laid_out.totals or [], laid_out.right)
    facts = "\n".join(f"<dt>{escape(what)}</dt><dd>{escape(text)}</dd>" for what, text in shown.facts)
    notes = "\n".join(f"<p><small>{escape(note)}</small></p>" for note in (*shown.notes, *laid_out.notes))
    return Html(
        f'<div class="cnncalc">\n<table>\n<caption>{escape(shown.title)}</caption>\n<thead>{head}</thead>\n'
        f"<tbody>\n{body}\n</tbody>\n<tfoot>{foot}</tfoot>\n</table>\n<dl>\n{facts}\n</dl>\n{notes}\n</div>\n"
    )


def _row(tag: str, cells: Sequence[str], right: Iterable[bool]) -> str:
    joined = "".join(
        f"<{tag}{_RIGHT if flag else ''}>{escape(text)}</{tag}>" for text, flag in zip(cells, right, strict=False)
    )
    return f"<tr>{joined}</tr>"
