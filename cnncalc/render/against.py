"""`cnncalc explain SOURCE --against 4.12G`: whose number it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.conventions import CONVENTIONS
from cnncalc.render.remarks import title
from cnncalc.render.table import Column, Table
from cnncalc.render.units import exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.queries.against import Attribution, Identity
    from cnncalc.report import Report

MOST_ROWS = 10


def table(report: Report, found: Attribution) -> Table[Identity]:
    """One row for each way of counting, the likeliest first."""
    rows = found.matches[:MOST_ROWS] or found.nearest
    near = not found.matches
    return Table(
        title=f"{found.asked.text}: {_answer(found)}: {title(report)}",
        columns=(
            Column(key="what", title="whose", text=lambda row: row.what),
            Column(
                key="value",
                title="number",
                text=lambda row: exact(row.value),
                value=lambda row: row.value,
                right=True,
            ),
            *([_off(found)] if near else []),
            Column(key="unit", title="of", text=lambda row: row.unit, drop=2),
            Column(key="changes", title="counted", text=lambda row: changes(row, report), drop=1, prose=True),
            Column(key="formula", title="sum of", text=lambda row: row.formula, drop=3),
        ),
        rows=rows,
        notes=tuple(_notes(report, found)),
    )


def changes(row: Identity, report: Report) -> str:
    """What has to be other than it stands in the network."""
    own = next(iter(report.inputs.values()))
    parts = [
        *(["doubled"] if row.factor > 1 else []),
        *(["halved"] if row.factor < 1 else []),
        *([f"batch {row.batch}"] if row.batch != 1 else []),
        *([f"input {'x'.join(map(str, row.input))}"] if row.input != own else []),
        *([row.part] if row.part else []),
        *([f"where {row.variant}"] if row.variant else []),
    ]
    return ", ".join(parts) or "as it is"


def _answer(found: Attribution) -> str:
    if not found.matches:
        return "nothing that was searched gives it, these come nearest"
    exactly = "" if found.asked.is_exact else ", rounded"
    number = len(found.matches)
    shown = f", the likeliest {MOST_ROWS}" if number > MOST_ROWS else ""
    return f"{number} way{'s' if number > 1 else ''} of counting give{'' if number > 1 else 's'} it{exactly}{shown}"


def _off(found: Attribution) -> Column[Identity]:
    def off(row: Identity) -> int:
        return round(row.value - found.asked.middle)

    return Column(key="off", title="off by", text=lambda row: f"{off(row):+,}", value=off, right=True)


def _notes(report: Report, found: Attribution) -> Iterator[str]:
    rows = found.matches[:MOST_ROWS] or found.nearest
    tools = dict.fromkeys(row.what for row in rows if row.what in CONVENTIONS)
    if tools:
        yield from (f"{name}: {CONVENTIONS[name].tool}; it counts {CONVENTIONS[name].identity}." for name in tools)
    if any(row.factor != 1 for row in rows):
        yield "doubled, halved: a MAC counted as two FLOPs where the tool does not, or the other way round."
    if any(row.formula.startswith(("C", "2 C")) for row in rows):
        yield "C: multiply-accumulates of convolutions, linear layers and matrix products."
    several = len(report.inputs) > 1
    shapes = f", {len(found.sizes)} input sizes ({_range(found)})" if found.sizes else ""
    yield (
        f"Searched {exact(found.searched)} ways: {len(CONVENTIONS)} conventions and their variants, factors of 2, "
        f"batches {found.batches[0]} to {found.batches[-1]}{shapes}, "
        "the network without or up to each of its top-level names."
    )
    if several:
        yield "Other input sizes were not tried: the network has several inputs."


def _range(found: Attribution) -> str:
    first, last = found.sizes[0], found.sizes[-1]
    return f"{'x'.join(map(str, first))} to {'x'.join(map(str, last))}"
