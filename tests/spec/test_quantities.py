from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.spec.quantities import AxisQuantity, Quantity, QuantityError, amount, numbers, size_list

if TYPE_CHECKING:
    from collections.abc import Callable


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("12", 12),
            ("12M", 12 * 10**6),
            ("12 M", 12 * 10**6),
            ("4.09G", 4_090_000_000),
            ("1.5K", 1500),
            ("2T", 2 * 10**12),
            ("1e6", 10**6),
            ("0.5", Fraction(1, 2)),
            ("1/3", Fraction(1, 3)),
            ("-0.5", Fraction(-1, 2)),
            ("64KiB", 64 * 2**10),
            ("1.5MiB", 3 * 2**19),
            ("2GiB", 2**31),
        ],
    )
    def test_units_are_exact(self, text: str, expected: object) -> None:
        assert amount(text, in_bytes=True) == expected

    @pytest.mark.parametrize(
        ("text", "in_bytes", "help_"),
        [
            ("12m", False, "did you mean `12M`?"),
            ("12k", False, "did you mean `12K`?"),
            ("64MiB", False, "counts are written `64M`"),
            ("64MB", True, "write `64M` (decimal) or `64MiB` (binary)"),
            ("64Mib", True, "`64MiB` (binary)"),
            ("5 apples", False, "units are K M G T"),
            ("5 x", True, "for bytes also KiB MiB GiB"),
            ("<= 5M", False, "write `max 5M`"),
            (">5M", False, "write `min 5M`"),
            ("== 5", False, "write `5`"),
            ("", False, "`N`, `min N`, `max N` or `A..B`"),
            ("1/0", False, None),
            ("1" * 50, False, "`N`"),
            ("1e999", False, None),
            ("0x10", False, None),
            ("1_000", False, None),
            ("nan", False, None),
        ],
    )
    def test_what_is_none_is_refused(self, text: str, *, in_bytes: bool, help_: str | None) -> None:
        with pytest.raises(QuantityError) as caught:
            amount(text, in_bytes=in_bytes)
        assert help_ is None or help_ in (caught.value.help or "")


class TestQuantities:
    @pytest.mark.parametrize(
        ("written", "inside", "outside"),
        [
            (12, [12], [11, 13]),
            ("12", [12], [11, 13]),
            (Fraction(1, 2), [Fraction(1, 2)], [0, 1]),
            ("max 12", [12, 0, -5], [13, Fraction(121, 10)]),
            ("min 12", [12, 10**12], [11]),
            ("10..12", [10, 11, 12, Fraction(21, 2)], [9, 13]),
            ("1K..2K", [1000, 2000], [999, 2001]),
        ],
    )
    def test_bounds_are_included(self, written: Any, inside: list[Any], outside: list[Any]) -> None:
        quantity = Quantity.parse(written)
        assert all(quantity.admits(number) for number in inside)
        assert not any(quantity.admits(number) for number in outside)

    @pytest.mark.parametrize("written", ["12..10", "max", "min x", "..", "1..", "about 5", True, None, [1], {}, ""])
    def test_what_is_none_is_refused(self, written: Any) -> None:
        with pytest.raises(QuantityError):
            Quantity.parse(written)

    def test_it_is_shown_as_written(self) -> None:
        assert str(Quantity.parse("max 12M")) == "max 12M"
        assert str(Quantity.parse(11689512)) == "11,689,512"

    @given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
    def test_a_range_admits_what_lies_in_it(self, one: int, other: int, number: int) -> None:
        low, high = sorted((one, other))
        assert Quantity.parse(f"{low}..{high}").admits(number) == (low <= number <= high)


class TestAxisQuantities:
    @pytest.mark.parametrize(
        ("written", "values", "admitted"),
        [
            (435, (435, 435), True),
            (435, (435,), True),
            (435, (435, 436), False),
            ("3x5", (3, 5), True),
            ("3x5", (5, 3), False),
            ([3, 5], (3, 5), True),
            (["min 3", "max 5"], (9, 1), True),
            (["min 3", "max 5"], (2, 1), False),
            ("3x5", (3, 5, 7), False),
            ("min 200", (200, 201, 500), True),
        ],
    )
    def test_every_axis_is_compared(self, written: Any, values: tuple[int, ...], *, admitted: bool) -> None:
        assert AxisQuantity.parse(written).admits(values) is admitted

    @pytest.mark.parametrize("written", [[], [1, 2, 3, 4], "1x2x3x4", "axb", None])
    def test_what_is_none_is_refused(self, written: Any) -> None:
        with pytest.raises(QuantityError):
            AxisQuantity.parse(written)


class TestShapes:
    @pytest.mark.parametrize(
        ("written", "expected"), [("512x7x7", (512, 7, 7)), (1000, (1000,)), ("1000", (1000,)), ([3, 4], (3, 4))]
    )
    def test_it_reads_as(self, written: Any, expected: tuple[int, ...]) -> None:
        assert numbers(written, "a shape", 1, 2**31) == expected

    @pytest.mark.parametrize(
        ("written", "help_"),
        [
            ("3,224,224", "write `3x224x224`"),
            ("3 x 224", "write `3x224`"),
            ("3X224", "write `3x224`"),
            ("3*224", "write `3x224`"),
            ("03x4", None),
            ("3x", None),
            ("ax3", None),
            ([3, "4"], None),
            ([3, True], None),
            ([3, Fraction(4)], None),
            ([], None),
            (0, None),
            (2**31 + 1, None),
            ("-3x4", None),
            (None, None),
            ("9" * 5000, None),
        ],
    )
    def test_what_is_none_is_refused(self, written: Any, help_: str | None) -> None:
        with pytest.raises(QuantityError) as caught:
            numbers(written, "a shape", 1, 2**31)
        assert help_ is None or caught.value.help == help_


class TestSizes:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("320..416/32", (320, 352, 384, 416)),
            ("320..400/32", (320, 352, 384)),
            ("3..6", (3, 4, 5, 6)),
            (224, (224,)),
            ([224, 256], (224, 256)),
        ],
    )
    def test_it_reads_as(self, written: Any, expected: tuple[int, ...]) -> None:
        assert size_list(written, 10**6) == expected

    @pytest.mark.parametrize("written", ["224", "5..3", "0..5", "1..5/0", "1..99999999", "a..b", None, [0], "1..5/x"])
    def test_what_is_none_is_refused(self, written: Any) -> None:
        with pytest.raises(QuantityError):
            size_list(written, 10**6)


@pytest.mark.parametrize("read", [amount, Quantity.parse, AxisQuantity.parse, lambda text: size_list(text, 10**6)])
@given(text=st.text(max_size=30))
def test_any_text_is_read_or_refused(read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except QuantityError as error:
        assert error.message  # noqa: PT017 - which of the two it is does not matter
