"""What has changed from one network to another: layers, totals and findings."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.queries.alignment import pairs
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnncalc.errors import Finding
    from cnncalc.report import LayerReport, Report


class Change(str, Enum):
    """What happened to a layer."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@value
class Edit:
    """One thing about a layer that is no longer what it was."""

    what: str
    """An option by its long name, or `op`, `reads`, `shares`; of what follows `input`, `output`, `rf`, `jump`, `start`,
    `params`, `macs`."""
    before: str
    after: str


@value
class LayerChange:
    """A layer that is in one network alone, or differs."""

    change: Change
    before: LayerReport | None
    after: LayerReport | None
    edits: tuple[Edit, ...] = ()
    """What is written in another way; () for a layer of one network alone."""
    follows: tuple[Edit, ...] = ()
    """What comes out in another way, be it because of layers before it."""

    @property
    def renamed(self) -> bool:
        """It is the same layer under another name."""
        return self.before is not None and self.after is not None and self.before.name != self.after.name

    @property
    def params(self) -> int:
        """How many parameters more."""
        return (self.after.params if self.after else 0) - (self.before.params if self.before else 0)

    @property
    def macs(self) -> int:
        """How many multiply-accumulates more."""
        return (self.after.macs if self.after else 0) - (self.before.macs if self.before else 0)


@value
class Delta:
    """One total, before and after."""

    figure: str
    before: int
    after: int
    in_bytes: bool = False
    partial: bool = False
    """A `custom` op leaves it undeclared in one of the networks: both numbers are lower bounds."""

    @property
    def change(self) -> int:
        """After less before."""
        return self.after - self.before

    @property
    def share(self) -> Fraction | None:
        """The change as a part of what it was; None where that was nothing."""
        return Fraction(self.change, self.before) if self.before else None


@value
class Difference:
    """Two networks side by side."""

    before: Report
    after: Report
    layers: tuple[LayerChange, ...]
    """In the order of the second network, what was removed where it stood."""
    unchanged: int
    """Layers that are the same in both."""
    renamed: tuple[tuple[str, str], ...]
    """Layers that are the same but for their name, before and after."""
    deltas: tuple[Delta, ...]
    """All totals, also those that did not change."""
    outputs: tuple[Edit, ...]
    """Inputs and outputs of the networks whose shape, or whose name, is another."""
    new_findings: tuple[Finding, ...]
    gone_findings: tuple[Finding, ...]

    def delta(self, figure: str) -> Delta:
        """One of the totals."""
        return next(each for each in self.deltas if each.figure == figure)

    @property
    def is_empty(self) -> bool:
        """Nothing at all has changed."""
        moved = any(delta.change for delta in self.deltas)
        return not (moved or self.layers or self.renamed or self.outputs or self.new_findings or self.gone_findings)


def diff(before: Report, after: Report) -> Difference:
    """Compare two networks; the layers are matched as `cnncalc.queries.alignment` says.

    >>> import cnncalc
    >>> old = cnncalc.analyze("conv 8 k3 | fc 10", input="3x32x32")
    >>> new = cnncalc.analyze("conv 16 k3 | fc 10", input="3x32x32")
    >>> [(delta.figure, delta.change) for delta in diff(old, new).deltas if delta.figure in ("params", "macs")]
    [('params', 72224), ('macs', 266400)]
    """
    matched = pairs(before, after)
    names = {before.layers[old].name: after.layers[new].name for old, new in matched}
    layers, renamed, unchanged = [], [], 0
    for change in _in_order(before, after, matched):
        own, row = change.before, change.after
        if own is None or row is None or change.edits or change.follows:
            layers.append(change)
            continue
        unchanged += 1
        if own.name != row.name:
            renamed.append((own.name, row.name))
    new, gone = _findings(before, after, names)
    return Difference(
        before=before,
        after=after,
        layers=tuple(layers),
        unchanged=unchanged,
        renamed=tuple(renamed),
        deltas=tuple(_deltas(before, after)),
        outputs=tuple(_ends(before, after)),
        new_findings=new,
        gone_findings=gone,
    )


def _in_order(before: Report, after: Report, matched: Sequence[tuple[int, int]]) -> Iterator[LayerChange]:
    """All layers of both, those of the second in order, each removed one behind the one that it stood behind."""
    partner = {new: old for old, new in matched}
    kept = dict(matched)
    removed: dict[int, list[int]] = {}
    last = -1
    for old in range(len(before.layers)):
        if old in kept:
            last = kept[old]
        else:
            removed.setdefault(last, []).append(old)
    names = {before.layers[old].name: after.layers[new].name for old, new in matched}
    readers = (
        _Reads(before, {before.layers[old].name for old in kept}, names),
        _Reads(after, {after.layers[new].name for new in partner}, {}),
    )
    for new in range(-1, len(after.layers)):
        if new >= 0 and new in partner:
            own, row = before.layers[partner[new]], after.layers[new]
            edits = (*_edits(own, row, names), *_rewired(own, row, readers))
            yield LayerChange(
                change=Change.CHANGED, before=own, after=row, edits=edits, follows=tuple(_follows(own, row))
            )
        elif new >= 0:
            yield LayerChange(change=Change.ADDED, before=None, after=after.layers[new])
        for old in removed.get(new, ()):
            yield LayerChange(change=Change.REMOVED, before=before.layers[old], after=None)


