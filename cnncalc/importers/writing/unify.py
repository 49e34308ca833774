"""One pattern for several copies: where they differ in numbers, words with a row for each; where in layers, `Maybe`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.writing.copies import bare, joined_word, padded
from cnncalc.importers.writing.nodes import Line, Maybe, Nest, Split
from cnncalc.importers.writing.words import Word
from cnncalc.spec.words import NONE
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from cnncalc.importers.writing.nodes import Node, Shapes
    from cnncalc.importers.writing.words import Part

    Nodes = tuple[Node, ...]
    Before = tuple[Shapes, Shapes]
    """Of the copies of the one pattern and of the other."""

_MOST_WORK = 10_000
"""Longer lists are only compared line by line."""


def unified(left: Nodes, right: Nodes, before: Before) -> Nodes | None:
    """A pattern for the copies of two, behind streams of these shapes; None where they are too different."""
    if len(left) * len(right) > _MOST_WORK:
        return None
    made: list[Node] = []
    at = 0, 0
    for pair in (*_common([_key(node) for node in left], [_key(node) for node in right]), (len(left), len(right))):
        gap = left[at[0] : pair[0]], right[at[1] : pair[1]]
        if gap[0] and gap[1]:
            split = _skipped(*gap, before)
            if split is None:
                return None
            made.append(split)
        alone = gap[0] or gap[1]
        if not (gap[0] and gap[1]):
            if any((_name(node) or "").isdigit() for node in alone):  # copies are counted, not left out
                return None
            made += [_maybe(node, before, is_left=bool(gap[0])) for node in alone]
        before = _behind(gap[0], before[0]), _behind(gap[1], before[1])
        if pair[0] < len(left):
            node = _unified(left[pair[0]], right[pair[1]], before)
            if node is None:
                return None
            made.append(node)
            before = _behind([left[pair[0]]], before[0]), _behind([right[pair[1]]], before[1])
        at = pair[0] + 1, pair[1] + 1
    return tuple(made)


def _behind(nodes: Sequence[Node], before: Shapes) -> Shapes:
    """The shapes of the stream behind some nodes, copy by copy."""
    for node in nodes:
        present = _present(node, len(before))
        pairs = zip(before, node.shapes, present, strict=True)
        before = tuple(after if is_there else shape for shape, after, is_there in pairs)
    return before


def _name(node: Node) -> str | None:
    return None if isinstance(node, Split) else node.name


def _key(node: Node) -> Hashable:
    if isinstance(node, Maybe):
        return _key(node.node)
    if isinstance(node, Split):
        return "split", node.merge, node.is_residual
    if isinstance(node, Nest):
        return "nest", node.name
    return "line", node.name, node.parts[0]


def _common(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Places of a longest common subsequence."""
    lengths = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for row in range(len(left) - 1, -1, -1):
        for column in range(len(right) - 1, -1, -1):
            if left[row] == right[column]:
                lengths[row][column] = lengths[row + 1][column + 1] + 1
            else:
                lengths[row][column] = max(lengths[row + 1][column], lengths[row][column + 1])
    found = []
    row = column = 0
    while row < len(left) and column < len(right):
        if left[row] == right[column]:
            found.append((row, column))
            row, column = row + 1, column + 1
        elif lengths[row + 1][column] >= lengths[row][column + 1]:
            row += 1
        else:
            column += 1
    return found


def _unified(left: Node, right: Node, before: Before) -> Node | None:
    if isinstance(left, Maybe) or isinstance(right, Maybe):
        inner = _unified(bare(left), bare(right), before)
        present = (*_present(left, len(before[0])), *_present(right, len(before[1])))
        return None if inner is None or isinstance(inner, Maybe) else Maybe(node=inner, present=present)
    shapes = (*left.shapes, *right.shapes)
    if isinstance(left, Line) and isinstance(right, Line):
        return _line(left, right, shapes)
    if isinstance(left, Nest) and isinstance(right, Nest):
        items = unified(left.items, right.items, before)
        return None if items is None else Nest(name=left.name, items=items, shapes=shapes)
    if isinstance(left, Split) and isinstance(right, Split):
        return _split(left, right, shapes)
    return None


