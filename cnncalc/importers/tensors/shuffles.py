"""Channel and pixel shuffles that were written with views."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import CHANNELS, SPACE, Atom

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.tensors.axes import Dim


def shuffle(shape: Shape, target: tuple[Dim, ...]) -> tuple[str, dict[str, Option]] | None:
    """The op and its options that make channels and positions of these parts; None where none does."""
    plain = axes.whole((1, *shape))[1:]
    if len(target) != len(plain):
        return None
    if target[1:] == plain[1:] and len(target[0]) == 2:  # noqa: PLR2004 - groups and channels inside
        inner, groups = target[0]
        if inner.stride == 1 and groups.stride == inner.size:
            return "channelshuffle", {"groups": groups.size}
        return None
    for up, op, option in ((True, "pixelshuffle", "upscale_factor"), (False, "pixelunshuffle", "downscale_factor")):
        factor = _factor(target, shape, up=up)
        if factor:
            return op, {option: factor}
    return None


def _factor(target: tuple[Dim, ...], shape: Shape, *, up: bool) -> int | None:
    """The factor of a pixel shuffle (`up`) or unshuffle; None where it is none."""
    channels, *sizes = shape
    if not sizes:
        return None
    last = axes.size_of(target[-1])
    factor = last // sizes[-1] if up else sizes[-1] // last
    volume = factor ** len(sizes)
    if factor < 2 or (channels % volume if up else any(size % factor for size in sizes)):  # noqa: PLR2004 - nothing moves
        return None
    if not up:
        rest = tuple(_part(axis, size // factor, factor) for axis, size in enumerate(sizes, SPACE))
        moved = {*_part(CHANNELS, channels, 1), *(Atom(axis, factor) for axis, _ in enumerate(sizes, SPACE))}
        return factor if target[1:] == rest and set(target[0]) == moved and len(target[0]) == len(moved) else None
    strides = [volume // prod((factor,) * (place + 1)) for place in range(len(sizes))]
    spread = tuple(
        (*_part(axis, size, 1), Atom(CHANNELS, factor, stride))
        for axis, (size, stride) in enumerate(zip(sizes, strides, strict=True), SPACE)
    )
    return factor if target == (_part(CHANNELS, channels // volume, volume), *spread) else None


def _part(axis: int, size: int, stride: int) -> Dim:
    return (Atom(axis, size, stride),) if size > 1 else ()
