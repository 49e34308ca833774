"""What has changed from one network to another: layers, totals and findings."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.queries.alignment import pairs
from cnncalc.queries.changes import Edit, LayerChange, layer_changes, shapes
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnncalc.errors import Finding
    from cnncalc.report import Report


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
    for change in layer_changes(before, after, matched):
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
                shown = [shapes([shape]) if shape else "none" for shape in sizes]
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
