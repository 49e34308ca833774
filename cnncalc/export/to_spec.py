"""The formatter: the text of a spec in its normal layout. Every comment stays with its line.

Keys of the file in their usual order, two spaces a level, one space between words and around pipes, two before a
comment, no empty line twice. What stands in quotes, in blocks of text or over several lines stays as it is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.export.spec_lines import Line, lines_of, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cnncalc.spec.network import NetworkSpec

ORDER = (
    "cnncalc", "name", "input", "inputs", "batch", "dtype", "vars", "defaults", "blocks", "layers", "outputs", "task",
    "expect", "lint",
)  # fmt: skip
_KEY = re.compile(r"([A-Za-z_]\w*)\s*:(?:\s|$)")
_DASH = re.compile(r"-[ \t]+(?=\S)|-$")
_STEP = 2


def formatted(text: str) -> str:
    """The text of a spec file in its normal layout."""
    head, sections, tail = _sections(lines_of(text))
    known = {key: place for place, key in enumerate(ORDER)}
    ordered = sorted(sections, key=lambda section: known.get(section[0], len(ORDER)))
    if ordered != sections:  # empty lines were between other keys
        ordered = [(key, [line for line in lines if not line.is_empty]) for key, lines in ordered]
        head = [line for line in head if not line.is_empty]
    rows = [row for lines in (head, *(lines for _, lines in ordered), tail) for row in _laid(lines)]
    return "\n".join(_spaced(rows)) + "\n"


def line_to_spec(spec: NetworkSpec) -> str:
    """A layer line of the shell as a file, a step a line."""
    if len(spec.inputs) == 1 and "input" in spec.inputs:
        inputs = f"input: {_shape(spec.inputs['input'])}"
    else:
        inputs = f"inputs: {{{', '.join(f'{name}: {_shape(shape)}' for name, shape in spec.inputs.items())}}}"
    settings = [f"batch: {spec.batch}"] if spec.batch != 1 else []
    settings += [f"dtype: {spec.dtype.value}"] if spec.dtype.value != "float32" else []
    steps = [f"  - {step}" for step in _steps(spec.text)]
    return "\n".join(["cnncalc: 1", inputs, *settings, "layers:", *steps]) + "\n"


def _shape(shape: Iterable[int]) -> str:
    return "x".join(map(str, shape))


def _steps(text: str) -> Iterator[str]:
    """The steps between the pipes that stand outside brackets; one with a name inside brackets needs quotes."""
    depth, start = 0, 0
    for at, char in enumerate(f"{text}|"):
        depth += (char == "(") - (char == ")")
        if char == "|" and (depth == 0 or at == len(text)):
            step = tidy(text[start:at].replace("\n", " "))
            plain = re.fullmatch(r"(?:[A-Za-z_]\w*: )?[^:#'\"\[\]{}]*", step) and step[0] not in "?-&*!|>%@`("
            yield step if plain else "'" + step.replace("'", "''") + "'"
            start = at + 1


def _sections(lines: Sequence[Line]) -> tuple[list[Line], list[tuple[str, list[Line]]], list[Line]]:
    """The comments at the top, every key of the file with its lines and the comments before it, and what is last."""
    sections: list[tuple[str, list[Line]]] = []
    waiting: list[Line] = []
    head: list[Line] = []
    for line in lines:
        key = _KEY.match(line.code) if line.indent == 0 else None
        if key:
            if sections:
                waiting = _given_back(sections[-1][1], waiting)
            else:
                head, waiting = waiting, []
            sections.append((key[1], [*waiting, line]))
            waiting = []
        elif line.code and sections:
            sections[-1][1].extend([*waiting, line])
            waiting = []
        else:
            waiting.append(line)
    return (head, sections, _given_back(sections[-1][1], waiting)) if sections else (waiting, [], [])


def _given_back(section: list[Line], waiting: list[Line]) -> list[Line]:
    """Comments that are indented belong to the section before; the others are left."""
    count = max((place + 1 for place, line in enumerate(waiting) if line.comment and line.indent), default=0)
    section.extend(waiting[:count])
    return waiting[count:]


def _laid(lines: Sequence[Line]) -> Iterator[str]:
    """The lines of one section, indented anew."""
    levels: list[tuple[int, int, bool]] = [(0, 0, False)]  # columns as written and as laid, and whether of dashes
    waiting: list[Line] = []
    for line in lines:
        if not line.code:
            waiting.append(line)
            continue
        code, indent = line.code, line.indent
        is_dash = bool(_DASH.match(code))
        while len(levels) > 1 and (levels[-1][0] > indent or (levels[-1][0] == indent and levels[-1][2] > is_dash)):
            levels.pop()
        if indent > levels[-1][0] or (is_dash and not levels[-1][2]):
            levels.append((indent, levels[-1][1] + _STEP, is_dash))
        column = levels[-1][1]
        start, text = "", code
        while (dash := _DASH.match(text)) is not None:
            start, text = f"{start}- ", text[dash.end() :]
            inner = indent + len(code) - len(text)
            levels.append((inner, column + len(start), bool(_DASH.match(text))))
        for comment in waiting:
            yield f"{' ' * column}{comment.comment}" if comment.comment else ""
        waiting = []
        yield from _written(line, f"{' ' * column}{start}", text, column - indent)
    for comment in waiting:
        own = max((laid for written, laid, _ in levels if written <= comment.indent), default=0)
        yield f"{' ' * own}{comment.comment}" if comment.comment else ""


def _written(line: Line, start: str, text: str, shift: int) -> Iterator[str]:
    kept = line.more or text.startswith("name:")
    code = f"{start}{text if kept else tidy(text)}".rstrip()
    yield f"{code}  {line.comment}" if line.comment else code
    for row in line.more:
        stripped = row.lstrip(" ")
        yield f"{' ' * max(len(row) - len(stripped) + shift, 0)}{stripped}" if stripped else ""


def _spaced(rows: Iterable[str]) -> Iterator[str]:
    """No empty line twice, none at the start or the end."""
    empty = False
    begun = False
    for row in rows:
        if not row:
            empty = begun
            continue
        if empty:
            yield ""
        yield row
        empty, begun = False, True
