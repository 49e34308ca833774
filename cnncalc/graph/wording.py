"""How messages about options say a value, and what is wrong with it."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from cnncalc.spec.expression import Expression
from cnncalc.spec.syntax import op_syntax

if TYPE_CHECKING:
    from cnncalc.spec.items import Arg


def shown(value: object) -> str:
    """A value as a network file has it.

    >>> shown(Fraction(1, 2)), shown((1, None)), shown(True)
    ('0.5', '(1, null)', 'true')
    """
    if isinstance(value, Fraction):
        return str(float(value))
    if isinstance(value, tuple):
        return "(" + ", ".join(shown(part) for part in value) + ")"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def shown_range(value: tuple[object, ...]) -> str:
    """`a:b`, without an end that is left out.

    >>> shown_range((-1, None))
    '`-1:`'
    """
    return "`" + ":".join("" if end is None else shown(end) for end in value) + "`"


def not_whole(what: str, arg: Arg, value: object) -> tuple[str, str | None]:
    """Fact and remedy where a whole number is wanted."""
    written = f"`{arg.value.text}` is " if isinstance(arg.value, Expression) else ""
    if isinstance(value, Fraction):
        return (
            f"{what}: {written}{shown(value)}, not a whole number",
            f"round it: floor(...) gives {floor(value)}, ceil(...) {ceil(value)}; there are round8 and ceil8 too",
        )
    return f"{what}: {written}{shown(value)}, not a whole number", None


def plain(message: str) -> str:
    """A message of pydantic without its own words at the beginning."""
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    return message[:1].lower() + message[1:]


def missing(op: str, option: str) -> str:
    """How an option that an op needs is given.

    >>> missing("conv", "kernel_size"), missing("conv", "out_channels")
    ('write `k3`; `cnncalc explain conv` shows all options', 'write `conv N`; `cnncalc explain conv` shows all options')
    """
    syntax = op_syntax(op)
    short = syntax.short(option)
    way = f"{op} N" if option == syntax.positional else f"{short}3" if short else f"{option}=..."
    return f"write `{way}`; `cnncalc explain {op}` shows all options"
