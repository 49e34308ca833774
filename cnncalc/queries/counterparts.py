"""Which layer of a spec is which of a model: names spelled alike, composites in their parts, batch norms folded.

The alignment itself is that of `diff`.
"""

from __future__ import annotations

from bisect import bisect
from math import prod
from typing import TYPE_CHECKING

from cnncalc.folding import fold
from cnncalc.geometry.shape import TensorShape
from cnncalc.queries.alignment import pairs
from cnncalc.queries.dataflow import SILENT, forward, kind_of, same_work
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from cnncalc.report import LayerReport, Report

_LONGEST_RUN = 100
"""Layers that are looked at for others that are alone."""


@value
class Counterparts:
    """The rows of two networks as they are compared, and which is which."""

    spec: tuple[LayerReport, ...]
    model: tuple[LayerReport, ...]
    pairs: tuple[tuple[int, int], ...]
    """Indices into both, in the order of the spec."""
    names: tuple[tuple[str, ...], tuple[str, ...]]
    """What the rows of both are called where they come from."""

    @property
    def matched(self) -> int:
        """Pairs of layers, without those that change nothing."""
        return sum(self.spec[own].op not in SILENT for own, _ in self.pairs)

    @property
    def by_name(self) -> int:
        """Those of them that are called the same."""
        return sum(
            self.spec[own].name == self.model[other].name
            for own, other in self.pairs
            if self.spec[own].op not in SILENT
        )

    def alone(self) -> tuple[list[LayerReport], list[LayerReport]]:
        """What has no counterpart, but for what changes nothing, and what the model computes a second time."""
        own, other = {at for at, _ in self.pairs}, {at for _, at in self.pairs}
        known = forward(self.model)
        twice = {known[row.name] for at, row in enumerate(self.model) if at in other and row.op not in SILENT}
        return (
            [row for at, row in enumerate(self.spec) if at not in own and row.op not in SILENT],
            [
                row
                for at, row in enumerate(self.model)
                if at not in other and row.op not in SILENT and (row.params or known[row.name] not in twice)
            ],
        )


def counterparts(
    spec: Report, model: Report, names: Sequence[str] | None = None, *, folded: bool = False
) -> Iterator[Counterparts]:
    """Ways to match the layers of two networks: as `diff` does, by names alone first, by what each computes from what.

    `names`: what the model itself calls its layers, in the order of its report.
    """
    own, theirs = _view(spec, folded=folded), _view(model, folded=folded)
    told_by_spec = {plain(row.name) for row, _ in own}
    told = dict(zip((row.name for row in model), names or (), strict=False))
    left = _renamed(own, {row.name: plain(row.name) for row, _ in own})
    right = _renamed(theirs, {row.name: _called(row, origin, told, told_by_spec) for row, origin in theirs})
    called = tuple(row.name for row, _ in own), tuple(told.get(row.name, row.name) for row, _ in theirs)
    ends = _reports(spec, left), _reports(model, right)
    for known in ({}, _called_alike(left, right), same_work(left, right)):
        taken = {*known.values()}
        rest = [at for at in range(len(left)) if at not in known], [at for at in range(len(right)) if at not in taken]
        reduced = [
            replace(end, layers=tuple(end.layers[at] for at in kept)) for end, kept in zip(ends, rest, strict=True)
        ]
        more = {rest[0][one]: rest[1][other] for one, other in pairs(*reduced)}
        yield Counterparts(spec=left, model=right, pairs=_filled(left, right, {**known, **more}), names=called)


def _called_alike(left: Sequence[LayerReport], right: Sequence[LayerReport]) -> dict[int, int]:
    """Layers of one name and kind."""
    places = {(row.name, kind_of(row)): at for at, row in enumerate(right)}
    found = {at: places.get((row.name, kind_of(row))) for at, row in enumerate(left)}
    return {at: place for at, place in found.items() if place is not None}


def _filled(
    left: Sequence[LayerReport], right: Sequence[LayerReport], found: Mapping[int, int]
) -> tuple[tuple[int, int], ...]:
    """Pairs with more: what is alone on both sides between the same neighbours, the same op first."""
    made = dict(found)
    taken = sorted(found.values())
    run: list[int] = []
    after = -1
    for at in range(len(left) + 1):
        if at == len(left) or at in found:
            behind = bisect(taken, after)
            until = taken[behind] if behind < len(taken) else len(right)
            gap = [place for place in range(after + 1, until) if right[place].op not in SILENT]
            made.update(_replaced(left, right, run, gap[:_LONGEST_RUN]))
            run = []
            after = found.get(at, after)
        elif left[at].op not in SILENT:
            run.append(at)
    return tuple(sorted(made.items()))


