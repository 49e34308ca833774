"""Where each character of a YAML scalar stands in its source: line folding, escapes and blocks undone.

The rules are those of libyaml's scanner (YAML 1.1 chapters 9.1 to 9.4), which both parsers share.
"""

from __future__ import annotations

from itertools import takewhile

_BLANKS = " \t"
_BREAKS = "\r\n"
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}

Spans = list[tuple[int, int]]
Lines = list[tuple[int, int, int]]


def character_spans(text: str, start: int, end: int, style: str, raw: str) -> Spans:
    r"""The stretch of `text` from which each character of `raw` was read; text[start:end] is the scalar as written.

    [] where the rules give another number of characters than `raw` has.

    >>> character_spans('"a\\tb"', 0, 6, '"', "a\tb")
    [(1, 2), (2, 4), (4, 5)]
    """
    if style in {"|", ">"}:
        spans = _block(text, start, end, raw, literal=style == "|")
    else:
        quotes = 1 if style else 0
        spans = _flow(text, start + quotes, end - quotes, style)
    return spans if len(spans) == len(raw) else []


def _flow(text: str, start: int, end: int, style: str) -> Spans:
    """Plain and quoted scalars: a single line break is a space, of n of them n - 1 stay."""
    spans: Spans = []
    index = start
    joined = False  # behind an escaped line break: no space comes of it
    while index < end:
        char = text[index]
        if char in _BLANKS or char in _BREAKS:
            blanks, breaks, index = _white(text, index, end)
            if joined:
                spans += breaks
            elif breaks:
                spans += breaks[1:] or breaks
            else:
                spans += blanks
            joined = False
            continue
        size = 1
        if style == "'" and char == "'":
            size = 2
        elif style == '"' and char == "\\":
            following = text[index + 1 : index + 2]
            if following and following in _BREAKS:
                index += 1 + len(_break_at(text, index + 1))
                joined = text[index] in _BLANKS + _BREAKS
                continue
            size = 2 + _HEX_DIGITS.get(following, 0)
        spans.append((index, index + size))
        index += size
    return spans


def _white(text: str, index: int, end: int) -> tuple[Spans, Spans, int]:
    """A run of white space: the blanks before its first break, its breaks, and where it ends."""
    blanks: Spans = []
    breaks: Spans = []
    while index < end and text[index] in _BLANKS + _BREAKS:
        size = len(_break_at(text, index)) or 1
        if text[index] in _BREAKS:
            breaks.append((index, index + size))
        elif not breaks:
            blanks.append((index, index + size))
        index += size
    return blanks, breaks, index


def _break_at(text: str, index: int) -> str:
    """The line break at an index, or ""."""
    pair = text[index : index + 2]
    return pair if pair == "\r\n" else pair[:1] if pair[:1] in _BREAKS else ""


def _block(text: str, start: int, end: int, raw: str, *, literal: bool) -> Spans:
    """Block scalars: lines less their indentation; folded, a break between two lines of text is a space."""
    lines = list(_lines(text, start, end))[1:]  # the first is the header
    indent = _indent(text, lines, raw)
    spans: Spans = []
    pending: Spans = []  # the break after the last line, then those of empty lines
    after_text = False  # a line stands before, and does not begin with a blank
    seen_line = False
    for begin, stop, after in lines:
        line = text[begin:stop]
        if len(line) <= indent and not line.strip(" "):
            pending.append((stop, after))
            continue
        if not line[:indent].isspace() and indent:
            break  # a comment that ends the block
        starts_blank = line[indent : indent + 1] in {" ", "\t"}
        folds = not literal and seen_line and after_text and not starts_blank
        spans += pending[1:] or pending if folds else pending
        spans += [(index, index + 1) for index in range(begin + indent, stop)]
        pending = [(stop, after)]
        after_text = not starts_blank
        seen_line = True
    return (spans + pending)[: len(raw)]


def _lines(text: str, start: int, end: int) -> Lines:
    """Each line of text[start:end]: where it begins, where it ends, and where its break ends."""
    lines: Lines = []
    while start < end:
        stop = start
        while stop < end and text[stop] not in _BREAKS:
            stop += 1
        after = min(stop + len(_break_at(text, stop)), end)
        lines.append((start, stop, after))
        start = after
    return lines


def _indent(text: str, lines: Lines, raw: str) -> int:
    """How many spaces were taken off each line: those of the first line with text, less those that `raw` kept."""

    def spaces(line: str) -> int:
        return sum(1 for _ in takewhile(" ".__eq__, line))

    written = next((line for line in (text[begin:stop] for begin, stop, _ in lines) if line.strip(" ")), None)
    read = next((line for line in raw.split("\n") if line.strip(" ")), None)
    if written is not None and read is not None:
        return spaces(written) - spaces(read)
    # Only blanks: the longest line tells.
    return max((stop - begin for begin, stop, _ in lines), default=0) - max(map(len, raw.split("\n")))
