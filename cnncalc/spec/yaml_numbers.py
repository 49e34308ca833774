"""What a plain scalar means: decimal numbers, `true`, `false`, `null`; everything else is text."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.spec.yaml_nodes import Value

MAX_DIGITS = 100
"""Longest number, and largest exponent."""
MAYBE_NO_TEXT = frozenset("tfn-+.0123456789")
"""How a plain scalar begins that may be something other than text."""
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "": None}
_NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(\.[0-9]*)?|(\.[0-9]+))(?:[eE]([-+]?[0-9]+))?")


def resolve(raw: str) -> Value:
    """The exact value of a plain scalar; what other YAML readers take for octal, dates or `no` is text.

    Raises OverflowError for a number longer than MAX_DIGITS, or with a larger exponent.

    >>> resolve("12"), resolve("1e6"), resolve("0.1"), resolve("true"), resolve("")
    (12, Fraction(1000000, 1), Fraction(1, 10), True, None)
    >>> [resolve(raw) for raw in ("010", "0x1", "1:30", "no", "1_000", "2024-01-01", ".inf")]
    ['010', '0x1', '1:30', 'no', '1_000', '2024-01-01', '.inf']
    """
    if raw in _WORDS:
        return _WORDS[raw]
    match = _NUMBER.fullmatch(raw)
    if match is None:
        return raw
    decimals, only_decimals, exponent = match.groups()
    if len(raw) > MAX_DIGITS or abs(int(exponent or 0)) > MAX_DIGITS:
        raise OverflowError
    if decimals is None and only_decimals is None and exponent is None:
        return int(raw)
    return Fraction(raw)
