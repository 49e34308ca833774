"""A table fits its width, loses no row, and says what it left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.engine import analyze
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import build
from cnncalc.render import cells
from cnncalc.render.markdown import markdown
from cnncalc.render.table import Column, Table, Total, exact_header, exact_rows, grid, per_axis
from cnncalc.render.terminal import coloured
from cnncalc.render.text import plain
from cnncalc.spec.reader import parse_line

if TYPE_CHECKING:
    from collections.abc import Sequence

Pair = tuple[str, int]


def table_of(rows: Sequence[Pair], **options: tuple[str, ...] | tuple[tuple[str, str], ...]) -> Table[Pair]:
    return Table(
        title="A network of some kind",
        columns=(
            Column(key="layer", title="layer", text=lambda row: row[0]),
            Column(key="op", title="op", text=lambda row: row[0][::-1], drop=9),
            Column(
                key="params",
                title="params",
                text=lambda row: f"{row[1]:,}",
                short=lambda row: f"{row[1] // 1000}K",
                value=lambda row: row[1],
                right=True,
                drop=1,
                note="params: how many.",
            ),
            Column(key="rf", title="rf", text=lambda row: str(row[1] % 97), right=True, drop=5, note="rf: how far."),
        ),
        rows=rows,
        totals={"params": Total(text="1,234,567,890", short="1235M")},
        **options,  # type: ignore[arg-type]  # fields of Table
    )


ROWS = [("stem", 9408), ("layer1.0.conv1.bn", 36864), ("head", 513000)]
names = st.from_regex(r"[a-z][a-z0-9_.]{0,40}", fullmatch=True)
tables = st.lists(st.tuples(names, st.integers(0, 10**12)), min_size=1, max_size=12, unique_by=lambda row: row[0])


def body(text: str) -> list[str]:
    """The lines of the rows, between the rule under the header and the one above the totals."""
    lines = text.split("\n")
    rules = [at for at, line in enumerate(lines) if line and set(line) <= set("-\N{BOX DRAWINGS LIGHT HORIZONTAL}")]
    return lines[rules[0] + 1 : rules[1]]


@given(tables, st.integers(min_value=12, max_value=200))
def test_no_line_is_wider_than_the_width_and_no_row_is_lost(rows: list[Pair], width: int) -> None:
    text = plain(table_of(rows), width=width)
    assert max(map(len, text.split("\n"))) <= width
    assert len(body(text)) == len(rows)


@given(tables)
def test_without_a_width_every_cell_stands_in_full(rows: list[Pair]) -> None:
    lines = body(plain(table_of(rows)))
    for (name, number), line in zip(rows, lines, strict=True):
        assert line.split() == [name, name[::-1], f"{number:,}", str(number % 97)]


@given(tables, st.integers(min_value=12, max_value=120))
def test_colour_changes_no_character(rows: list[Pair], width: int) -> None:
    from rich.text import Text

    shown = Text.from_ansi(coloured(table_of(rows), width=width, unicode=False)).plain.rstrip("\n")
    assert [line.rstrip() for line in shown.split("\n")] == plain(table_of(rows), width=width).rstrip("\n").split("\n")


def test_numbers_get_shorter_before_a_column_goes() -> None:
    full = grid(table_of(ROWS))
    assert full.rows[2][2] == "513,000"
    narrow = grid(table_of(ROWS), sum(full.widths) + 2 * 3 - 1)
    assert narrow.rows[2][2] == "513K"
    assert narrow.dropped == ()


def test_columns_go_in_their_stated_order() -> None:
    table = table_of(ROWS)
    dropped = [grid(table, width).dropped for width in range(60, 10, -1)]
    assert list(dict.fromkeys(dropped)) == [(), ("op",), ("op", "rf"), ("op", "params", "rf")]


def test_the_first_column_stays_and_is_cut_in_its_middle() -> None:
    assert [row[0] for row in grid(table_of(ROWS), 11).rows] == ["stem", "laye..v1.bn", "head"]


def test_a_footer_names_the_columns_that_were_dropped() -> None:
    assert "Too narrow for the columns op, rf." in " ".join(plain(table_of(ROWS), width=28).split())
    assert "Too narrow" not in plain(table_of(ROWS))


def test_a_dropped_column_takes_its_note_along() -> None:
    assert "rf: how far." in plain(table_of(ROWS))
    narrow = plain(table_of(ROWS), width=28)
    assert "rf: how far." not in narrow
    assert "params: how many." in narrow


def test_notes_can_be_left_out_and_facts_cannot() -> None:
    table = table_of(ROWS, notes=("a note",), facts=(("outputs", "head 10"),))
    assert "a note" in plain(table)
    bare = plain(table, notes=False)
    assert "a note" not in bare
    assert "outputs  head 10" in bare


def test_prose_is_cut_at_its_end_before_it_is_dropped() -> None:
    op: Column[str] = Column(key="op", title="op", text=str)
    what: Column[str] = Column(
        key="what", title="what", text="{} takes every element by itself".format, drop=1, prose=True
    )
    columns = (op, what)
    cut = grid(Table(title="", columns=columns, rows=["relu"]), 34)
    assert cut.rows == [["relu", "relu takes every element b.."]]
    assert grid(Table(title="", columns=columns, rows=["relu"]), 29).dropped == ("what",)


def test_markup_in_a_name_is_not_obeyed() -> None:
    hostile = table_of([("[red]x[/red]", 5), ("a|b*c_d<e>", 6)])
    assert "[red]x[/red]" in coloured(hostile)
    assert r"a\|b\*c\_d&lt;e>" in markdown(hostile)


def test_markdown_has_every_column_and_row() -> None:
    lines = [line for line in markdown(table_of(ROWS)).split("\n") if line.startswith("|")]
    assert [cell.strip() for cell in lines[0].strip("|").split("|")] == ["layer", "op", "params", "rf"]
    assert lines[1] == "| --- | --- | ---: | ---: |"
    assert len(lines) == 2 + len(ROWS) + 1
    assert lines[-1].startswith("| **total** |")


def test_machines_get_keys_and_exact_values() -> None:
    table = table_of(ROWS)
    assert exact_header(table) == ["layer", "op", "params", "rf"]
    assert list(exact_rows(table))[2] == ["head", "daeh", 513000, str(513000 % 97)]


@pytest.mark.parametrize(
    ("values", "text"), [((7, 7), "7"), ((3, 5), "3x5"), ((3, 3, 3), "3"), ((1, 3, 3), "1x3x3"), ((), "-"), ((5,), "5")]
)
def test_values_of_all_axes_stand_once_if_they_are_equal(values: tuple[int, ...], text: str) -> None:
    assert per_axis(values) == text


def test_words_about_axes_that_differ_are_set_apart() -> None:
    # by hand: with kernel 2 every output reads one position, with kernel 3 one and two in turn
    report = analyze(build(parse_line("convt 4 k=(2,3) s2", {"input": TensorShape(3, (8, 8))})))
    (row,) = report.layers
    assert cells.phases(row) == "2 x 1 in 1, 2 in 1"
    assert cells.extents(row.reach[1]) == "1-2"
