"""What a syntax error of the YAML parser means in a network file, at the place to mend, with the remedy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import Finding, finding
from cnncalc.spec.yaml_nodes import Source
from cnncalc.spec.yaml_quote import item_in_brackets, item_on_line, last_word, quote_line, quoted, second_key, shorten
from cnncalc.spec.yaml_refuse import tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml import MarkedYAMLError

_LONGEST_KEY = 1024
_WORD_END = re.compile(r"[^\s,\[\]{}:]*")


def explain(error: MarkedYAMLError, source: Source, opened: int | None) -> Finding:
    """The finding for a syntax error; `opened` is the offset of the innermost `[` or `{` still open.

    libyaml and the pure parser agree on places (but for escapes) and word their problems differently.
    """
    problem = error.problem or "cannot be read"
    at = error.problem_mark.index if error.problem_mark else 0
    start = error.context_mark.index if error.context_mark else at
    if source.text[at : at + 1] == "\t" or "tab character" in problem or _indented_by_tab(source, at):
        return _tab(source, at)
    if re.search(r"\btag\b", f"{error.context} {problem}"):
        return tag(source, start)
    for words, tell in _TELLERS:
        if re.search(words, problem):
            return tell(source, at, start, opened)
    words = f"{error.context}, {problem}" if error.context else problem
    return _found(source, f"no YAML: {words}", None, at, at + 1)


def _found(source: Source, message: str, help_: str | None, start: int, end: int | None = None) -> Finding:
    return finding("CNN901", message, at=source.location(start, end), help=help_)


def _line_before(source: Source, at: int) -> str:
    """What stands before an offset on its line."""
    _, column = source.position(at)
    return source.text[at - column + 1 : at]


def _is_end(source: Source, at: int) -> bool:
    return not source.text[at:].strip()


def _indented_by_tab(source: Source, at: int) -> bool:
    before = _line_before(source, at)
    return "\t" in before and not before.strip(" \t-")


def _tab(source: Source, at: int) -> Finding:
    before = _line_before(source, at)
    at = at - len(before) + before.index("\t") if "\t" in before and not before.strip(" \t-") else at
    return _found(source, "a tab where YAML takes spaces only", "indent with spaces", at, at + 1)


def _second_colon(source: Source, at: int, _start: int, _opened: int | None) -> Finding:
    """`mapping values are not allowed here`: a layer line with a name in it, or a key below a text."""
    number, column = source.position(at)
    before = _line_before(source, at)
    begin, end = item_on_line(source, number)
    key_at = at - last_word(before)
    if re.search(r":\s", before):
        return second_key(source, key_at, at + 1, quote_line(source, begin, end))
    if column > _LONGEST_KEY:
        message = f"a key of {len(before.strip())} characters; YAML takes {_LONGEST_KEY} at most"
        return _found(source, message, "quote a layer line that holds `: `", key_at, at + 1)
    above = next((line for line in range(number - 1, 0, -1) if source.line(line).strip()), 0)
    word = shorten(source.text[key_at:at])
    message = f"YAML reads line {number} on from the text of line {above}, where `{word}:` is no key"
    if re.search(r"[-:]\s", source.line(above)):
        help_ = f"indent it like the keys it belongs to; if it goes on line {above}, put both in quotes as one text"
    else:
        help_ = f"if line {above} is a key, end it with `:`"
    return _found(source, message, help_, key_at, at + 1)


def _no_colon(source: Source, _at: int, start: int, _opened: int | None) -> Finding:
    """`could not find expected ':'`: a line among keys that is none."""
    begin, end = start, start + len(source.line(source.position(start)[0])) - source.position(start)[1] + 1
    text = source.text[begin:end].rstrip()
    message = f"`{shorten(text)}` stands among keys and has no `: `"
    return _found(
        source, message, "write `key: value`; a value over several lines is indented", begin, begin + len(text)
    )


def _in_brackets(source: Source, at: int, start: int, opened: int | None) -> Finding:
    """`expected ',' or ']'`: brackets that are not closed, or a text that YAML takes apart inside them."""
    bracket = start if source.text[start : start + 1] in {"[", "{"} else opened
    if bracket is None:
        return _found(source, "a bracket or a comma is missing", None, at, at + 1)
    mark, char = source.text[bracket], source.text[at : at + 1]
    if char in {"]", "}"}:
        return _found(source, f"`{mark}` is closed by `{char}`", None, at, at + 1)
    begin, end = item_in_brackets(source, bracket, at)
    if _is_end(source, at) or source.position(begin)[0] != source.position(at)[0] or end <= at:
        return _unclosed(source, bracket)
    both = "[...]" if mark == "[" else "{...}"
    if char == ":":
        key_at = at - last_word(source.text[begin:at])
        return second_key(source, key_at, at + 1, quote_line(source, begin, end))
    message = f"`{char}` inside a text inside {both}: YAML takes it for its own"
    return _found(source, message, quote_line(source, begin, end), at, at + 1)


def _unclosed(source: Source, bracket: int) -> Finding:
    mark = source.text[bracket]
    closing = "]" if mark == "[" else "}"
    return _found(source, f"`{mark}` is never closed", f"add `{closing}`", bracket, bracket + 1)


def _no_content(source: Source, at: int, _start: int, opened: int | None) -> Finding:
    """`expected the node content`."""
    if _is_end(source, at) and opened is not None:
        return _unclosed(source, opened)
    char = source.text[at : at + 1]
    return _found(source, f"a {'key' if char == ':' else 'value'} is missing before `{char}`", None, at, at + 1)


def _open_quote(source: Source, _at: int, start: int, _opened: int | None) -> Finding:
    """The file ends inside quotes."""
    return _found(source, "this quote is never closed", f"add `{source.text[start]}`", start, start + 1)


def _escape(source: Source, at: int, _start: int, _opened: int | None) -> Finding:
    """A backslash in double quotes; libyaml points at it, the pure parser at what follows."""
    at = source.text.rfind("\\", 0, at + 1)
    end = at + 2
    help_ = "use single quotes, in which a backslash is a backslash"
    return _found(source, f"`{source.text[at:end]}` is no escape that YAML knows", help_, at, end)


def _block_text(source: Source, _at: int, start: int, _opened: int | None) -> Finding:
    """`>` or `|` at the start of a value."""
    mark = source.text[start]
    number, column = source.position(start)
    line = source.line(number)
    if mark == "|" and not line[: column - 1].strip(" -"):
        help_ = "leave it out: the items of a list follow one another; or write the whole chain on one line"
    else:
        help_ = quote_line(source, start, start + len(line[column - 1 :].rstrip()))
    return _found(source, f"`{mark}` at the start of a value begins a block of text in YAML", help_, start, start + 1)


def _no_start(source: Source, at: int, _start: int, _opened: int | None) -> Finding:
    """`found character that cannot start any token`."""
    word = _WORD_END.match(source.text, at)
    end = max(word.end() if word else at, at + 1)
    message = f"a value cannot begin with `{source.text[at : at + 1]}` in YAML"
    return _found(source, message, quote_line(source, at, end), at, at + 1)


def _anchor(source: Source, _at: int, start: int, _opened: int | None) -> Finding:
    """`&` and `*` without a name behind them."""
    mark = source.text[start]
    word = _WORD_END.match(source.text, start)
    kind = "an anchor" if mark == "&" else "an alias"
    help_ = f"quote a text that begins with `{mark}`: `{quoted(shorten(word.group() if word else mark))}`"
    return _found(source, f"`{mark}` begins {kind} in YAML, and no name follows", help_, start, start + 1)


def _misplaced(source: Source, at: int, start: int, _opened: int | None) -> Finding:
    """`expected key`, `expected '-'`, `expected document start`: something that fits nothing above it."""
    char = source.text[at : at + 1]
    before = _line_before(source, at)
    if char in {"]", "}"}:
        return _found(source, f"`{char}` closes nothing", None, at, at + 1)
    if char == ":":
        return _found(source, "a key is missing before `:`", None, at, at + 1)
    if before.rstrip()[-1:] in {"'", '"'}:
        help_ = "put the whole value in quotes; inside single quotes write `''` for `'`"
        return _found(source, "text after a closing quote", help_, at, at + 1)
    if before.strip():
        return _found(source, f"`{char}` does not fit here", None, at, at + 1)
    number, column = source.position(at)
    above, above_column = source.position(start)
    word = _WORD_END.match(source.text, at)
    end = max(word.end() if word else at, at + 1)
    if start < at and column == above_column:
        message = f"the list begun in line {above} goes on here without `- `"
        return _found(source, message, "begin an item with `- `, or indent this line like its own keys", at, end)
    begun = f"; those begun in line {above} are indented by {above_column - 1}" if start < at else ""
    message = f"line {number} is indented by {column - 1}, which does not fit the lines above{begun}"
    return _found(source, message, "indent it like the lines it belongs to", at, end)


def _after_end(source: Source, at: int, start: int, opened: int | None) -> Finding:
    """`expected <document start>`: the first list or mapping has ended, and something follows."""
    if source.position(at)[1] > 1:
        return _misplaced(source, at, start, opened)
    help_ = "a file holds one mapping: indent all its keys alike"
    return _found(source, "this follows the end of what the file holds", help_, at, at + 1)


_TELLERS: tuple[tuple[str, Callable[[Source, int, int, int | None], Finding]], ...] = (
    ("mapping values", _second_colon),
    ("expected ':'", _no_colon),
    ("',' or", _in_brackets),
    ("node content", _no_content),
    ("end of stream|document (indicator|separator)", _open_quote),
    ("escape c|hexdecimal|hexadecimal", _escape),
    ("comment or (a )?line break|chomping|indentation indicator", _block_text),
    ("cannot start any token", _no_start),
    ("alphabetic or numeric", _anchor),
    ("'-' indicator|expected key|<block end>", _misplaced),
    ("document start", _after_end),
)
"""What either parser says, and who explains it."""
