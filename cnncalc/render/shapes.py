"""`cnncalc shapes`: what goes in, what comes out, and the window between."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.render import cells, columns, remarks
from cnncalc.render.columns import LayerColumn
from cnncalc.render.table import Column, Table, per_axis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.ops.base import Settings
    from cnncalc.report import LayerReport, Report, Shape

LAYOUTS = ("channels_first", "channels_last")


def table(report: Report, rows: Sequence[LayerReport], *, layouts: Sequence[str] = ()) -> Table[LayerReport]:
    """Shapes and window per layer; element strides of the output in each memory format asked for."""
    transposed = any(row.settings and row.settings.output_padding for row in rows)
    return Table(
        title=remarks.title(report),
        columns=(
            columns.name(),
            columns.op(),
            Column(key="input_shapes", title="input", text=cells.inputs, drop=7),
            columns.output(drop=1),
            _setting("kernel_size", "kernel", lambda own: per_axis(own.kernel_size), drop=2),
            _setting("stride", "stride", lambda own: per_axis(own.stride), drop=3),
            _setting("padding", "padding", lambda own: cells.padding(own.padding), drop=4),
            _setting("dilation", "dilation", lambda own: per_axis(own.dilation), drop=5),
            _setting("groups", "groups", lambda own: str(own.groups) if own.groups else cells.NOTHING, drop=6),
            *([_setting("output_padding", "out pad", _output_padding, drop=9)] if transposed else []),
            columns.effective_kernel_size(drop=8),
            *(_strides(layout) for layout in layouts),
        ),
        rows=rows,
        facts=(remarks.outputs(report),),
        notes=("Where all axes agree, a value stands once.",),
    )


def element_strides(shape: Shape, layout: str) -> tuple[int, ...]:
    """Elements from one entry to the next along batch, channels and every spatial axis.

    >>> element_strides((64, 56, 28), "channels_first")
    (100352, 1568, 28, 1)
    >>> element_strides((64, 56, 28), "channels_last")
    (100352, 1, 1792, 64)
    """
    channels, *sizes = shape
    if layout == "channels_last":
        spatial = [channels * prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
        return (prod(shape), 1, *spatial)
    return tuple(prod(shape[axis:]) for axis in range(len(shape) + 1))


def _strides(layout: str) -> LayerColumn:
    return Column(
        key=f"strides_{layout}",
        title=f"{layout} strides",
        text=lambda row: ",".join(map(str, element_strides(row.output_shape, layout))),
        drop=0,
    )


def _setting(key: str, title: str, text: Callable[[Settings], str], *, drop: int) -> LayerColumn:
    def value(row: LayerReport) -> str | None:
        return text(row.settings) if row.settings else None

    return Column(
        key=key, title=title, text=lambda row: value(row) or cells.NOTHING, value=value, right=True, drop=drop
    )


def _output_padding(own: Settings) -> str:
    return per_axis(own.output_padding) if own.output_padding else cells.NOTHING
