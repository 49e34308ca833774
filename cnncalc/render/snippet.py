"""Findings as people read them: position, message, the source line with carets, how the blocks were called, the remedy.

resnet18.yaml:8:7: error CNN001: residual: main path 128x28x28 does not match shortcut 64x56x56
    8 |     - residual:
      |       ^^^^^^^^
      in block `basic`, called at 14:13 (layer2), copy 1 of 2
   help: `shortcut: project` (1x1 conv + bn, stride 2) or `if_same`
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.render.wide import columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cnncalc.errors import Finding, Frame, Location

    Paint = Callable[[str, str], str]

LIMIT = 20
"""Findings shown in full; the rest have a line each."""
WIDTH = 100
"""Terminal columns of a source line that are shown."""
_NUMBER_WIDTH = 5
_MOST_CHARACTERS = 4 * WIDTH
"""Shown of a line on either side, where most of them have no width."""
_TAB = 4
_MARK = "…"
_LINE_BREAK = re.compile(r"\r\n|\n|\r")  # what editors count, as in the reader
_STYLES = {"place": "1", "error": "1;31", "warning": "1;33", "info": "1;36", "gutter": "36", "help": "1;36"}
"""ANSI codes; nothing that is hard to read on white or on black."""


def snippet(found: Finding, text: str | None) -> str:
    """The finding as a code frame; without the text of its source, or a place in it, the frame is left out."""
    return "\n".join(_long(found, _lines(text), _plain))


def concise(found: Finding) -> str:
    """The finding on one line: `file:line:col: severity CODE: message`."""
    return _header(found, _plain) + _more(found)


def render_findings(
    findings: Iterable[Finding], texts: Mapping[str, str], *, colour: bool = False, limit: int = LIMIT
) -> str:
    """All findings by position, the first `limit` as code frames, the rest a line each, then how many there are.

    `texts` are the sources by the file names of the locations. "" where there is no finding.
    """
    ordered = sorted(findings, key=_position)
    if not ordered:
        return ""
    paint = _coloured if colour else _plain
    split = {file: _lines(texts.get(file)) for file in {found.at.file for found in ordered[:limit] if found.at}}
    parts = ["\n".join(_long(found, split[found.at.file] if found.at else (), paint)) for found in ordered[:limit]]
    rest = [_header(found, paint) + _more(found) for found in ordered[limit:]]
    return "\n\n".join([*parts, *(["\n".join(rest)] if rest else []), counts(ordered)])


def counts(findings: Iterable[Finding]) -> str:
    """How many there are of each severity: `2 errors, 1 warning`; `no findings`."""
    severities = [found.severity for found in findings]
    words = []
    for severity in Severity:
        number = severities.count(severity)
        if number:
            words.append(f"{number} {severity.value}{'s' if number > 1 and severity is not Severity.INFO else ''}")
    return ", ".join(words) or "no findings"


def printable(text: str) -> str:
    r"""The text with characters that would act on a terminal or hide in it written as escapes.

    >>> print(printable("a\x1b[31m\u202e"))
    a\x1b[31m\u202e
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def _position(found: Finding) -> tuple[str, int, int, str]:
    at = found.at
    return (at.file, at.line, at.column, found.code) if at else ("", 0, 0, found.code)


def _lines(text: str | None) -> list[str]:
    return _LINE_BREAK.split(text) if text else []


def _plain(text: str, _style: str) -> str:
    return text


def _coloured(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def _long(found: Finding, lines: Sequence[str], paint: Paint) -> Iterator[str]:
    """The lines of a code frame."""
    yield _header(found, paint)
    if found.at:
        yield from _frame(found.at, lines, paint, found.severity.value)
    indent = " " * (_NUMBER_WIDTH + 1)
    for frame in found.stack:
        yield indent + _call(frame, found.at)
    if found.copies > 1:
        yield f"{indent}the same in {found.copies} copies"
    if found.help:
        first, *rest = _LINE_BREAK.split(found.help)
        yield f"   {paint('help:', 'help')} {printable(first)}"
        yield from (f"         {printable(line)}" for line in rest)


def _header(found: Finding, paint: Paint) -> str:
    place = paint(f"{printable(str(found.at))}:", "place") + " " if found.at else ""
    kind = paint(f"{found.severity.value} {found.code}:", found.severity.value)
    return f"{place}{kind} {printable(found.message)}"


def _more(found: Finding) -> str:
    return f" ({found.copies} copies)" if found.copies > 1 else ""


def _call(frame: Frame, at: Location | None) -> str:
    """One level of the block call stack; the file is named where it is another one."""
    place = f"{frame.at.line}:{frame.at.column}" if at and at.file == frame.at.file else printable(str(frame.at))
    copy = "" if frame.copy is None else f", copy {frame.copy + 1} of {frame.copies}"
    return f"in block `{printable(frame.block)}`, called at {place} ({printable(frame.layer)}){copy}"


def _frame(at: Location, lines: Sequence[str], paint: Paint, style: str) -> Iterator[str]:
    """The source line and the carets below it; nothing for a place behind the last line."""
    if at.line > len(lines):
        return
    shown, start, size = _window(lines[at.line - 1], at.column - 1, (at.end_column or at.column + 1) - 1)
    number = f"{at.line:>{_NUMBER_WIDTH}}"
    yield f"{paint(f'{number} |', 'gutter')} {shown}".rstrip()
    yield f"{paint(' ' * len(number) + ' |', 'gutter')} {' ' * start}{paint('^' * size, style)}"


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """What is shown of a line: at most WIDTH columns around start..end; where the carets begin; how many there are."""
    start = min(start, len(line))
    first, last = _cut(line, start)
    left, right = _MARK if first else "", _MARK if last < len(line) else ""
    shown = f"{left}{printable(line[first:last])}{right}"
    before = len(left) + _width(line[first:start])
    return shown, before, max(_width(line[start : min(end, last)]), 1)


def _cut(line: str, start: int) -> tuple[int, int]:
    """From where to where a line is shown: two thirds of the width for what comes from `start` on, if it needs them."""
    if len(line) <= WIDTH and _width(line) <= WIDTH:
        return 0, len(line)
    room = WIDTH - 2 * len(_MARK)
    last, used = _reach(line, start, 1, room * 2 // 3)
    first, before = _reach(line, start - 1, -1, room - used)
    last, _ = _reach(line, last, 1, room - used - before)
    return first + 1, last


def _reach(line: str, index: int, step: int, room: int) -> tuple[int, int]:
    """How far one gets from an index within so many columns: the first index left out, and the columns used."""
    used, end = 0, index + step * _MOST_CHARACTERS
    while 0 <= index < len(line) and index != end and used + (width := _width(line[index])) <= room:
        used += width
        index += step
    return index, used


def _width(text: str) -> int:
    """Terminal columns of the text as it is shown."""
    return columns(printable(text))


def _visible(char: str) -> str:
    """A character as it may be printed; tabs have a fixed width here, so that carets stand where they should."""
    if char == "\t":
        return " " * _TAB
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
