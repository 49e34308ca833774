"""What YAML allows and a network file does not: tags, empty blocks of text, a text that runs on over a dash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import SpecError, finding
from cnncalc.spec.yaml_quote import quote_line

if TYPE_CHECKING:
    from cnncalc.errors import Finding, Location
    from cnncalc.spec.yaml_nodes import Source

_TAG = re.compile(r"![^\s,\[\]{}]*")
_BLOCK_HEAD = re.compile(r"[|>][-+0-9]{0,2}")
_DASH_BELOW = re.compile(r"[\r\n][ \t]*(-)(?=\s)")
_DASH_WORD_BELOW = re.compile(r"[\r\n][ \t]*(-)")


def tag(source: Source, start: int) -> Finding:
    """`!name`: no type but those of the language; `start` is where the node begins."""
    match = _TAG.search(source.text, start)
    begin, end = match.span() if match else (start, start + 1)
    help_ = "leave it out; quote a text that begins with `!`"
    return finding("CNN905", "tags are not read", at=source.location(begin, end), help=help_)


def empty_block(source: Source, at: Location) -> SpecError:
    """`>5`: read as the head of a folded text without a line, so that a bound would be lost."""
    start = source.offset(at)
    match = _BLOCK_HEAD.match(source.text, start)
    end = match.end() if match else start + 1
    message = f"`{source.text[start:end]}` begins a block of text in YAML, and no text follows"
    return SpecError([finding("CNN901", message, at=source.location(start, end), help=quote_line(source, start, end))])


def check_dashes(source: Source, start: int, end: int) -> None:
    """Raise SpecError where a plain text goes on with a line that begins with a dash."""
    words = source.text[start] == "-"
    match = (_DASH_WORD_BELOW if words else _DASH_BELOW).search(source.text, start, end)
    if match is None:
        return
    first, column = source.position(start)
    below, _ = source.position(match.start(1))
    message = f"YAML reads line {below} on from the text of line {first}, so its `-` begins no item"
    if words:
        help_ = "put a space behind each `-`"
    elif not source.line(first)[: column - 1].strip():
        help_ = f"if line {first} is a key, end it with `:`"
    else:
        help_ = "indent all items of a list alike"
    raise SpecError([finding("CNN901", message, at=source.location(*match.span(1)), help=help_)])
