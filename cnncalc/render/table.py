"""One table, several looks: columns are defined once and laid out here for a width, or for no width at all.

A table that must fit a width first writes its numbers shorter, then drops columns in their stated order, then
shortens the first column. It says under itself what it dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Row = TypeVar("Row")
GAP = 2
"""Spaces between two columns."""
_LEAST = 3
"""The first column is never made narrower than this."""
_PROSE = 24
"""A column of prose is never made narrower than this."""


@value
class Column(Generic[Row]):
    """How one column of a table reads a row."""

    key: str
    """Name in CSV, the same as in the JSON document where that has it."""
    title: str
    text: Callable[[Row], str]
    """With every digit."""
    short: Callable[[Row], str] | None = None
    """Narrower, for tables that have to fit; None: `text`."""
    value: Callable[[Row], object] | None = None
    """Exact, for machines; None: `text`."""
    right: bool = False
    """Numbers stand on the right."""
    drop: int = 0
    """The highest goes first; the first column stays."""
    prose: bool = False
    """May be cut at its end rather than dropped."""
    machine: bool = False
    """For CSV alone, where no mark in another cell says it."""
    note: str | None = None
    """How to read it; stands under the table if the column does."""


@value
class Total:
    """The last line of a column."""

    text: str
    short: str


@value
class Table(Generic[Row]):
    """Everything that one command shows of one network."""

    title: str
    columns: tuple[Column[Row], ...]
    rows: Sequence[Row]
    totals: Mapping[str, Total] | None = None
    """By the key of the column; the first column says "total"."""
    facts: tuple[tuple[str, str], ...] = ()
    """Lines under the table about the whole network: what, and how much."""
    answers: tuple[tuple[str, str], ...] = ()
    """Such lines that an option asked for."""
    notes: tuple[str, ...] = ()
    """What the cells alone do not say. Left out with `--quiet`, like the notes of the columns."""


@value
class Grid:
    """A table turned into text, laid out for a width."""

    header: list[str]
    rows: list[list[str]]
    totals: list[str] | None
    right: list[bool]
    widths: list[int]
    notes: tuple[str, ...]
    """How to read the columns that are left."""
    dropped: tuple[str, ...] = ()
    """Titles of the columns that did not fit."""


def grid(table: Table[Row], width: int | None = None) -> Grid:
    """Lay a table out: every column in full, or what fits the width."""
    columns = tuple(column for column in table.columns if not column.machine)
    full = _grid(table, columns, short=False)
    if width is None or _total_width(full.widths) <= width:
        return full
    short = _grid(table, columns, short=True)
    least = [min(size, _PROSE) if column.prose else size for size, column in zip(short.widths, columns, strict=True)]
    kept = list(range(len(columns)))
    for leaving in _leaving(columns):
        if _total_width([least[at] for at in kept]) <= width:
            break
        kept.remove(leaving)
    chosen = _choose(short, columns, kept)
    for at, original in reversed(list(enumerate(kept))):
        over = _total_width(chosen.widths) - width
        if over > 0 and columns[original].prose:
            chosen = _clip(chosen, at, max(chosen.widths[at] - over, _PROSE), end_cut)
    over = _total_width(chosen.widths) - width
    return _clip(chosen, 0, max(chosen.widths[0] - over, _LEAST), middle_cut) if over > 0 else chosen


def exact_header(table: Table[Row]) -> list[str]:
    """Names of the columns for machines."""
    return [column.key for column in table.columns]


def exact_rows(table: Table[Row]) -> Iterator[list[object]]:
    """Values of the cells for machines."""
    makers = [column.value or column.text for column in table.columns]
    for row in table.rows:
        yield [make(row) for make in makers]


def per_axis(values: Sequence[object]) -> str:
    """Values of all axes: once if they are equal, else joined as in the language.

    >>> per_axis((7, 7)), per_axis((3, 5)), per_axis(())
    ('7', '3x5', '-')
    """
    texts = [str(value) for value in values]
    if not texts:
        return "-"
    return texts[0] if texts.count(texts[0]) == len(texts) else "x".join(texts)


def middle_cut(text: str, width: int) -> str:
    """Shorten a name in its middle.

    >>> middle_cut("layer1.0.conv2.bn", 11)
    'laye..v2.bn'
    """
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 2 - tail]}..{text[len(text) - tail :]}" if width > _LEAST else text[:width]


def end_cut(text: str, width: int) -> str:
    """Shorten prose at its end.

    >>> end_cut("Maximum over a window", 12)
    'Maximum ov..'
    """
    return text if len(text) <= width else f"{text[: width - 2].rstrip()}.."


def _grid(table: Table[Row], columns: tuple[Column[Row], ...], *, short: bool) -> Grid:
    makers = [(column.short or column.text) if short else column.text for column in columns]
    rows = [[make(row) for make in makers] for row in table.rows]
    totals = None
    if table.totals is not None:
        totals = ["total", *(_total_text(table.totals.get(column.key), short=short) for column in columns[1:])]
    header = [column.title for column in columns]
    lines = [header, *rows, *([totals] if totals else [])]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [column.right for column in columns]
    notes = tuple(column.note for column in columns if column.note)
    return Grid(header=header, rows=rows, totals=totals, right=right, widths=widths, notes=notes)


def _total_text(total: Total | None, *, short: bool) -> str:
    if total is None:
        return ""
    return total.short if short else total.text


def _total_width(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _leaving(columns: Sequence[Column[Row]]) -> list[int]:
    """Indices of all columns but the first in the order in which they go: by rank, the last of equals first."""
    return sorted(range(1, len(columns)), key=lambda at: (-columns[at].drop, -at))


def _choose(full: Grid, columns: Sequence[Column[Row]], kept: list[int]) -> Grid:
    return Grid(
        header=[full.header[at] for at in kept],
        rows=[[row[at] for at in kept] for row in full.rows],
        totals=[full.totals[at] for at in kept] if full.totals else None,
        right=[full.right[at] for at in kept],
        widths=[full.widths[at] for at in kept],
        notes=tuple(note for at in kept if (note := columns[at].note)),
        dropped=tuple(column.title for at, column in enumerate(columns) if at not in kept),
    )


def _clip(wide: Grid, at: int, width: int, cut: Callable[[str, int], str]) -> Grid:
    """Shorten one column."""

    def clipped(line: list[str]) -> list[str]:
        return [*line[:at], cut(line[at], width), *line[at + 1 :]]

    return replace(
        wide,
        header=clipped(wide.header),
        rows=[clipped(row) for row in wide.rows],
        totals=clipped(wide.totals) if wide.totals else None,
        widths=[*wide.widths[:at], width, *wide.widths[at + 1 :]],
    )
