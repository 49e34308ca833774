"""What was found out about a network: frozen, and the only thing that readers see.

Counts are for the whole batch (`batch` times one sample) except parameters and buffers; bytes use the report's dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from cnncalc.errors import Finding, Frame, Location
    from cnncalc.geometry.field import AxisField, Field
    from cnncalc.ops.base import FlopClass, Inference, Op, Settings, Weight
    from cnncalc.spec.network import NetworkSpec

Shape = tuple[int, ...]
"""Channels first, then one size per spatial axis."""


@value
class AxisReach:
    """What a unit of a layer sees of one axis of one input, in pixels."""

    rf: int
    """Largest extent over the phases."""
    jump: Fraction | None
    start: Fraction | None
    touched: int
    phases: tuple[tuple[int, int], ...] | None
    """(extent, how many phases), by extent."""
    erf_sigma: float | None


def reach_of(axis: AxisField) -> AxisReach:
    """What a field says of one axis; a map that is reduced to one vector has no phases."""
    return AxisReach(
        rf=axis.rf,
        jump=axis.jump,
        start=axis.start,
        touched=axis.touched,
        phases=None if axis.reduced else axis.extents,
        erf_sigma=axis.erf_sigma,
    )


@value
class LayerReport:
    """One row: a layer with its figures."""

    name: str
    op: str
    config: Op
    """The validated options."""
    inputs: tuple[str, ...]
    """Names of the layers or network inputs it reads."""
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    settings: Settings | None
    """Kernel, stride, padding and dilation per axis; None where the op has no window."""
    fields: Mapping[str, Field]
    """The exact sets, by the network inputs that the layer depends on, the first one first."""
    reach: tuple[AxisReach, ...]
    """Per axis, of the first input; () where nothing spatial is left."""
    is_global: bool
    weights: tuple[Weight, ...]
    fan_in: int | None
    fan_out: int | None
    params: int
    """Trainable parameters; 0 for a layer that shares another's."""
    buffers: int
    frozen: bool
    macs: int
    macs_valid: int
    flops: int
    flops_by_class: Mapping[FlopClass, int]
    activations: int
    output_bytes: int
    im2col_bytes: int
    intensity: float | None
    """MACs per byte moved (input + weights + output)."""
    inferences: tuple[Inference, ...]
    """Of its node, or of the steps of a composite, for one sample."""
    unknown: frozenset[str] = frozenset()
    """Figures that are not known (`params`, `macs`)."""
    shares: str | None = None
    """The layer whose weights it reuses."""
    assumed: bool = False
    """The output shape is a guess made so as to go on behind an error."""
    at: Location
    places: Mapping[str, Location] = field(factory=dict)
    """Positions of its options by their long names."""
    stack: tuple[Frame, ...] = ()


@value
class Peak:
    """The moment of inference at which most memory is alive."""

    bytes: int
    layer: str
    """The layer that runs at that moment."""
    alive: tuple[tuple[str, int], ...]
    """Names and bytes of the tensors alive then."""


@value
class Totals:
    """Sums over the network."""

    params: int
    buffers: int
    macs: int
    macs_valid: int
    flops: int
    flops_by_class: Mapping[FlopClass, int]
    activations: int
    weights_bytes: int
    outputs_bytes: int
    peak_bytes: int
    peaks: Mapping[str, Peak]
    """By variant: `in_place`, `not_in_place`, `fused`."""
    saved_bytes: int
    training_bytes: int
    """With the optimizer that the analysis was asked for."""
    im2col_bytes: int
    """The largest of any layer."""


@value
class ScopeReport:
    """A name that covers several layers: sums over them, shape and field of what the name stands for."""

    name: str
    first: int
    last: int
    """Indices into `Report.layers`, both included."""
    output_layer: int
    """Index into `Report.layers` of the layer whose output the name stands for; -1: an input."""


@value
class NamedReport:
    """What a name stands for: the output of all that it covers, and sums over its layers."""

    name: str
    layers: tuple[LayerReport, ...]
    """Every layer that the name covers; () for a network input."""
    output_shape: Shape
    reach: tuple[AxisReach, ...]
    """Per axis, of the first input."""
    is_global: bool
    unknown: frozenset[str]

    def __repr__(self) -> str:
        """One line; the rows are in `layers`."""
        sizes = "x".join(map(str, self.output_shape))
        return f"<{self.name}: {sizes}, {self.params:,} params, {self.macs:,} MACs>"

    @property
    def params(self) -> int:
        """Trainable parameters."""
        return sum(layer.params for layer in self.layers)

    @property
    def buffers(self) -> int:
        """Running statistics."""
        return sum(layer.buffers for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the batch."""
        return sum(layer.macs for layer in self.layers)

    @property
    def flops(self) -> int:
        """Operations of the batch, a multiply-accumulate counted as two."""
        return sum(layer.flops for layer in self.layers)

    @property
    def activations(self) -> int:
        """Output elements of convolutions and linear layers."""
        return sum(layer.activations for layer in self.layers)

    @property
    def output_bytes(self) -> int:
        """Sum of the outputs of its layers."""
        return sum(layer.output_bytes for layer in self.layers)


@value
class Report:
    """All figures of one network."""

    name: str
    source: str
    batch: int
    dtype: str
    optimizer: str
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    layers: tuple[LayerReport, ...]
    scopes: Mapping[str, ScopeReport]
    totals: Totals
    partial: bool
    """Some figure is not known (an undeclared one of a `custom` op, or a row that is assumed)."""
    findings: tuple[Finding, ...]
    spec: NetworkSpec

    def __repr__(self) -> str:
        """One line: all the figures of a network would be thousands; `render` and `export` write them out."""
        totals = self.totals
        layers = "1 layer" if len(self.layers) == 1 else f"{len(self.layers):,} layers"
        about = f"{layers}, {totals.params:,} params, {totals.macs:,} MACs"
        return f"<Report of {self.name}: {about}{', partial' if self.partial else ''}>"

    def __iter__(self) -> Iterator[LayerReport]:
        """The layers in execution order."""
        return iter(self.layers)

    def __getitem__(self, name: str) -> NamedReport:
        """The figures of a layer, a scope or a network input by its full dotted name; KeyError where there is none."""
        scope = self.scopes.get(name)
        if scope is None:
            raise KeyError(self._unknown(name))
        layers = self.layers[scope.first : scope.last + 1]
        output = self.layers[scope.output_layer] if scope.output_layer >= 0 else None
        return NamedReport(
            name=name,
            layers=layers,
            output_shape=output.output_shape if output else self.inputs[name],
            reach=output.reach if output else (),
            is_global=output.is_global if output else False,
            unknown=frozenset().union(*(layer.unknown for layer in layers)),
        )

    def _unknown(self, name: str) -> str:
        from cnncalc.spec.suggest import meant_layer  # needed for mistakes only

        help_ = meant_layer(name, self.scopes)
        return f"no layer `{name}` in {self.name}" + (f": {help_}" if help_ else "")
