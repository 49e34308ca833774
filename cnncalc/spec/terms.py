"""What an expression is made of: nodes that evaluate themselves exactly, with the place of every mistake.

Numbers are integers and fractions; a fraction that comes out whole is an integer. Conditions are read as Python reads
them (0 and false are false), but a word is no condition and true is no number.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Protocol, Union

from cnncalc.spec.problems import TextError
from cnncalc.spec.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

Value = Union[int, Fraction, bool, str, None, "tuple[Any, ...]"]
Number = Union[int, Fraction]

MAX_BITS = 512
"""Limit on numerator and denominator of every number met on the way."""


class Environment(Protocol):
    """What the names of an expression stand for."""

    @property
    def copy(self) -> int:
        """Which copy of the innermost count is being built, from 0; 0 where nothing repeats."""

    @property
    def copies(self) -> int:
        """How many copies there are; 1 where nothing repeats."""

    def variable(self, name: str) -> Value:
        """The value of a var, parameter or table column; KeyError(name, *known names) where there is none."""

    def size(self, layer: str, attribute: str) -> int:
        """`c`, `h`, `w`, `d` or `l` of a layer's output; LookupError with a message where it cannot be told."""


class ExpressionError(TextError):
    """What is wrong with an expression, at characters start..end of its Origin's text."""


class Term(Protocol):
    """A node of the tree; characters start..end of the expression."""

    @property
    def start(self) -> int:
        """Offset of its first character."""

    @property
    def end(self) -> int:
        """One past its last character."""

    def value(self, env: Environment) -> Value:
        """The value in an environment; raises ExpressionError."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, true, false or a word that stands for itself."""

    start: int
    end: int
    constant: Value

    def value(self, env: Environment) -> Value:  # noqa: ARG002 - the same everywhere
        """The constant."""
        return self.constant


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    start: int
    end: int
    name: str

    def value(self, env: Environment) -> Value:
        """What the environment holds under the name."""
        try:
            return env.variable(self.name)
        except KeyError as error:
            help_ = did_you_mean(self.name, map(str, error.args[1:]))
            raise ExpressionError(
                f"unknown name `{self.name}`", self.start, self.end, help=help_, code="CNN904"
            ) from None


@dataclass(frozen=True, slots=True)
class Copy:
    """`i`: the copy."""

    start: int
    end: int

    def value(self, env: Environment) -> Value:
        """Number of the copy, from 0."""
        return env.copy


@dataclass(frozen=True, slots=True)
class Attribute:
    """`NAME.c`: channels or a size of a layer."""

    start: int
    end: int
    layer: str
    attribute: str

    def value(self, env: Environment) -> Value:
        """The size."""
        try:
            return env.size(self.layer, self.attribute)
        except LookupError as error:
            message = str(error.args[0]) if error.args else f"unknown layer `{self.layer}`"
            raise ExpressionError(message, self.start, self.end, code="CNN904") from None


@dataclass(frozen=True, slots=True)
class Unary:
    """`-a`, `+a`, `not a`."""

    start: int
    end: int
    symbol: str
    operand: Term

    def value(self, env: Environment) -> Value:
        """The operator applied."""
        if self.symbol == "not":
            return not _condition(self.operand, env)
        number = _number(self.operand, env, self.symbol)
        return -number if self.symbol == "-" else number


