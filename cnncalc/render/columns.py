"""Columns that several tables have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render import cells
from cnncalc.render.table import Column, Total, per_axis
from cnncalc.render.units import count, exact, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import LayerReport

LayerColumn = Column["LayerReport"]
MACS = (
    "MACs: multiply-accumulates of convolutions, linear layers and matrix products, biases not counted. "
    "FLOPs: 2 x MACs and every other addition, multiplication, comparison, division and exponential."
)
K_EFF = "k_eff: dilation x (kernel - 1) + 1."


def name() -> LayerColumn:
    """Name of the layer."""
    return Column(key="layer", title="layer", text=lambda row: row.name)


def op() -> LayerColumn:
    """Its op, or what a folded row is made of; the first to go."""
    return Column(key="op", title="op", text=lambda row: row.op, drop=20)


def output(*, drop: int) -> LayerColumn:
    """Output shape."""
    return Column(key="output_shape", title="output", text=lambda row: cells.shape(row.output_shape), drop=drop)


def rf(*, drop: int) -> LayerColumn:
    """Receptive field, with marks."""
    return Column(
        key="rf",
        title="rf",
        text=cells.rf,
        short=cells.rf_short,
        value=lambda row: per_axis([axis.rf for axis in row.reach]) if row.reach else None,
        right=True,
        drop=drop,
    )


def is_global() -> LayerColumn:
    """What the mark at the field says, for machines."""
    return Column(key="global", title="global", text=lambda row: "true" if row.is_global else "false", machine=True)


def jump(*, drop: int) -> LayerColumn:
    """Pixels from unit to unit."""
    return Column(key="jump", title="jump", text=cells.jump, value=_or_none(cells.jump), right=True, drop=drop)


def effective_kernel_size(*, drop: int) -> LayerColumn:
    """From the first to the last tap of the window."""

    def value(row: LayerReport) -> str | None:
        return per_axis(row.settings.effective_kernel_size) if row.settings else None

    return Column(
        key="effective_kernel_size",
        title="k_eff",
        text=lambda row: value(row) or cells.NOTHING,
        value=value,
        right=True,
        drop=drop,
        note=K_EFF,
    )


def params(*, drop: int) -> LayerColumn:
    """Trainable parameters."""
    return Column(
        key="params",
        title="params",
        text=lambda row: cells.params(row, row.params),
        short=lambda row: cells.params_short(row, row.params),
        value=lambda row: None if "params" in row.unknown else row.params,
        right=True,
        drop=drop,
    )


def macs(*, drop: int) -> LayerColumn:
    """Multiply-accumulates."""
    return of_macs("macs", "MACs", lambda row: row.macs, drop=drop, note=MACS)


def of_macs(
    key: str, title: str, figure: Callable[[LayerReport], int], *, drop: int, note: str | None = None
) -> LayerColumn:
    """Compute cost of some kind, unknown where the MACs are."""
    return Column(
        key=key,
        title=title,
        text=lambda row: cells.macs(row, figure(row)),
        short=lambda row: cells.macs_short(row, figure(row)),
        value=lambda row: None if "macs" in row.unknown else figure(row),
        right=True,
        drop=drop,
        note=note,
    )


def share_of(key: str, whole: int, figure: Callable[[LayerReport], int], *, unknown: str, drop: int) -> LayerColumn:
    """Percent of a total."""
    return Column(
        key=key,
        title="share",
        text=lambda row: cells.UNKNOWN if unknown in row.unknown else share(figure(row), whole),
        value=lambda row: None if unknown in row.unknown or not whole else figure(row) / whole,
        right=True,
        drop=drop,
    )


def total(number: int, *, partial: bool = False) -> Total:
    """The sum of a column; a partial one is a lower bound."""
    least = ">= " if partial else ""
    return Total(text=f"{least}{exact(number)}", short=f"{least}{count(number)}")


def _or_none(text: Callable[[LayerReport], str]) -> Callable[[LayerReport], str | None]:
    """An empty cell instead of a dash."""

    def value(row: LayerReport) -> str | None:
        found = text(row)
        return None if found == cells.NOTHING else found

    return value