def _replaced(
    left: Sequence[LayerReport], right: Sequence[LayerReport], run: list[int], gap: list[int]
) -> Iterator[tuple[int, int]]:
    """The layers of two stretches in pairs: by kind in order; what is left, if it is as many."""
    rest = list(gap)
    alone = []
    for at in run[:_LONGEST_RUN]:
        place = next((place for place in rest if kind_of(right[place]) == kind_of(left[at])), None)
        if place is None:
            alone.append(at)
        else:
            yield at, place
            rest = [other for other in rest if other > place]
    free = [place for place in gap if place in rest]
    if len(alone) == len(free) == 1:
        yield alone[0], free[0]


def plain(name: str) -> str:
    """A name without what the language alone needs in it.

    >>> plain("layer1.0.conv1"), plain("fc_"), plain("features._0.conv_"), plain("_")
    ('layer1.0.conv1', 'fc', 'features.0.conv', '_')
    """
    return ".".join(_segment(segment) for segment in name.split("."))


def _segment(segment: str) -> str:
    bare = segment.rstrip("_")
    return bare[1:] if bare[1:].isdigit() and bare[0] == "_" else bare or segment


Viewed = tuple["LayerReport", "LayerReport"]
"""A row as it is compared, and the layer of the report that it is, or is a part of."""
Rows = list[Viewed]


def parts(report: Report) -> tuple[LayerReport, ...]:
    """The rows of a report, composites in their parts; of those only the last knows what it sees."""
    return tuple(row for row, _ in _view(report, folded=False))


def _view(report: Report, *, folded: bool) -> Rows:
    rows = _folded(report) if folded else [(row, row) for row in report]
    shapes = {name: TensorShape(shape[0], shape[1:]) for name, shape in report.inputs.items()}
    shapes |= {row.name: row.inferences[-1].output for row in report}
    return [part for row, origin in rows for part in _parts(row, origin, shapes)]


def _folded(report: Report) -> Rows:
    """Without the batch norms that the layers before them can take in; those get a bias where they had none."""
    folds = {each.norm: each for each in fold(report).folds}
    norms = {row.name: row for row in report}
    into = {each.into: each for each in folds.values()}
    made: Rows = []
    for row in report:
        if row.name in folds:
            continue
        inputs = tuple(folds[name].into if name in folds else name for name in row.inputs)
        taken = into.get(row.name)
        more = norms[taken.norm].params - taken.params if taken else 0
        made.append((replace(row, inputs=inputs, params=row.params + more), row))
    return made


def _parts(
    row: LayerReport, origin: LayerReport, shapes: Mapping[str, TensorShape]
) -> Iterator[tuple[LayerReport, LayerReport]]:
    """The steps of a composite as rows of their own; any other row as it is."""
    steps = row.config.expand(*(shapes[name] for name in origin.inputs)) if len(row.inferences) > 1 else ()
    if len(steps) != len(row.inferences):
        yield row, origin
        return
    batch = row.macs // max(sum(each.macs for each in row.inferences), 1)
    names = {step.name: f"{row.name}.{step.name}" for step in steps}
    outputs = {step.name: tuple(each.output) for step, each in zip(steps, row.inferences, strict=True)}
    for step, inference in zip(steps, row.inferences, strict=True):
        is_last = step is steps[-1]
        sources = [name for taken in step.takes for name in (row.inputs if taken == "x" else (names[taken],))]
        taken_shapes = [
            shape for taken in step.takes for shape in (row.input_shapes if taken == "x" else (outputs[taken],))
        ]
        weights = sum(prod(weight.shape) for weight in inference.weights)
        part = replace(
            row,
            name=row.name if is_last else names[step.name],
            op=step.op.op,
            config=step.op,
            inputs=tuple(sources),
            input_shapes=tuple(taken_shapes),
            output_shape=tuple(inference.output),
            settings=inference.settings,
            weights=inference.weights,
            params=0 if row.shares else weights,
            buffers=0 if row.shares else inference.buffers,
            macs=batch * inference.macs,
            reach=row.reach if is_last else (),
            fields=row.fields if is_last else {},
        )
        yield part, origin


def _renamed(rows: Rows, names: Mapping[str, str]) -> tuple[LayerReport, ...]:
    """With other names, each once."""
    taken: dict[str, int] = {}
    given = {}
    for row, _ in rows:
        name = names[row.name]
        taken[name] = taken.get(name, 0) + 1
        given[row.name] = name if taken[name] == 1 else f"{name}#{taken[name]}"
    return tuple(
        replace(row, name=given[row.name], inputs=tuple(given.get(name, name) for name in row.inputs))
        for row, _ in rows
    )


def _called(row: LayerReport, origin: LayerReport, told: Mapping[str, str], known: Collection[str]) -> str:
    """What the spec calls it: the name in the model where that is known, else the one that an import gives it."""
    own = told.get(origin.name) if row.name == origin.name else None
    if own is not None and (name := plain(own)) in known:
        return name
    return plain(row.name)


def _reports(report: Report, rows: Sequence[LayerReport]) -> Report:
    """A report of these rows, in which ops that are one thing under two names have one."""
    return replace(report, layers=tuple(replace(row, op=kind_of(row)) for row in rows))
