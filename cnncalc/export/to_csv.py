"""Exact values with commas between them (RFC 4180, lines end in a newline), for spreadsheets and data frames."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def to_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""One line of names, then one a row; None is an empty cell, a jump of a half is 0.5.

    >>> to_csv(["layer", "rf", "jump"], [["a,b", 3, Fraction(1, 2)], ["c", None, Fraction(2)]])
    'layer,rf,jump\n"a,b",3,0.5\nc,,2\n'
    """
    import csv
    import io

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return buffer.getvalue()


def _plain(value: object) -> object:
    """A fraction as JSON writes it: a whole number, or the nearest double."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    return value
