"""CNN012: strides that step over input."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, prod
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.window import AxisWindow
from cnncalc.lint.axes import (
    Axis,
    fitting_ends,
    fitting_padding,
    grouped,
    reduced_axes,
    residues,
    sentence,
    window_axes,
)
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report


@rule("CNN012", Severity.WARNING)
def skipped_input(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """A stride that steps over input, or an up-sampling stride that leaves outputs without any.

    Of every `s` neighbouring positions a layer reads `min(k, s / gcd(d, s))`; where that is less than `s`, the others
    have no influence on the result, although the layers before have paid for them. So with a stride larger than the
    effective kernel (a 1x1 convolution with stride 2 drops three quarters of the map), and with a dilation that shares
    a factor with the stride. In a transposed convolution the same numbers leave outputs that are nothing but bias.
    An interpolation that shrinks reads 1, 2 or 4 positions, however many it should average. Where another layer reads
    the dropped positions, as beside a projecting shortcut, it is an info.

    Bad: conv 8 k1 s2
    Good: conv 8 k2 s2
    Bad: conv 8 k3 p1 | conv 8 k3 s2 d2 p2
    Good: conv 8 k3 p1 | conv 8 k3 s2 d3 p3
    Bad: convt 8 k1 s2
    Good: convt 8 k2 s2

    Reference: He et al. 2018, arXiv:1812.01187, section 4 (ResNet-B to D: a 1x1 convolution with stride 2 ignores three
    quarters of its input).
    """
    axes = window_axes(layer) or reduced_axes(layer)
    if all(axis.stride == 1 for axis in axes):
        return
    if layer.settings is not None and layer.settings.transposed:
        yield from _blind_outputs(axes)
        return
    groups = grouped(axes, lambda axis: axis if residues(axis) < axis.stride else None)
    if not groups:
        return
    unread = 1 - prod((Fraction(residues(axis), axis.stride) for axis in axes), start=Fraction(1))
    why = sentence((label, _why(axis)) for label, axis, _ in groups)
    message = f"{why}: {unread.numerator:,} of {unread.denominator:,} positions are never read"
    others = [other.name for other in flow(report).readers[layer.inputs[0]] if other is not layer]
    whole = [name for name in others if not _skips(flow(report).layers[name])]
    if whole:
        message += f" (`{whole[0]}` reads them)"
    yield Problem(
        message=message,
        help=_remedy(layer, axes),
        option=next((option for option in ("stride", "scale", "size") if option in layer.places), None),
        severity=Severity.INFO if whole else None,
    )


def _why(axis: Axis) -> str:
    if axis.stride > axis.effective_kernel_size:
        which = "effective kernel" if axis.dilation > 1 and axis.kernel_size > 1 else "kernel"
        return f"stride {axis.stride:,} is larger than the {which} {axis.effective_kernel_size:,}"
    common = gcd(axis.stride, axis.dilation)
    if common > 1:
        return f"stride {axis.stride:,} and dilation {axis.dilation:,} share the factor {common:,}"
    return f"stride {axis.stride:,} is larger than the {axis.kernel_size:,} taps"


def _skips(layer: LayerReport) -> bool:
    axes = window_axes(layer) or reduced_axes(layer)
    return any(residues(axis) < axis.stride for axis in axes if not axis.transposed)


def _blind_outputs(axes: tuple[Axis, ...]) -> Iterator[Problem]:
    groups = grouped(axes, lambda axis: axis if axis.stride > axis.effective_kernel_size else None)
    if not groups:
        return
    seeing = prod((Fraction(min(axis.kernel_size, axis.stride), axis.stride) for axis in axes), start=Fraction(1))
    blind = 1 - seeing
    why = sentence((label, _why(axis)) for label, axis, _ in groups)
    yield Problem(
        message=f"{why}: {blind.numerator:,} of {blind.denominator:,} outputs see nothing but the bias",
        help=sentence((label, _wider(axis)) for label, axis, _ in groups),
        option="kernel_size",
    )


def _wider(axis: Axis) -> str:
    """A transposed kernel as large as the stride."""
    ends = fitting_ends(axis, axis.stride)
    if ends is None:
        return f"use a kernel of at least {axis.stride:,}"
    padding, extra = ends
    words = [f"k{axis.stride}", f"p{padding}" if padding else "", f"op{extra}" if extra else ""]
    return f"use `{' '.join(filter(None, words))}`: the same size, and every output sees something"


def _remedy(layer: LayerReport, axes: tuple[Axis, ...]) -> str:
    skipping = [axis for axis in axes if residues(axis) < axis.stride]
    if layer.op == "upsample":
        strides = [axis.stride for axis in axes]
        kernel = "x".join(map(str, strides[:1] if len(set(strides)) == 1 else strides))
        return f"`avgpool {kernel}` averages them instead, and gives the same size"
    if "stride" not in layer.places and skipping[0].kernel_size == 1:  # a projection that the residual made
        stride = skipping[0].stride
        pool = AxisWindow(kernel_size=stride, stride=stride)
        word = "" if all(pool.output_size(axis.n) == axis.m for axis in axes) else " ceil"
        path = f"`avgpool {stride}{word} | conv {layer.output_shape[0]} k1 bn`"
        return f"a shortcut of its own averages them first: {path} (ResNet-D)"
    groups = grouped(axes, lambda axis: _covering(axis) if residues(axis) < axis.stride else None)
    return sentence((label, text) for label, _, text in groups)


def _covering(axis: Axis) -> str:
    """A kernel or dilation near the given one that reads everything and gives the same size."""
    for kernel_size, dilation in _near(axis):
        padding = fitting_padding(axis, kernel_size, dilation)
        if padding is not None:
            words = [f"k{kernel_size}", f"s{axis.stride}"]
            words += [f"d{dilation}"] * (dilation > 1) + [f"p{padding}"] * (padding > 0)
            return f"`{' '.join(words)}` reads everything and gives {axis.m:,} too"
    return f"use a kernel of at least {axis.stride:,}, with a dilation that shares no factor with the stride"


def _near(axis: Axis) -> Iterator[tuple[int, int]]:
    kernels = range(max(axis.kernel_size, axis.stride), max(axis.kernel_size, axis.stride) + 3)
    dilations = (axis.dilation, axis.dilation - 1, axis.dilation + 1, 1) if axis.kernel_size > 1 else (1,)
    for dilation in dilations:
        if dilation >= 1 and gcd(dilation, axis.stride) == 1:
            yield from ((kernel_size, dilation) for kernel_size in kernels)
