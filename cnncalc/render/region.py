"""`cnncalc region`: which positions see a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.answers import pixels, title
from cnncalc.render.cells import NOTHING
from cnncalc.render.table import Column, Table
from cnncalc.render.units import exact, fraction, share

if TYPE_CHECKING:
    from cnncalc.queries.region import RegionAnswer, RegionAxis
    from cnncalc.spec.network import NetworkSpec

_NEAREST = "nearest: the position whose field is centred nearest to the middle of the region; the first of equals."
_PADDED = "see padding: positions with some tap, at any layer on the way, that falls outside the map."


def table(spec: NetworkSpec, found: RegionAnswer) -> Table[RegionAxis]:
    """A row for each axis."""
    of = "" if found.input == "input" else f" of input {found.input}"
    where = ", ".join(f"{axis.pixels[0]}:{axis.pixels[1]}" for axis in found.axes)
    notes = ["The positions are the products of those of the axes; the end of a range of pixels is excluded."]
    if found.is_global:
        notes.append("+ global: something on the way mixed all positions, so that all see everything beside this.")
    return Table(
        title=title(spec, f"{found.layer}{' (+ global)' if found.is_global else ''}: who sees pixels {where}{of}"),
        columns=(
            Column(key="axis", title="axis", text=lambda row: row.name),
            Column(key="size", title="of", text=lambda row: str(row.size), right=True, drop=5),
            Column(key="touching", title="see some", text=lambda row: pixels(row.touching), right=True),
            Column(key="covering", title="see all", text=lambda row: pixels(row.covering), right=True, drop=1),
            Column(key="inside", title="see nothing else", text=lambda row: pixels(row.inside), right=True, drop=4),
            Column(key="nearest", title="nearest", text=_nearest, right=True, drop=2, note=_NEAREST),
            Column(key="centre", title="centred at", text=_centre, right=True, drop=3),
            Column(
                key="padded",
                title="see padding",
                text=lambda row: share(row.padded, row.size),
                value=lambda row: row.padded,
                right=True,
                drop=6,
                note=_PADDED,
            ),
        ),
        rows=found.axes,
        facts=(
            ("see some", _of(found.touching, found.positions)),
            ("see all", _of(found.covering, found.positions)),
            ("see nothing else", _of(found.inside, found.positions)),
            ("see padding", _of(int(found.padded * found.positions), found.positions)),
        ),
        notes=tuple(notes),
    )


def _of(part: int, whole: int) -> str:
    return f"{exact(part)} of {exact(whole)} positions ({share(part, whole)})"


def _nearest(row: RegionAxis) -> str:
    return NOTHING if row.nearest is None else str(row.nearest)


def _centre(row: RegionAxis) -> str:
    return NOTHING if row.centre is None else fraction(row.centre)
