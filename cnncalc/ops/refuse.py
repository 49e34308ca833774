"""What ops refuse, said alike everywhere: maps, axes, groups, limits, paddings."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import Boundary
from cnncalc.ops.options import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

AXIS_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def axis_names(ndim: int) -> tuple[str, ...]:
    """What messages call the axes of a map.

    >>> axis_names(2)
    ('height', 'width')
    """
    return AXIS_NAMES.get(ndim) or tuple(f"axis {axis + 1}" for axis in range(ndim))


def spatial(x: TensorShape) -> tuple[int, ...]:
    """The sizes of a map; refuses (CNN905) a vector and tokens, which have no grid."""
    if not x.sizes or x.tokens:
        found = f"{x} are tokens without a grid" if x.tokens else f"{x} is a vector"
        raise LayerError(
            "CNN905", f"needs a map with spatial axes, {found}", help="put this layer before `flatten`, `fc`, `tokens`"
        )
    return x.sizes


def shaped(channels: int, sizes: tuple[int, ...] = (), *, tokens: bool = False) -> TensorShape:
    """A shape within the limits; refuses (CNN902) what is larger."""
    if channels > MAX_SIZE or (sizes and max(sizes) > MAX_SIZE):
        shape = TensorShape(channels, sizes)
        raise LayerError("CNN902", f"the output would be {shape}; channels and sizes are limited to {MAX_SIZE:,}")
    return TensorShape(channels, sizes, tokens)


def per_axis(value: int | tuple[int, ...], ndim: int, option: str) -> tuple[int, ...]:
    """One value per axis; refuses (CNN905) a wrong number of them.

    >>> per_axis(3, 2, "kernel_size")
    (3, 3)
    """
    if isinstance(value, int):
        return (value,) * ndim
    if len(value) != ndim:
        raise LayerError("CNN905", _count(option, len(value), ndim), option=option)
    return value


def pads_per_axis(
    value: int | tuple[int | tuple[int, int], ...], ndim: int, option: str
) -> tuple[tuple[int, int], ...]:
    """(before, after) per axis; a single pair holds for every axis.

    >>> pads_per_axis((1, (0, 2)), 2, "padding")
    ((1, 1), (0, 2))
    """
    if isinstance(value, int):
        return ((value, value),) * ndim
    if len(value) == 1 and isinstance(value[0], tuple):
        return (value[0],) * ndim
    if len(value) != ndim:
        raise LayerError("CNN905", _count(option, len(value), ndim), option=option)
    return tuple(side if isinstance(side, tuple) else (side, side) for side in value)


def _count(option: str, found: int, ndim: int) -> str:
    return f"`{option}` has {found} value{'s' * (found != 1)}, the map has {ndim} ax{'e' if ndim != 1 else 'i'}s"


def indivisible(  # noqa: PLR0913 - a refusal has this many parts
    what: str,
    number: int,
    by: str,
    divisor: int,
    *,
    option: str | None,
    help: str,  # noqa: A002 - the word that users see
) -> LayerError:
    """CNN003: `what` (a number of channels or a size) is no multiple of `divisor`."""
    message = f"{what} ({number:,}) cannot be divided by {by} ({divisor:,}): {number % divisor:,} left over"
    return LayerError("CNN003", message, help=help, option=option)


def nearest_multiples(number: int, divisor: int) -> tuple[int, ...]:
    """The positive multiples of `divisor` next to a number.

    >>> nearest_multiples(48, 32), nearest_multiples(5, 32)
    ((32, 64), (32,))
    """
    below = number // divisor * divisor
    return (below, below + divisor) if below else (divisor,)


def nearest_divisors(number: int, near: int) -> tuple[int, ...]:
    """The divisors of a number next below and above `near`.

    >>> nearest_divisors(48, 32), nearest_divisors(48, 100)
    ((24, 48), (48,))
    """
    small = [divisor for divisor in range(1, isqrt(number) + 1) if number % divisor == 0]
    divisors = {*small, *(number // divisor for divisor in small)}
    below = max((divisor for divisor in divisors if divisor < near), default=None)
    above = min((divisor for divisor in divisors if divisor > near), default=None)
    return tuple(divisor for divisor in (below, above) if divisor is not None)


def either(numbers: Sequence[int]) -> str:
    """Numbers as a remedy lists them.

    >>> either([24, 48])
    '24 or 48'
    """
    return " or ".join(f"{number:,}" for number in numbers)


def check_groups(channels: int, out_channels: int, groups: int) -> None:
    """Refuse (CNN003) groups that do not divide both channel counts."""
    if groups == 1 or (channels % groups == 0 and out_channels % groups == 0):
        return
    if channels % groups:
        fits = either(nearest_divisors(channels, groups))
        help_ = f"use {fits} groups, or feed {either(nearest_multiples(channels, groups))} channels"
        raise indivisible("input channels", channels, "groups", groups, option="groups", help=help_)
    help_ = f"use {either(nearest_multiples(out_channels, groups))} output channels"
    raise indivisible("output channels", out_channels, "groups", groups, option="groups", help=help_)


def check_boundary(
    sizes: Sequence[int], pads: Sequence[tuple[int, int]], boundary: Boundary, option: str = "padding"
) -> None:
    """Refuse (CNN004) what cannot be mirrored or wrapped: reflect padding >= size, circular padding > size."""
    if boundary is not Boundary.REFLECT and boundary is not Boundary.CIRCULAR:
        return
    for name, n, sides in zip(axis_names(len(sizes)), sizes, pads, strict=True):
        most = n - 1 if boundary is Boundary.REFLECT else n
        if max(sides) > most:
            than = "is not smaller than" if boundary is Boundary.REFLECT else "is larger than"
            raise LayerError(
                "CNN004",
                f"{boundary.value} padding {max(sides):,} {than} the {name} {n:,}",
                help=f"pad at most {most:,} here, or use `replicate` or `zeros`",
                option=option,
            )
