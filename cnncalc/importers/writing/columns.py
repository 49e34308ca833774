"""A number of a block in all its copies, and how two of them are related."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.writing.words import Entry

Column = tuple[Union["Entry", None], ...]
"""By copy; None where a copy does not have it."""
MOST_FACTOR, MOST_PART = 16, 64
"""Larger ratios between channels are taken for coincidence."""


def ratio(name: str, known: Sequence[Entry | None], column: Column) -> str | None:
    """A column as a simple multiple or part of a known one.

    >>> ratio("c", (64, 128), (256, 512)), ratio("c", (96, 192), (12, 24)), ratio("c", (96, 192), (60, 120))
    ('4*c', 'c//8', '5*c//8')
    >>> ratio("c", (96, 192), (60, 121)) is None
    True
    """
    if not is_proportional(known, column):
        return None
    one, other = next((a, b) for a, b in zip(known, column, strict=True) if b is not None)
    part = Fraction(int(other), int(one or 1))
    if part == 1:
        return name
    if part.denominator == 1:
        return f"{part}*{name}" if part <= MOST_FACTOR else None
    if part.numerator == 1:
        return f"{name}//{part.denominator}" if part.denominator <= MOST_PART else None
    return f"{part.numerator}*{name}//{part.denominator}" if max(part.as_integer_ratio()) <= MOST_FACTOR else None


def is_proportional(known: Sequence[Entry | None], column: Column) -> bool:
    """Whether a column is the same multiple of a known one in all copies that have it."""
    pairs = [(a, b) for a, b in zip(known, column, strict=True) if b is not None]
    if not all(isinstance(entry, int) and entry > 0 for pair in pairs for entry in pair):
        return False
    first, other = pairs[0]
    return all(int(a or 0) * int(other or 0) == int(b or 0) * int(first or 0) for a, b in pairs)


def family(key: str) -> str:
    """What numbers may be related to: channels to channels, all others only to their like."""
    bare = key.rstrip("0123456789")
    if bare == "heads":
        return "g"
    return bare


def is_full(column: Column) -> bool:
    """Whether every copy has it."""
    return None not in column


def is_constant(column: Column) -> bool:
    """Whether it is the same in all copies that have it."""
    return len({entry for entry in column if entry is not None}) == 1


def agree(known: Sequence[Entry | None], column: Column) -> bool:
    """Whether a column is a known one in all copies that have it."""
    return all(other is None or entry == other for entry, other in zip(known, column, strict=True))
