"""Interpolation as `Resize`, by factors where these are exact in single precision, else by sizes."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from struct import pack, unpack
from typing import TYPE_CHECKING

from cnncalc.export.onnx.network import NoNodeError
from cnncalc.geometry.coordinates import Coordinates, Rounding, place
from cnncalc.geometry.resize import ResizeMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.export.onnx.draft import Draft
    from cnncalc.export.onnx.network import Attribute

NEAREST = {
    ResizeMode.NEAREST: (Coordinates.ASYMMETRIC, Rounding.FLOOR),
    ResizeMode.NEAREST_EXACT: (Coordinates.HALF_PIXEL, Rounding.ROUND_PREFER_CEIL),
}
"""What PyTorch does, in the words of ONNX."""
HALF = Fraction(1, 2)
CUBIC = -0.75
"""PyTorch's coefficient."""


def upsample(draft: Draft) -> str:
    """One node, whatever the mode."""
    op, axes = draft.op, len(draft.shape.sizes)
    where, rounding = _words(draft)
    attributes: dict[str, Attribute] = {"coordinate_transformation_mode": where.value}
    if rounding is not None:
        attributes |= {"mode": "nearest", "nearest_mode": rounding.value}
    else:
        attributes["mode"] = op.mode.value
    if op.mode is ResizeMode.CUBIC:
        attributes["cubic_coeff_a"] = CUBIC
    if op.antialias:
        attributes["antialias"] = 1
    region = ""
    if op.region is not None:
        region = draft.numbers("region", [float(share) for share in op.region])
    factors = _factors(draft, where)
    whole = _by_sizes(draft, where, factors)
    x = draft.x
    if whole:
        sizes = draft.ints("sizes", *(draft.output.sizes[axis] for axis in whole))
        x = draft.node("Resize", x, region, "", sizes, axes=tuple(2 + axis for axis in whole), **attributes)
    if len(whole) == axes:
        return x
    scales = [1.0 if axis in whole else _fitting(draft, axis, factor) for axis, factor in enumerate(factors)]
    return draft.node("Resize", x, "", draft.numbers("scales", (1, 1, *scales), dtype="float32"), **attributes)


def _words(draft: Draft) -> tuple[Coordinates, Rounding | None]:
    """Coordinates, and the rounding of a nearest mode."""
    op = draft.op
    if op.mode in NEAREST:
        if op.coordinates is None:
            return NEAREST[op.mode]
        return op.coordinates, op.rounding or Rounding.ROUND_PREFER_FLOOR
    return op.coordinates or (Coordinates.ALIGN_CORNERS if op.align_corners else Coordinates.HALF_PIXEL), None


def _factors(draft: Draft, where: Coordinates) -> list[Fraction]:
    """The exact factor of every axis."""
    op = draft.op
    given = op.scale if isinstance(op.scale, tuple) else (op.scale,) * draft.shape.ndim
    exact = []
    for n, m, scale in zip(draft.shape.sizes, draft.output.sizes, given, strict=True):
        copied = op.coordinates is None and (
            (n == m and op.mode is not ResizeMode.NEAREST_EXACT) or (2 * n == m and op.mode is ResizeMode.NEAREST)
        )
        if scale is None or copied or where is Coordinates.ALIGN_CORNERS:  # whose corners depend on the sizes alone
            exact.append(Fraction(m, n))
        else:
            exact.append(Fraction(scale))
    return exact


def _by_sizes(draft: Draft, where: Coordinates, factors: Sequence[Fraction]) -> list[int]:
    """The axes that are resized to a size: where single precision does not hold a factor, and nothing is rounded."""
    axes = list(range(draft.shape.ndim))
    if where is Coordinates.TF_CROP_AND_RESIZE:
        return axes  # the factor says nothing beside the sizes
    inexact = [axis for axis in axes if _single(factors[axis]) != factors[axis]]
    reach = [axis for axis in axes if draft.shape.sizes[axis] * factors[axis] == draft.output.sizes[axis]]
    return reach if inexact and reach == axes else [axis for axis in inexact if axis in reach]


def _fitting(draft: Draft, axis: int, factor: Fraction) -> float:
    """A neighbour of the factor in single precision with which the same positions are read.

    With a third, which single precision has a little too large, the floor of nearest would read 2 in place of 3.
    """
    n, m = draft.shape.sizes[axis], draft.output.sizes[axis]
    where, rounding = _words(draft)

    def read(scale: Fraction) -> list[int]:
        line = place(n, m, where, scale)
        return [_rounded(o * line.slope + line.offset, rounding) for o in range(m)]

    nearest = _single(factor)
    for found in (nearest, _next(nearest, -1), _next(nearest, 1)):
        close = Fraction(found)
        if floor(close * n) == m and (close == factor or rounding is None or read(close) == read(factor)):
            return found
    message = f"a factor of {factor} from {n} to {m}, which single precision cannot hold"
    raise NoNodeError(message)


def _rounded(at: Fraction, rounding: Rounding | None) -> int:
    if rounding in (Rounding.FLOOR, Rounding.ROUND_PREFER_CEIL):
        return floor(at + HALF if rounding is Rounding.ROUND_PREFER_CEIL else at)
    return ceil(at - HALF if rounding is Rounding.ROUND_PREFER_FLOOR else at)


def _single(number: Fraction) -> float:
    """In single precision."""
    return float(unpack("<f", pack("<f", float(number)))[0])


def _next(number: float, step: int) -> float:
    """The next one up or down of a positive number in single precision."""
    return float(unpack("<f", (int.from_bytes(pack("<f", number), "little") + step).to_bytes(4, "little"))[0])
