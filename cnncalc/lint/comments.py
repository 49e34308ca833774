"""`# cnncalc: ignore[CNN011] reason`, at the end of a line or on the line before."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnncalc.errors import Edit, Finding, Location, finding
from cnncalc.lint.settings import KEPT, codes, remedy
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cnncalc.spec.network import Comment

_IGNORE = re.compile(r"cnncalc:\s*ignore\s*\[([^\]]*)\](.*)", re.DOTALL)
_CODE = re.compile(r"[^\s,]+")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_FORM = "write `# cnncalc: ignore[CNN012] why`"


@dataclass(slots=True, kw_only=True)
class Ignore:
    """One code of one comment; `used` once it has silenced a finding."""

    code: str
    at: Location
    """Of the code in the comment."""
    line: int
    """The line whose findings it silences."""
    edits: tuple[Edit, ...]
    """What removes it."""
    used: bool = field(default=False)


def read_ignores(comments: Iterable[Comment], text: str) -> tuple[list[Ignore], list[Finding]]:
    """The ignores of a file, and what is wrong with its comments."""
    ignores: list[Ignore] = []
    problems: list[Finding] = []
    lines: list[str] = []
    known = codes()
    for comment in comments:
        match = _IGNORE.fullmatch(comment.text)
        if match is None or not _CODE.search(match[1]):
            problems.append(_no_ignore(comment))
            continue
        lines = lines or _LINE_BREAK.split(text)
        line = _target(comment, lines)
        for word in _CODE.finditer(match[1]):
            at = _place(comment, lines, word[0])
            code = word[0]
            if code in KEPT:
                problems.append(finding("CNN911", f"{code} cannot be ignored", at=at, help="mend what it reports"))
            elif code not in known:
                problems.append(finding("CNN911", f"unknown code `{code}`", at=at, help=remedy(code)))
            else:
                edits = _removal(comment, lines, code, len(_CODE.findall(match[1])))
                ignores.append(Ignore(code=code, at=at, line=line, edits=edits))
    return ignores, problems


def unused(ignores: Iterable[Ignore]) -> Iterator[Finding]:
    """A finding for each ignore that has silenced nothing."""
    for ignore in ignores:
        if not ignore.used:
            message = f"nothing here for ignore[{ignore.code}] to silence"
            found = finding("CNN910", message, at=ignore.at, help="delete it")
            yield replace(found, edits=ignore.edits)


def _no_ignore(comment: Comment) -> Finding:
    words = comment.text.partition(":")[2].split()
    said = words[0].partition("[")[0] if words else ""
    if said == "ignore":
        message = "ignore names no code" if "[" not in comment.text or "]" in comment.text else "the bracket stays open"
    else:
        message = f"unknown instruction `{said}`" if said else "a comment for cnncalc that says nothing"
    return finding("CNN911", message, at=comment.at, help=_FORM)


def _target(comment: Comment, lines: list[str]) -> int:
    """The line of the comment; for one that stands alone the next line that says something."""
    line = comment.at.line
    if comment.alone:
        line += 1
        while line <= len(lines) and lines[line - 1].strip()[:1] in ("", "#"):
            line += 1
    return line


def _place(comment: Comment, lines: list[str], code: str) -> Location:
    column = lines[comment.at.line - 1].find(code, comment.at.column - 1) + 1
    return Location(file=comment.at.file, line=comment.at.line, column=column, end_column=column + len(code))


def _removal(comment: Comment, lines: list[str], code: str, codes_in_comment: int) -> tuple[Edit, ...]:
    """Cut the comment with the blanks before it, or one of several codes out of it."""
    text = lines[comment.at.line - 1]
    end = comment.at.end_column or len(text) + 1
    if codes_in_comment > 1:
        match = re.compile(rf"{re.escape(code)}[\s,]+|[\s,]+{re.escape(code)}").search(text, comment.at.column - 1)
        start, end = (match.start() + 1, match.end() + 1) if match else (comment.at.column, comment.at.column)
    else:
        start = len(text[: comment.at.column - 1].rstrip()) + 1
    at = Location(file=comment.at.file, line=comment.at.line, column=start, end_column=end)
    return (Edit(at=at, replacement=""),)
