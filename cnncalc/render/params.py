"""`cnncalc params`: where the parameters are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render import cells, columns, remarks
from cnncalc.render.table import Column, Table
from cnncalc.render.units import decimal, exact
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.folding import Folding
    from cnncalc.render.columns import LayerColumn
    from cnncalc.report import LayerReport, Report

_FOLDED = (
    "folded: batch norms merged into the layers before them, which changes nothing at inference and forbids training."
)
_INIT = "std: Kaiming standard deviation sqrt(2 / fan), to be scaled by the gain of other activations than relu."


def table(
    report: Report, rows: Sequence[LayerReport], *, init: bool = False, folding: Folding | None = None
) -> Table[LayerReport]:
    """Weight shape, parameters, share, buffers; `init`: what an initialiser needs; `folding`: what is left."""
    totals = report.totals
    partial = remarks.lacks(report, "params")
    return Table(
        title=remarks.title(report),
        columns=(
            columns.name(),
            columns.op(),
            Column(key="weight_shape", title="weight", text=_weight, value=_weight_value, drop=5),
            columns.params(drop=1),
            columns.share_of("share", totals.params, lambda row: row.params, unknown="params", drop=3),
            Column(
                key="buffers",
                title="buffers",
                text=lambda row: f"{row.buffers:,}",
                value=lambda row: row.buffers,
                right=True,
                drop=4,
            ),
            *(_init_columns() if init else []),
        ),
        rows=rows,
        totals={
            "params": columns.total(totals.params, partial=partial),
            "buffers": columns.total(totals.buffers),
        },
        facts=(remarks.params(report),),
        answers=tuple(_folding(folding) if folding else ()),
        notes=(
            *remarks.notes(rows, weights=True),
            *([_FOLDED] if folding else []),
        ),
    )


def _folding(folding: Folding) -> list[tuple[str, str]]:
    """What is left for inference, and which batch norms have to stay."""
    norms = f"{len(folding.folds)} batch norm{'' if len(folding.folds) == 1 else 's'} folded"
    left = f"{exact(folding.params)} for inference, {exact(folding.buffers)} in buffers, {norms}"
    return [("folded", left), *(("not folded", f"{kept.norm}: {kept.because}") for kept in folding.kept)]


def _init_columns() -> list[LayerColumn]:
    return [
        _fan("fan_in", "fan in", lambda row: row.fan_in),
        replace(_std("std_fan_in", "std (fan in)", lambda row: row.fan_in), note=_INIT),
        _fan("fan_out", "fan out", lambda row: row.fan_out),
        _std("std_fan_out", "std (fan out)", lambda row: row.fan_out),
    ]


def _fan(key: str, title: str, fan: Callable[[LayerReport], int | None]) -> LayerColumn:
    def text(row: LayerReport) -> str:
        number = fan(row)
        return cells.NOTHING if number is None else f"{number:,}"

    return Column(key=key, title=title, text=text, value=fan, right=True, drop=2)


def _std(key: str, title: str, fan: Callable[[LayerReport], int | None]) -> LayerColumn:
    def value(row: LayerReport) -> float | None:
        number = fan(row)
        return kaiming_std(number) if number else None

    def text(row: LayerReport) -> str:
        std = value(row)
        return cells.NOTHING if std is None else decimal(std)

    return Column(key=key, title=title, text=text, value=value, right=True, drop=2)


def kaiming_std(fan: int) -> float:
    """sqrt(2 / fan), He et al. 2015 (arXiv:1502.01852).

    >>> kaiming_std(200)
    0.1
    """
    return float((2 / fan) ** 0.5)


def _weight(row: LayerReport) -> str:
    return cells.shape(row.weights[0].shape) if row.weights else cells.NOTHING


def _weight_value(row: LayerReport) -> str | None:
    return cells.shape(row.weights[0].shape) if row.weights else None
