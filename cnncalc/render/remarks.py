"""Titles of tables, the facts below them, and the notes that say how to read them."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.queries.rows import deepest
from cnncalc.render import cells
from cnncalc.render.units import count, exact, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.report import LayerReport, Peak, Report


def title(report: Report) -> str:
    """Name, source, inputs, batch and number type."""
    name = report.name if report.name in ("", report.source) else f"{report.name} ({report.source})"
    inputs = ", ".join(
        f"{'input' if name == 'input' else f'input {name}'} {cells.shape(shape)}"
        for name, shape in report.inputs.items()
    )
    return safe(f"{name or report.source}, {inputs}, batch {report.batch}, {report.dtype}")


def safe(text: str) -> str:
    """The text without characters that would act on a terminal: a name or a path may hold any."""
    if text.isprintable():
        return text
    from cnncalc.render.snippet import printable  # rarely needed

    return printable(text)


def params(report: Report) -> tuple[str, str]:
    """Parameters and buffers."""
    totals = report.totals
    frozen = sum(row.params for row in report.layers if row.frozen)
    least = _least(report, "params")
    parts = [
        f"{_number(totals.params, partial=lacks(report, 'params'))} trainable",
        *([f"{exact(frozen)} of them frozen"] if frozen else []),
        f"{exact(totals.buffers)} in buffers",
        f"{least}{size(totals.weights_bytes)} as {report.dtype}",
    ]
    return "params", ", ".join(parts)


def macs(report: Report) -> tuple[str, str]:
    """Multiply-accumulates and FLOPs."""
    partial = lacks(report, "macs")
    totals = report.totals
    return "MACs", f"{_number(totals.macs, partial=partial)}, FLOPs {_number(totals.flops, partial=partial)}"


def memory(report: Report) -> tuple[str, str]:
    """The peak, in one line."""
    totals = report.totals
    where = f" at {totals.peaks['in_place'].layer}" if "in_place" in totals.peaks else ""
    weights = f"{_least(report, 'params')}{size(totals.weights_bytes)}"
    return "memory", f"peak {size(totals.peak_bytes)}{where}, weights {weights}"


def outputs(report: Report) -> tuple[str, str]:
    """Names and shapes of the outputs."""
    return "outputs", ", ".join(f"{name} {cells.shape(shape)}" for name, shape in report.outputs.items())


def findings(report: Report) -> list[tuple[str, str]]:
    """One line each."""
    return [
        (found.severity.value, safe(f"{found.code} {found.message}" + (f" ({found.at})" if found.at else "")))
        for found in report.findings
    ]


def peak(variant: str, found: Peak) -> tuple[str, str]:
    """When most memory is alive, and by whom."""
    alive = ", ".join(f"{name} {size(number)}" for name, number in found.alive)
    return f"peak, {variant.replace('_', ' ')}", f"{size(found.bytes)} at {found.layer}: {alive}"


def lacks(report: Report, figure: str) -> bool:
    """Some layer does not declare this figure, so that its total is a lower bound."""
    return any(figure in row.unknown for row in report.layers)


def notes(
    rows: Sequence[LayerReport], *, rf: bool = False, weights: bool = False, macs: bool = False, details: bool = False
) -> tuple[str, ...]:
    """Explain the marks that occur in these rows, of fields, of weights and of MACs; `details` are in the table."""
    found = list(_rf_notes(rows, details=details)) if rf else []
    shared = {row.name: row.shares for row in rows if row.shares}
    if weights and shared:
        pairs = _some(f"{name} uses those of {origin}" for name, origin in shared.items())
        found.append(f"(shared), (s): weights counted where they belong: {pairs}.")
    figures = {*(["params"] if weights else []), *(["macs"] if macs else [])}
    unknown = [row.name for row in rows if row.unknown & figures]
    if unknown:
        found.append(f"?: not declared ({_some(unknown)}), so the totals are lower bounds.")
    return tuple(found)


def folding(report: Report, rows: Sequence[LayerReport]) -> tuple[str, ...]:
    """How to see every layer, where rows stand for several."""
    if len(rows) in (1, len(report.layers)):
        return ()
    return (f"{len(rows)} rows for {len(report.layers)} layers; --depth {deepest(report)} shows each.",)


def batch(report: Report) -> tuple[str, ...]:
    """Whose counts these are, where it is not one sample."""
    return (f"Counts are for the whole batch of {report.batch}.",) if report.batch > 1 else ()


def _rf_notes(rows: Sequence[LayerReport], *, details: bool) -> Iterable[str]:
    marks = {letter for row in rows if row.reach for _, letter in cells.marks_of(row)}
    if any(cells.varies(row) for row in rows):
        yield "rf a-b: the field varies with the position; " + (
            "phases: how many positions of a period see which." if details else "`cnncalc rf` lists the phases."
        )
    if "h" in marks:
        yield "(holes), (h): pixels inside the field are skipped" + (
            "." if details else "; `cnncalc rf` says how many are read."
        )
    if "n" in marks:
        yield "(at this size), (n): the fields follow no period and hold for this input size only."
    if "+g" in marks:
        yield "(+ global), (+g): through a global operation each position also depends on the whole map."
    reduced = [row for row in rows if cells.is_reduced(row)]
    if reduced:
        names = _some(row.name for row in reduced)
        vectors = all(prod(row.output_shape[1:]) == 1 for row in reduced)
        what = "the map is one vector" if vectors else "all positions see the same"
        yield f"jump -: {what} ({names}), {'whose' if vectors else 'the'} rf is what the whole map sees of the input."


def _least(report: Report, figure: str) -> str:
    return "at least " if lacks(report, figure) else ""


def _some(names: Iterable[str], limit: int = 3) -> str:
    listed = list(names)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + more


def _number(number: int, *, partial: bool) -> str:
    text = exact(number) if exact(number) == count(number) else f"{exact(number)} ({count(number)})"
    return f"at least {text}" if partial else text