def _split(left: Split, right: Split, shapes: Shapes) -> Split | None:
    if left.tail != right.tail or len(left.paths) != len(right.paths):
        return None
    starts = left.starts, right.starts
    paths = [unified(*pair, starts) for pair in zip(left.paths, right.paths, strict=True)]
    after = unified(left.after, right.after, (left.shapes, right.shapes))
    found = [path for path in paths if path is not None]
    if after is None or len(found) < len(paths):
        return None
    is_if_same = left.is_if_same or right.is_if_same
    if is_if_same and (found[1] or after):
        return None
    return replace(
        left,
        paths=tuple(found),
        is_if_same=is_if_same,
        after=after,
        starts=(*left.starts, *right.starts),
        shapes=shapes,
    )


def _line(left: Line, right: Line, shapes: Shapes) -> Line | None:
    if (left.parts[0], left.tail, left.is_call) != (right.parts[0], right.tail, right.is_call):
        return None
    if len(left.parts) != len(right.parts) or (left.count is None) != (right.count is None):
        return None
    parts: list[Part] = []
    for one, other in zip(left.parts, right.parts, strict=True):
        if isinstance(one, Word) and isinstance(other, Word):
            if (one.pattern, one.default) != (other.pattern, other.default):
                return None
            parts.append(joined_word([one, other]))
        elif one != other:
            return None
        else:
            parts.append(one)
    trail = _trail(left, right)
    if trail is None:
        return None
    count = joined_word([left.count, right.count]) if left.count and right.count else None
    return replace(left, parts=tuple(parts), trail=trail, count=count, shapes=shapes)


def _trail(left: Line, right: Line) -> tuple[Word, ...] | None:
    """Norms agree; activations may differ, or be there in one alone."""
    most = max(len(left.trail), len(right.trail))
    words = []
    for place in range(most):
        both = [line.trail[place] if place < len(line.trail) else None for line in (left, right)]
        known = next(word for word in both if word)
        filled = [
            word or replace(known, rows=((NONE,),) * len(line.shapes))
            for word, line in zip(both, (left, right), strict=True)
        ]
        joint = joined_word(filled)
        is_norm = known.keys == ("norm",)
        if any(word.keys != known.keys for word in filled) or (is_norm and len({*joint.rows} - {None}) > 1):
            return None
        words.append(joint)
    return tuple(words) if most - min(len(left.trail), len(right.trail)) <= 1 else None


def _skipped(left: Nodes, right: Nodes, before: Before) -> Split | None:
    """A residual in one, its main path alone in the other, whose shapes differ from end to end: `if_same`."""
    is_left = len(left) == 1 and _is_skip(left[0])
    split, rest = (left[0], right) if is_left else (right[0], left)
    if not isinstance(split, Split) or not _is_skip(split) or not _is_streamed(rest[0]):
        return None
    start = before[1 if is_left else 0]
    ends = _behind(rest, start)
    if any(one == other for one, other in zip(start, ends, strict=True)):
        return None
    starts = (split.starts, start) if is_left else (start, split.starts)
    main = unified(split.paths[0], rest, starts) if is_left else unified(rest, split.paths[0], starts)
    if main is None:
        return None
    shapes = (*split.shapes, *ends) if is_left else (*ends, *split.shapes)
    return replace(split, paths=(main, ()), is_if_same=True, starts=(*starts[0], *starts[1]), shapes=shapes)


def _is_skip(node: Node) -> bool:
    return isinstance(node, Split) and node.is_residual and not (node.paths[1] or node.after or node.tail)


def _is_streamed(node: Node) -> bool:
    """Whether it reads the running stream."""
    if isinstance(node, Maybe):
        return False
    return _is_streamed(node.items[0]) if isinstance(node, Nest) else not node.tail


def _present(node: Node, size: int) -> tuple[bool | None, ...]:
    return node.present if isinstance(node, Maybe) else (True,) * size


def _maybe(node: Node, before: Before, *, is_left: bool) -> Maybe:
    """A node that the copies of the other pattern do not have."""
    size, missing = (len(shapes) for shapes in (before if is_left else before[::-1]))
    present, absent = _present(node, size), (False,) * missing
    ahead, behind = (0, missing) if is_left else (missing, 0)
    made = padded(bare(node), ahead, behind)
    return Maybe(node=made, present=(*present, *absent) if is_left else (*absent, *present))
