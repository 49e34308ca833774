"""`cnncalc flops`: where the arithmetic is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.ops.base import FlopClass
from cnncalc.render import cells, columns, remarks
from cnncalc.render.table import Column, Table
from cnncalc.render.units import decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.render.columns import LayerColumn
    from cnncalc.report import LayerReport, Report

_VALID = "valid: MACs without the taps that fall on zero padding."
_INTENSITY = "intensity: MACs per byte of input, weights and output."


def table(
    report: Report,
    rows: Sequence[LayerReport],
    *,
    facts: tuple[tuple[str, str], ...] = (),
    notes: tuple[str, ...] = (),
) -> Table[LayerReport]:
    """MACs, share, FLOPs and their classes, MACs that meet no padding, intensity."""
    totals = report.totals
    partial = remarks.lacks(report, "macs")
    classes = [kind for kind in FlopClass if kind is not FlopClass.MAC]
    return Table(
        title=remarks.title(report),
        columns=(
            columns.name(),
            columns.op(),
            columns.output(drop=9),
            columns.macs(drop=0),
            columns.share_of("share", totals.macs, lambda row: row.macs, unknown="macs", drop=1),
            columns.of_macs("flops", "FLOPs", lambda row: row.flops, drop=2),
            *(_of_class(kind) for kind in classes),
            columns.of_macs("macs_valid", "valid", lambda row: row.macs_valid, drop=3),
            Column(
                key="intensity",
                title="intensity",
                text=lambda row: cells.NOTHING if row.intensity is None else decimal(row.intensity),
                value=lambda row: row.intensity,
                right=True,
                drop=4,
            ),
        ),
        rows=rows,
        totals={
            "macs": columns.total(totals.macs, partial=partial),
            "flops": columns.total(totals.flops, partial=partial),
            "macs_valid": columns.total(totals.macs_valid, partial=partial),
            **{kind.value: columns.total(totals.flops_by_class.get(kind, 0), partial=partial) for kind in classes},
        },
        facts=(remarks.macs(report), *facts),
        notes=(
            *remarks.notes(rows),
            *remarks.batch(report),
            *notes,
            remarks.MACS,
            _VALID,
            _INTENSITY,
        ),
    )


def _of_class(kind: FlopClass) -> LayerColumn:
    return columns.of_macs(
        kind.value,
        kind.value,
        lambda row: row.flops_by_class.get(kind, 0),
        drop={"divide": 8, "exp": 8, "compare": 7, "mul": 6}.get(kind.value, 5),
    )
