"""From the events of a YAML parser to nodes, without recursion and under limits."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from cnncalc.errors import Finding, Location, SpecError, finding
from cnncalc.spec.yaml_anchors import MAX_DEPTH, Anchors
from cnncalc.spec.yaml_errors import explain
from cnncalc.spec.yaml_keys import repeated_key, text_key
from cnncalc.spec.yaml_nodes import LINE_BREAK, ListNode, MapNode, Node, ScalarNode, Source, Value, Written
from cnncalc.spec.yaml_numbers import MAX_DIGITS, MAYBE_NO_TEXT, resolve
from cnncalc.spec.yaml_quote import odd_key, rejoin, rejoin_entries, whole_line
from cnncalc.spec.yaml_refuse import check_dashes, empty_block, tag
from cnncalc.spec.yaml_text import bad_character, speaks

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NODES = 350_000
"""Enough for the 100,000 layers that a network may have, each with a name."""
MAX_FINDINGS = 100

_TOO_MANY = f"more than {MAX_NODES:,} keys, values and items"

_PROPERTY = re.compile(r"\s+|#[^\r\n]*|&[0-9A-Za-z_-]*")


_BEGINS = frozenset({MappingStartEvent, SequenceStartEvent})
_ENDS = frozenset({MappingEndEvent, SequenceEndEvent})


def _most_nodes(text: str) -> int:
    """So many nodes at most: each of these signs begins a collection, its first key and the value of that, or less."""
    return 1 + 3 * sum(map(text.count, ",-:?[{"))


def _pure(text: str) -> Any:
    """The parser written in Python, for where libyaml is missing."""
    # NB: 50 times slower, so that a file near the size limit takes minutes.
    return yaml.SafeLoader(text)


PARSER: Callable[[str], Any] = getattr(yaml, "CSafeLoader", _pure)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    content: list[Node]
    """Items, or keys and values by turns."""
    begin: Any
    """Its first event."""
    anchor: str | None
    in_brackets: bool


class Builder:
    """Builds the nodes of one text; `findings` and the spans of the scalars are what else it learns."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []
        self.speaks = speaks(source.text)
        """Whether there may be comments for cnncalc; only then `spans` are kept."""
        self.spans: list[tuple[int, int]] = []
        self._nodes = 0
        self._documents = 0
        self._top: list[Node] = []
        self._content = self._top
        self._opened: list[_Open] = []
        self._anchors = Anchors()

    def build(self) -> Node | None:
        """The root; None where there is none, or the findings say why it cannot be used."""
        try:
            if PARSER is not _pure and _most_nodes(self.source.text) > MAX_NODES:
                self._count(PARSER(self.source.text).get_event)
            self._read(PARSER(self.source.text).get_event)
        except SpecError as error:
            self.findings += error.findings
            return None
        except yaml.MarkedYAMLError as error:
            bracket = next((self._start(frame.begin) for frame in reversed(self._opened) if frame.in_brackets), None)
            self.findings.append(explain(error, self.source, bracket))
            return None
        except (yaml.YAMLError, ValueError, OverflowError):
            # The characters have been checked before: all that is left is an escape that the pure parser cannot take.
            message = "an escape in double quotes stands for no character"
            self.findings.append(finding("CNN901", message, at=self.source.location(0)))
            return None
        root = self._top[0] if self._top else None
        return None if isinstance(root, ScalarNode) and root.plain and not root.raw else root

    def _count(self, get_event: Callable[[], Any]) -> None:
        """Refuse what holds too many nodes before the first is made, in a fifth of the time."""
        count, depth, kind = 0, 0, None
        with suppress(yaml.YAMLError, ValueError, OverflowError):  # the reading itself will say what is wrong
            while kind is not StreamEndEvent and depth <= MAX_DEPTH:  # deeper, the parser takes quadratic time
                event = get_event()
                kind = type(event)
                depth += (kind in _BEGINS) - (kind in _ENDS)
                count += kind is ScalarEvent or kind in _BEGINS
                if count > MAX_NODES:
                    raise self._too_much(event, _TOO_MANY)

    def _read(self, get_event: Callable[[], Any]) -> None:
        """The loop over all events."""
        file, spans, speaks = self.source.file, self.spans, self.speaks
        content = self._content
        structure = {
            MappingStartEvent: self._begin,
            SequenceStartEvent: self._begin,
            MappingEndEvent: self._end_map,
            SequenceEndEvent: self._end_list,
            AliasEvent: self._alias,
            DocumentStartEvent: self._document,
        }
        while True:
            event = get_event()
            kind = type(event)
            if kind is not ScalarEvent:
                if kind is StreamEndEvent:
                    return
                if kind in structure:
                    structure[kind](event)
                    content = self._content
                continue
            self._nodes += 1
            if self._nodes > MAX_NODES:
                raise self._too_much(event, _TOO_MANY)
            start, end = event.start_mark, event.end_mark
            if speaks:
                spans.append((start.index, end.index))
            raw: str = event.value
            if not raw or event.style or event.tag or event.anchor or start.line != end.line:
                content.append(self._special(event))
                continue
            at = Location(file=file, line=start.line + 1, column=start.column + 1, end_column=end.column + 1)
            value = self._value(raw, at) if raw[0] in MAYBE_NO_TEXT else raw
            content.append(ScalarNode(value, raw, at, True))  # noqa: FBT003 - positional arguments are faster

    def _special(self, event: Any) -> ScalarNode:
        """A scalar with quotes, an anchor, several lines, or nothing in it."""
        if event.tag:
            raise SpecError([tag(self.source, event.start_mark.index)])
        end = event.end_mark.index
        start = min(self._start(event), end)
        if start == end:  # libyaml puts what is omitted at the end of the file on a line behind it
            node = ScalarNode(None, "", self.source.location(start), plain=True)
        else:
            node = self._written(event, start, end)
        if event.anchor:
            self._anchors.nodes[event.anchor] = node
        return node

    def _written(self, event: Any, start: int, end: int) -> ScalarNode:
        """A scalar that may not stand in the text letter for letter."""
        source, style, raw = self.source, event.style or "", event.value
        at = self._at(event, event.end_mark)
        several_lines = event.end_mark.line > at.line - 1
        if style == '"' and (bad := bad_character(raw)):
            message = f"the escapes give the character U+{ord(bad.group()):04X}, which no name or line has"
            raise SpecError([finding("CNN905", message, at=at)])
        if style in {"|", ">"}:
            if self.speaks:  # a comment may follow `|`
                broken = LINE_BREAK.search(source.text, start, end)
                self.spans[-1] = (broken.start() if broken else end, end)
            if not raw.strip():
                raise empty_block(source, at)
        elif several_lines and not style:
            check_dashes(source, start, end)
        value = raw if style else self._value(raw, at)
        written = Written(source, start, end, style) if style or several_lines else None
        return ScalarNode(value, raw, at, not style, written)

    def _value(self, raw: str, at: Location) -> Value:
        try:
            return resolve(raw)
        except OverflowError:
            message = f"a number of more than {MAX_DIGITS} digits"
            raise SpecError([finding("CNN902", message, at=at, help="quote it if it is a text")]) from None

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            help_ = "one file holds one network"
            at = self.source.location(event.start_mark.index, event.end_mark.index)
            raise SpecError([finding("CNN901", "a second document begins here", at=at, help=help_)])

    def _begin(self, event: Any) -> None:
        """A mapping or list begins."""
        if event.tag:
            raise SpecError([tag(self.source, event.start_mark.index)])
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._too_much(event, _TOO_MANY)
        if len(self._opened) == MAX_DEPTH:
            raise self._too_much(event, f"nested deeper than {MAX_DEPTH} levels")
        content: list[Node] = []
        brackets = bool(event.flow_style) and self.source.text[self._start(event)] in "[{"
        self._opened.append(_Open(content, event, event.anchor, brackets))
        if event.anchor:
            self._anchors.nodes[event.anchor] = content
        self._content = content

    def _finish(self, frame: _Open, node: Node) -> None:
        """A collection is complete."""
        self._opened.pop()
        if frame.anchor and self._anchors.nodes[frame.anchor] is frame.content:
            self._anchors.nodes[frame.anchor] = node
        self._content = self._opened[-1].content if self._opened else self._top
        self._content.append(node)

    def _end_list(self, event: Any) -> None:
        frame = self._opened[-1]
        items = rejoin(self.source, frame.content, self._report) if frame.in_brackets else frame.content
        at = self._at(frame.begin, event.end_mark if frame.in_brackets else None)
        self._finish(frame, ListNode(tuple(items), at))

    def _end_map(self, event: Any) -> None:
        frame = self._opened[-1]
        content = frame.content
        pairs: list[tuple[Node, Node]] = list(zip(content[::2], content[1::2], strict=True))
        if frame.in_brackets:
            pairs = rejoin_entries(self.source, pairs, self._report)
            at = self._at(frame.begin, event.end_mark)
        else:
            at = pairs[0][0].at
        entries: list[tuple[ScalarNode, Node]] = []
        first: dict[str, ScalarNode] = {}
        for node, value in pairs:
            key = text_key(node, alone=len(pairs) == 1)
            if isinstance(key, Finding):
                self._report(key)
                continue
            if key.plain and odd_key(key):
                alone = len(pairs) == 1 and not frame.in_brackets
                line = whole_line(self.source, key, value, self._report, alone=alone)
                if line is not None:
                    self._finish(frame, line)
                    return
            elif key.raw in first:
                self._report(repeated_key(key, first[key.raw]))
            else:
                first[key.raw] = key
                entries.append((key, value))
        self._finish(frame, MapNode(tuple(entries), at))

    def _alias(self, event: Any) -> None:
        """What an anchor stands for, once more; it keeps its first place."""
        at = self.source.location(event.start_mark.index, event.end_mark.index)
        self._content.append(self._anchors.resolve(event.anchor, at, len(self._opened)))

    def _at(self, event: Any, end: Any) -> Location:
        """The place of a node from its first event to a mark; of its first character where there is none."""
        start = event.start_mark
        if event.anchor or (end and end.line > start.line):
            begin = self._start(event)
            return self.source.location(begin, end.index if end else begin + 1)
        stop = end.column if end else start.column + 1
        return Location(file=self.source.file, line=start.line + 1, column=start.column + 1, end_column=stop + 1)

    def _start(self, event: Any) -> int:
        """Where a node itself begins, behind its anchor."""
        start: int = event.start_mark.index
        while event.anchor and (match := _PROPERTY.match(self.source.text, start)):
            start = match.end()
        return start

    def _too_much(self, event: Any, message: str) -> SpecError:
        at = self.source.location(event.start_mark.index)
        return SpecError([finding("CNN902", message, at=at)])

    def _report(self, found: Finding) -> None:
        self.findings.append(found)
        if len(self.findings) >= MAX_FINDINGS:
            message = f"more than {MAX_FINDINGS} mistakes; the rest of the file was not read"
            raise SpecError([finding("CNN902", message, at=found.at)])
