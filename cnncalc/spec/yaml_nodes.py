"""Plain data with positions: what a YAML file says, node by node. Knows no YAML library, so that it costs no import."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Union

from cnncalc.errors import Location
from cnncalc.spec.yaml_offsets import character_spans
from cnncalc.values import value

if TYPE_CHECKING:
    from fractions import Fraction

LINE_BREAK = re.compile(r"\r\n|\n|\r")
"""What ends a line for an editor; `str.splitlines` splits on more."""

Value = Union[int, "Fraction", bool, None, str]
_TABLE_LIMIT = 65_536
"""Characters of a scalar up to which a table of their places is made; a finding in a longer one points at its start."""


class Source:
    """A text and where its lines start. Offsets count from 0 in code points, lines and columns from 1."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.tables: dict[int, list[tuple[int, int]]] = {}

    @cached_property
    def starts(self) -> list[int]:
        """The offset at which each line starts."""
        if "\r" not in self.text:  # the same, faster
            return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))][:-1]
        return [0, *(match.end() for match in LINE_BREAK.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def offset(self, at: Location) -> int:
        """The offset of the start of a location."""
        return self.starts[at.line - 1] + at.column - 1

    def line(self, number: int) -> str:
        """A line without its break; "" past the end."""
        if number > len(self.starts):
            return ""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end].rstrip("\r\n")

    def location(self, start: int, end: int | None = None) -> Location:
        """The stretch start..end, as far as it stands on the line of its start."""
        line, column = self.position(start)
        end = min(end or start, len(self.text))
        if end <= start:
            return Location(file=self.file, line=line, column=column)
        broken = LINE_BREAK.search(self.text, start, end)
        size = len(self.text[start : broken.start()].rstrip()) if broken else end - start
        return Location(file=self.file, line=line, column=column, end_column=column + size if size else None)


@value(kw_only=False)
class Written:
    """How a scalar stands in its source where it is not letter for letter: quotes, escapes, folded lines, blocks."""

    source: Source
    start: int
    end: int
    style: str
    """"" (plain), `'`, `"`, `|`, `>`."""

    def locate(self, raw: str, start: int, end: int) -> Location:
        """The place of characters start..end of the text."""
        if self.end - self.start > _TABLE_LIMIT:
            return self.source.location(self.start, self.end)
        tables = self.source.tables
        if self.start not in tables:
            tables[self.start] = character_spans(self.source.text, self.start, self.end, self.style, raw)
        spans = tables[self.start]
        if not spans:
            return self.source.location(self.start, self.end)
        if start >= len(spans):
            return self.source.location(spans[-1][1])
        return self.source.location(spans[start][0], spans[min(end, len(spans)) - 1][1] if end > start else None)


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text, number, truth value or null, with the text it was read from."""

    value: Value
    raw: str
    """Unquoted, unescaped, unfolded."""
    at: Location
    """The whole of it, quotes included, as far as it stands on its first line."""
    plain: bool
    """Without quotes, and no block of text; only such a scalar is anything but text."""
    written: Written | None = field(default=None, repr=False, compare=False)
    """None: `raw` stands letter for letter at `at`."""

    def locate(self, start: int, end: int) -> Location:
        """The place of characters start..end (end excluded) of `raw`."""
        if self.written is not None:
            return self.written.locate(self.raw, start, end)
        at = self.at
        column = at.column + start
        return Location(file=at.file, line=at.line, column=column, end_column=at.column + end if end > start else None)


@value(kw_only=False)
class MapNode:
    """A mapping; its keys are text and different."""

    entries: tuple[tuple[ScalarNode, Node], ...]
    at: Location
    """Of the first key, or of `{...}`."""


@value(kw_only=False)
class ListNode:
    """A list."""

    items: tuple[Node, ...]
    at: Location
    """Of the first `-`, or of `[...]`."""


Node = Union[ScalarNode, MapNode, ListNode]


def text_node(text: str, file: str) -> ScalarNode:
    """A text that comes from no YAML (a layer line of the shell), as the plain scalar that it would be.

    >>> text_node("conv 8 k3", "<line>").locate(5, 6)
    Location(file='<line>', line=1, column=6, end_column=7)
    """
    at = Location(file=file, line=1, column=1, end_column=len(text) + 1 if text else None)
    if not LINE_BREAK.search(text):
        return ScalarNode(text, text, at, plain=True)
    source = Source(file, text)
    source.tables[0] = [(index, index + 1) for index in range(len(text))]
    return ScalarNode(text, text, source.location(0, len(text)), plain=True, written=Written(source, 0, len(text), ""))
