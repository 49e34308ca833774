"""What an expression is made of: nodes that evaluate themselves exactly, with the place of every mistake.

Numbers are integers and fractions; a fraction that comes out whole is an integer. Conditions are read as Python reads
them (0 and false are false), but a word is no condition and true is no number.
"""

from __future__ import annotations

import operator
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Union

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


class Term(NamedTuple):
    """A node of the tree: characters start..end of the expression, and how it gets its value."""

    start: int
    end: int
    value: Callable[[Environment], Value]
    """The value in an environment; raises ExpressionError."""


# Each of these makes a node. They are closures and no classes: a class costs half a millisecond at every start.


def constant(start: int, end: int, value: Value) -> Term:
    """A number, true, false or a word that stands for itself."""
    return Term(start, end, lambda _: value)


def name(start: int, end: int, word: str) -> Term:
    """A variable."""

    def value(env: Environment) -> Value:
        try:
            return env.variable(word)
        except KeyError as error:
            help_ = did_you_mean(word, map(str, error.args[1:]))
            raise ExpressionError(f"unknown name `{word}`", start, end, help=help_, code="CNN904") from None

    return Term(start, end, value)


def copy_number(start: int, end: int) -> Term:
    """`i`: the copy, from 0."""
    return Term(start, end, lambda env: env.copy)


def attribute(start: int, end: int, layer: str, letter: str) -> Term:
    """`NAME.c`: channels or a size of a layer."""

    def value(env: Environment) -> Value:
        try:
            return env.size(layer, letter)
        except LookupError as error:
            message = str(error.args[0]) if error.args else f"unknown layer `{layer}`"
            raise ExpressionError(message, start, end, code="CNN904") from None

    return Term(start, end, value)


def unary(start: int, symbol: str, operand: Term) -> Term:
    """`-a`, `+a`, `not a`."""

    def value(env: Environment) -> Value:
        if symbol == "not":
            return not _condition(operand, env)
        number = _number(operand, env, symbol)
        return -number if symbol == "-" else number

    return Term(start, operand.end, value)


def binary(symbol: str, left: Term, right: Term) -> Term:
    """`a + b` and the other arithmetic, exactly."""
    operate = ARITHMETIC[symbol]

    def value(env: Environment) -> Value:
        first = _number(left, env, symbol)
        second = _number(right, env, symbol)
        try:
            return _bounded(operate(first, second), left.start, right.end)
        except ZeroDivisionError:
            raise ExpressionError("division by zero", right.start, right.end) from None
        except _PowerError as error:
            raise ExpressionError(error.args[0], left.start, right.end, code=error.args[1]) from None

    return Term(left.start, right.end, value)


def comparison(first: Term, rest: tuple[tuple[str, Term], ...]) -> Term:
    """`a < b <= c`: true where every neighbouring pair holds; `==` and `!=` also compare words."""

    def value(env: Environment) -> Value:
        term, left = first, first.value(env)
        for symbol, other in rest:
            right = other.value(env)
            if symbol not in ("==", "!="):
                _check_number(left, term, symbol)
                _check_number(right, other, symbol)
            if not COMPARISONS[symbol](left, right):
                return False
            term, left = other, right
        return True

    return Term(first.start, rest[-1][1].end, value)


def logic(symbol: str, left: Term, right: Term) -> Term:
    """`a and b`, `a or b`: the operand that decides, as in Python."""

    def value(env: Environment) -> Value:
        first = _condition(left, env)
        decides = not first if symbol == "and" else bool(first)
        return first if decides else _condition(right, env)

    return Term(left.start, right.end, value)


def choice(chosen: Term, condition: Term, otherwise: Term) -> Term:
    """`a if condition else b`; only the side that is chosen is evaluated."""

    def value(env: Environment) -> Value:
        return (chosen if _condition(condition, env) else otherwise).value(env)

    return Term(chosen.start, otherwise.end, value)


def pick(start: int, end: int, which: str, chosen: Term, rest: Term) -> Term:
    """`first(a, rest=1)`, `last(a, rest=1)`: `a` in the first (last) copy, else `rest`; the other is not evaluated."""

    def value(env: Environment) -> Value:
        here = env.copy == (0 if which == "first" else env.copies - 1)
        return (chosen if here else rest).value(env)

    return Term(start, end, value)


def call(start: int, end: int, function: str, arguments: tuple[Term, ...]) -> Term:
    """`min(a, b)`, `round8(a)` and the other functions."""

    def value(env: Environment) -> Value:
        numbers = [_number(argument, env, function) for argument in arguments]
        return _bounded(FUNCTIONS[function](*numbers), start, end)

    return Term(start, end, value)


def per_axis(start: int, end: int, items: tuple[Term, ...]) -> Term:
    """`(a, b)`: one value per axis."""
    return Term(start, end, lambda env: tuple([item.value(env) for item in items]))


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


def _bounded(value: Number, start: int, end: int) -> Number:
    """The value, whole where it is whole."""
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise ExpressionError(f"a number larger than 2**{MAX_BITS}", start, end, code="CNN902")
    return value.numerator if value.denominator == 1 else value
