"""How the numbers of one layer come about: the recurrence from the input to it, and what its weights compare with.

Along a chain of windows, on each axis (Dumoulin & Visin, arXiv:1603.07285; Araujo et al. 2019):

    rf    = rf before + (k_eff - 1) * jump before
    jump  = jump before * stride
    start = start before + ((k_eff - 1)/2 - padding) * jump before

Where a layer does not follow it (a merge, up-sampling, a reduced map) the step says so and gives the values alone.
"""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from cnncalc.geometry.window import AxisWhole, AxisWindow
from cnncalc.queries.rows import named
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.report import AxisReach, LayerReport, Report


class Kind(Enum):
    """How a layer makes its field."""

    INPUT = "input"
    CHAIN = "chain"
    """By the recurrence; proven for this very step."""
    JOIN = "join"
    """The union of several."""
    OTHER = "other"
    """As an exact set; the recurrence does not apply."""


@value
class Stated:
    """A window in PyTorch's terms."""

    kernel_size: int
    stride: int
    padding: tuple[int, int]
    dilation: int
    transposed: bool


@value
class Step:
    """One layer on the way, on one axis."""

    layer: str
    kind: Kind
    reads: tuple[str, ...]
    """The steps that it reads."""
    size: int | None
    """Units on this axis; None where there is no map."""
    reach: AxisReach | None
    """None: an input."""
    window: AxisWindow | None = None
    stated: Stated | None = None
    """The window as the layer states it; None where it has none of its own (a relu)."""
    size_before: int | None = None
    before: tuple[AxisReach | None, ...] = ()
    """The fields that it reads, None for an input of the network."""


@value
class Comparison:
    """Parameters of a layer beside those of others with the same input and output."""

    own: int
    dense: int
    """Every output element sees every input element: `prod(in) * prod(out)`."""
    unshared: int
    """The same windows with a weight of their own at every position (locally connected)."""
    separable: int
    """Depthwise, then pointwise: `C*prod(k) + C*C_out`."""


@value
class Product:
    """A layer as matrix products: `times` times `[rows x inner] x [inner x columns]`, for one sample."""

    times: int
    rows: int
    inner: int
    columns: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.times * self.rows * self.inner * self.columns


@value
class Explanation:
    """All about one name."""

    row: LayerReport
    """What the name stands for, with sums over all that it covers."""
    axes: tuple[tuple[tuple[int, ...], tuple[Step, ...]], ...]
    """Axes that are alike, and the steps from the input to the layer on them."""
    left_out: int
    """Layers on the way that change nothing (norms, activations)."""
    own: LayerReport | None
    """The layer of this very name, if it has weights."""
    comparison: Comparison | None
    product: Product | None


def explain(report: Report, name: str) -> Explanation:
    """Explain a layer, or a name that covers several; UsageError where there is no such name."""
    row = named(report, name)
    output = report.layers[report.scopes[name].output_layer]
    way = _ancestors(report, output)
    shown = [layer for layer in way if layer is output or not _changes_nothing(layer)]
    own = next((layer for layer in report.layers if layer.name == name and layer.weights), None)
    steps = [tuple(_steps(report, way, shown, axis)) for axis in range(len(output.reach))]
    alike: dict[tuple[Step, ...], tuple[int, ...]] = {}
    for axis, found in enumerate(steps):
        alike[found] = (*alike.get(found, ()), axis)
    return Explanation(
        row=row,
        axes=tuple((axes, found) for found, axes in alike.items()),
        left_out=len(way) - len(shown),
        own=own,
        comparison=compare(own) if own else None,
        product=product(own) if own else None,
    )


def compare(layer: LayerReport) -> Comparison | None:
    """The parameters of other layers in the place of a convolution; None for what is no plain convolution."""
    settings = layer.settings
    if settings is None or settings.transposed or len(layer.inferences) != 1 or not layer.macs:
        return None
    before, after = layer.input_shapes[0], layer.output_shape
    biased = len(layer.weights) > 1
    taps, (channels, out_channels) = prod(settings.kernel_size), (before[0], after[0])
    return Comparison(
        own=sum(prod(weight.shape) for weight in layer.weights),
        dense=prod(before) * prod(after) + (prod(after) if biased else 0),
        unshared=prod(layer.weights[0].shape) * prod(after[1:]) + (prod(after) if biased else 0),
        separable=channels * taps + channels * out_channels + (out_channels if biased else 0),
    )


def product(layer: LayerReport) -> Product | None:
    """The layer as a matrix product: `[C_out/g x C/g*k] x [C/g*k x L]` for each of g groups; None for other layers.

    A transposed convolution is `[C_out/g*k x C/g] x [C/g x L_in]`, its columns then added where they overlap.
    """
    working = [inference for inference in layer.inferences if inference.macs]
    if len(working) != 1 or not layer.weights:
        return None
    weight, settings = layer.weights[0].shape, layer.settings
    groups = settings.groups or 1 if settings else 1
    if settings and settings.transposed:
        rows, inner, columns = prod(weight[1:]), weight[0] // groups, prod(layer.input_shapes[0][1:])
    else:
        rows, inner, columns = weight[0] // groups, prod(weight[1:]), prod(working[0].output.sizes)
    found = Product(times=groups, rows=rows, inner=inner, columns=columns)
    return found if found.macs == working[0].macs else None  # attention has products of activations too


