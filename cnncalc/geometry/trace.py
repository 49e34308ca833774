"""Exactly what a set of units of one layer reads on one axis, at the border too."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from cnncalc.geometry.pixels import EMPTY, PixelSet, union_all
from cnncalc.geometry.window import AxisTaps, AxisWhole, AxisWindow, Boundary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.geometry.window import AxisRead


def read_by(read: AxisRead, units: PixelSet, n: int, boundary: Boundary = Boundary.ZEROS) -> PixelSet:
    """The union of `read.reads(o, n, boundary)` over the output units `o` in the set, without listing them.

    >>> read_by(AxisWindow(kernel_size=3, stride=2, padding=(1, 1)), PixelSet(0, 2), 9)
    PixelSet(lo=0, hi=4, bits=None)
    """
    if units.lo == units.hi or (isinstance(read, AxisWindow) and read.is_identity):
        return units
    if isinstance(read, AxisWhole):
        return PixelSet(0, n)
    within = union_all([_of_run(read, run) for run in _runs(units, read)]).clipped(n)
    if boundary is Boundary.ZEROS or isinstance(read, AxisTaps):
        return within
    outside = {pixel for unit in _crossing(read, units, n) for pixel in read.reads(unit, n, boundary)}
    return union_all([within, PixelSet.of_pixels(outside)])


def _runs(units: PixelSet, read: AxisWindow | AxisTaps) -> Iterator[PixelSet]:
    """The units in stretches without holes, or all at once where every unit reads one step after the one before."""
    if units.bits is None or (isinstance(read, AxisWindow) and read.stride == 1 and read.input_dilation == 1):
        yield units
        return
    pixels = units.pixels()
    first = 0
    for at in range(1, len(pixels) + 1):
        if at == len(pixels) or pixels[at] != pixels[at - 1] + 1:
            yield PixelSet(pixels[first], pixels[at - 1] + 1)
            first = at


def _of_run(read: AxisWindow | AxisTaps, run: PixelSet) -> PixelSet:
    """What these units read where the input goes on without end: units a period apart read a shift apart."""
    if isinstance(read, AxisTaps):
        period, shift = len(read.phases), read.shift or 0
    elif run.bits is None:
        common = gcd(read.stride, read.input_dilation)
        period, shift = read.input_dilation // common, read.stride // common
    else:
        return run.moved(-read.padding[0]).repeated(read.kernel_size, read.dilation)
    seen = []
    for unit in range(run.lo, min(run.lo + period, run.hi)):
        taps = read.taps(unit)
        if taps:
            own = PixelSet(taps.start, taps.start + 1).repeated(len(taps), taps.step)
            seen.append(own.repeated((run.hi - unit - 1) // period + 1, shift))
    return union_all(seen) if seen else EMPTY


def _crossing(window: AxisWindow, units: PixelSet, n: int) -> Iterator[int]:
    """The units with taps outside [0, n)."""
    size = (n - 1) * window.input_dilation + 1
    before = window.padding[0]
    first = -(-before // window.stride)
    last = (size + before - window.effective_kernel_size) // window.stride
    if units.bits is None:
        yield from range(units.lo, min(units.hi, first))
        yield from range(max(units.lo, first, last + 1), units.hi)
        return
    yield from (unit for unit in units.pixels() if unit < first or unit > last)
