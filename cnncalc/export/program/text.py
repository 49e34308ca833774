"""Pieces of Python text: literals, arguments of calls, and long lines, which stand as `ruff format` has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.export.program.bodies import Body
from cnncalc.export.program.classes import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cnncalc.export.program.classes import Class, Classes
    from cnncalc.export.program.code import Code

    Given = Callable[[int, str], str]
    """The text of a value: of the argument or constant of a step by that key."""

WIDTH = 120


def heading(title: str, figures: str) -> str:
    """The docstring of the file, whatever the title is."""
    return f'"""{title.replace(chr(92), "/").replace(chr(34), chr(39))}: {figures}."""'


def literal(given: object) -> str:
    """A value as Python text."""
    return f'"{given}"' if isinstance(given, str) else repr(given)


def given_in(body: Body, by_slot: Mapping[Slot, str], classes: Classes) -> Given:
    """The values of a body: parameters of its class, and literals."""
    values = dict(classes.slots(body))

    def given(place: int, key: str) -> str:
        slot = Slot(place, key)
        return by_slot[slot] if slot in by_slot else literal(values[slot])

    return given


def arguments(code: Code, place: int, given: Given) -> list[str]:
    """What the constructor of a layer is called with; what would be the default is left out."""
    texts = [(argument, given(place, argument.key)) for argument in code.arguments]
    return [
        f"{argument.key}={text}" if argument.keyword else text
        for argument, text in texts
        if argument.default is None or text != literal(argument.default)
    ]


def numbers(made: Class, place: int, given: Given) -> list[str]:
    """What the call of a block passes."""
    return [f"{key}={given(place, key)}" for key in made.parameters]


def helpers_of(body: Body) -> Iterator[str]:
    """What the layers need that the framework does not have."""
    for step in body.steps:
        if isinstance(step.what, Body):
            yield from helpers_of(step.what)
        elif step.what.helper:
            yield step.what.helper


def indented(lines: Iterable[str], depth: int) -> Iterator[str]:
    """Statements inside of a class or function, none of them wide."""
    space = "    " * depth
    return (space + part for line in lines for part in broken(line, WIDTH - len(space)))


def broken(line: str, width: int = WIDTH) -> list[str]:
    """A long line on several.

    >>> broken("x = f(1, y=g(2))", 14)
    ['x = f(', '    1, y=g(2)', ')']
    >>> broken("x = f(1, y=g(2))", 12)
    ['x = f(', '    1,', '    y=g(2),', ')']
    >>> broken("x = a + b - c", 12)
    ['x = (', '    a', '    + b', '    - c', ')']
    """
    if len(line) <= width:
        return [line]
    start, equals, sum_ = line.partition(" = ")
    terms = re.split(r" (?=[-+*/] )", sum_)
    if len(terms) > 1 and "(" not in line:
        return [f"{start}{equals}(", *(f"    {term}" for term in terms), ")"]
    pairs = _pairs(line)
    if not pairs:
        return [line]
    first, last = pairs[-1]
    if first >= width:
        first, last = max(pairs, key=lambda pair: pair.last - pair.first)
    inner = line[first + 1 : last]
    parts = [inner]
    if len(inner) + 4 > width:
        cuts = _cuts(inner, " for ")
        parts = [f"{part.strip()}," for part in _cuts(inner, ",") if part.strip()]
        if len(cuts) > 1:
            parts = [cuts[0], *(f"for {cut}" for cut in cuts[1:])]
    return [
        line[: first + 1],
        *(f"    {piece}" for part in parts for piece in broken(part, width - 4)),
        line[last:],
    ]


class _Pair(NamedTuple):
    """Where a bracket opens and closes."""

    first: int
    last: int


def _pairs(text: str) -> list[_Pair]:
    """The outermost brackets that hold something; none inside of quotes."""
    found, starts = [], []
    quote = ""
    for at, character in enumerate(text):
        if character == '"':
            quote = "" if quote else character
        elif quote:
            continue
        elif character in "([{":
            starts.append(at)
        elif character in ")]}":
            start = starts.pop()
            if not starts and at > start + 1:
                found.append(_Pair(start, at))
    return found


def _cuts(text: str, separator: str) -> list[str]:
    """The parts between separators outside of brackets."""
    hidden = list(text)
    for first, last in _pairs(text):
        hidden[first:last] = "_" * (last - first)
    parts, start = [], 0
    plain = "".join(hidden)
    while (at := plain.find(separator, start)) >= 0:
        parts.append(text[start:at])
        start = at + len(separator)
    return [*parts, text[start:]]
