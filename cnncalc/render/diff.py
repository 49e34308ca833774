"""`cnncalc diff`: totals side by side, then the layers that changed."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.queries.changes import Change
from cnncalc.render.table import Column, Table
from cnncalc.render.units import count, exact, percent, size
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cnncalc.errors import Finding
    from cnncalc.queries.changes import Edit, LayerChange
    from cnncalc.queries.diff import Delta, Difference
    from cnncalc.queries.thresholds import Threshold

MOST_ROWS = 40
"""More layers than that are folded into the blocks that they are in."""
_LONGEST = 50
"""A longer layer line is cut in the title."""
_TITLES = {"macs": "MACs", "flops": "FLOPs", "memory": "weights + peak"}
_MARKS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}


@value
class Line:
    """A row of the table of layers: one layer, or all that a name covers."""

    name: str
    what: str
    output: str
    params: int
    macs: int


def totals(found: Difference) -> Table[Delta]:
    """Every total, and what else changed as a whole."""
    return Table(
        title=f"{_named(found, 0)} -> {_named(found, 1)}",
        columns=(
            Column(key="figure", title="total", text=lambda row: _TITLES.get(row.figure, row.figure)),
            _number("before", lambda row: row.before),
            _number("after", lambda row: row.after),
            _number("change", lambda row: row.change, signed=True),
            Column(
                key="percent",
                title="percent",
                text=lambda row: "new" if row.share is None and row.change else percent(row.share or Fraction(0)),
                value=lambda row: None if row.share is None else float(row.share * 100),
                right=True,
            ),
        ),
        rows=found.deltas,
        facts=tuple(_facts(found)),
    )


def layers(found: Difference, depth: int | None) -> Table[Line] | None:
    """The layers that are written in another way, or are in one network alone; None where there are none."""
    own = [each for each in found.layers if each.change is not Change.CHANGED or each.edits]
    if not own:
        return None
    lines = _folded(own, depth)
    rows = len(lines)
    follow = [each for each in found.layers if each.change is Change.CHANGED and not each.edits]
    if any(each.params or each.macs for each in follow):
        params, macs = sum(each.params for each in follow), sum(each.macs for each in follow)
        lines.append(Line(name="  others", what="because of those", output="", params=params, macs=macs))
    return Table(
        title=f"{len(own)} layers added (+), removed (-) or changed (~)",
        columns=(
            Column(key="layer", title="layer", text=lambda row: row.name),
            Column(key="what", title="what", text=lambda row: row.what, drop=0, prose=True),
            Column(key="output", title="output", text=lambda row: row.output, drop=3),
            _moved("params", "params", lambda row: row.params, drop=1),
            _moved("macs", "MACs", lambda row: row.macs, drop=2),
        ),
        rows=lines,
        notes=(f"{rows} rows for {len(own)} layers; --depth N folds more or less.",) if rows < len(own) else (),
    )


def excess(threshold: Threshold, found: Difference) -> str:
    """What a threshold does not allow, with its numbers."""
    if threshold.figure == "findings":
        number = len(found.new_findings if threshold.grows else found.gone_findings)
        return f"--fail-if {threshold.text}: {number} {'new' if threshold.grows else 'gone'}"
    delta = found.delta(threshold.figure)
    if delta.partial:
        return f"--fail-if {threshold.text}: the figure is partial: a custom op does not declare its own"
    unit = " bytes" if delta.in_bytes else ""
    share = f" ({percent(delta.share)})" if delta.share is not None else ""
    moved = f"{exact(delta.before)} to {exact(delta.after)}{unit}, {delta.change:+,}{share}"
    return f"--fail-if {threshold.text}: {_TITLES.get(delta.figure, delta.figure)} went from {moved}"


def _named(found: Difference, which: int) -> str:
    reports = found.before, found.after
    names = [each.name for each in reports]
    sources = [each.source for each in reports]
    if names[0] == names[1] and sources[0] != sources[1] and "<line>" not in sources:
        return sources[which] if which else f"{names[0]}: {sources[0]}"
    if sources[which] == "<line>":
        text = reports[which].spec.text
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}.."
    return names[which] if sources[which] == names[which] else f"{names[which]} ({sources[which]})"


def _number(key: str, figure: Callable[[Delta], int], *, signed: bool = False) -> Column[Delta]:
    def text(row: Delta) -> str:
        number = figure(row)
        sign = "+" if signed and number > 0 else ""
        least = ">= " if row.partial and not signed else ""
        return f"{least}{sign}{size(number) if row.in_bytes else exact(number)}"

    return Column(key=key, title=key, text=text, value=figure, right=True)


def _moved(key: str, title: str, figure: Callable[[Line], int], *, drop: int) -> Column[Line]:
    def text(row: Line) -> str:
        return f"{figure(row):+,}" if figure(row) else "0"

    def short(row: Line) -> str:
        return f"{'+' if figure(row) > 0 else ''}{count(figure(row))}"

    return Column(key=key, title=title, text=text, short=short, value=figure, right=True, drop=drop)


def _facts(found: Difference) -> Iterator[tuple[str, str]]:
    for edit in found.outputs:
        yield edit.what, f"{edit.before} -> {edit.after}"
    added = sum(each.change is Change.ADDED for each in found.layers)
    removed = sum(each.change is Change.REMOVED for each in found.layers)
    changed = sum(bool(each.edits) for each in found.layers)
    follow = len(found.layers) - added - removed - changed
    parts = [
        *([f"{added} added"] if added else []),
        *([f"{removed} removed"] if removed else []),
        *([f"{changed} changed"] if changed else []),
        *([f"{follow} of other shapes or fields because of those"] if follow else []),
        f"{found.unchanged} the same",
    ]
    yield "layers", ", ".join(parts)
    if found.renamed:
        shown = ", ".join(f"{old} -> {new}" for old, new in found.renamed[:3])
        more = f" and {len(found.renamed) - 3} more" if len(found.renamed) > 3 else ""  # noqa: PLR2004 - so many are shown
        yield "renamed", f"{shown}{more}"
    yield from (("new finding", _finding(each)) for each in found.new_findings)
    yield from (("gone finding", _finding(each)) for each in found.gone_findings)


def _finding(found: Finding) -> str:
    where = f" at {found.layer}" if found.layer else ""
    return f"{found.severity.value} {found.code}{where}: {found.message}"


def _folded(own: Sequence[LayerChange], depth: int | None) -> list[Line]:
    """One line a layer; many are folded at the depth that leaves few enough."""
    deepest = max(_name(each).count(".") + 1 for each in own)
    if depth is None:
        depth = deepest + 1
        while depth > 1 and len({_cut(_name(each), depth) for each in own}) > MOST_ROWS:
            depth -= 1
        depth = depth if len(own) > MOST_ROWS else deepest + 1
    groups: dict[str, list[LayerChange]] = {}
    for each in own:
        groups.setdefault(_cut(_name(each), depth), []).append(each)
    return [_line(name, group) for name, group in groups.items()]


def _cut(name: str, depth: int) -> str:
    return ".".join(name.split(".")[:depth])


def _name(each: LayerChange) -> str:
    row = each.after or each.before
    if row is None:
        raise AssertionError
    return row.name


def _line(name: str, group: Sequence[LayerChange]) -> Line:
    params, macs = sum(each.params for each in group), sum(each.macs for each in group)
    if len(group) > 1:
        counts = [(mark, sum(each.change is change for each in group)) for change, mark in _MARKS.items()]
        what = ", ".join(f"{mark}{number}" for mark, number in counts if number)
        return Line(name=f"  {name}", what=f"{what} layers", output="", params=params, macs=macs)
    each = group[0]
    rows = [row for row in (each.before, each.after) if row is not None]
    shapes = list(dict.fromkeys("x".join(map(str, row.output_shape)) for row in rows))
    what = ", ".join(map(_edit, each.edits)) if each.edits else rows[0].op
    renamed = f" (was {rows[0].name})" if each.edits and each.renamed else ""
    return Line(
        name=f"{_MARKS[each.change]} {_name(each)}",
        what=f"{what}{renamed}",
        output=" -> ".join(shapes),
        params=params,
        macs=macs,
    )


def _edit(edit: Edit) -> str:
    return f"{edit.what} {edit.before} -> {edit.after}"
