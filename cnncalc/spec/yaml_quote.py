"""Layer lines that YAML takes apart, and the corrected line to show for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import finding
from cnncalc.spec.yaml_nodes import LINE_BREAK, MapNode, Node, ScalarNode, Source
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.errors import Finding

    Report = Callable[[Finding], None]

_SHOWN = 160
"""Longest corrected line that a message shows."""
_KNOWN_BY = 60
_MOST_PARTS = 50
"""Commas in one pair of parentheses up to which the end is looked for."""
_DASHES = re.compile(r"[ \t]*(?:-[ \t]+)*")
_COMMENT = re.compile(r"(?:^|[ \t])#")
_KEY = re.compile(r"[^\s:\"'\[{][^:]*:[ \t]+")
_OPENING = "([{"
_CLOSING = ")]}"


def quoted(text: str) -> str:
    """The text as a single-quoted scalar."""
    return "'" + text.replace("'", "''") + "'"


def shorten(text: str) -> str:
    """Enough of a text to know it by."""
    return text if len(text) <= _KNOWN_BY else f"{text[:_KNOWN_BY]}..."


def quote_line(source: Source, start: int, end: int) -> str:
    """The remedy: the line of `start` with the stretch start..end in quotes; the stretch alone where it is too long."""
    number, column = source.position(start)
    line = source.line(number)
    stretch = source.text[start:end]
    if LINE_BREAK.search(stretch) or len(stretch) > _SHOWN:
        return "put the whole of it in quotes"
    corrected = f"{line[: column - 1]}{quoted(stretch)}{line[column - 1 + len(stretch) :]}".strip()
    return f"quote the line: `{corrected}`" if len(corrected) <= _SHOWN else f"quote it: `{quoted(stretch)}`"


def item_on_line(source: Source, number: int) -> tuple[int, int]:
    """Where on a line outside brackets the text to quote stands: the item of a list, or the value of a key.

    A name before a pipe belongs to its step, so such an item is quoted with the name.
    """
    line = source.line(number)
    head = _DASHES.match(line)
    start = head.end() if head else 0
    comment = _COMMENT.search(line, start)
    end = len(line[: comment.start() if comment else len(line)].rstrip())
    key = _KEY.match(line, start, end)
    if key and not (line[:start].strip() and "|" in line[start:end]):
        start = key.end()
    first = source.starts[number - 1]
    return first + start, first + end


def item_in_brackets(source: Source, bracket: int, at: int) -> tuple[int, int]:
    """Where the item that holds offset `at` stands, inside the brackets that open at `bracket`."""
    text = source.text
    broken = LINE_BREAK.search(text, at)
    limit = broken.start() if broken else len(text)
    start, depth, index = bracket + 1, 0, bracket + 1
    while index < limit:
        char = text[index]
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
        if index >= at and (depth < 0 or (char == "," and depth == 0)):
            break
        if char == "," and depth == 0:
            start = index + 1
        index += 1
    while start < index and text[start].isspace():
        start += 1
    end = start + len(text[start:index].rstrip())
    key = _KEY.match(text, start, end)
    if key and (text[bracket] == "{" or "|" not in text[start:end]) and key.end() <= at:
        start = key.end()
    return start, end


def last_word(text: str) -> int:
    """How many characters stand behind the last space, pipe, comma or bracket."""
    start = len(text)
    while start > 0 and not (text[start - 1].isspace() or text[start - 1] in "|,;([{"):
        start -= 1
    return len(text) - start


def odd_key(key: ScalarNode) -> bool:
    """Whether a plain key is the first part of a layer line: it holds a pipe, or half of a pair of brackets."""
    raw = key.raw
    return "|" in raw or raw.count("(") != raw.count(")")


def whole_line(source: Source, key: ScalarNode, value: Node, report: Report, *, alone: bool) -> ScalarNode | None:
    """Report a layer line that YAML took for `key: value`, and give it back whole where it is one line.

    `alone`: the mapping has no other entry.
    """
    start = source.offset(key.at)
    colon = start + len(key.raw)
    size = last_word(key.raw)
    is_line = alone and isinstance(value, ScalarNode) and value.written is None and value.at.line == key.at.line
    end = source.offset(value.at) + len(value.raw) if is_line and isinstance(value, ScalarNode) else colon + 1
    help_ = quote_line(source, start, end) if is_line else "quote a layer line that holds `: `"
    report(second_key(source, colon - size, colon + 1, help_))
    if not is_line:
        return None
    text = source.text[start:end]
    return ScalarNode(text, text, source.location(start, end), plain=True)


def second_key(source: Source, start: int, end: int, help_: str) -> Finding:
    """The finding about a `name: ` that YAML takes for a key where a layer line has a name."""
    word = source.text[start:end]
    taken = f"`{shorten(word)}`" if len(word) > 1 else "what stands before this `:`"
    message = f"YAML takes {taken} for a key, because a space follows the colon"
    return finding("CNN901", message, at=source.location(start, end), help=help_)


def rejoin(source: Source, items: Sequence[Node], report: Report) -> list[Node]:
    """The items of a `[...]`, those that YAML split at a comma inside parentheses reported and put together again."""
    joined: list[Node] = []
    index = 0
    while index < len(items):
        item = items[index]
        first = _tail(source, item)
        count = _balance(first, items, index) if first else 0
        last = items[index + count]
        if first and count and isinstance(last, ScalarNode):
            whole = _rejoined(source, first, last, "`[...]`", report)
            item = whole if isinstance(item, ScalarNode) else _with_tail(item, whole)
        joined.append(item)
        index += count + 1
    return joined


def rejoin_entries(source: Source, entries: Sequence[tuple[Node, Node]], report: Report) -> list[tuple[Node, Node]]:
    """The entries of a `{...}`, likewise: what YAML split off a value, or a key, became keys without values."""
    joined: list[tuple[Node, Node]] = []
    parts = [key if _is_empty(value) else value for key, value in entries]
    keys = [key for key, _ in entries]
    index = 0
    while index < len(entries):
        key, value = entries[index]
        is_key = _is_empty(value)  # `{basic(c, s=1): [...]}`
        first = key if is_key else value
        count = _balance(first, keys if is_key else parts, index) if isinstance(first, ScalarNode) else 0
        last, last_value = entries[index + count]
        between = entries[index + 1 : index + count] if is_key else entries[index + 1 : index + count + 1]
        whole = all(_is_empty(nothing) for _, nothing in between)
        if count and whole and isinstance(first, ScalarNode) and isinstance(last, ScalarNode):
            text = _rejoined(source, first, last, "`{...}`", report)
            key, value = (text, last_value) if is_key else (key, text)
            index += count
        joined.append((key, value))
        index += 1
    return joined


def _rejoined(source: Source, first: ScalarNode, last: ScalarNode, around: str, report: Report) -> ScalarNode:
    """One text again from the first to the last part."""
    start, end = source.offset(first.at), source.offset(last.at) + len(last.raw)
    text = source.text[start:end]
    message = f"YAML splits `{shorten(text)}` at its comma, because it stands inside {around}"
    report(finding("CNN901", message, at=source.location(start, end), help=quote_line(source, start, end)))
    return ScalarNode(text, text, source.location(start, end), plain=True)


def _balance(first: ScalarNode, parts: Sequence[Node], index: int) -> int:
    """How many of the parts after `index` close the parentheses that the first leaves open; 0: no end, or none open."""
    open_ = first.raw.count("(") - first.raw.count(")") if first.plain else 0
    if open_ <= 0:
        return 0
    for count, part in enumerate(parts[index + 1 : index + 1 + _MOST_PARTS], 1):
        if not isinstance(part, ScalarNode) or not part.plain or part.at.line != first.at.line:
            return 0
        open_ += part.raw.count("(") - part.raw.count(")")
        if open_ <= 0:
            return count
    return 0


def _is_empty(node: Node) -> bool:
    """Whether nothing is written there."""
    return isinstance(node, ScalarNode) and node.plain and not node.raw


def _tail(source: Source, item: Node) -> ScalarNode | None:
    """The text at the end of an item: the item itself, or the value of `name: text` inside `[...]`."""
    if isinstance(item, ScalarNode):
        return item
    if isinstance(item, MapNode) and item.entries and source.text[source.offset(item.at)] != "{":
        value = item.entries[-1][1]
        return value if isinstance(value, ScalarNode) else None
    return None


def _with_tail(item: Node, value: ScalarNode) -> Node:
    """A mapping with another last value."""
    if not isinstance(item, MapNode):
        return item
    return replace(item, entries=(*item.entries[:-1], (item.entries[-1][0], value)))
