"""CNN016: a dense output that does not stand where it looks."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.axis_field import AxisField
from cnncalc.geometry.window import AxisWindow
from cnncalc.lint.axes import Axis, distance, number, sentence, window_axes
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow, kept
from cnncalc.ops.refuse import axis_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.geometry.window import AxisRead
    from cnncalc.report import LayerReport, Report

_SHOWN = 4
"""So many layers that shift are named."""


@rule("CNN016", Severity.WARNING)
def half_pixel_shift(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """A dense output at the input's resolution or finer whose positions do not look at where they stand.

    Only with `task: {dense: true}`. In an aligned map of jump `j` unit 0 is centred at `j/2`, so at 0.5 where every
    pixel has its answer; a map that valid convolutions have cut is aligned where it lies in the middle of the input,
    on its grid. Even kernels at stride 1 with equal padding move a map by half a pixel; strided 3x3 convolutions with
    padding 1 move it by half of their input's jump each, which up-sampling makes visible: masks that are a few pixels
    off. Kernels that differ from the stride by an even number (`k4 s2 p1`, `maxpool 2`) keep centres in place.
    Reported at the last layer that moves the grid, or at the up-sampling that brings it out. Elsewhere the same shift
    matters where branches meet, and CNN015 reports it there.

    Bad:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k3 p1 relu, conv 2 k4 p1]
        task: {dense: true}
    Good:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k3 p1 relu, conv 2 k3 p1]
        task: {dense: true}
    Bad:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k3 s2 p1 relu, upsample 2 mode=linear, conv 2 k1]
        task: {dense: true}
    Good:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k4 s2 p1 relu, upsample 2 mode=linear, conv 2 k1]
        task: {dense: true}

    Reference: Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", Distill,
    doi:10.23915/distill.00021; Wu et al. 2019, arXiv:1903.08385 (even-sized kernels and symmetric padding).
    """
    task = report.spec.task
    if task is None or not task.dense or task.causal:
        return
    yield from _problems(report).get(layer.name, ())


@kept
def _problems(report: Report) -> dict[str, tuple[Problem, ...]]:
    found: dict[str, tuple[Problem, ...]] = {}
    for output, name in flow(report).outputs.items():
        layer = flow(report).layers.get(name)
        shifts = _shifts(layer, report) if layer else {}
        if layer is None or not shifts:
            continue
        movers = _movers(layer, report, next(iter(shifts)))
        place = _place(layer, report, [mover for mover, _ in movers])
        names = axis_names(len(layer.reach))
        groups: dict[str, list[str]] = {}
        for at, text in shifts.items():
            groups.setdefault(text, []).append(names[at])
        facts = sentence(
            ("" if len(members) == len(names) else " and ".join(members), text) for text, members in groups.items()
        )
        shown = ", ".join(f"`{mover.name}` by {number(by)}" for mover, by in movers[:_SHOWN])
        more = f" and {len(movers) - _SHOWN:,} more" if len(movers) > _SHOWN else ""
        problem = Problem(
            message=f"output `{output}` {facts}" + (f"; moved by {shown}{more}" if movers else ""),
            help=_remedy([mover for mover, _ in movers], next(iter(shifts))),
        )
        found[place.name] = (*found.get(place.name, ()), problem)
    return found


def _shifts(layer: LayerReport, report: Report) -> dict[int, str]:
    """By axis how far an output is out of place; without axes that are in place, or coarser than the input."""
    if not layer.fields:
        return {}
    source, field = next(iter(layer.fields.items()))
    sizes, pixels = layer.output_shape[1:], report.inputs[source][1:]
    found = {}
    for at, (axis, m, n) in enumerate(zip(field.axes, sizes, pixels, strict=False)):
        if axis.shift and axis.is_local and axis.start is not None and len(sizes) == len(pixels):
            text = _misplaced(axis.start, Fraction(axis.shift, axis.period), m, n)
            if text:
                found[at] = text
    return found


def _misplaced(start: Fraction, jump: Fraction, m: int, n: int) -> str | None:
    """How a map of m units is out of place on n pixels; None where it is not, or coarser than its input."""
    if jump > 1 or start == jump / 2:
        return None
    steps = (start - jump / 2) / jump
    middle = start + (m - 1) * jump / 2 - Fraction(n, 2)
    whole = m * jump == n
    if steps.denominator == 1 and not middle:
        return None
    if whole or steps.denominator == 1:
        by = start - jump / 2 if whole else middle
        side = "before" if by < 0 else "behind"
        return f"looks {distance(abs(by))} {side} where it stands (start {number(start)})"
    off = min(steps - floor(steps), 1 - (steps - floor(steps))) * jump
    return f"stands {distance(off)} off the grid of its input (start {number(start)})"


def _own_shift(read: AxisRead, n: int, m: int) -> Fraction:
    """By how much a layer alone moves its map against an aligned one, in units of its input; 0 for whole steps."""
    if not isinstance(read, AxisWindow):
        return Fraction(0)
    own = AxisField.source().through(read, n, m)
    if own.start is None or own.jump is None:
        return Fraction(0)
    shift = own.start - own.jump / 2
    return Fraction(0) if shift.denominator == 1 and own.jump == 1 else shift


def _movers(layer: LayerReport, report: Report, at: int) -> list[tuple[LayerReport, Fraction]]:
    """The layers on the way that move their map on an axis, and by how many pixels, in order."""
    known = flow(report)
    wanted = known.leading_to([layer.name])
    found = []
    for each in report.layers:
        reads = each.inferences[0].reads
        read = reads[0] if reads and len(each.inputs) == 1 else None
        if each.name not in wanted or read is None or len(read) <= at or len(each.output_shape) <= at + 1:
            continue
        shift = _own_shift(read[at], each.input_shapes[0][at + 1], each.output_shape[at + 1])
        jump = each.reach[at].jump if at < len(each.reach) else None
        window = read[at]
        if shift and jump and isinstance(window, AxisWindow):
            found.append((each, shift * jump * window.input_dilation / window.stride))
    return found


def _place(layer: LayerReport, report: Report, movers: Sequence[LayerReport]) -> LayerReport:
    """Where to report: the last mover at stride 1 or up-sampling, else the last up-sampling, else the output."""
    fine = [mover for mover in movers if not _strides(mover)]
    if fine:
        return fine[-1]
    wanted = flow(report).leading_to([layer.name])
    ups = [each for each in report.layers if each.name in wanted and _enlarges(each)]
    return ups[-1] if ups else layer


def _strides(layer: LayerReport) -> bool:
    return layer.output_shape[1:] < layer.input_shapes[0][1:] and any(axis.stride > 1 for axis in window_axes(layer))


def _enlarges(layer: LayerReport) -> bool:
    before, after = layer.input_shapes[0][1:], layer.output_shape[1:]
    return len(before) == len(after) and any(2 * n <= m for n, m in zip(before, after, strict=True))


def _remedy(movers: Sequence[LayerReport], at: int) -> str | None:
    parts = []
    for mover in reversed(movers):
        axes = window_axes(mover)
        words = _centred(axes[at]) if at < len(axes) else None
        if words:
            parts.append(f"`{words}` in `{mover.name}`")
    if not parts:
        return None
    return f"{', '.join(parts[:_SHOWN])} keeps the centres in place" + (", and so on" if len(parts) > _SHOWN else "")


def _centred(axis: Axis) -> str | None:
    """A window near the given one that does not move its map; of the same size, or keeping the size at stride 1."""
    for kernel_size in (axis.kernel_size + 1, axis.kernel_size - 1, axis.kernel_size + 2):
        for padding in range(max(0, kernel_size)):
            make = AxisWindow.transposed if axis.transposed else AxisWindow
            window = make(
                kernel_size=kernel_size, stride=axis.stride, dilation=axis.dilation, padding=(padding, padding)
            )
            size = window.output_size(axis.n)
            if size not in (axis.m, axis.n if axis.stride == 1 else axis.m) or size < 1:
                continue
            own = AxisField.source().through(window, axis.n, size)
            if own.start is not None and own.jump is not None and own.start == own.jump / 2:
                shown = [f"k{kernel_size}", *[f"s{axis.stride}"] * (axis.stride > 1)]
                shown += [f"d{axis.dilation}"] * (axis.dilation > 1) + [f"p{padding}"] * (padding > 0)
                return " ".join(shown)
    return None
