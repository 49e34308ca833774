"""How a step refers to others: what the running stream is, `x`, and names from where the step stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.importers.writing.tree import COMMUTES, Fork, Group, Step, here, scope, steps
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cnncalc.importers.writing.tree import Item

_COUNTED = re.compile(r"([a-z_]+)[0-9]+")


class NoNameError(LookupError):
    """A layer cannot be named from here."""


@value
class Place:
    """Where a step stands: the groups around it, outermost first."""

    around: tuple[Group, ...]
    name: str | None


Needed = dict[str, set[str]]
"""Layers that have to be named, and who reads them by name; outputs are read by `""`."""


def counted_words(items: list[Item]) -> set[str]:
    """The words that layers without a name would be called by, if some names in the scope read like theirs."""
    matches = (_COUNTED.fullmatch(item.name or "") for item in here(items) if not isinstance(item, Fork))
    return {match[1] for match in matches if match}


def needed(root: Group, outputs: Sequence[str], first: str) -> Needed:
    """The layers that are read, but not from the running stream."""
    found: Needed = {name: {""} for name in outputs}

    def visit(items: Iterable[Item], stream: str) -> None:
        for item in items:
            if isinstance(item, Group):
                visit(item.items, stream)
            elif isinstance(item, Fork):
                if item.source != stream:
                    found.setdefault(item.source, set()).add(item.end)
                for path in item.paths:
                    visit(path, item.source)
            else:
                for name in (*others(item, stream), *([item.layer.shares] if item.layer.shares else ())):
                    found.setdefault(name, set()).add(item.end)
            stream = item.end

    visit(root.items, first)
    return found


def others(step: Step, stream: str) -> list[str]:
    """What a step names: its inputs but the one that it takes from the stream; the first one if it takes none."""
    inputs = list(step.layer.inputs)
    if inputs[0] == stream or (step.layer.op in COMMUTES and stream in inputs):
        inputs.remove(stream)
    return inputs


def name_steps(root: Group, wanted: Needed) -> set[str]:
    """Give names to the steps that need one; the merges of forks that would need one, but cannot have it."""
    reads: dict[str, set[str]] = {}
    for target, readers in wanted.items():
        for reader in readers:
            reads.setdefault(reader, set()).add(target)
    unnamed: set[str] = set()

    def visit(group: Group, outer: set[str]) -> None:
        naming = _Naming(group, wanted, is_root=group is root)
        if any(reads.get(end, set()) - naming.inside for end in naming.inside):
            naming.words |= outer  # a layer that is called by its number would hide what is read from outside
        unnamed.update(naming.run())
        for inner in here(group.items):
            if isinstance(inner, Group):
                visit(inner, outer | counted_words(group.items))

    visit(root, set())
    return unnamed


class _Naming:
    """Gives names in one scope."""

    def __init__(self, group: Group, wanted: Needed, *, is_root: bool) -> None:
        self.group, self.wanted, self.is_root = group, wanted, is_root
        self.inside = {step.end for step in steps(group.items)}
        self.words = counted_words(group.items)
        self.numbers: dict[str, int] = {}

    def run(self) -> Iterator[str]:
        """Name what needs it; yield what cannot be named."""
        for items in scope(self.group.items):
            for place, item in enumerate(items):
                is_referred = self._is_referred(item.end, is_last=items is self.group.items and item is items[-1])
                if isinstance(item, Fork):
                    item.after[:] = [self._named(step, is_referred and step is item.after[-1]) for step in item.after]
                    if is_referred and not item.after:
                        yield item.end
                else:
                    items[place] = self._named(item, is_referred)

    def _is_referred(self, end: str, *, is_last: bool) -> bool:
        """Whether somebody needs a name other than that of the group."""
        return end in self.wanted and (self.is_root or not is_last or bool(self.inside & self.wanted[end]))

    def _named(self, item: Item, is_referred: bool) -> Item:  # noqa: FBT001 - a predicate's answer
        if not isinstance(item, Step) or item.name is not None:
            return item
        word = item.layer.op
        if word not in self.words and not is_referred:
            return item
        while True:
            self.numbers[word] = number = self.numbers.get(word, 0) + 1
            name = f"{word}_{number}"
            if name not in self.group.names:
                self.group.names.add(name)
                return replace(item, name=name)


def places(root: Group) -> dict[str, Place]:
    """The place of every step, by the name of its last layer in the source."""
    found: dict[str, Place] = {}

    def visit(group: Group, around: tuple[Group, ...]) -> None:
        for item in here(group.items):
            if isinstance(item, Group):
                visit(item, (*around, item))
            else:
                last = item.after[-1] if isinstance(item, Fork) and item.after else item
                found[item.end] = Place(around=around, name=last.name if isinstance(last, Step) else None)

    visit(root, (root,))
    return found


def reference(
    target: str, around: Sequence[Group], where: Mapping[str, Place], start: int, *, itself: bool = False
) -> str:
    """The shortest name that means a layer from inside the groups `around`, of which those since `start` are visible.

    `itself`: the layer, not a group that ends with it and has other weights. Raises NoNameError where there is none.
    """
    place = where[target]
    for depth in range(len(around) - 1, start - 1, -1):
        if len(place.around) <= depth or place.around[depth] is not around[depth]:
            continue
        inner = place.around[depth + 1 :]
        path = [group.name for group in inner]
        ends = [
            used
            for used, group in enumerate(inner, 1)
            if group.end == target and not _within(around, group) and not (itself and place.name is not None)
        ]
        ended = (ends[-1] if itself else ends[0]) if ends else None
        if ended is not None:  # the name of a group stands for its end
            path = path[:ended]
        elif place.name is None:
            raise NoNameError(target)
        else:
            path.append(place.name)
        if not path[0].isdigit() and not any(path[0] in group.names for group in around[depth + 1 :]):
            return ".".join(path)
    raise NoNameError(target)


def _within(around: Sequence[Group], group: Group) -> bool:
    """Whether a group is one of those around."""
    return any(group is each for each in around)
