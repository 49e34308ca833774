"""What resizing and adaptive pooling read on one axis."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from math import lcm

from cnncalc.errors import LayerError
from cnncalc.geometry.coordinates import Coordinates, Kernel, Rounding, place, placed_read
from cnncalc.geometry.limits import check_field
from cnncalc.geometry.window import AxisRead, AxisTaps, AxisWindow


class ResizeMode(str, Enum):
    """How an output between input positions is made up; linear and cubic cover all dimensions."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest_exact"
    LINEAR = "linear"
    CUBIC = "cubic"


RADIUS = {ResizeMode.LINEAR: 1, ResizeMode.CUBIC: 2}


def located_read(  # noqa: PLR0913 - ONNX's Resize has this many parts
    n: int,
    m: int,
    scale: Fraction | None = None,
    mode: ResizeMode = ResizeMode.NEAREST,
    *,
    coordinates: Coordinates,
    rounding: Rounding = Rounding.ROUND_PREFER_FLOOR,
    antialias: bool = False,
    region: tuple[Fraction, Fraction] = (Fraction(0), Fraction(1)),
) -> AxisRead:
    """Resizing n to m as ONNX's Resize does it; only inputs with a weight other than 0 count.

    `coordinates` say where an output lies, see `place`; `rounding` is for nearest. `antialias` widens the kernel by
    `1/scale` where that is above 1.

    >>> located_read(4, 8, None, ResizeMode.LINEAR, coordinates=Coordinates.ASYMMETRIC)
    AxisTaps(phases=(range(0, 1), range(0, 2)), shift=1)
    """
    at = place(n, m, coordinates, scale, region)
    if mode not in RADIUS:
        return placed_read(n, m, at, rounding)
    ratio = Fraction(n, m) if scale is None else 1 / scale
    stretch = max(ratio, Fraction(1)) if antialias else Fraction(1)
    return placed_read(n, m, at, Kernel(radius=RADIUS[mode], stretch=stretch))


def adaptive_read(n: int, m: int) -> AxisRead:
    """Adaptive pooling of n to m: output `o` reads `floor(o*n/m) .. ceil((o+1)*n/m) - 1` (PyTorch).

    Where m divides n this is a plain window of `n/m` with that stride, else a table.

    >>> adaptive_read(10, 3)
    AxisTaps(phases=(range(0, 4), range(3, 7), range(6, 10)), shift=None)
    """
    if n % m == 0:
        return AxisWindow(kernel_size=n // m, stride=n // m)
    check_field(m, 1)
    return AxisTaps(tuple(range(o * n // m, -(-(o + 1) * n // m)) for o in range(m)))


def resize_read(
    n: int, m: int, scale: Fraction | None = None, mode: ResizeMode = ResizeMode.NEAREST, *, align_corners: bool = False
) -> AxisRead:
    """Resizing n to m as PyTorch does it; only inputs with a weight other than 0 count.

    With `ratio = 1/scale` where a scale is given, else `n/m`, output `o` reads
    - nearest: `floor(o*ratio)`; nearest_exact: `floor((o + 1/2)*ratio)`
    - linear: `floor(src)` and, where src is no integer, the next; `src = (o + 1/2)*ratio - 1/2`
    - cubic: `floor(src) - 1 .. floor(src) + 2`, or src alone where it is an integer
    and `align_corners` has `src = o*(n-1)/(m-1)` whatever the scale. Indices are clamped to the
    input. Whatever the scale, a size that stays is copied (not in nearest_exact), and nearest repeats where it doubles.

    Integer factors up or down give a window (cubic up-scaling a periodic listing), anything else a table of all units.
    Raises LayerError where align_corners is asked of a nearest mode, or a table would be too large.
    """
    if align_corners and mode not in (ResizeMode.LINEAR, ResizeMode.CUBIC):
        raise LayerError(
            "CNN905",
            f"align_corners does not go with mode={mode.value}",
            help="use mode=linear or mode=cubic",
            option="align_corners",
        )
    if (n == m and mode is not ResizeMode.NEAREST_EXACT) or (2 * n == m and mode is ResizeMode.NEAREST):
        return AxisWindow.repeated(m // n)
    if align_corners:
        return _table(n, m, mode, Fraction(n - 1, m - 1) if m > 1 else Fraction(0), Fraction(0))
    ratio = Fraction(n, m) if scale is None else 1 / Fraction(scale)
    if ratio * m == n and ratio.numerator == 1:
        return _enlarged(ratio.denominator, mode)
    if ratio * m == n and ratio.denominator == 1:
        return _reduced(ratio.numerator, mode)
    if mode is ResizeMode.NEAREST:
        return _table(n, m, mode, ratio, Fraction(0))
    return _table(n, m, mode, ratio, ratio / 2 if mode is ResizeMode.NEAREST_EXACT else (ratio - 1) / 2)


def _enlarged(factor: int, mode: ResizeMode) -> AxisRead:
    """By a whole factor up."""
    if mode is ResizeMode.LINEAR:
        pad = factor // 2
        return AxisWindow.transposed(kernel_size=2 * factor - factor % 2, stride=factor, padding=(pad, pad))
    if mode is ResizeMode.CUBIC:
        check_field(factor, 1)
        return AxisTaps(tuple(_around(2 * o + 1 - factor, 2 * factor, mode) for o in range(factor)), shift=1)
    return AxisWindow.repeated(factor)


def _reduced(factor: int, mode: ResizeMode) -> AxisRead:
    """By a whole factor down: a few pixels in the middle (the first one, for nearest) of every `factor`."""
    if mode is ResizeMode.NEAREST:
        first, kernel_size = 0, 1
    elif factor % 2 or mode is ResizeMode.NEAREST_EXACT:
        first, kernel_size = factor // 2, 1
    else:
        kernel_size = 2 if mode is ResizeMode.LINEAR else 4
        first = (factor - kernel_size) // 2
    return AxisWindow(kernel_size=kernel_size, stride=factor, padding=(-first, first + kernel_size - factor))


def _table(n: int, m: int, mode: ResizeMode, ratio: Fraction, offset: Fraction) -> AxisTaps:
    """Every output with `src = o*ratio + offset`, clamped to the input; in integers, a table may be long."""
    check_field(m, 1)
    denominator = lcm(ratio.denominator, offset.denominator)
    slope, first = int(ratio * denominator), int(offset * denominator)
    around = (_around(o * slope + first, denominator, mode) for o in range(m))
    return AxisTaps(tuple(range(min(max(at.start, 0), n - 1), min(max(at.stop, 1), n)) for at in around))


def _around(numerator: int, denominator: int, mode: ResizeMode) -> range:
    """Pixels with a weight at position `numerator / denominator`."""
    floor, rest = divmod(numerator, denominator)
    if not rest or mode in (ResizeMode.NEAREST, ResizeMode.NEAREST_EXACT):
        return range(floor, floor + 1)
    return range(floor, floor + 2) if mode is ResizeMode.LINEAR else range(floor - 1, floor + 3)
