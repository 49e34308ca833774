"""`cnncalc sizes`: which sizes work on each axis, which layers refuse others, what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.answers import sizes, title
from cnncalc.render.cells import NOTHING
from cnncalc.render.table import Column, Table
from cnncalc.render.units import exact
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.queries.progressions import Progression
    from cnncalc.queries.sizes import Asked, AxisSizes, Remedy, SizesAnswer
    from cnncalc.spec.network import NetworkSpec

_MOST_REFUSERS = 4


@value
class AxesRow:
    """Axes that are alike."""

    names: tuple[str, ...]
    found: AxisSizes


@value
class RunRow:
    """One progression, for machines."""

    axis: str
    kind: str
    run: Progression


def table(spec: NetworkSpec, answer: SizesAnswer) -> Table[AxesRow]:
    """A row for each group of axes that are alike."""
    rows = tuple(_rows(answer))
    several = len(rows) > 1
    facts: list[tuple[str, str]] = []
    for row in rows:
        of = f" ({' and '.join(row.names)})" if several else ""
        facts += [(f"refused{of}" if first else "", text) for first, text in _refused(row.found)]
    facts += _all_asked(answer)
    resized = tuple(dict.fromkeys(name for axis in answer.axes for name in axis.resized))
    moving = answer.axes[0].inputs
    notes = ["k = 0, 1, 2, ...; no row unread: no stride leaves rows at the end of a map that no window reads."]
    if resized:
        notes.append(
            f"At another size {', '.join(resized)} would have weights of another shape: trained ones do not fit."
        )
    if len(spec.inputs) > 1:
        notes.append(
            f"The size is that of {', '.join(moving)}; the other inputs stay as they are."
            if len(moving) < len(spec.inputs)
            else "All inputs have this size."
        )
    return Table(
        title=title(spec, f"input sizes from {exact(answer.low)} to {exact(answer.high)}"),
        columns=(
            Column(key="axis", title="axis", text=lambda row: ", ".join(row.names)),
            Column(key="legal", title="works", text=lambda row: sizes(row.found.legal), prose=True),
            Column(key="even", title="no row unread", text=lambda row: sizes(row.found.even), drop=1, prose=True),
            Column(
                key="same",
                title=f"{answer.output} = input",
                text=lambda row: NOTHING if row.found.same is None else sizes(row.found.same),
                drop=2,
                prose=True,
            ),
        ),
        rows=rows,
        facts=tuple(facts),
        notes=tuple(notes),
    )


def runs(answer: SizesAnswer) -> Table[RunRow]:
    """A row for each progression: what CSV has."""
    rows = [
        RunRow(axis=axis.name, kind=kind, run=run)
        for axis in answer.axes
        for kind, found in (("legal", axis.legal), ("even", axis.even), ("same", axis.same or ()))
        for run in found
    ]
    return Table(
        title="",
        columns=(
            Column(key="axis", title="axis", text=lambda row: row.axis),
            Column(key="kind", title="kind", text=lambda row: row.kind),
            Column(key="first", title="first", text=lambda row: str(row.run.first)),
            Column(key="step", title="step", text=lambda row: str(row.run.step)),
            Column(key="last", title="last", text=lambda row: str(row.run.last)),
        ),
        rows=rows,
    )


def _rows(answer: SizesAnswer) -> Iterator[AxesRow]:
    groups: dict[object, list[AxisSizes]] = {}
    for axis in answer.axes:
        groups.setdefault((axis.legal, axis.even, axis.same), []).append(axis)
    for alike in groups.values():
        yield AxesRow(names=tuple(axis.name for axis in alike), found=alike[0])


def _of(asked: Asked) -> object:
    """What is the same for axes of one size, whatever the layers call the axis."""
    return asked.size, asked.works, asked.unread_at, asked.output, asked.remedies


def _refused(axis: AxisSizes) -> Iterator[tuple[bool, str]]:
    """Lines about the layers that refuse most, and whether it is the first one."""
    for place, each in enumerate(axis.refusers[:_MOST_REFUSERS]):
        example = f"such as {each.example}: {each.message}"
        yield not place, f"{exact(each.count)} by {each.layer} (line {each.line}), {example}"
    rest = axis.refusers[_MOST_REFUSERS:]
    if rest:
        yield False, f"{exact(sum(each.count for each in rest))} by {len(rest)} other layer{'s' * (len(rest) > 1)}"


def _all_asked(answer: SizesAnswer) -> Iterator[tuple[str, str]]:
    """What was asked about, once for axes that are alike."""
    groups: dict[object, list[AxisSizes]] = {}
    for axis in answer.axes:
        if axis.asked is not None:
            groups.setdefault(_of(axis.asked), []).append(axis)
    for alike in groups.values():
        of = f" ({' and '.join(axis.name for axis in alike)})" if len(groups) > 1 else ""
        if alike[0].asked is not None:
            yield from _asked(alike[0].asked, answer.output, of)


def _asked(asked: Asked, output: str, of: str) -> Iterator[tuple[str, str]]:
    what = f"{asked.size}{of}"
    if not asked.works:
        yield what, f"does not work: {asked.because}"
    elif asked.unread_at:
        yield what, f"works, but {asked.unread_at} leaves rows unread{_gives(asked.output, output)}"
    else:
        yield what, f"works{_gives(asked.output, output)}"
    for remedy in asked.remedies:
        yield "", f"{_remedy(remedy)}{_gives(remedy.output, output)}"


def _gives(size: int | None, output: str) -> str:
    return "" if size is None else f"; {output} then has {size}"


def _remedy(remedy: Remedy) -> str:
    if remedy.what == "align":
        return f"align=crop at {', '.join(remedy.layers)}"
    return f"{remedy.what} by {remedy.by} to {remedy.size}"
