"""`cnncalc tile`: how to cut, what it costs, or what prevents it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render import answers
from cnncalc.render.cells import NOTHING
from cnncalc.render.table import Column, Table, per_axis
from cnncalc.render.units import decimal, exact

if TYPE_CHECKING:
    from fractions import Fraction

    from cnncalc.queries.tile import TileAnswer, TileAxis, Tiling
    from cnncalc.spec.network import NetworkSpec

_KEPT = "kept: from the start of one tile to that of the next, in pixels; it is where a tile's output is used."
_WORK = "pixels, MACs: of all tiles together, against those of the whole image."


def table(spec: NetworkSpec, found: TileAnswer, *, is_output: bool = True) -> Table[Tiling]:
    """A row for each way to cut."""
    return Table(
        title=_title(spec, found),
        columns=_columns(),
        rows=found.tilings,
        facts=tuple(_facts(found)),
        notes=tuple(_notes(found, is_output=is_output)),
    )


def _columns() -> tuple[Column[Tiling], ...]:
    return (
        Column(key="tile", title="tile", text=lambda row: _sizes(row.sizes)),
        Column(key="kept", title="kept", text=lambda row: _sizes(row.kept), right=True, drop=2, note=_KEPT),
        Column(key="counts", title="tiles per axis", text=lambda row: per_axis(row.counts), right=True, drop=3),
        Column(key="count", title="tiles", text=lambda row: exact(row.count), value=lambda row: row.count, right=True),
        Column(
            key="pixels",
            title="pixels",
            text=lambda row: _times(row.pixels),
            value=lambda row: float(row.pixels),
            right=True,
            note=_WORK,
        ),
        Column(
            key="macs",
            title="MACs",
            text=lambda row: _times(row.macs),
            value=lambda row: None if row.macs is None else float(row.macs),
            right=True,
            drop=1,
        ),
    )


def _facts(found: TileAnswer) -> list[tuple[str, str]]:
    facts = [("exact", "yes" if found.exact else "no: tiles differ from the whole image")]
    facts += [("because", f"{each.layer}{_line(each.line)} {each.reason}") for each in found.because]
    if found.exact and found.tilings:
        facts += _cutting(found.axes)
    return facts


def _cutting(axes: tuple[TileAxis, ...]) -> list[tuple[str, str]]:
    return [
        ("period", f"{per_axis([axis.period for axis in axes])}: tiles start at its multiples"),
        ("halo", f"{per_axis([_pair(axis.halo) for axis in axes])} for parts that start and end at its multiples"),
        ("worst halo", f"{per_axis([_pair(axis.worst_halo) for axis in axes])} for parts that start and end anywhere"),
        ("tiles", " x ".join(dict.fromkeys(answers.sizes(axis.lengths) for axis in axes))),
    ]


def axes_table(spec: NetworkSpec, found: TileAnswer, *, is_output: bool = True) -> Table[TileAxis]:
    """A row for each axis, where there is nothing to choose from."""
    return Table(
        title=_title(spec, found),
        columns=(
            Column(key="axis", title="axis", text=lambda row: row.name),
            Column(key="size", title="image", text=lambda row: str(row.size), right=True),
            Column(key="period", title="period", text=lambda row: str(row.period or NOTHING), right=True),
            Column(key="halo", title="halo", text=lambda row: _pair(row.halo), right=True),
            Column(key="worst_halo", title="worst halo", text=lambda row: _pair(row.worst_halo), right=True),
            *(
                [Column(key="lengths", title="tiles", text=lambda row: answers.sizes(row.lengths), right=True)]
                if found.exact
                else []
            ),
        ),
        rows=found.axes,
        facts=tuple(_facts(found)),
        notes=tuple(_notes(found, is_output=is_output)),
    )


def _title(spec: NetworkSpec, found: TileAnswer) -> str:
    image = _sizes(tuple(axis.size for axis in found.axes))
    return answers.title(spec, f"{found.layer} of an image of {image} in tiles")


def _notes(found: TileAnswer, *, is_output: bool) -> list[str]:
    notes = []
    if found.exact and not found.tilings:
        shortest = max((axis.lengths[0].first if axis.lengths else axis.size) - axis.size for axis in found.axes)
        notes.append(
            "The image is too small to be cut; give the size of yours with -i."
            if shortest >= 0
            else "No usual tile is worth its halo here; name one with --tile."
        )
    if found.exact:
        notes.append("k = 0, 1, 2, ...; halo: pixels before / after what is kept, to be rounded up to the period.")
    if not is_output:
        notes.append(f"The outputs have no map; this is about {found.layer}, the last layer that has one.")
    return notes


def _pair(pair: tuple[int, int] | None) -> str:
    return NOTHING if pair is None else f"{pair[0]} / {pair[1]}"


def _sizes(sizes: tuple[int, ...]) -> str:
    return "x".join(map(str, sizes))


def _times(ratio: Fraction | None) -> str:
    return NOTHING if ratio is None else f"x {decimal(float(ratio))}"


def _line(line: int | None) -> str:
    return "" if line is None else f" (line {line})"
