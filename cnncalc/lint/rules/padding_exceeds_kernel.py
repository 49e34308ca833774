"""CNN019: outputs that see nothing but padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.window import AxisWindow, inside
from cnncalc.lint.axes import Axis, grouped, places, reads_zeros, sentence, shown_padding, window_axes
from cnncalc.lint.base import Problem, rule
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report

_MOST = 10_000
"""So many outputs at a border are looked at one by one."""


@rule("CNN019", Severity.WARNING)
def padding_exceeds_kernel(layer: LayerReport, report: Report) -> Iterator[Problem]:  # noqa: ARG001 - the form of a check
    """Outputs at the border that see only padding, because it is wider than the kernel reaches.

    Output `o` reads `o*s - before + d*t` for `t < k`; with a padding above `d(k-1)` the first outputs read nothing of
    the input. They hold the same value whatever the input is, but are computed, normalised with and passed on like the
    others. So with a 1x1 convolution that pads (the usual slip: `p1` carried over from a 3x3), and with an
    output padding that reaches beyond the last product of a transposed convolution. A `pad` layer is taken as meant.

    Bad: conv 8 k1 p1
    Good: conv 8 k1
    Bad: conv 8 k3 p3
    Good: conv 8 k3 full
    Bad: convt 8 k2 s2 op1
    Good: convt 8 k3 s2 p1 op1

    Reference: Alsallakh et al. 2020, arXiv:2010.02178 (what padding does to a map, measured).
    """
    axes = window_axes(layer)
    if not axes or layer.op in ("pad", "crop") or not reads_zeros(layer):
        return
    groups = grouped(axes, _blind)
    if not groups:
        return
    option = "output_padding" if any(axis.transposed for axis in axes) else "padding"
    yield Problem(
        message=sentence((label, _fact(label, len(axes), axis, count)) for label, axis, count in groups),
        help=sentence((label, _remedy(axis)) for label, axis, _ in groups),
        option=option,
    )


def _blind(axis: Axis) -> tuple[int, int] | None:
    """How many of the first and of the last outputs read nothing of the input; None where none do.

    Only what is blind at a border counts: where one output in `stride` reads nothing everywhere, CNN011 or CNN012
    says so.
    """
    window = axis.window
    if window.padding[0] <= 0 and window.padding[1] <= 0:
        return None
    if window.input_dilation > 1 and not all(window.taps(o) for o in range(window.input_dilation)):
        return None
    first = _run(window, axis.n, range(min(axis.m, _MOST)))
    last = 0 if first == axis.m else _run(window, axis.n, range(axis.m - 1, max(axis.m - 1 - _MOST, -1), -1))
    return (first, last) if first or last else None


def _run(window: AxisWindow, n: int, units: range) -> int:
    """How many of these outputs, from the first on, read nothing of the input."""
    return next((count for count, o in enumerate(units) if inside(window.taps(o), n)), len(units))


def _fact(label: str, ndim: int, axis: Axis, blind: tuple[int, int]) -> str:
    first, last = blind
    ends = " and ".join([f"the first {first:,}"] * (first > 0) + [f"the last {last:,}"] * (last > 0))
    of = f"{ends} of {places(label, ndim, axis.m)}"
    if axis.transposed:
        return (
            f"output padding {axis.output_padding:,} reaches beyond the kernel {axis.kernel_size:,}: {of} see nothing"
        )
    which = "effective kernel" if axis.dilation > 1 else "kernel"
    reach = axis.effective_kernel_size
    return f"padding {max(axis.padding):,} is wider than the {which} {reach:,} reaches: {of} see only padding"


def _remedy(axis: Axis) -> str:
    """The largest padding with which every output sees something."""
    if axis.transposed:
        for extra in range(axis.output_padding - 1, -1, -1):
            before, after = axis.window.padding
            window = replace_padding(axis.window, (before, after - axis.output_padding + extra))
            if _blind(replace(axis, m=window.output_size(axis.n), window=window)) is None:
                return f"use `op{extra}`" if extra else "leave it out"
        return "use a larger kernel"
    reach = axis.effective_kernel_size - 1
    before, after = (min(side, reach) for side in axis.padding)
    while before or after:
        window = replace_padding(axis.window, (before, after))
        if _blind(replace(axis, m=window.output_size(axis.n), window=window)) is None:
            break
        before, after = max(before - 1, 0), max(after - 1, 0)
    if not (before or after):
        return "leave the padding out"
    keeps = f"; `p{reach // 2}` keeps the size" if axis.stride == 1 and reach % 2 == 0 and before > reach // 2 else ""
    return f"pad at most {shown_padding((before, after))}{keeps}"


def replace_padding(window: AxisWindow, padding: tuple[int, int]) -> AxisWindow:
    """The window with another padding."""
    return AxisWindow(
        kernel_size=window.kernel_size,
        stride=window.stride,
        dilation=window.dilation,
        padding=padding,
        input_dilation=window.input_dilation,
        ceil_mode=window.ceil_mode,
    )
