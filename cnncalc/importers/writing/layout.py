"""Nodes as lines of YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.writing.nodes import Line, Maybe, Nest, Split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cnncalc.importers.layers import Shape
    from cnncalc.importers.writing.nodes import Node

COMMENT_AT = 60
WIDTH = 120
"""Longer lines of words are broken."""


def written(nodes: Sequence[Node], margin: str, *, annotate: bool = False, is_flat: bool = False) -> list[str]:
    """A list, each item behind a dash; one line each where `is_flat`, else none too long."""
    lines = [margin + line for line in _list(nodes, annotate=annotate)]
    if not is_flat:
        lines = [part for line in lines for part in _broken(line)]
    return [_commented(line) for line in lines] if annotate else lines


_MARK = "\0"
"""Stands before what becomes a comment."""


def _list(nodes: Sequence[Node], *, annotate: bool) -> Iterator[str]:
    for node in nodes:
        for item in _items(node, annotate=annotate):
            yield from (f"{'- ' if at == 0 else '  '}{each}" for at, each in enumerate(item))


def _items(node: Node, *, annotate: bool) -> Iterator[Sequence[str]]:
    """The items that a node is in a list, each as its lines without the dash."""
    if isinstance(node, Line):
        yield [line(node) + _comment(node.shapes, annotate=annotate)]
    elif isinstance(node, Nest):
        yield [f"{node.name}:", *(f"  {each}" for each in _list(node.items, annotate=annotate))]
    elif isinstance(node, Split):
        yield list(_split(node, annotate=annotate))
        if not node.is_residual:
            for after in node.after:
                yield from _items(after, annotate=annotate)
    elif isinstance(node.node, Line) and not node.node.tail:  # a `from` would change the stream even if it is left out
        yield [line(node.node, node.condition) + _comment(node.shapes, annotate=annotate)]
    else:
        yield [
            f"when: {node.condition}",
            "do:",
            *(f"  {each}" for each in _list([node.node], annotate=annotate)),
        ]


def _split(split: Split, *, annotate: bool) -> Iterator[str]:
    comment = _comment(split.shapes, annotate=annotate)
    if not split.is_residual:
        yield f"branches:{comment}"
        for path in split.paths:
            inner = list(_list(path, annotate=annotate)) or ["[]"]
            dashed = (
                inner if len(path) == 1 else [f"{'- ' if at == 0 else '  '}{each}" for at, each in enumerate(inner)]
            )
            yield from (f"  {each}" for each in dashed)
        yield f"merge: {split.merge}"
    else:
        yield f"residual:{comment}"
        yield from (f"  {each}" for each in _list(split.paths[0], annotate=annotate))
        if split.is_if_same:
            yield "shortcut: if_same"
        elif split.paths[1]:
            yield "shortcut:"
            yield from (f"  {each}" for each in _list(split.paths[1], annotate=annotate))
        after = list(_list(split.after, annotate=False))
        if len(after) == 1 and ": " not in after[0]:
            yield f"then: {after[0].removeprefix('- ')}"
        elif after:
            yield "then:"
            yield from (f"  {each}" for each in after)
    if split.tail:
        yield f"from: {split.tail[0].removeprefix('from=')}"


def line(node: Line, condition: str = "") -> str:
    """A layer line: name, op and options, what follows, where from, when, how often."""
    words = [part if isinstance(part, str) else part.text() for part in node.parts]
    words += [word.text() for word in node.trail]
    words += node.tail
    if condition:
        words.append(f"when={condition}")
    if node.count:
        words.append(node.count.text())
    text = " ".join(word for word in words if word)
    return f"{node.name}: {text}" if node.name is not None else text


def _comment(shapes: Sequence[Shape | None], *, annotate: bool) -> str:
    shape = shapes[-1] if annotate else None
    return f"{_MARK}{'x'.join(map(str, shape))}" if shape else ""


def _commented(line: str) -> str:
    text, _, comment = line.partition(_MARK)
    return f"{text:<{COMMENT_AT - 1}} # {comment}" if comment else text


def _broken(line: str) -> Iterator[str]:
    """A long line as several, broken between words; YAML joins them."""
    if len(line.partition(_MARK)[0]) <= WIDTH:
        yield line
        return
    words = line.lstrip(" ").split(" ")
    margin = " " * (len(line) - len(line.lstrip(" -")) + 4)
    # A key stays with its value.
    head = next((at for at, word in enumerate(words) if word != "-" and not word.endswith(":")), 0)
    own = line[: len(line) - len(line.lstrip(" "))] + " ".join(words[: head + 1])
    for word in words[head + 1 :]:
        if len(own) + 1 + len(word.partition(_MARK)[0]) > WIDTH:
            yield own
            own = margin + word
        else:
            own += f" {word}"
    yield own


def calls(nodes: Iterable[Node]) -> Iterator[str]:
    """The blocks that are called; one with a count twice."""
    for node in nodes:
        bare = node.node if isinstance(node, Maybe) else node
        if isinstance(bare, Line):
            if bare.is_call:
                yield str(bare.parts[0])
            if bare.is_call and bare.count:
                yield str(bare.parts[0])
        elif isinstance(bare, Nest):
            yield from calls(bare.items)
        else:
            for path in bare.paths:
                yield from calls(path)
