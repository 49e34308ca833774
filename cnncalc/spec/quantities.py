"""Numbers as people write them in `expect:`, `task:` and budgets: `max 12M`, `1..2G`, `64MiB`, `512x7x7`.

>>> Quantity.parse("max 12M").admits(11_689_512)
True
>>> Quantity.parse("64..128").admits(129)
False
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Union

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

Number = Union[int, Fraction]

DECIMAL = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
BINARY = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
MAX_DIGITS = 40
MAX_SIZES = 10_000
"""Longest list of sizes."""
_AMOUNT = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?|[0-9]+/[0-9]+)\s*([A-Za-z]*)")
_COMPARISONS = {"<=": "max", "<": "max", ">=": "min", ">": "min", "=": "", "==": ""}
_FORMS = "`N`, `min N`, `max N` or `A..B`"


class Opaque:
    """A value that pydantic need not look into: its own validators make it. Saves 50 ms when a model is first used."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Anything goes."""
        from pydantic_core import core_schema

        return core_schema.any_schema()


class QuantityError(ValueError):
    """A number that cannot be read; what would be right stands in `help`."""

    def __init__(self, message: str, help: str | None = None) -> None:  # noqa: A002 - the word that users see
        super().__init__(message)
        self.message = message
        self.help = help


@value(kw_only=False)
class Quantity(Opaque):
    """The numbers from `low` to `high`, both included; None is no bound."""

    low: Number | None
    high: Number | None
    text: str
    """As written."""

    @classmethod
    def parse(cls, value: Any, *, in_bytes: bool = False) -> Quantity:
        """`N`, `min N`, `max N`, `A..B`; raises QuantityError."""
        if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
            number = _whole(value)
            return cls(number, number, _shown(number))
        if not isinstance(value, str):
            raise QuantityError(f"should be {_FORMS}")
        text = value.strip()
        word, _, rest = text.partition(" ")
        if word in ("min", "max"):
            bound = amount(rest.strip(), in_bytes=in_bytes)
            return cls(bound if word == "min" else None, bound if word == "max" else None, text)
        first, dots, last = text.partition("..")
        if dots:
            low, high = amount(first.strip(), in_bytes=in_bytes), amount(last.strip(), in_bytes=in_bytes)
            if low > high:
                raise QuantityError(f"`{text}` holds no number", f"write `{last.strip()}..{first.strip()}`")
            return cls(low, high, text)
        exact = amount(text, in_bytes=in_bytes)
        return cls(exact, exact, text)

    def admits(self, value: Number) -> bool:
        """Whether a number lies within the bounds."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        return self.text


@value(kw_only=False)
class AxisQuantity(Opaque):
    """One quantity for all axes, or one per axis."""

    axes: tuple[Quantity, ...]

    @classmethod
    def parse(cls, value: Any) -> AxisQuantity:
        """A quantity, `AxB`, or a list of quantities; raises QuantityError."""
        if isinstance(value, str) and re.fullmatch(r"[0-9]+(x[0-9]+)+", value):
            value = [int(size) for size in value.split("x") if len(size) <= MAX_DIGITS]
        parts = value if isinstance(value, (list, tuple)) else [value]
        if not 1 <= len(parts) <= 3:  # noqa: PLR2004 - one, two or three axes
            raise QuantityError(f"should be one quantity, or one per axis, not {len(parts)}")
        return cls(tuple(Quantity.parse(part) for part in parts))

    def admits(self, values: Sequence[Number]) -> bool:
        """Whether every axis lies within its bounds; a wrong number of axes does not."""
        bounds = self.axes * len(values) if len(self.axes) == 1 else self.axes
        return len(bounds) == len(values) and all(map(Quantity.admits, bounds, values))

    def __str__(self) -> str:
        return " x ".join(map(str, self.axes))


def amount(text: str, *, in_bytes: bool = False) -> Number:
    """A number with its unit, exactly; raises QuantityError.

    >>> amount("1.5K"), amount("64KiB", in_bytes=True), amount("1/2")
    (1500, 65536, Fraction(1, 2))
    """
    found = _AMOUNT.fullmatch(text)
    if found is None or len(text) > MAX_DIGITS:
        sign = re.match(r"[<>=]+", text)
        if sign and sign[0] in _COMPARISONS:
            rest = text[sign.end() :].strip()
            raise QuantityError(
                f"`{text}` is no quantity", f"write `{_COMPARISONS[sign[0]]} {rest}`".replace("` ", "`")
            )
        raise QuantityError(f"`{text}` is no number" if text else "a number is missing", f"it should be {_FORMS}")
    number, unit = found.groups()
    units = DECIMAL | BINARY if in_bytes else DECIMAL
    if unit not in units:
        raise QuantityError(f"`{unit}` is no unit", _unit_help(number, unit, in_bytes=in_bytes))
    if number.endswith("/0"):
        raise QuantityError("division by zero")
    return _whole(Fraction(number) * units[unit])


def numbers(value: Any, what: str, low: int, high: int) -> tuple[int, ...]:
    """`512x7x7`, 512 or a list of whole numbers; raises QuantityError."""
    if isinstance(value, str):
        parts: list[Any] = [int(part) if _is_number(part) else part for part in value.split("x")]
    else:
        parts = list(value) if isinstance(value, (list, tuple)) else [value]
    if not parts:
        raise QuantityError(f"should be {what}")
    for part in parts:
        if type(part) is not int:
            raise QuantityError(f"should be {what}", _shape_help(value))
        if not low <= part <= high:
            bound = f"at least {low}" if part < low else f"at most {high:,}"
            raise QuantityError(f"every number should be {bound}, found {part:,}")
    return tuple(parts)


def size_list(value: Any, high: int) -> tuple[int, ...]:
    """`A..B`, `A..B/STEP`, one size or a list; raises QuantityError.

    >>> size_list("320..416/32", 1000)
    (320, 352, 384, 416)
    """
    found = (
        re.fullmatch(r"([0-9]{1,12})\.\.([0-9]{1,12})(?:/([0-9]{1,12}))?", value) if isinstance(value, str) else None
    )
    if not found:
        if isinstance(value, str):
            raise QuantityError("should be sizes", "write `320..640/32`, or a list")
        return numbers(value, "sizes", 1, high)
    first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
    if not 1 <= first <= last <= high or step < 1:
        raise QuantityError(f"`{value}` holds no size", "write `320..640/32`: from, to, step")
    if (last - first) // step >= MAX_SIZES:
        raise QuantityError(f"`{value}` holds more than {MAX_SIZES:,} sizes", "write a larger step: `320..640/32`")
    return tuple(range(first, last + 1, step))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and (text == "0" or text[0] != "0")


def _shape_help(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    if re.search(r"[,*X]|\s", value):
        parts = [part for part in re.split(r"[^0-9]+", value) if part]
        return f"write `{'x'.join(parts)}`" if parts else None
    return None


def _unit_help(number: str, unit: str, *, in_bytes: bool) -> str:
    if unit in BINARY:
        return f"that is a unit of bytes; counts are written `{number}{unit[0]}`"
    if unit.upper() in DECIMAL:
        return f"did you mean `{number}{unit.upper()}`?"
    letter = unit[:1].upper()
    if in_bytes and letter in DECIMAL and letter:
        return f"write `{number}{letter}` (decimal) or `{number}{letter}iB` (binary)"
    return "units are K M G T" + (", for bytes also KiB MiB GiB" if in_bytes else "")


def _whole(value: Number) -> Number:
    return value.numerator if value.denominator == 1 else value


def _shown(value: Number) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
