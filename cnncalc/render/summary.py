"""`cnncalc summary`: the network on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render import columns, remarks
from cnncalc.render.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.report import LayerReport, Report


def table(report: Report, rows: Sequence[LayerReport]) -> Table[LayerReport]:
    """Layer, shape, field, parameters and MACs; totals, outputs and findings below."""
    totals = report.totals
    return Table(
        title=remarks.title(report),
        columns=(
            columns.name(),
            columns.op(),
            columns.output(drop=1),
            columns.rf(drop=2),
            columns.jump(drop=5),
            columns.is_global(),
            columns.params(drop=3),
            columns.macs(drop=4),
        ),
        rows=rows,
        totals={
            "params": columns.total(totals.params, partial=remarks.lacks(report, "params")),
            "macs": columns.total(totals.macs, partial=remarks.lacks(report, "macs")),
        },
        facts=(
            remarks.params(report),
            remarks.macs(report),
            remarks.memory(report),
            remarks.outputs(report),
            *remarks.findings(report),
        ),
        notes=(
            *remarks.folding(report, rows),
            *remarks.notes(rows, rf=True, weights=True, macs=True),
            *remarks.batch(report),
        ),
    )
