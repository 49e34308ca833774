"""What has changed about the layers of a network: written in another way, or coming out in another way."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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


def layer_changes(before: Report, after: Report, matched: Sequence[tuple[int, int]]) -> Iterator[LayerChange]:
    """All layers of both networks: those of the second in order, removed ones where they stood."""
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
        yield Edit(what="input", before=shapes(own.input_shapes), after=shapes(row.input_shapes))
    if own.output_shape != row.output_shape:
        yield Edit(what="output", before=shapes([own.output_shape]), after=shapes([row.output_shape]))
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


def shapes(found: Sequence[Sequence[int]]) -> str:
    """Shapes as a message has them: `64x56x56 + 3x8x8`."""
    return " + ".join("x".join(map(str, shape)) for shape in found)
