"""`Resize` and `Upsample` in all their ways."""

from __future__ import annotations

import struct
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from cnncalc.geometry.coordinates import Coordinates, Rounding
from cnncalc.geometry.resize import ResizeMode, located_read, resize_read
from cnncalc.geometry.window import AxisRead, AxisWindow
from cnncalc.importers.tensors.trace import UnmappedError
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.nodes import Call
    from cnncalc.importers.tensors.trace import Held

MODES = {
    "nearest": ResizeMode.NEAREST, "linear": ResizeMode.LINEAR, "bilinear": ResizeMode.LINEAR,
    "cubic": ResizeMode.CUBIC,
}  # fmt: skip
MAX_LISTED = 4096
"""Sizes up to which two ways of resizing are compared position by position."""
_COORDINATES = 11
"""From this version on Resize says where outputs lie; before there was one way, `asymmetric` and `floor`."""


@value
class Way:
    """How a node resizes."""

    mode: ResizeMode
    coordinates: Coordinates
    rounding: Rounding
    antialias: bool
    region: tuple[Fraction, ...] = ()


@value
class Axis:
    """One axis: its size, what becomes of it, the factor where one is given."""

    before: int
    after: int
    scale: Fraction | None


def resize(call: Call) -> Held:
    """By the words of PyTorch where they read the same positions, else by those of ONNX."""
    x = call.map(call.x)
    way = _way(call, len(call.shape(x)) - 1)
    axes_ = _axes(call, x)
    crops = way.coordinates is Coordinates.TF_CROP_AND_RESIZE
    if not crops and all(axis.before == axis.after and axis.scale in (None, 1) for axis in axes_):
        return x
    return call.layer("upsample", [x], _short(way, axes_) or _long(way, axes_))


def _way(call: Call, ndim: int) -> Way:
    modern = call.node.op == "Resize" and call.opset >= _COORDINATES
    mode = MODES.get(call.word("mode", "nearest"))
    if mode is None:
        raise UnmappedError(f"resizing of mode {call.word('mode')}")
    where = call.word("coordinate_transformation_mode", "half_pixel") if modern else "asymmetric"
    rounding = call.word("nearest_mode", "round_prefer_floor") if modern else "floor"
    try:
        way = Way(
            mode=mode,
            coordinates=Coordinates(where),
            rounding=Rounding(rounding),
            antialias=bool(call.integer("antialias")) and mode is not ResizeMode.NEAREST,
        )
    except ValueError as error:
        raise UnmappedError(f"resizing with {error}") from None
    if way.coordinates is not Coordinates.TF_CROP_AND_RESIZE:
        return way
    return Way(
        mode=way.mode, coordinates=way.coordinates, rounding=way.rounding, antialias=False, region=_region(call, ndim)
    )


def _region(call: Call, ndim: int) -> tuple[Fraction, ...]:
    """The part of each spatial axis: starts, then ends."""
    given = call.constant(1)
    rank = ndim + 2
    places = [call.axis(axis) for axis in call.ints("axes", range(rank)) or ()]
    if given is None or given.values is None or len(given.values) != 2 * len(places):
        raise UnmappedError("its region is not in the file")
    ends = dict.fromkeys(range(rank), (0.0, 1.0))
    for at, place in enumerate(places):
        ends[place] = float(given.values[at]), float(given.values[at + len(places)])
    if any(ends[place] != (0.0, 1.0) for place in range(2)):
        raise UnmappedError("a part of the samples or channels")
    return tuple(_exact(ends[place][side]) for side in (0, 1) for place in range(2, rank))


def _axes(call: Call, x: Held) -> list[Axis]:
    """What becomes of each spatial axis."""
    rank = len(x.dims)
    sizes = call.sizes(x)
    places = [call.axis(axis, rank) for axis in call.ints("axes", range(rank)) or ()]
    scales, targets = _given(call)
    made = {place: Axis(before=size, after=size, scale=None) for place, size in enumerate(sizes)}
    if scales is not None:
        if len(scales) != len(places):
            raise UnmappedError(f"{len(scales)} scales for {len(places)} axes")
        for place, (given, scale) in zip(places, scales, strict=True):
            after = floor(_single(sizes[place] * given))
            made[place] = Axis(before=sizes[place], after=after, scale=scale if sizes[place] * scale != after else None)
    elif targets is not None and len(targets) == len(places):
        made.update(_aimed(call, sizes, places, targets))
    else:
        raise UnmappedError("its scales and sizes are not in the file")
    if any(made[place].after != made[place].before for place in (0, 1)):
        raise UnmappedError("resizing of the samples or channels")
    return [made[place] for place in range(2, rank)]


def _given(call: Call) -> tuple[list[tuple[float, Fraction]] | None, tuple[int, ...] | None]:
    """Scales, as they are and as they are meant, or sizes, whichever the node has."""
    attribute = call.node.attributes.get("scales")
    if isinstance(attribute, tuple):
        return [(float(one), _exact(float(one))) for one in attribute], None
    place = 1 if call.node.op == "Upsample" or len(call.node.inputs) == 2 else 2  # noqa: PLR2004 - version 10
    given = call.constant(place)
    if given is not None and given.values:
        return [(float(one), _exact(float(one))) for one in given.values], None
    return None, call.numbers("sizes", 3)


