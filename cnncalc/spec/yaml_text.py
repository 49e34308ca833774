"""Bytes to text, and what YAML keeps from its readers: bad characters and comments."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from cnncalc.errors import Location, SpecError, finding
from cnncalc.spec.network import Comment
from cnncalc.spec.yaml_nodes import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BYTES = 4 * 2**20
"""Largest file that is read."""
_BAD_ASCII = re.compile("[^\t\n\r\x20-\x7e]")
_BAD = "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
"""Control characters, line breaks that only YAML knows, byte order marks inside the text, halves of surrogate pairs."""
_BLANKS = re.compile("[ \t]*")
_COMMENT = re.compile(r"#[ \t]*cnncalc:")
_SPACE_BEFORE = "(?:^|[\r\n])[ \t-]*([\xa0\u1680\u2000-\u200b\u202f\u205f\u3000])"
_LINE_SEPARATORS = {"\x85": "next line", "\u2028": "line separator", "\u2029": "paragraph separator"}
_WIDE_MARKS = {b"\xff\xfe\0\0": "UTF-32", b"\0\0\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_SAVE = "save it as UTF-8"


def decode(data: bytes, file: str) -> str:
    """UTF-8 to text, without its byte order mark; raises SpecError where it is anything else, or too much."""
    check_size(len(data), file)
    for mark, name in _WIDE_MARKS.items():
        if data.startswith(mark):
            raise _refusal(Source(file, ""), f"the file is {name}, not UTF-8", _SAVE)
    if b"\0" in data:
        even, odd = data[:64:2], data[1:64:2]
        if (all(even) and not any(odd)) or (all(odd) and not any(even)):
            raise _refusal(Source(file, ""), "the file is UTF-16 (every second byte is 0), not UTF-8", _SAVE)
        raise _refusal(Source(file, ""), "the file is binary (it holds bytes that are 0), not YAML", None)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        good = data[: error.start].decode()
        message = f"byte 0x{data[error.start]:02X} is not UTF-8 text"
        raise _refusal(Source(file, good), message, _SAVE, len(good)) from None


def check_size(size: int, file: str) -> None:
    """Raise SpecError beyond MAX_BYTES."""
    if size > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES >> 20} MiB, the most that is read"
        at = Location(file=file, line=1, column=1)
        raise SpecError([finding("CNN902", message, at=at, help="write repeated layers once, as a block or with `*n`")])


def bad_character(text: str) -> re.Match[str] | None:
    """The first character that no file should have."""
    # The whole pattern takes milliseconds to compile, and few files need it.
    return _BAD_ASCII.search(text) if text.isascii() else re.search(_BAD, text)


def check_characters(source: Source) -> None:
    """Raise SpecError at the first character that no file should have."""
    match = bad_character(source.text)
    if match is None and not source.text.isascii():
        match = re.search(_SPACE_BEFORE, source.text)
    if match is None:
        return
    char = match.group(match.lastindex or 0)
    name = f"U+{ord(char):04X}"
    if match.lastindex:
        message = f"the space {name} in the indentation is none that YAML knows"
    elif char in _LINE_SEPARATORS:
        message = f"{_LINE_SEPARATORS[char]} {name}: YAML ends the line here, editors do not"
    elif char == "\ufeff":
        message = f"byte order mark {name} inside the text"
    elif "\ud800" <= char <= "\udfff":
        message = f"{name} is half of a surrogate pair, no character"
    else:
        message = f"control character {name}"
    raise _refusal(source, message, "indent with spaces" if match.lastindex else "delete it", match.end() - 1)


def comments(source: Source, scalars: Sequence[tuple[int, int]]) -> tuple[Comment, ...]:
    """Every `# cnncalc: ...` outside the scalars, whose spans are in order; each ends with its line or at the next."""
    starts = [start for start, _ in scalars]
    text = source.text
    places: list[int] = []
    for match in _COMMENT.finditer(text):
        before = bisect_right(starts, match.start()) - 1
        if before < 0 or match.start() >= scalars[before][1]:
            places.append(match.start())
    found: list[Comment] = []
    for start, following in zip(places, [*places, len(text)][1:], strict=True):
        at = source.location(start, start + len(text[start:following].rstrip()))
        if found and found[-1].at.line == at.line:
            alone = found[-1].alone
        else:
            head = _BLANKS.match(text, source.starts[at.line - 1])
            alone = head is not None and text[head.end()] == "#"
        words = text[start + 1 : start + (at.end_column or at.column) - at.column]
        found.append(Comment(text=words.strip(), at=at, alone=alone))
    return tuple(found)


def speaks(text: str) -> bool:
    """Whether any comment may be for cnncalc."""
    return _COMMENT.search(text) is not None


def _refusal(source: Source, message: str, help_: str | None, offset: int = 0) -> SpecError:
    """The error at an offset."""
    at = source.location(offset, offset + 1)
    return SpecError([finding("CNN901", message, at=at, help=help_)])
