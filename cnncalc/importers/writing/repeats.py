"""Copies numbered from 0 as one line with a count, where their numbers follow a rule that the language can say."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.importers.writing.nodes import Line
from cnncalc.importers.writing.words import Word
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.writing.nodes import Node
    from cnncalc.importers.writing.words import Entry, Part

_LEAST_STEPS = 3
"""Fewer numbers always grow evenly."""


def counted(name: str, items: Sequence[Node]) -> Line | None:
    """All items of a group as one line with a count; None where they are not alike enough."""
    lines = [item for item in items if isinstance(item, Line)]
    if len(lines) < 2 or len(lines) != len(items) or not _are_alike(lines):  # noqa: PLR2004 - a count of two or more
        return None
    first = lines[0]
    merged = [_merged(parts) for parts in zip(*(line.parts for line in lines), strict=True)]
    parts = [part for part in merged if part is not None]
    varied = sum(part != own for part, own in zip(parts, first.parts, strict=False))
    most = 0 if not first.is_call else 1 if len(lines) == 2 else 2  # noqa: PLR2004 - beyond that, single lines say more
    if len(parts) < len(merged) or varied > most:
        return None
    count = Word(keys=("n",), literal="*{}", pattern="*{}", rows=((len(lines),),))
    return replace(first, name=name, parts=tuple(parts), count=count, shapes=lines[-1].shapes)


def _are_alike(lines: Sequence[Line]) -> bool:
    """Whether lines are numbered from 0 and differ in the numbers of their words alone; only the first has a source."""
    first, *others = lines
    if any(line.name != str(number) or line.count for number, line in enumerate(lines)):
        return False
    if any(word.startswith("share=") for word in first.tail):
        return False
    return all(not line.tail and line.trail == first.trail and len(line.parts) == len(first.parts) for line in others)


def _merged(parts: Sequence[Part]) -> Part | None:
    """A word for all copies."""
    words = [part for part in parts if isinstance(part, Word)]
    first = parts[0]
    if not isinstance(first, Word):
        return first if all(part == first for part in parts) else None
    if len(words) != len(parts) or any(word.pattern != first.pattern for word in words):
        return None
    if all(word.rows == first.rows for word in words):
        return first
    rules = []
    for column in zip(*(word.rows[0] or () for word in words), strict=True):
        rule = _rule(column)
        if rule is None:
            return None
        rules.append(rule)
    pattern = first.pattern.format(*(rule for rule, _ in rules))
    keys = [key for key, (_, entries) in zip(first.keys, rules, strict=True) for _ in entries]
    row = tuple(entry for _, entries in rules for entry in entries)
    return Word(keys=tuple(keys), literal=pattern, pattern=pattern, rows=(row,))


def _rule(column: Sequence[Entry]) -> tuple[str, tuple[Entry, ...]] | None:
    """How the numbers of the copies are written, and what stands in it."""
    first, second, last = column[0], column[1], column[-1]
    if all(entry == first for entry in column):
        return "{}", (first,)
    if not all(isinstance(entry, int) for entry in column):
        return None
    if all(entry == number % 2 for number, entry in enumerate(column)):
        return "i%2", ()
    if all(entry == second for entry in column[1:]):
        return ("first({})", (first,)) if second == 1 else ("first({},{})", (first, second))
    if all(entry == first for entry in column[:-1]):
        return ("last({})", (last,)) if first == 1 else ("last({},{})", (last, first))
    return _progression([int(entry) for entry in column])


def _progression(column: Sequence[int]) -> tuple[str, tuple[int, ...]] | None:
    steps = {after - before for before, after in pairwise(column)}
    if len(column) < _LEAST_STEPS or len(steps) > 1:
        return None
    (step,) = steps
    return ("{}+{}*i", (column[0], step)) if step > 0 else ("{}-{}*i", (column[0], -step))
