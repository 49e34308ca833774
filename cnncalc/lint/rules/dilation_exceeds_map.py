"""CNN018: taps that read padding at every position."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.axes import Axis, fitting_padding, grouped, reads_zeros, sentence, window_axes
from cnncalc.lint.base import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report

_MOST = 10_000
"""So many taps of one axis are looked at one by one."""


@rule("CNN018", Severity.WARNING)
def dilation_exceeds_map(layer: LayerReport, report: Report) -> Iterator[Problem]:  # noqa: ARG001 - the form of a check
    """A kernel that is so wide for its map that some of its taps read padding at every position.

    Tap `t` reads `o*s - before + d*t`; where that is outside the map for every output `o`, the tap is multiplied with
    zeros for ever and its weights are never trained. A 3x3 kernel whose dilation reaches the size of the map is a 1x1
    kernel that costs nine times as much; so is one on a 1x1 map.

    Bad (8x4x4): conv 8 k3 p1 *2 | conv 8 k3 d4 p4
    Good (8x4x4): conv 8 k3 p1 *2 | conv 8 k3 d2 p2
    Bad (8x1x1): conv 8 k3 p1
    Good (8x1x1): conv 8 k1

    Reference: Chen et al. 2017, arXiv:1706.05587, section 3.3 (DeepLabv3: the 3x3 filter "degenerates to a simple 1x1
    filter").
    """
    axes = window_axes(layer)
    if not axes or layer.op == "pad" or not reads_zeros(layer):
        return
    groups = grouped(axes, _dead)
    if not groups:
        return
    alive = prod(
        (Fraction(axis.kernel_size - (_dead(axis) or 0), axis.kernel_size) for axis in axes), start=Fraction(1)
    )
    share = 1 - alive
    what = "weights" if layer.weights else "taps"
    facts = sentence((label, _fact(axis, dead)) for label, axis, dead in groups)
    yield Problem(
        message=f"{facts}: {share.numerator:,} of {share.denominator:,} {what} are without effect",
        help=sentence((label, _remedy(axis)) for label, axis, _ in groups),
        option="dilation" if any(axis.dilation > 1 for _, axis, _ in groups) else "kernel_size",
    )


def _dead(axis: Axis) -> int | None:
    """How many taps read padding (in a transposed convolution: feed what is cut away) at every position."""
    if not any(axis.padding) or axis.kernel_size > _MOST:
        return None  # without padding every tap reads the map
    count, limit = (axis.n, axis.m) if axis.transposed else (axis.m, axis.n)
    dead = sum(
        not _meets(axis.dilation * tap - axis.padding[0], axis.stride, count, limit) for tap in range(axis.kernel_size)
    )
    return dead or None


def _meets(offset: int, step: int, count: int, limit: int) -> bool:
    """Whether `0 <= offset + step*o < limit` for some `o` of 0..count-1."""
    first = max(-(offset // step), 0)
    return first < count and offset + step * first < limit


def _fact(axis: Axis, dead: int) -> str:
    reads = "feed only what is cut away" if axis.transposed else "read only padding"
    which = f"dilation {axis.dilation:,}" if axis.dilation > 1 else f"kernel {axis.kernel_size:,}"
    return f"{which} on a map of {axis.n:,}: {dead:,} of {axis.kernel_size:,} taps {reads}"


def _remedy(axis: Axis) -> str:
    """The largest dilation, or else the largest kernel, all of whose taps read something; the size stays."""
    if axis.transposed:
        return f"a kernel of {axis.kernel_size - (_dead(axis) or 0):,} does the same with other padding"
    tried = [(axis.kernel_size, dilation) for dilation in range(min(axis.dilation, axis.n), 0, -1)]
    tried += [(kernel_size, 1) for kernel_size in range(min(axis.kernel_size, 2 * axis.n), 0, -1)]
    for kernel_size, dilation in tried:
        padding = fitting_padding(axis, kernel_size, dilation)
        if padding is None:
            continue
        offsets = (dilation * tap - padding for tap in range(kernel_size))
        if all(_meets(offset, axis.stride, axis.m, axis.n) for offset in offsets):
            words = [f"k{kernel_size}", *[f"d{dilation}"] * (dilation > 1), *[f"p{padding}"] * (padding > 0)]
            return f"`{' '.join(words)}` gives {axis.m:,} too, and every tap reads something"
    return "use a kernel that fits into the map"
