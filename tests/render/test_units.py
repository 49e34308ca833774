"""Rounding: three significant digits, halves to even, and nothing that reads as another number."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.render.units import count, decimal, exact, fraction, share, size

DECIMAL = {"": 0, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15}
BINARY = {"B": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (9_999, "9,999"),
        (10_000, "10.0K"),
        (99_949, "99.9K"),
        (99_950, "100K"),  # 99.95 rounds up to three digits before the point
        (999_499, "999K"),
        (999_500, "1.00M"),  # halves to even: 1000K is 1.00M
        (11_689_512, "11.7M"),
        (25_557_032, "25.6M"),
        (1_814_073_344, "1.81G"),
        (4_089_184_256, "4.09G"),
        (-25_557_032, "-25.6M"),
        (10**27, "1000Y"),
    ],
)
def test_a_count_has_three_significant_digits(number: int, text: str) -> None:
    assert count(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1536, "1.50 KiB"),
        (1023 * 1024, "1023 KiB"),
        (2**20 - 1, "1.00 MiB"),
        (9_633_792, "9.19 MiB"),
        (6_021_120, "5.74 MiB"),
        (536_870_912, "512 MiB"),
    ],
)
def test_bytes_have_binary_prefixes(number: int, text: str) -> None:
    assert size(number) == text


@given(st.integers(min_value=10_000, max_value=10**17))
def test_a_count_is_the_number_rounded_to_three_digits_half_to_even(number: int) -> None:
    text = count(number)
    prefix = text.lstrip("0123456789.,")
    shown = Decimal(text.removesuffix(prefix)) * 10 ** DECIMAL[prefix]
    assert shown == Context(prec=3, rounding=ROUND_HALF_EVEN).create_decimal(number)


@given(st.integers(min_value=1024, max_value=2**49))
def test_bytes_are_off_by_at_most_half_a_unit_of_their_last_digit(number: int) -> None:
    text, unit = size(number).split(" ")
    places = len(text.partition(".")[2])
    scale = 2 ** BINARY[unit]
    assert abs(Fraction(text) * scale - number) <= Fraction(scale, 2 * 10**places)
    assert len(text.replace(".", "")) in (3, 4)


@given(st.integers(min_value=0, max_value=10**30))
def test_exact_loses_no_digit(number: int) -> None:
    assert int(exact(number).replace(",", "")) == number


@given(st.fractions())
def test_a_fraction_is_written_exactly(number: Fraction) -> None:
    assert Fraction(fraction(number)) == number


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (1, 2, "50.0%"),
        (1, 10**9, "<0.1%"),
        (10**9 - 1, 10**9, ">99.9%"),
        (0, 5, "0%"),
        (5, 5, "100%"),
        (0, 0, "-"),
        (3, 2, "150.0%"),
    ],
)
def test_a_share_is_never_0_or_100_without_being_so(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (2.0, "2"), (0.8164965809, "0.816"), (74.92, "74.9"), (123.4, "123"), (1e-9, "1e-09")],
)
def test_a_decimal_has_three_significant_digits(number: float, text: str) -> None:
    assert decimal(number) == text
