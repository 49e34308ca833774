"""Nodes in several copies: what is the same in them, copies as one pattern, copies that lack something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.writing.nodes import Line, Maybe, Nest, Split
from cnncalc.importers.writing.words import Word
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from cnncalc.importers.writing.nodes import Bare, Node, Shapes
    from cnncalc.importers.writing.words import Part

    Nodes = tuple[Node, ...]


def signature(nodes: Sequence[Node]) -> Hashable:
    """What is the same in copies that differ in numbers alone."""
    return tuple(map(_signature, nodes))


def _signature(node: Node) -> Hashable:
    if isinstance(node, Maybe):
        return "maybe", _signature(node.node)
    if isinstance(node, Nest):
        return "nest", node.name, signature(node.items)
    if isinstance(node, Split):
        paths = tuple(map(signature, node.paths))
        return node.merge, node.is_residual, node.is_if_same, node.tail, paths, signature(node.after)
    parts = tuple(part if isinstance(part, str) else (part.pattern, part.default) for part in node.parts)
    trail = tuple(word.rows for word in node.trail)
    return node.name, parts, trail, node.tail, node.count and node.count.pattern, node.is_call


def joined(copies: Sequence[Nodes]) -> Nodes:
    """Copies of the same signature as one pattern."""
    return tuple(_joined(nodes) for nodes in zip(*copies, strict=True))


def _joined(nodes: Sequence[Node]) -> Node:
    maybes = [node for node in nodes if isinstance(node, Maybe)]
    made = _joined_bare([bare(node) for node in nodes])
    return Maybe(node=made, present=tuple(each for node in maybes for each in node.present)) if maybes else made


def _joined_bare(nodes: Sequence[Bare]) -> Bare:
    first = nodes[0]
    shapes = tuple(shape for node in nodes for shape in node.shapes)
    if isinstance(first, Line):
        lines = [node for node in nodes if isinstance(node, Line)]
        parts = tuple(_together([line.parts[place] for line in lines]) for place in range(len(first.parts)))
        trail = tuple(joined_word([line.trail[place] for line in lines]) for place in range(len(first.trail)))
        counts = [line.count for line in lines if line.count]
        return replace(first, parts=parts, trail=trail, count=joined_word(counts) if counts else None, shapes=shapes)
    if isinstance(first, Nest):
        nests = [node for node in nodes if isinstance(node, Nest)]
        return replace(first, items=joined([nest.items for nest in nests]), shapes=shapes)
    splits = [node for node in nodes if isinstance(node, Split)]
    return replace(
        first,
        paths=tuple(joined([split.paths[place] for split in splits]) for place in range(len(first.paths))),
        after=joined([split.after for split in splits]),
        starts=tuple(shape for split in splits for shape in split.starts),
        shapes=shapes,
    )


def _together(parts: Sequence[Part]) -> Part:
    words = [part for part in parts if isinstance(part, Word)]
    return joined_word(words) if words else parts[0]


def joined_word(words: Sequence[Word]) -> Word:
    """A word with the rows of several."""
    return replace(words[0], rows=tuple(row for word in words for row in word.rows))


def padded(node: Bare, ahead: int, behind: int) -> Bare:
    """With copies before and after that do not have it."""
    shapes: Shapes = (*(None,) * ahead, *node.shapes, *(None,) * behind)

    def word(part: Word) -> Word:
        return replace(part, rows=(*(None,) * ahead, *part.rows, *(None,) * behind))

    def inner(nodes: Nodes) -> Nodes:
        return tuple(
            Maybe(
                node=padded(each.node, ahead, behind),
                present=(*(None,) * ahead, *each.present, *(None,) * behind),
            )
            if isinstance(each, Maybe)
            else padded(each, ahead, behind)
            for each in nodes
        )

    if isinstance(node, Line):
        parts = tuple(word(part) if isinstance(part, Word) else part for part in node.parts)
        count = word(node.count) if node.count else None
        return replace(node, parts=parts, trail=tuple(map(word, node.trail)), count=count, shapes=shapes)
    if isinstance(node, Nest):
        return replace(node, items=inner(node.items), shapes=shapes)
    starts: Shapes = (*(None,) * ahead, *node.starts, *(None,) * behind)
    return replace(node, paths=tuple(map(inner, node.paths)), after=inner(node.after), starts=starts, shapes=shapes)


def bare(node: Node) -> Bare:
    """Without the question whether it is there."""
    return node.node if isinstance(node, Maybe) else node
