"""The lines of a YAML text: code and comment apart, what is quoted or goes on over several lines kept as it is."""

from __future__ import annotations

import re

from cnncalc.values import value

_SPACES = re.compile(r"[ \t]+")
_PIPE = re.compile(r"[ \t]*\|[ \t]*")
_BLOCK = re.compile(r"(?:^|[ \t])[|>][-+0-9]*$")
_OPENING, _CLOSING = "[{", "]}"


@value
class Line:
    """One line, or several that belong together."""

    indent: int
    code: str
    """Without indentation and comment; "" for a comment alone or an empty line."""
    comment: str = ""
    """With its `#`."""
    more: tuple[str, ...] = ()
    """The lines after the first, as they are written."""

    @property
    def is_empty(self) -> bool:
        """Nothing stands on it."""
        return not (self.code or self.comment)


def lines_of(text: str) -> list[Line]:
    """The lines of a text."""
    found: list[Line] = []
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    at = 0
    while at < len(rows):
        end = at + 1
        code, comment, is_open = _apart(rows[at])
        while is_open and end < len(rows):
            end += 1
            code, comment, is_open = _apart("\n".join(rows[at:end]))
        indent = len(rows[at]) - len(rows[at].lstrip(" "))
        if _BLOCK.search(code):
            while end < len(rows) and (not rows[end].strip() or _indent(rows[end]) > indent):
                end += 1
            found.append(Line(indent=indent, code=code, comment=comment, more=tuple(rows[at + 1 : end])))
        elif end > at + 1:
            found.append(Line(indent=indent, code=rows[at].strip(), more=tuple(rows[at + 1 : end])))
        else:
            found.append(Line(indent=indent, code=code, comment=comment))
        at = end
    return found


def tidy(code: str) -> str:
    """One space between words and around pipes, outside quotes.

    >>> tidy("conv  64   k3|relu")
    'conv 64 k3 | relu'
    >>> tidy("name: 'a  b'")
    "name: 'a  b'"
    """
    parts, at = [], 0
    for start, end in _quotes(code):
        parts += [_plain(code[at:start]), code[start:end]]
        at = end
    return "".join([*parts, _plain(code[at:])]).strip()


def _plain(text: str) -> str:
    return _SPACES.sub(" ", _PIPE.sub(" | ", text))


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip(" "))


def _quotes(code: str) -> list[tuple[int, int]]:
    """The stretches in quotes, which begin where a value may."""
    found = []
    at = 0
    while at < len(code):
        if code[at] in "'\"" and _begins(code, at):
            end = _closing(code, at)
            found.append((at, end))
            at = end
        else:
            at += 1
    return found


def _begins(code: str, at: int) -> bool:
    before = code[:at].rstrip()
    return not before or before[-1] in "[{,:" or (before[-1] == "-" and before.strip("- ") == "")


def _closing(code: str, start: int) -> int:
    """One past the closing quote, or past the end."""
    quote, at = code[start], start + 1
    while at < len(code):
        if code[at] == "\\" and quote == '"':
            at += 2
        elif code[at] == quote:
            if quote == "'" and code[at + 1 : at + 2] == "'":
                at += 2
                continue
            return at + 1
        else:
            at += 1
    return len(code) + 1


def _apart(row: str) -> tuple[str, str, bool]:
    """Code and comment of a row, and whether a quote or bracket stays open."""
    depth, at, stripped = 0, 0, row.strip(" \t\n")
    while at < len(stripped):
        char = stripped[at]
        if char in "'\"" and _begins(stripped, at):
            at = _closing(stripped, at)
            if at > len(stripped):
                return stripped, "", True
            continue
        if char == "#" and (at == 0 or stripped[at - 1].isspace()):
            broken = stripped.find("\n", at)
            if broken < 0:
                return stripped[:at].rstrip(), stripped[at:], depth > 0
            at = broken
        elif char in _OPENING and (depth or _begins(stripped, at)):
            depth += 1
        elif char in _CLOSING and depth:
            depth -= 1
        at += 1
    return stripped, "", depth > 0