class _Reads:
    """What layers read, looked at through layers that the other network does not have."""

    def __init__(self, report: Report, kept: set[str], names: Mapping[str, str]) -> None:
        self.inputs = {row.name: row.inputs for row in report.layers}
        self.before = dict(zip(self.inputs, (next(iter(report.inputs)), *self.inputs), strict=False))
        self.kept = kept
        self.names = names

    def of(self, row: LayerReport) -> list[tuple[str, bool]]:
        """Its sources by their names in the second network, and whether each is simply the layer before it."""
        return [(self._source(name), name == self.before[row.name]) for name in row.inputs]

    def _source(self, name: str) -> str:
        while name in self.inputs and name not in self.kept and len(self.inputs[name]) == 1:
            name = self.inputs[name][0]
        return self.names.get(name, name)


def _rewired(own: LayerReport, row: LayerReport, readers: tuple[_Reads, _Reads]) -> Iterator[Edit]:
    old, new = readers[0].of(own), readers[1].of(row)
    differ = any(left[0] != right[0] and not (left[1] and right[1]) for left, right in zip(old, new, strict=False))
    if differ and len(old) == len(new):
        shown = [", ".join(name for name, _ in each) for each in (old, new)]
        yield Edit(what="reads", before=shown[0], after=shown[1])


def _edits(own: LayerReport, row: LayerReport, names: Mapping[str, str]) -> Iterator[Edit]:
    """What is written in another way."""
    if own.op != row.op:
        yield Edit(what="op", before=own.op, after=row.op)
    else:
        old, new = _options(own), _options(row)
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                yield Edit(what=name, before=old.get(name, "-"), after=new.get(name, "-"))
    shares = own.shares and names.get(own.shares, own.shares)
    if shares != row.shares:
        yield Edit(what="shares", before=shares or "-", after=row.shares or "-")


def _follows(own: LayerReport, row: LayerReport) -> Iterator[Edit]:
    """What comes out in another way."""
    if own.input_shapes != row.input_shapes:
        yield Edit(what="input", before=_shapes(own.input_shapes), after=_shapes(row.input_shapes))
    if own.output_shape != row.output_shape:
        yield Edit(what="output", before=_shapes([own.output_shape]), after=_shapes([row.output_shape]))
    for what in ("rf", "jump", "start"):
        found = [_axes([getattr(axis, what) for axis in each.reach]) for each in (own, row)]
        if found[0] != found[1]:
            yield Edit(what=what, before=found[0], after=found[1])
    for what in ("params", "macs"):
        if getattr(own, what) != getattr(row, what):
            yield Edit(what=what, before=str(getattr(own, what)), after=str(getattr(row, what)))


def _options(row: LayerReport) -> dict[str, str]:
    return {name: _shown(option) for name, option in row.config if name != "op"}


def _shown(option: object) -> str:
    if isinstance(option, Enum):
        return str(option.value)
    if isinstance(option, bool):
        return "true" if option else "false"
    if isinstance(option, tuple):
        return "x".join(_shown(each) if not isinstance(each, tuple) else "/".join(map(_shown, each)) for each in option)
    return "none" if option is None else str(option)


def _axes(values: Sequence[object]) -> str:
    texts = ["-" if each is None else str(each) for each in values] or ["-"]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def _shapes(shapes: Sequence[Sequence[int]]) -> str:
    return " + ".join("x".join(map(str, shape)) for shape in shapes)


def _deltas(before: Report, after: Report) -> Iterator[Delta]:
    old, new = before.totals, after.totals
    lacking: frozenset[str] = frozenset().union(*(row.unknown for row in (*before.layers, *after.layers)))
    for figure in ("params", "buffers", "macs", "flops", "activations"):
        unknown = ("params" if figure in ("params", "buffers") else "macs") in lacking
        yield Delta(figure=figure, before=getattr(old, figure), after=getattr(new, figure), partial=unknown)
    weights = "params" in lacking
    memory = old.weights_bytes + old.peak_bytes, new.weights_bytes + new.peak_bytes
    yield Delta(figure="memory", before=memory[0], after=memory[1], in_bytes=True, partial=weights)
    for figure in ("weights", "peak", "training"):
        key = f"{figure}_bytes"
        unknown = weights and figure != "peak"
        yield Delta(figure=figure, before=getattr(old, key), after=getattr(new, key), in_bytes=True, partial=unknown)
    yield Delta(figure="layers", before=len(before.layers), after=len(after.layers))


def _ends(before: Report, after: Report) -> Iterator[Edit]:
    """Inputs by name; outputs by name, too, but a single one may be called anything."""
    old, new = dict(before.outputs), dict(after.outputs)
    if len(old) == len(new) == 1:
        old, new = {"": next(iter(old.values()))}, {"": next(iter(new.values()))}
    for kind, left, right in (("input", before.inputs, after.inputs), ("output", old, new)):
        for name in dict.fromkeys((*left, *right)):
            sizes = left.get(name), right.get(name)
            if sizes[0] != sizes[1]:
                shown = [_shapes([shape]) if shape else "none" for shape in sizes]
                what = kind if name in ("", "input") else f"{kind} {name}"
                yield Edit(what=what, before=shown[0], after=shown[1])


def _findings(
    before: Report, after: Report, names: Mapping[str, str]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What `check` says now and did not, and the other way round.

    A finding is the same if it has the same code at the same layer; where no layer is named, the same message.
    """
    from cnncalc.lint.driver import lint

    def keyed(report: Report, name_of: Mapping[str, str]) -> list[tuple[object, Finding]]:
        return [
            ((each.code, name_of.get(each.layer, each.layer) if each.layer else each.message), each)
            for each in lint(report)
        ]

    old, new = keyed(before, names), keyed(after, {})
    return _without(new, old), _without(old, new)


def _without(found: Sequence[tuple[object, Finding]], known: Sequence[tuple[object, Finding]]) -> tuple[Finding, ...]:
    left = Counter(key for key, _ in known)
    kept = []
    for key, each in found:
        if left[key]:
            left[key] -= 1
        else:
            kept.append(each)
    return tuple(kept)
