"""`--max` and `--min`: what was asked, what was found, and how far off it is. A figure that is partial never passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.render.table import per_axis
from cnncalc.render.units import exact, share, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import LayerReport, Report

_NEEDS = {"params": frozenset({"params"}), "macs": frozenset({"macs"}), "memory": frozenset({"params"})}
_BYTES = frozenset({"memory"})


def budget_of(figure: str, text: str | None) -> Callable[[Report, str | None], list[str]] | None:
    """A check of `params`, `macs` or `memory` against the text of `--max`; UsageError where that is no quantity."""
    if text is None:
        return None
    from cnncalc.spec.quantities import QuantityError, amount

    try:
        most = int(amount(text, in_bytes=figure in _BYTES))
    except QuantityError as error:
        message = f"--max {text}: {error.message}" + (f"; {error.help}" if error.help else "")
        raise UsageError(message) from error

    def check(report: Report, at: str | None) -> list[str]:
        what, found, unknown = _found(report, figure, at)
        if unknown & _NEEDS[figure]:
            return [
                f"{what}: asked for at most {text}, but the figure is partial: a custom op does not declare its own"
            ]
        return [f"{what}: {_excess(found, most, text, in_bytes=figure in _BYTES)}"] if found > most else []

    return check


def rf_budget(report: Report, at: str | None, *, minimum: int | None, maximum: int | None) -> list[str]:
    """Check the field of the layer of `--at`, by default of the last layer that has a map, on every axis."""
    if minimum is None and maximum is None:
        return []
    row = _row(report, at) if at else last_local(report)
    if row is None or not row.reach:
        where = f" at {at}" if at else ""
        message = f"--min and --max: no receptive field to compare{where} in {report.source}"
        raise UsageError(message)
    found = per_axis([axis.rf for axis in row.reach])
    lines = []
    worst = min(axis.rf for axis in row.reach)
    if minimum is not None and worst < minimum:
        lines.append(f"rf at {row.name}: asked for at least {minimum}, found {found}: {minimum - worst} too few")
    worst = max(axis.rf for axis in row.reach)
    if maximum is not None and worst > maximum:
        lines.append(f"rf at {row.name}: asked for at most {maximum}, found {found}: {worst - maximum} too many")
    return lines


def last_local(report: Report) -> LayerReport | None:
    """The last layer whose map is not reduced to one vector."""
    rows = (row for row in reversed(report.layers) if row.reach)
    return next((row for row in rows if all(axis.phases is not None for axis in row.reach)), None)


def _found(report: Report, figure: str, at: str | None) -> tuple[str, int, frozenset[str]]:
    """Name, value and unknown parts of a figure: of the whole network, or of one name."""
    totals = report.totals
    if at is None:
        unknown: frozenset[str] = frozenset().union(*(row.unknown for row in report.layers))
        if figure == "memory":
            return "weights + peak", totals.weights_bytes + totals.peak_bytes, unknown
        return _TITLES[figure], totals.params if figure == "params" else totals.macs, unknown
    row = _row(report, at)
    if figure == "memory":
        weights = (row.params + row.buffers) * report.spec.dtype.bytes
        return f"weights + outputs at {at}", weights + row.output_bytes, row.unknown
    return f"{_TITLES[figure]} at {at}", row.params if figure == "params" else row.macs, row.unknown


_TITLES = {"params": "params", "macs": "MACs"}


def _row(report: Report, at: str) -> LayerReport:
    from cnncalc.queries.rows import named

    return named(report, at)


def _excess(found: int, most: int, text: str, *, in_bytes: bool) -> str:
    over = found - most
    percent = f" ({share(over, most)})" if most else ""
    if in_bytes:
        return f"asked for at most {text}, found {size(found)} ({exact(found)} bytes): {size(over)} too many{percent}"
    return f"asked for at most {text}, found {exact(found)}: {exact(over)} too many{percent}"
