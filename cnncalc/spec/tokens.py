"""The words of an expression: numbers, names, symbols."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.spec.terms import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DIGITS = 60


class Token(NamedTuple):
    """A word of an expression, at characters start..end."""

    kind: str
    """`number`, `name`, `symbol`, `end`."""
    text: str
    start: int
    end: int


_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_]\w*(?:\.\w+)*)"
    r"|(?P<symbol>\*\*|//|<=|>=|==|!=|[-+*/%<>(),=]))",
    re.ASCII,
)
_FOREIGN = {
    "^": "powers are `**`",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not` or `!=`",
    "~": "write `not`",
    "?": "write `a if condition else b`",
    "[": "one value per axis stands in `( )`",
}


def tokens(text: str) -> Iterator[Token]:
    """The words, and at last an empty one; raises ExpressionError."""
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise ExpressionError(f"unexpected `{text[at]}` in an expression", at, at + 1, help=_FOREIGN.get(text[at]))
        kind = found.lastgroup or ""
        yield Token(kind, found[kind], found.start(kind), found.end(kind))
        at = found.end()
    yield Token("end", "", end, end)


def number(token: Token) -> int | Fraction:
    """The value of a literal, exactly; raises ExpressionError."""
    text = token.text
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > len("-99") or abs(int(exponent or 0)) > MAX_DIGITS:
        raise ExpressionError("a number with too many digits", token.start, token.end, code="CNN902")
    if text.isdigit():
        if len(text) > 1 and text[0] == "0":
            help_ = f"write `{text.lstrip('0') or 0}`"
            raise ExpressionError("a number has no leading zeros", token.start, token.end, help=help_)
        return int(text)
    number = Fraction(text)
    return number.numerator if number.denominator == 1 else number
