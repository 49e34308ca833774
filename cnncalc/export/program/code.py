"""What one layer is in a framework: a module that is made once, and an expression that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.ops.base import Settings
    from cnncalc.report import LayerReport


@value
class Raw:
    """Source text as an argument (`nn.ReLU()`)."""

    text: str

    def __repr__(self) -> str:
        """The text itself, so that arguments of all kinds are written alike."""
        return self.text


@value(kw_only=False)
class Argument:
    """One argument of a constructor."""

    key: str
    value: object
    default: object = None
    """What it is where it is left out; None where it never is."""
    keyword: bool = True


@value
class Code:
    """One layer."""

    make: str | None = None
    """The class of the module; None where the expression needs none."""
    arguments: tuple[Argument, ...] = ()
    run: str = "{module}({0})"
    """The expression: {module}, {0} and further for the inputs, {KEY} for the constants."""
    constants: Mapping[str, object] = field(factory=dict)
    helper: str | None = None
    """A class or function of `helpers.py` that the file needs."""
    frozen: bool = False


class NoCodeError(Exception):
    """A layer that the framework has no way to say; the message says why."""


def axes(numbers: Sequence[int]) -> object:
    """One number where all axes agree, else a tuple.

    >>> axes((3, 3)), axes((3, 5)), axes((7,))
    (3, (3, 5), 7)
    """
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def is_even(sides: Sequence[tuple[int, int]]) -> bool:
    """As much before as after, and nothing cut off."""
    return all(before == after >= 0 for before, after in sides)


def settings_of(row: LayerReport) -> Settings:
    """The window of a layer that has one."""
    if row.settings is None:
        message = f"{row.name} has no window"
        raise AssertionError(message)
    return row.settings
