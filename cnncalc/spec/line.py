"""The layer language: `stem: conv 64 k3 bn relu | maxpool 2 | res(conv 64 k3 p1 | relu)` -> items.

line  = step { "|" step }
step  = [NAME ": "] (layer | group ["*" expr])
group = "(" line ")" | ("add"|"concat"|"mul"|"max"|"min") "(" [line] {";" [line]} ")"
      | "res" "(" line [";" (line | shortcut word)] ")"
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.spec.groups import GroupReader
from cnncalc.spec.items import AnyItem, BranchesItem, PlacedItem, ResidualItem, SequenceItem
from cnncalc.spec.layer import checked_name, read_layer
from cnncalc.spec.problems import TextError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.spec.items import Origin
    from cnncalc.spec.word_reader import Scope


class Line(NamedTuple):
    """What a text says, wherever it stands."""

    items: tuple[AnyItem, ...]
    """What stands inside a group is placed nowhere yet."""
    problems: tuple[TextError, ...]
    flat: bool
    """No groups: the items can be used as they are."""


def parse_line(text: str, scope: Scope) -> Line:
    """The items of a line; equal lines of a scope are parsed once."""
    line = scope.lines.get(text)
    if line is None:
        line = scope.lines[text] = _parse(text, scope)
    return line


def place(line: Line, origin: Origin) -> tuple[PlacedItem, ...]:
    """The items where they stand."""
    if line.flat:
        return tuple([PlacedItem(item, origin) for item in line.items])
    return tuple([PlacedItem(_placed(item, origin), origin) for item in line.items])


def _placed(item: AnyItem, origin: Origin) -> AnyItem:
    def all_placed(items: tuple[PlacedItem, ...]) -> tuple[PlacedItem, ...]:
        return tuple(PlacedItem(_placed(inner.item, origin), origin) for inner in items)

    if isinstance(item, SequenceItem):
        return replace(item, items=all_placed(item.items))
    if isinstance(item, BranchesItem):
        return replace(item, paths=tuple(replace(path, body=all_placed(path.body)) for path in item.paths))
    if isinstance(item, ResidualItem):
        shortcut = item.shortcut if isinstance(item.shortcut, str) else all_placed(item.shortcut)
        return replace(item, body=all_placed(item.body), shortcut=shortcut)
    return item


_WORD = re.compile(r"\S+")


def _parse(text: str, scope: Scope) -> Line:
    problems: list[TextError] = []
    if "|" in text or "(" in text or ")" in text or ";" in text:
        reader = GroupReader(text, scope, problems)
        items = reader.line(0)
        while reader.at < len(text):  # a `)` or `;` that belongs to no group
            reader.stray()
            if reader.peek() not in ("", "|", ")", ";"):
                items += reader.line(0)
        return Line(items, tuple(problems), reader.flat)
    tokens = [(found.group(), found.start(), found.end()) for found in _WORD.finditer(text)]
    name = None
    if tokens and tokens[0][0][-1] == ":":
        word, start, end = tokens.pop(0)
        name = checked_name((word[:-1], start, end - 1), scope, problems)
    elif len(tokens) > 2 and tokens[1][0] == ":":  # noqa: PLR2004 - name, colon, op
        name = checked_name(tokens[0], scope, problems)
        del tokens[:2]
    if not tokens:
        problems.append(TextError("a layer is missing", len(text), len(text), code="CNN906"))
        return Line((), tuple(problems), flat=True)
    return Line((read_layer(tokens, name, scope, problems),), tuple(problems), flat=True)
