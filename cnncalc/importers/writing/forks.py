"""Paths that part and meet again: what `residual:` and `branches:` say, found in a list of steps and groups."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.importers.writing.references import counted_words
from cnncalc.importers.writing.tree import COMMUTES, Fork, Group, Step, steps
from cnncalc.spec.words import MERGES
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cnncalc.importers.writing.tree import Item


def hoist(group: Group, readers: Mapping[str, Collection[str]]) -> None:
    """Put a merge that only begins a group before it, so that the group has one input.

    A merge without a name of its own may stand in any scope as long as the order of layers stays.
    """
    items: list[Item] = []
    for item in group.items:
        if isinstance(item, Group):
            hoist(item, readers)
            first, rest = item.items[0], item.items[1:]
            if isinstance(first, Step) and len(rest) > 1 and _begins(first, rest, readers):
                items.append(replace(first, path=(*first.path[:-2], first.path[-1])))
                item.items = rest
        items.append(item)
    group.items = items


def _begins(first: Step, rest: list[Item], readers: Mapping[str, Collection[str]]) -> bool:
    """Whether a step is a merge that the rest of its group reads, and nobody else, and nothing else from outside."""
    if first.name is not None or first.trail or len(first.layer.inputs) < 2:  # noqa: PLR2004 - a merge has two sides
        return False
    inside = list(steps(rest))
    ends = {first.end, *(step.end for step in inside)}
    layers = {step.layer.name for step in inside}
    return layers.issuperset(readers.get(first.end, ())) and all(ends.issuperset(step.layer.inputs) for step in inside)


def fork(group: Group, solid: Collection[str]) -> None:
    """Find all forks, innermost first; the merges of `solid` stay layers of their own."""
    for item in group.items:
        if isinstance(item, Group):
            fork(item, solid)
    counted = counted_words(group.items)
    found = _Found()
    for item in group.items:
        made = None
        if isinstance(item, Step) and item.name is None and item.layer.op in MERGES and item.end not in solid:
            made = None if item.layer.op in counted else _fork(item, found)
        found.add(made or item)
    group.items = found.items


class _Found:
    """The items of a list so far, and where each ends."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.ends: dict[str, int] = {}

    def add(self, item: Item) -> None:
        """The next one."""
        self.ends[item.end] = len(self.items)
        self.items.append(item)

    def place(self, end: str) -> int:
        """Where the item of that end stands; -1 where there is none, so that it is before the list."""
        place = self.ends.get(end, -1)
        return place if place < len(self.items) and (place < 0 or self.items[place].end == end) else -1

    def cut(self, start: int) -> None:
        """Take away the items from there on."""
        del self.items[start:]


def _fork(step: Step, found: _Found) -> Fork | None:
    layer = step.layer
    inputs = layer.inputs
    if not found.items or len(set(inputs)) != len(inputs) or len(inputs) < 2 or layer.options or layer.shares:  # noqa: PLR2004
        return None
    made = _residual(step, found) if layer.op == "add" and len(inputs) == 2 else None  # noqa: PLR2004
    if made is None:
        made = _branches(step, found)
    return made


def _residual(step: Step, found: _Found) -> Fork | None:
    """A sum of the stream and what it was some items ago, or of two paths."""
    top = found.items[-1].end
    if top not in step.layer.inputs:
        return None
    first, second = step.layer.inputs
    other = first if second == top else second
    place = found.place(other)
    body = found.items[place + 1 :]
    if body and _is_path(body, other):
        return _cut(
            found,
            place + 1,
            Fork(source=other, paths=[body, []], merge=_bare(step), is_residual=True, after=_after(step)),
        )
    if place < 0 or not body:
        return None
    source = _source(body[0])
    start = found.place(source) + 1
    main = found.items[start : place + 1]
    if not _is_path(main, source) or not _is_path(body, source):
        return None
    is_residual = len(list(steps(main))) > len(list(steps(body)))
    return _cut(
        found,
        start,
        Fork(source=source, paths=[main, body], merge=_bare(step), is_residual=is_residual, after=_after(step)),
    )


def _branches(step: Step, found: _Found) -> Fork | None:
    """A merge of two or more paths that run one after the other from the same source."""
    inputs = step.layer.inputs
    outside = [name for name in inputs if found.place(name) < 0]
    ordered = sorted((name for name in inputs if name not in outside), key=found.place)
    if len(outside) > 1 or not ordered:
        return None
    if outside:
        source = outside[0]
    else:
        behind = found.place(ordered[0]) + 1
        if behind == len(found.items):
            return None
        following = found.items[behind]
        source = ordered[0] if _reads(following, ordered[0]) else _source(following)
    ends = [name for name in ordered if name != source]
    told = [name for name in inputs if name != source]
    if len(ends) < 2 or (ends != told and step.layer.op not in COMMUTES) or ends[-1] != found.items[-1].end:  # noqa: PLR2004
        return None
    start = found.place(source) + 1
    places = [start, *(found.place(name) + 1 for name in ends)]
    cut = [found.items[begin:end] for begin, end in pairwise(places)]
    if not all(_is_path(path, source) for path in cut):
        return None
    paths = iter(cut)
    order = inputs if ends == told else ([source] if source in inputs else []) + ends
    return _cut(
        found,
        start,
        Fork(
            source=source,
            paths=[[] if name == source else next(paths) for name in order],
            merge=_bare(step),
            is_residual=False,
            after=_after(step),
        ),
    )


def _cut(found: _Found, start: int, made: Fork) -> Fork:
    found.cut(start)
    return made


def _bare(step: Step) -> Step:
    return replace(step, trail=())


def _after(step: Step) -> list[Item]:
    """The activations behind a merge as steps of their own."""
    layers = [replace(step.layer, op=word, options={}, inputs=("",)) for word in step.trail]
    return [replace(step, layer=layer, trail=()) for layer in layers]


def _is_path(items: list[Item], source: str) -> bool:
    """Whether items lead from a source to their end: they read nothing else, and all of them serve the end."""
    if not items or not _reads(items[0], source):
        return False
    known, read = {source}, {items[-1].end}
    for step in steps(items):
        if not known.issuperset(step.layer.inputs):
            return False
        known.add(step.end)
        read.update(step.layer.inputs)
    return known <= read


def _reads(item: Item, source: str) -> bool:
    """Whether an item can take `source` as its stream."""
    if isinstance(item, Fork):
        return item.source == source
    return item.reads(source) if isinstance(item, Step) else _reads(item.items[0], source)


def _source(item: Item) -> str:
    """What an item takes as its stream if it is not told otherwise."""
    if isinstance(item, Fork):
        return item.source
    return item.layer.inputs[0] if isinstance(item, Step) else _source(item.items[0])
