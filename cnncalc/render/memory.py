"""`cnncalc memory`: named numbers, never one vague figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render import cells, columns, remarks
from cnncalc.render.table import Column, Table, Total
from cnncalc.render.units import exact, size
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.render.columns import LayerColumn
    from cnncalc.report import LayerReport, Report

_IM2COL = "im2col: an explicit unfold of the input, which real libraries rarely make."
_NOTES = (
    "peak: the largest sum of tensors alive at one moment of inference, the input included, weights not;",
    "- not in place: every layer writes a tensor of its own;",
    "- in place: activations and additions overwrite an input that nobody else reads;",
    "- fused: norms and activations do so wherever a runtime fuses them.",
    "outputs: all layer outputs together, which nothing needs at once.",
    "training: weights, gradients, optimizer state and saved tensors at the worst moment of a step.",
)


def table(report: Report, rows: Sequence[LayerReport]) -> Table[LayerReport]:
    """Bytes of weights, output and unfold per layer; peaks, sums and training below."""
    totals = report.totals
    element_bytes = report.spec.dtype.bytes
    return Table(
        title=remarks.title(report),
        columns=(
            columns.name(),
            columns.op(),
            columns.output(drop=1),
            _bytes("weights_bytes", "weights", lambda row: (row.params + row.buffers) * element_bytes, drop=2),
            _bytes("output_bytes", "output bytes", lambda row: row.output_bytes, drop=0),
            replace(_bytes("im2col_bytes", "im2col", lambda row: row.im2col_bytes, drop=3), note=_IM2COL),
        ),
        rows=rows,
        totals={
            "weights_bytes": _total(totals.weights_bytes, partial=remarks.lacks(report, "params")),
            "output_bytes": _total(totals.outputs_bytes),
        },
        facts=(
            ("weights", _size(totals.weights_bytes, partial=remarks.lacks(report, "params"))),
            *(remarks.peak(variant, found) for variant, found in totals.peaks.items()),
            ("outputs", f"{_size(totals.outputs_bytes)}, largest im2col {size(totals.im2col_bytes)}"),
            ("training", _training(report)),
        ),
        notes=(*remarks.notes(rows, weights=True), *remarks.batch(report), *_NOTES),
    )


def _bytes(key: str, title: str, figure: Callable[[LayerReport], int], *, drop: int) -> LayerColumn:
    of_weights = key == "weights_bytes"

    def unknown(row: LayerReport) -> bool:
        return of_weights and "params" in row.unknown

    def mark(row: LayerReport, word: str) -> str:
        return f" ({word})" if of_weights and row.shares else ""

    return Column(
        key=key,
        title=title,
        text=lambda row: cells.UNKNOWN if unknown(row) else exact(figure(row)) + mark(row, "shared"),
        short=lambda row: cells.UNKNOWN if unknown(row) else size(figure(row)) + mark(row, "s"),
        value=lambda row: None if unknown(row) else figure(row),
        right=True,
        drop=drop,
    )


def _total(number: int, *, partial: bool = False) -> Total:
    least = ">= " if partial else ""
    return Total(text=f"{least}{exact(number)}", short=f"{least}{size(number)}")


def _size(number: int, *, partial: bool = False) -> str:
    return f"{'at least ' if partial else ''}{size(number)} ({exact(number)} bytes)"


def _training(report: Report) -> str:
    saved = size(report.totals.saved_bytes)
    # The worst moment may come when some saved tensors are gone already, so they are no part of that figure.
    training = _size(report.totals.training_bytes, partial=remarks.lacks(report, "params"))
    return f"{training} with {report.optimizer}; forward saves {saved} for backward"
