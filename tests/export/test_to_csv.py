"""CSV holds exact values that any reader takes back."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

from cnncalc.export.to_csv import to_csv


def test_what_is_written_is_read_back_cell_by_cell() -> None:
    rows = [["a", 'with "quotes", commas', "two\nlines"], ["", "-1", "x"]]
    assert list(csv.reader(io.StringIO(to_csv(["p", "q", "r"], rows)))) == [["p", "q", "r"], *rows]


def test_none_is_an_empty_cell_and_zero_is_not() -> None:
    assert to_csv(["a", "b"], [[None, 0]]) == "a,b\n,0\n"


def test_a_fraction_is_written_as_in_json() -> None:
    assert to_csv(["a", "b", "c"], [[Fraction(3, 1), Fraction(1, 4), Fraction(1, 3)]]) == f"a,b,c\n3,0.25,{1 / 3}\n"


def test_large_integers_keep_every_digit() -> None:
    assert to_csv(["n"], [[4089184256]]) == "n\n4089184256\n"


def test_lines_end_in_a_single_newline() -> None:
    assert "\r" not in to_csv(["a"], [["b"]])
