"""What resizing reads on one axis, by the coordinate modes of the ONNX standard."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from cnncalc.geometry.limits import check_field
from cnncalc.geometry.window import AxisTaps, AxisWindow
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.geometry.window import AxisRead

HALF = Fraction(1, 2)


class Coordinates(str, Enum):
    """Where output position `o` lies on the input; the words are those of ONNX's Resize."""

    HALF_PIXEL = "half_pixel"
    HALF_PIXEL_SYMMETRIC = "half_pixel_symmetric"
    PYTORCH_HALF_PIXEL = "pytorch_half_pixel"
    ALIGN_CORNERS = "align_corners"
    ASYMMETRIC = "asymmetric"
    TF_HALF_PIXEL_FOR_NN = "tf_half_pixel_for_nn"
    TF_CROP_AND_RESIZE = "tf_crop_and_resize"


class Rounding(str, Enum):
    """Which neighbour is the nearest."""

    ROUND_PREFER_FLOOR = "round_prefer_floor"
    ROUND_PREFER_CEIL = "round_prefer_ceil"
    FLOOR = "floor"
    CEIL = "ceil"


@value
class Place:
    """Output `o` lies at `o*slope + offset` of the input."""

    slope: Fraction
    offset: Fraction = Fraction(0)
    outside: bool = False
    """What lies outside reads nothing; else it reads the edge."""


def place(
    n: int,
    m: int,
    coordinates: Coordinates,
    scale: Fraction | None = None,
    region: tuple[Fraction, Fraction] = (Fraction(0), Fraction(1)),
) -> Place:
    """Where the outputs of resizing n to m lie; the scale is `m/n` where none is given.

    - half_pixel: `(o + 1/2)/scale - 1/2`; pytorch_half_pixel: the same, but 0 where m is 1
    - half_pixel_symmetric: the same, moved by `n/2 * (1 - m/(scale*n))`, so that a size that was rounded stays centred
    - asymmetric: `o/scale`; tf_half_pixel_for_nn: `(o + 1/2)/scale`
    - align_corners: `o*(n-1)/(m-1)`
    - tf_crop_and_resize: from `start*(n-1)` to `end*(n-1)`, half way between the two where m is 1
    """
    step = 1 / scale if scale is not None else Fraction(n, m)
    if coordinates is Coordinates.ALIGN_CORNERS:
        return Place(slope=Fraction(n - 1, m - 1) if m > 1 else Fraction(0))
    if coordinates is Coordinates.TF_CROP_AND_RESIZE:
        start, end = region
        if m == 1:
            return Place(slope=Fraction(0), offset=HALF * (start + end) * (n - 1), outside=True)
        return Place(slope=(end - start) * (n - 1) / (m - 1), offset=start * (n - 1), outside=True)
    if coordinates is Coordinates.PYTORCH_HALF_PIXEL and m == 1:
        return Place(slope=Fraction(0))
    offset = step / 2 - HALF
    if coordinates is Coordinates.ASYMMETRIC:
        offset = Fraction(0)
    elif coordinates is Coordinates.TF_HALF_PIXEL_FOR_NN:
        offset = step / 2
    elif coordinates is Coordinates.HALF_PIXEL_SYMMETRIC:
        offset += Fraction(n, 2) * (1 - m * step / n)
    return Place(slope=step, offset=offset)


@value
class Kernel:
    """Weighs positions nearer than its radius: 1 is linear, 2 cubic."""

    radius: int
    stretch: Fraction = Fraction(1)
    """Above 1 where antialiasing widens it."""


def placed_read(n: int, m: int, at: Place, how: Rounding | Kernel) -> AxisRead:
    """What the outputs read: the nearest position, or those that a kernel weighs.

    A position that is met exactly is read alone, but under a stretched kernel, whose few zeros count as read. Positions
    outside are clamped to the edge, or dropped.

    Whole factors up or down give a window or a periodic listing, anything else a table of all units. Raises LayerError
    (CNN902) where a table would be too large.
    """
    denominator = lcm(at.slope.denominator, at.offset.denominator)
    if isinstance(how, Kernel):
        denominator = lcm(denominator, how.stretch.denominator)
    slope, first = int(at.slope * denominator), int(at.offset * denominator)
    around = _nearest(how, denominator) if isinstance(how, Rounding) else _weighed(how, denominator)
    period, shift = at.slope.denominator, at.slope.numerator
    if 1 in (period, shift) and shift > 0 and period < m and not at.outside:
        ends = [around(o * slope + first) for o in (*range(period), *range(m - period, m))]
        if all(taps.stop > 0 and taps.start < n for taps in ends):
            return _periodic(n, m, tuple(ends[:period]), shift)
    check_field(m, 1)
    places = (o * slope + first for o in range(m))
    if at.outside:
        last = (n - 1) * denominator
        return AxisTaps(tuple(around(numerator) if 0 <= numerator <= last else range(0) for numerator in places))
    every = map(around, places)
    return AxisTaps(tuple(range(min(max(taps.start, 0), n - 1), min(max(taps.stop, 1), n)) for taps in every))


def _periodic(n: int, m: int, phases: tuple[range, ...], shift: int) -> AxisRead:
    if len(phases) > 1:
        check_field(len(phases), 1)
        return AxisTaps(phases, shift=shift)
    (taps,) = phases
    after = (m - 1) * shift + len(taps) - n + taps.start
    return AxisWindow(kernel_size=len(taps), stride=shift, padding=(-taps.start, after))


def _nearest(rounding: Rounding, denominator: int) -> Callable[[int], range]:
    """The position that a numerator over the denominator is rounded to."""
    double = 2 * denominator
    rounded: dict[Rounding, Callable[[int], int]] = {
        Rounding.FLOOR: lambda at: at // denominator,
        Rounding.CEIL: lambda at: -(-at // denominator),
        Rounding.ROUND_PREFER_CEIL: lambda at: (2 * at + denominator) // double,
        Rounding.ROUND_PREFER_FLOOR: lambda at: -((denominator - 2 * at) // double),
    }
    index = rounded[rounding]
    return lambda at: range(index(at), index(at) + 1)


def _weighed(kernel: Kernel, denominator: int) -> Callable[[int], range]:
    """The positions that a kernel around a numerator over the denominator weighs."""
    far = int(kernel.radius * kernel.stretch * denominator)

    def around(at: int) -> range:
        if kernel.stretch == 1 and at % denominator == 0:
            return range(at // denominator, at // denominator + 1)
        return range((at - far) // denominator + 1, -(-(at + far) // denominator))

    return around
