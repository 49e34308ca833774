"""CNN030: layers behind the border layer."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.pixels import PixelSet
from cnncalc.geometry.window import PaddingWord
from cnncalc.lint.axes import option_of
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.geometry.axis_field import AxisField
    from cnncalc.report import LayerReport, Report

CONVOLUTIONS = frozenset({"conv", "dwconv", "sepconv"})


@rule("CNN030", Severity.INFO)
def field_exceeds_input(report: Report) -> Iterator[Problem]:
    """Every position sees the whole input already: no convolution from here on can add spatial context.

    The layer that is named is the border layer: the first convolution with a kernel above 1 all of whose input
    positions, those in the corners too, see every pixel of the input. It and the ones behind it add depth and
    parameters, but nothing new of the image; networks made for larger inputs and fed small ones spend much of their
    size there. A larger input, less stride early on, or fewer layers make use of them. Layers that enlarge a map
    again are left out.

    Richter et al. 2021, "Should You Go Deeper? Optimizing Convolutional Neural Network Architectures without Training
    by Receptive Field Analysis" (arXiv:2106.12307), which counts a layer from where the field of its input exceeds
    the input, that is for the position in the middle.

    Bad (3x16x16): (conv 8 k3 s2 p1 relu)*3 | (conv 8 k3 p1 relu)*2 | gap | fc 10
    Good (3x32x32): (conv 8 k3 s2 p1 relu)*3 | (conv 8 k3 p1 relu)*2 | gap | fc 10
    """
    net = flow(report)
    found = {
        layer.name: source
        for layer in report.layers
        if layer.op in CONVOLUTIONS
        and (source := net.layers.get(layer.inputs[0])) is not None
        and _is_idle(layer, source, report)
    }
    idle: list[tuple[LayerReport, LayerReport]] = []
    coarsest = Fraction(0)
    for layer in report.layers if found else ():
        if layer.name in found and _jump(found[layer.name]) >= coarsest:  # else the map is being enlarged again
            idle.append((layer, found[layer.name]))
        coarsest = max(coarsest, _jump(layer))
    if not idle:
        return
    border = idle[0][0]
    sizes = "x".join(map(str, next(iter(report.inputs.values()))[1:]))
    count = len(idle)
    params, macs = (sum(getattr(layer, key) for layer, _ in idle) for key in ("params", "macs"))
    which = "this convolution adds" if count == 1 else f"this and {count - 1} later convolution{'s' * (count > 2)} add"  # noqa: PLR2004
    yield Problem(
        message=f"every position already sees the whole input of {sizes}: {which} no spatial context "
        f"({params:,} parameters, {macs:,} MACs)",
        help=_remedy(report, idle),
        layer=border.name,
    )


def _jump(layer: LayerReport) -> Fraction:
    return max((axis.jump for axis in layer.reach if axis.jump is not None), default=Fraction(0))


def _is_idle(layer: LayerReport, source: LayerReport, report: Report) -> bool:
    """Whether a convolution widens nothing: on every axis along which it reaches, its input sees everything."""
    if layer.settings is None or not source.fields:
        return False
    reaching = [axis for axis, size in enumerate(layer.settings.kernel_size) if size > 1]
    sizes = source.output_shape[1:]
    return bool(reaching) and all(
        field.grid is None
        and len(field.axes) == len(sizes)
        and all(sees_all(field.axes[axis], sizes[axis], report.inputs[name][1 + axis]) for axis in reaching)
        for name, field in source.fields.items()
    )


def sees_all(axis: AxisField, units: int, pixels: int) -> bool:
    """Whether each of units 0..units-1 sees every pixel of [0, pixels); an axis of one pixel has nothing to see."""
    if pixels == 1 or axis.reduced or axis.offsets[0] > 0 or axis.ends[0] < pixels:
        return False
    period, shift = axis.period, axis.shift or 0
    for phase, seen in enumerate(axis.sets.rows()[:units]):
        turns = (units - 1 - phase) // period
        if seen.lo + turns * shift > 0 or seen.hi < pixels:
            return False
        # Without holes the first and the last turn settle it; with holes every turn is looked at.
        if seen.bits is not None and any(
            seen.moved(turn * shift).clipped(pixels) != PixelSet(0, pixels) for turn in range(turns + 1)
        ):
            return False
    return True


def _remedy(report: Report, idle: list[tuple[LayerReport, LayerReport]]) -> str | None:
    """The input size from which on no convolution is idle: unit 0 of none of their inputs sees the last pixel."""
    first = next(iter(report.inputs))
    fitted = any(option_of(layer, "padding") in (PaddingWord.SAME, PaddingWord.SAME_LOWER) for layer in report.layers)
    fields = [source.fields.get(first) for _, source in idle]
    if fitted or len(report.inputs) > 1 or any(field is None for field in fields):
        return None  # paddings that depend on the size move the fields
    sizes = []
    for axis, size in enumerate(report.inputs[first][1:]):
        ends = [field.axes[axis].ends[0] for field in fields if field and field.axes[axis].shift is not None]
        if len(ends) < len(fields):
            return None
        sizes.append(max(size, ceil(max(ends) + 1)))
    return (
        f"all of them add context from an input of {'x'.join(map(str, sizes))} on; else drop them, or use less stride"
    )