def _single(number: float) -> float:
    """Rounded to single precision, in which sizes are computed."""
    return float(struct.unpack("<f", struct.pack("<f", number))[0])


def _exact(number: float) -> Fraction:
    """The fraction that a number in single precision stands for: 2/3 is no dyadic one."""
    return Fraction(number).limit_denominator(1 << 12)


def _aimed(call: Call, sizes: Sequence[int], places: Sequence[int], targets: Sequence[int]) -> dict[int, Axis]:
    """Sizes that are given, or the largest or smallest that keep the ratio."""
    policy = call.word("keep_aspect_ratio_policy", "stretch") or "stretch"
    if policy == "stretch":
        return {
            place: Axis(before=sizes[place], after=target, scale=None)
            for place, target in zip(places, targets, strict=True)
        }
    ratios = [Fraction(target, sizes[place]) for place, target in zip(places, targets, strict=True)]
    scale = {"not_larger": min, "not_smaller": max}[policy](ratios)
    made = {}
    for place in places:
        exact = sizes[place] * scale
        after = floor(exact + Fraction(1, 2))
        made[place] = Axis(before=sizes[place], after=after, scale=scale if exact != after else None)
    return made


def _short(way: Way, axes_: Sequence[Axis]) -> dict[str, Option] | None:
    """Options in PyTorch's words; None where they read other positions."""
    for words, reads in _usual(way):
        if all(_alike(axis, way, reads) for axis in axes_):
            extent = _extent(axes_)
            if extent is not None:
                return {**extent, **words}
    return None


def _usual(way: Way) -> list[tuple[dict[str, Option], tuple[ResizeMode, bool]]]:
    if way.region:
        return []
    if way.mode is ResizeMode.NEAREST:
        return [({}, (way.mode, False)), ({"mode": "nearest_exact"}, (ResizeMode.NEAREST_EXACT, False))]
    mode: dict[str, Option] = {"mode": way.mode.value}
    more: dict[str, Option] = {"antialias": True} if way.antialias else {}
    if way.coordinates is Coordinates.ALIGN_CORNERS:
        return [({**mode, "align_corners": True, **more}, (way.mode, True))]
    return [({**mode, **more}, (way.mode, False))]


def _alike(axis: Axis, way: Way, usual: tuple[ResizeMode, bool]) -> bool:
    """Whether both ways read the same positions on an axis."""
    n, m = axis.before, axis.after
    if max(n, m) > MAX_LISTED or m < 1:
        return False
    mode, corners = usual
    if way.antialias:
        where = Coordinates.ALIGN_CORNERS if corners else Coordinates.HALF_PIXEL
        ours = located_read(n, m, axis.scale, mode, coordinates=where, antialias=True)
    else:
        ours = resize_read(n, m, axis.scale, mode, align_corners=corners)
    theirs = _read(axis, way)
    return ours == theirs or all(ours.reads(o, n) == theirs.reads(o, n) for o in range(m))


def _read(axis: Axis, way: Way) -> AxisRead:
    if axis.before == axis.after and axis.scale is None and not way.region:
        return AxisWindow(kernel_size=1)
    return located_read(
        axis.before,
        axis.after,
        axis.scale,
        way.mode,
        coordinates=way.coordinates,
        rounding=way.rounding,
        antialias=way.antialias,
    )


def _long(way: Way, axes_: Sequence[Axis]) -> dict[str, Option]:
    """Options in ONNX's words."""
    options: dict[str, Option] = dict(_extent(axes_) or _both(axes_))
    if way.mode is ResizeMode.NEAREST:
        options.update(coordinates=way.coordinates.value, rounding=way.rounding.value)
    else:
        options.update(mode=way.mode.value, coordinates=way.coordinates.value)
    if way.antialias:
        options["antialias"] = True
    if way.region:
        options["region"] = tuple(_decimal(share) for share in way.region)
    return options


def _extent(axes_: Sequence[Axis]) -> dict[str, Option] | None:
    """How much, as short as it can be said: whole factors, else sizes; None where a factor leaves a rest."""
    if any(axis.scale is not None for axis in axes_):
        factors = [axis.scale or Fraction(axis.after, axis.before) for axis in axes_]
        if all(floor(axis.before * factor) == axis.after for axis, factor in zip(axes_, factors, strict=True)):
            texts = tuple(_decimal(factor) for factor in factors)
            return {"scale": texts[0] if len(set(texts)) == 1 else texts}
        return None
    if all(axis.after % axis.before == 0 for axis in axes_):
        whole = [axis.after // axis.before for axis in axes_]
        return {"scale": whole[0] if len(set(whole)) == 1 else tuple(whole)}
    sizes = [axis.after for axis in axes_]
    return {"size": sizes[0] if len(set(sizes)) == 1 else tuple(sizes)}


def _both(axes_: Sequence[Axis]) -> dict[str, Option]:
    """A factor, and sizes that do not follow from it."""
    factors = tuple(_decimal(axis.scale or Fraction(axis.after, axis.before)) for axis in axes_)
    return {"scale": factors, "size": tuple(axis.after for axis in axes_)}


def _decimal(number: Fraction) -> Option:
    """A number as options have it, exact: a fraction is an expression of the language."""
    return int(number) if number.denominator == 1 else str(number)
