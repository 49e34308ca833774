"""`--sweep input=3x128x128:3x512x512/32`: what is varied, and through which values."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.spec.models import DType
from cnncalc.spec.reader import parse_shape
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.geometry.shape import TensorShape
    from cnncalc.spec.network import NetworkSpec

MOST_VALUES = 100_000
_RANGE = re.compile(r"(.+?)(?::|\.\.)([^/]+)(?:/(.+))?")
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_SHAPE = re.compile(r"[0-9]+(?:x[0-9]+)+")
_EXAMPLES = (
    "--sweep input=3x128x128:3x512x512/32, --sweep width=0.25,0.5,1, --sweep batch=1,8, --sweep dtype=float32,int8"
)


@value
class Sweep:
    """One thing that is varied."""

    name: str
    """`batch`, `dtype`, an input, or a variable."""
    kind: str
    """`batch`, `dtype`, `input` or `variable`."""
    values: tuple[str, ...]
    """As they are written on the command line."""


def sweep(text: str, spec: NetworkSpec) -> Sweep:
    """Read a sweep for a network; UsageError where it cannot be read, or names nothing of this network.

    A list is `a,b,c`, a range `FROM:TO/STEP` or `FROM..TO/STEP`; ranges of shapes move all sizes that differ.
    """
    name, equals, listed = text.partition("=")
    name = name.strip()
    if not equals or not name or not listed.strip():
        message = f"--sweep {text}: expected NAME=VALUES, as in {_EXAMPLES}"
        raise UsageError(message)
    kind = _kind(text, name, spec)
    values = [made for part in listed.split(",") for made in _values(text, kind, part.strip(), _own(name, kind, spec))]
    if len(values) > MOST_VALUES:
        message = f"--sweep {text}: {len(values):,} values are more than {MOST_VALUES:,}"
        raise UsageError(message)
    return Sweep(name=name, kind=kind, values=tuple(dict.fromkeys(values)))


def _kind(text: str, name: str, spec: NetworkSpec) -> str:
    if name in {"batch", "dtype"}:
        return name
    if name == "input" and len(spec.inputs) <= 1:
        return "input"
    if name in spec.inputs:
        return "input"
    if name in spec.variables:
        return "variable"
    from cnncalc.spec.suggest import did_you_mean  # needed for mistakes only

    known = [*(("input",) if len(spec.inputs) == 1 else spec.inputs), "batch", "dtype", *spec.variables]
    help_ = did_you_mean(name, known) or f"what can be varied here: {', '.join(dict.fromkeys(known))}"
    message = f"--sweep {text}: the network has no `{name}`; {help_}"
    raise UsageError(message)


def _own(name: str, kind: str, spec: NetworkSpec) -> TensorShape | None:
    """The shape that an input has without the sweep."""
    if kind != "input":
        return None
    return spec.inputs.get(name) or next(iter(spec.inputs.values()), None)


def _values(text: str, kind: str, part: str, own: TensorShape | None) -> list[str]:
    if kind == "dtype":
        names = [known.value for known in DType]
        if part not in names:
            message = f"--sweep {text}: `{part}` is no dtype; there are {', '.join(names)}"
            raise UsageError(message)
        return [part]
    found = _RANGE.fullmatch(part)
    if found is None:
        return [_one(text, kind, part, own)]
    first, last, step = (each.strip() if each else "1" for each in found.groups())
    if kind == "input" and _SHAPE.fullmatch(first):
        return _shapes(text, first, last, step)
    numbers = _numbers(text, first, last, step, whole=kind != "variable")
    return [_one(text, kind, number, own) for number in numbers]


def _one(text: str, kind: str, part: str, own: TensorShape | None) -> str:
    """A single value; an input may be given by its size alone, which then holds for all axes."""
    if kind == "input":
        if own is not None and part.isdigit():
            return "x".join(map(str, (own.channels, *[part] * own.ndim)))
        parse_shape(part)
    elif kind == "batch" and not (part.isascii() and part.isdigit() and int(part) > 0):
        message = f"--sweep {text}: `{part}` is no batch: whole numbers from 1, as in batch=1,8,32 or batch=8..64/8"
        raise UsageError(message)
    return part


def _shapes(text: str, first: str, last: str, step: str) -> list[str]:
    low, high = tuple(parse_shape(first)), tuple(parse_shape(last))
    if len(low) != len(high):
        message = f"--sweep {text}: {first} and {last} have not the same number of axes"
        raise UsageError(message)
    if not step.isdigit() or int(step) < 1:
        message = f"--sweep {text}: the step `{step}` should be a whole number from 1"
        raise UsageError(message)
    axes = [range(a, b + 1, int(step)) if a != b else None for a, b in zip(low, high, strict=True)]
    lengths = {len(axis) for axis in axes if axis is not None}
    if 0 in lengths:
        message = f"--sweep {text}: {last} is smaller than {first}; write `{last}:{first}/{step}`"
        raise UsageError(message)
    if len(lengths) > 1:
        message = f"--sweep {text}: the sizes do not grow by the same number of steps of {step}"
        raise UsageError(message)
    count = lengths.pop() if lengths else 1
    _check_count(text, count)
    return [
        "x".join(str(start if axis is None else axis[at]) for start, axis in zip(low, axes, strict=True))
        for at in range(count)
    ]


def _numbers(text: str, first: str, last: str, step: str, *, whole: bool) -> list[str]:
    if not all(_NUMBER.fullmatch(each) for each in (first, last, step)):
        message = f"--sweep {text}: `{first}..{last}/{step}` should be numbers: FROM..TO/STEP, as in 0.25..2/0.25"
        raise UsageError(message)
    low, high, by = Fraction(first), Fraction(last), Fraction(step)
    if by == 0 or low > high:
        message = (
            f"--sweep {text}: `{first}..{last}/{step}` holds no value; from the smaller to the larger, step above 0"
        )
        raise UsageError(message)
    _check_count(text, int((high - low) / by) + 1)
    found = [low + at * by for at in range(int((high - low) / by) + 1)]
    if whole and any(number.denominator != 1 for number in found):
        message = f"--sweep {text}: should be whole numbers"
        raise UsageError(message)
    return [_decimal(number) for number in found]


def _check_count(text: str, count: int) -> None:
    if count > MOST_VALUES:
        message = f"--sweep {text}: {count:,} values are more than {MOST_VALUES:,}; write a larger step"
        raise UsageError(message)


def _decimal(number: Fraction) -> str:
    """An exact decimal: the bounds are decimals, so all between them are."""
    if number.denominator == 1:
        return str(number.numerator)
    places = next(at for at in range(1, 25) if (number * 10**at).denominator == 1)
    digits = str(int(number * 10**places)).zfill(places + 1)
    return f"{digits[:-places]}.{digits[-places:]}"
