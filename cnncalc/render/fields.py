"""`cnncalc rf`: what each layer sees of the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render import cells, columns, remarks
from cnncalc.render.table import Column, Table, per_axis
from cnncalc.report import reach_of
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.render.columns import LayerColumn
    from cnncalc.report import LayerReport, Report

_START = "start: centre of what the first unit sees, in pixels; the first pixel has its centre at 0.5."
_SIGMA = "erf sigma: standard deviation of the influence under equal weights; 4 sigma hold about 95 % of it."


def table(report: Report, rows: Sequence[LayerReport]) -> Table[LayerReport]:
    """Window, jump, field, centre, holes, phases and influence; with several inputs a row for each that is seen."""
    several = len(report.inputs) > 1
    varied = any(cells.varies(row) for row in rows)
    return Table(
        title=remarks.title(report),
        columns=(
            columns.name(),
            columns.op(),
            *([_of_input()] if several else []),
            columns.output(drop=5),
            columns.effective_kernel_size(drop=4),
            columns.jump(drop=1),
            columns.rf(drop=0),
            columns.is_global(),
            Column(key="start", title="start", text=cells.start, value=_starts, right=True, drop=3, note=_START),
            Column(key="touched", title="pixels read", text=cells.touched, value=_touched, right=True, drop=7),
            Column(key="phases", title="phases", text=cells.phases, value=_phases, right=True, drop=2 if varied else 8),
            Column(
                key="erf_sigma", title="erf sigma", text=cells.sigma, value=_sigmas, right=True, drop=6, note=_SIGMA
            ),
        ),
        rows=list(_each_input(rows)) if several else rows,
        notes=remarks.notes(rows, rf=True, details=True),
    )


def _each_input(rows: Sequence[LayerReport]) -> Iterable[LayerReport]:
    """A row for each input that a layer depends on."""
    for row in rows:
        for name, field in row.fields.items():
            yield replace(row, fields={name: field}, reach=tuple(map(reach_of, field.axes)), is_global=field.is_global)


def _of_input() -> LayerColumn:
    return Column(key="of", title="of", text=lambda row: next(iter(row.fields)), drop=0)


def _starts(row: LayerReport) -> str | None:
    return cells.start(row) if all(axis.start is not None for axis in row.reach) and row.reach else None


def _touched(row: LayerReport) -> str | None:
    return per_axis([axis.touched for axis in row.reach]) if row.reach else None


def _phases(row: LayerReport) -> str | None:
    """`188:4 204:12`, axes joined by `x`."""
    texts = [
        " ".join(f"{extent}:{times}" for extent, times in axis.phases) for axis in row.reach if axis.phases is not None
    ]
    return per_axis(texts) if texts else None


def _sigmas(row: LayerReport) -> str | None:
    sigmas = [axis.erf_sigma for axis in row.reach if axis.erf_sigma is not None]
    return per_axis(sigmas) if sigmas else None