@dataclass(frozen=True, slots=True)
class Binary:
    """`a + b` and the other arithmetic."""

    start: int
    end: int
    symbol: str
    left: Term
    right: Term

    def value(self, env: Environment) -> Value:
        """The operator applied, exactly."""
        left = _number(self.left, env, self.symbol)
        right = _number(self.right, env, self.symbol)
        try:
            return _bounded(ARITHMETIC[self.symbol](left, right), self)
        except ZeroDivisionError:
            raise ExpressionError("division by zero", self.right.start, self.right.end) from None
        except _PowerError as error:
            raise ExpressionError(error.args[0], self.start, self.end, code=error.args[1]) from None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`a < b <= c`: true where every neighbouring pair holds; `==` and `!=` also compare words."""

    start: int
    end: int
    first: Term
    rest: tuple[tuple[str, Term], ...]

    def value(self, env: Environment) -> Value:
        """Whether all hold; stops at the first that does not."""
        term, left = self.first, self.first.value(env)
        for symbol, other in self.rest:
            right = other.value(env)
            if symbol not in ("==", "!="):
                _check_number(left, term, symbol)
                _check_number(right, other, symbol)
            if not COMPARISONS[symbol](left, right):
                return False
            term, left = other, right
        return True


@dataclass(frozen=True, slots=True)
class Logic:
    """`a and b`, `a or b`: the operand that decides, as in Python."""

    start: int
    end: int
    symbol: str
    left: Term
    right: Term

    def value(self, env: Environment) -> Value:
        """The left operand where it decides, else the right one."""
        left = _condition(self.left, env)
        decides = not left if self.symbol == "and" else bool(left)
        return left if decides else _condition(self.right, env)


@dataclass(frozen=True, slots=True)
class Choice:
    """`a if condition else b`."""

    start: int
    end: int
    condition: Term
    chosen: Term
    otherwise: Term

    def value(self, env: Environment) -> Value:
        """Only the side that is chosen is evaluated."""
        return (self.chosen if _condition(self.condition, env) else self.otherwise).value(env)


@dataclass(frozen=True, slots=True)
class Pick:
    """`first(a, rest=1)`, `last(a, rest=1)`: `a` in the first (last) copy, else `rest`."""

    start: int
    end: int
    which: str
    chosen: Term
    rest: Term

    def value(self, env: Environment) -> Value:
        """Only the one that holds is evaluated."""
        here = env.copy == (0 if self.which == "first" else env.copies - 1)
        return (self.chosen if here else self.rest).value(env)


@dataclass(frozen=True, slots=True)
class Call:
    """`min(a, b)`, `round8(a)` and the other functions."""

    start: int
    end: int
    function: str
    arguments: tuple[Term, ...]

    def value(self, env: Environment) -> Value:
        """The function of its arguments."""
        numbers = [_number(argument, env, self.function) for argument in self.arguments]
        return _bounded(FUNCTIONS[self.function](*numbers), self)


@dataclass(frozen=True, slots=True)
class Tuple:
    """`(a, b)`: one value per axis."""

    start: int
    end: int
    items: tuple[Term, ...]

    def value(self, env: Environment) -> Value:
        """The values, in order."""
        return tuple(item.value(env) for item in self.items)


class _PowerError(Exception):
    """A power that is not exact or too large: message and code."""


def _power(base: Number, exponent: Number) -> Number:
    """`base ** exponent` for a whole exponent."""
    if not isinstance(exponent, int):
        raise _PowerError("a power with a fraction as exponent is not exact", "CNN905")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits > 1 and abs(exponent) * (bits - 1) > MAX_BITS:
        raise _PowerError(f"a number larger than 2**{MAX_BITS}", "CNN902")
    return Fraction(base) ** exponent


def round8(value: Number) -> int:
    """`n = max(8, floor((v + 4) / 8) * 8)`, plus 8 if `n < 0.9 v` (the reference code of MobileNet v1 to v3).

    >>> round8(Fraction("33.6")), round8(12), round8(3)
    (32, 16, 8)
    """
    multiple = max(8, floor((value + 4) / Fraction(8)) * 8)
    return multiple + 8 if multiple < Fraction(9, 10) * value else multiple


def ceil8(value: Number) -> int:
    """`ceil(v / 8) * 8`: the next multiple of 8.

    >>> ceil8(64), ceil8(65)
    (64, 72)
    """
    return ceil(Fraction(value) / 8) * 8


ARITHMETIC: dict[str, Callable[[Any, Any], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": Fraction,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
FUNCTIONS: dict[str, Callable[..., Number]] = {
    "min": min,
    "max": max,
    "ceil": ceil,
    "floor": floor,
    "round": round,
    "round8": round8,
    "ceil8": ceil8,
}


def describe(value: Value) -> str:
    """A value as a message names it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the word `{value}`"
    if isinstance(value, tuple):
        return "a list of values"
    return "nothing" if value is None else str(value)


def _number(term: Term, env: Environment, symbol: str) -> Number:
    value = term.value(env)
    _check_number(value, term, symbol)
    return value  # type: ignore[return-value]  # _check_number raised otherwise


def _check_number(value: Value, term: Term, symbol: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
        help_ = "write `1 if condition else 0`" if isinstance(value, bool) else None
        raise ExpressionError(f"`{symbol}` takes numbers, found {describe(value)}", term.start, term.end, help=help_)


def _condition(term: Term, env: Environment) -> Value:
    value = term.value(env)
    if isinstance(value, (int, Fraction)):  # bool is an int
        return value
    raise ExpressionError(
        f"{describe(value)} is neither true nor false",
        term.start,
        term.end,
        help=f"compare it: `name == {value}`" if isinstance(value, str) else None,
    )


def _bounded(value: Number, term: Term) -> Number:
    """The value, whole where it is whole."""
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise ExpressionError(f"a number larger than 2**{MAX_BITS}", term.start, term.end, code="CNN902")
    return value.numerator if value.denominator == 1 else value