def _ancestors(report: Report, output: LayerReport) -> list[LayerReport]:
    """The layers that an output depends on and itself, in order."""
    by_name = {layer.name: layer for layer in report.layers}
    found: dict[str, None] = {}
    waiting = [output.name]
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in found:
            found[name] = None
            waiting += by_name[name].inputs
    return [layer for layer in report.layers if layer.name in found]


def _changes_nothing(layer: LayerReport) -> bool:
    """A layer with one input and no window: what it sees is what its input sees."""
    return layer.settings is None and len(layer.inputs) == 1 and layer.input_shapes[0] == layer.output_shape


def _steps(report: Report, way: list[LayerReport], shown: list[LayerReport], axis: int) -> Iterator[Step]:
    reaches: dict[str, AxisReach | None] = dict.fromkeys(report.inputs)
    stands_for = {name: name for name in report.inputs}
    visible = {layer.name for layer in shown}
    for name, shape in report.inputs.items():
        if any(name in layer.inputs for layer in way):
            yield Step(layer=name, kind=Kind.INPUT, reads=(), size=_size(shape, axis), reach=None)
    for layer in way:
        reach = layer.reach[axis] if axis < len(layer.reach) else None
        reaches[layer.name] = reach
        stands_for[layer.name] = layer.name if layer.name in visible else stands_for[layer.inputs[0]]
        if layer.name in visible:
            yield _step(layer, axis, reach, reaches, stands_for)


def _step(
    layer: LayerReport,
    axis: int,
    reach: AxisReach | None,
    reaches: Mapping[str, AxisReach | None],
    stands_for: Mapping[str, str],
) -> Step:
    before = _before(layer, axis, reaches)
    size_before = _size(layer.input_shapes[0], axis)
    window = _window(layer, axis)
    kind = Kind.OTHER
    if len(layer.inputs) > 1:
        kind = Kind.OTHER if layer.inferences[-1].merge is None else Kind.JOIN
    elif window is not None and reach is not None and _follows(window, before[0], reach):
        kind = Kind.CHAIN
    return Step(
        layer=layer.name,
        kind=kind,
        reads=tuple(stands_for.get(name, name) for name in layer.inputs),
        size=_size(layer.output_shape, axis),
        reach=reach,
        window=window if kind is Kind.CHAIN else None,
        stated=_stated(layer, axis),
        size_before=size_before,
        before=before,
    )


def _before(layer: LayerReport, axis: int, reaches: Mapping[str, AxisReach | None]) -> tuple[AxisReach | None, ...]:
    """The fields that a layer joins; what it repeats over the axis is left out beside others."""
    found = tuple(reaches.get(name) for name in layer.inputs)
    reads = layer.inferences[-1].reads
    own = (tuple(each or ())[axis : axis + 1] for each in reads or (None,) * len(found))
    repeated = [any(isinstance(read, AxisWhole) for read in each) for each in own]
    return tuple(reach for reach, out in zip(found, repeated, strict=False) if not out) or found


def _stated(layer: LayerReport, axis: int) -> Stated | None:
    own = layer.settings
    if own is None or axis >= len(own.kernel_size):
        return None
    return Stated(
        kernel_size=own.kernel_size[axis],
        stride=own.stride[axis],
        padding=own.padding[axis],
        dilation=own.dilation[axis],
        transposed=own.transposed,
    )


def _window(layer: LayerReport, axis: int) -> AxisWindow | None:
    """The window of a layer that is one step; the identity where it says none."""
    if len(layer.inferences) != 1:
        return None
    reads = layer.inferences[0].reads
    own = reads[0] if reads else None
    if own is None:
        settings = layer.settings
        return AxisWindow(kernel_size=1) if settings is None or prod(settings.kernel_size) == 1 else None
    found = own[axis]
    return found if isinstance(found, AxisWindow) and found.input_dilation == 1 else None


def follow(window: AxisWindow, before: AxisReach | None) -> tuple[int, Fraction, Fraction] | None:
    """Field, jump and start by the recurrence; None where the input has no jump or its fields vary."""
    if before is None:
        rf, jump, start = 1, Fraction(1), Fraction(1, 2)
    elif before.jump is None or before.start is None or before.phases is None or len(before.phases) > 1:
        return None
    else:
        rf, jump, start = before.rf, before.jump, before.start
    reach = window.effective_kernel_size - 1
    grown = rf + reach * jump
    if grown.denominator != 1:
        return None
    return int(grown), jump * window.stride, start + (Fraction(reach, 2) - window.padding[0]) * jump


def _follows(window: AxisWindow, before: AxisReach | None, reach: AxisReach) -> bool:
    """Whether the recurrence gives exactly what was found."""
    return follow(window, before) == (reach.rf, reach.jump, reach.start) and reach.phases is not None


def _size(shape: tuple[int, ...], axis: int) -> int | None:
    return shape[axis + 1] if axis + 1 < len(shape) else None
