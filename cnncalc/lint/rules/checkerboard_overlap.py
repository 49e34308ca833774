"""CNN011: transposed convolutions whose outputs are made of unequally many products."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.axes import Axis, fitting_ends, grouped, sentence, window_axes
from cnncalc.lint.base import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report

_SHOWN = 8
"""So many phases of a pattern are written out."""
_OFFERED = 2
"""So many windows are offered."""


@rule("CNN011", Severity.WARNING)
def checkerboard_overlap(layer: LayerReport, report: Report) -> Iterator[Problem]:  # noqa: ARG001 - the form of a check
    """A transposed convolution whose outputs are covered unequally: checkerboard patterns in images, hum in sound.

    With stride `s` output `o` is a sum over the taps `t` with `o + p - d*t` divisible by s. Their number depends on
    `o mod s` unless s divides the kernel size and shares no factor with the dilation, and then it is `k/s` for all.
    Training has to undo the pattern, and mostly does not entirely. A kernel that the stride divides overlaps evenly;
    resizing before a convolution, or a pixel shuffle after one, has no overlap at all.

    Bad: convt 8 k3 s2 p1 op1
    Good: convt 8 k4 s2 p1
    Bad: convt 8 k4 s2 d2
    Good: upsample 2 | conv 8 k3 p1
    Good: conv 32 k3 p1 | pixelshuffle 2

    Reference: Odena, Dumoulin & Olah 2016, "Deconvolution and Checkerboard Artifacts", Distill,
    doi:10.23915/distill.00003.
    """
    if layer.settings is None or not layer.settings.transposed:
        return
    groups = grouped(window_axes(layer), _coverage)
    if not groups:
        return
    yield Problem(
        message=sentence((label, _fact(axis, pattern)) for label, axis, pattern in groups),
        help=sentence((label, _remedy(axis)) for label, axis, _ in groups),
        option="kernel_size",
    )


def _coverage(axis: Axis) -> tuple[int, ...] | None:
    """How many taps make up each output of one period; None where equally many do, or where CNN012 says it."""
    stride = axis.stride
    if axis.effective_kernel_size < stride or (axis.kernel_size % stride == 0 and gcd(axis.dilation, stride) == 1):
        return None
    pattern = tuple(len(axis.window.taps(o)) for o in range(stride))
    return pattern if len(set(pattern)) > 1 else None


def _fact(axis: Axis, pattern: tuple[int, ...]) -> str:
    twice = (*pattern, *pattern)
    shown = ",".join(map(str, twice[:_SHOWN])) + (",..." if len(twice) > _SHOWN else "")
    common = gcd(axis.dilation, axis.stride)
    if common > 1:
        why = f"dilation {axis.dilation:,} and stride {axis.stride:,} share the factor {common:,}"
    else:
        why = f"kernel {axis.kernel_size:,} is not divisible by stride {axis.stride:,}"
    return f"{why}: neighbouring outputs are sums of {shown} taps"


def _remedy(axis: Axis) -> str:
    """The nearest kernel that overlaps evenly and gives the same size, and what has no overlap."""
    stride = axis.stride
    above = -(-axis.kernel_size // stride) * stride
    dilations = {axis.dilation: None} if gcd(axis.dilation, stride) == 1 else dict.fromkeys((1, axis.dilation + 1))
    found = []
    for kernel_size in (above, above - stride):
        for dilation in dilations:
            ends = fitting_ends(axis, kernel_size, dilation) if kernel_size and gcd(dilation, stride) == 1 else None
            if ends is not None:
                padding, extra = ends
                words = [f"k{kernel_size}", f"s{stride}", *[f"d{dilation}"] * (dilation > 1)]
                words += [f"p{padding}"] * (padding > 0) + [f"op{extra}"] * (extra > 0)
                found.append(f"`{' '.join(words)}`")
    same = f"{' or '.join(found[:_OFFERED])} overlaps evenly and gives {axis.m:,} too; " if found else ""
    return f"{same}`upsample {stride} | conv` or `conv | pixelshuffle {stride}` do not overlap at all"
