"""`cnncalc unit`: what single positions see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.ops.refuse import axis_names
from cnncalc.render.answers import pixels, title
from cnncalc.render.cells import NOTHING
from cnncalc.render.table import Column, Table
from cnncalc.render.units import fraction
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.queries.unit import UnitAnswer, UnitAxis
    from cnncalc.spec.network import NetworkSpec


@value
class AxisRow:
    """One axis of one position."""

    index: tuple[int, ...]
    name: str
    size: int
    seen: UnitAxis


def table(spec: NetworkSpec, answers: tuple[UnitAnswer, ...]) -> Table[AxisRow]:
    """A row for each axis; several positions come one after the other."""
    first = answers[0]
    rows = [
        AxisRow(index=found.index, name=name, size=size, seen=seen)
        for found in answers
        for name, size, seen in zip(axis_names(len(found.sizes)), found.sizes, found.axes, strict=True)
    ]
    of = f"{'input' if first.input == 'input' else f'input {first.input}'} {'x'.join(map(str, first.sizes))}"
    where = f" at {_index(first.index)}" if len(answers) == 1 and first.index else ""
    notes = ["Clipped at every layer: what lies outside a map is not there, and what a stride dropped stays dropped."]
    if any(found.is_global for found in answers):
        notes.append("+ global: something on the way mixed all positions; the pixels are those seen beside it.")
    return Table(
        title=title(spec, f"{first.layer}{where}{' (+ global)' if first.is_global else ''}: what it sees of {of}"),
        columns=(
            *([Column(key="index", title="index", text=lambda row: _index(row.index))] if len(answers) > 1 else []),
            Column(key="axis", title="axis", text=lambda row: row.name),
            Column(key="pixels", title="pixels", text=lambda row: pixels(row.seen.pixels), drop=4, prose=True),
            Column(key="extent", title="extent", text=lambda row: str(row.seen.extent), right=True, drop=0),
            Column(key="touched", title="pixels read", text=_touched, value=lambda row: row.seen.touched, right=True),
            Column(key="centre", title="centre", text=_centre, value=_centre, right=True, drop=1),
            Column(key="size", title="of", text=lambda row: str(row.size), right=True, drop=5),
        ),
        rows=rows,
        notes=tuple(notes),
    )


def _index(index: tuple[int, ...]) -> str:
    return ",".join(map(str, index))


def _touched(row: AxisRow) -> str:
    seen = row.seen
    return "all" if seen.touched == seen.extent else f"{seen.touched} of {seen.extent}"


def _centre(row: AxisRow) -> str:
    return NOTHING if row.seen.centre is None else fraction(row.seen.centre)
