"""Graph -> Report: composes receptive fields and sums costs; knows no op's formula."""

from __future__ import annotations

from collections import Counter
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from cnncalc.errors import LayerError, Severity, finding
from cnncalc.geometry.field import Field
from cnncalc.geometry.limits import NETWORK_BITS, check_network
from cnncalc.memory import Optimizer, memory
from cnncalc.ops.base import FlopClass, Inference, Merge, Mix
from cnncalc.report import AxisReach, LayerReport, Report, ScopeReport, Totals
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cnncalc.errors import Finding
    from cnncalc.geometry.field import AxisField
    from cnncalc.graph.model import Graph, GraphLayer, Node
    from cnncalc.report import Shape

Fields = dict[str, Field]
"""By network input, the first input first."""
Weights = tuple[int, int]
"""Trainable parameters and buffers."""


def analyze(graph: Graph, *, optimizer: str = "sgd") -> Report:
    """All figures of a network. Counts are for the batch of the spec, bytes for its dtype.

    What is wrong is collected in `Report.findings`; a report with a finding of severity error is partial.
    """
    spec = graph.spec
    findings: list[Finding] = [*spec.findings, *graph.findings]
    fields = _fields(graph, findings)
    reaches: dict[int, AxisReach] = {}
    rows = tuple(_row(graph, layer, fields, reaches) for layer in graph.layers)
    params = sum(row.params for row in rows)
    buffers = sum(row.buffers for row in rows)
    flops = Counter[FlopClass]()
    for row in rows:
        flops.update(row.flops_by_class)
    held = memory(graph, batch=spec.batch, element_bytes=spec.dtype.bytes, optimizer=Optimizer(optimizer))
    totals = Totals(
        params=params,
        buffers=buffers,
        macs=sum(row.macs for row in rows),
        macs_valid=sum(row.macs_valid for row in rows),
        flops=sum(row.flops for row in rows),
        flops_by_class=MappingProxyType(dict(flops)),
        activations=sum(row.activations for row in rows),
        weights_bytes=(params + buffers) * spec.dtype.bytes,
        outputs_bytes=sum(row.output_bytes for row in rows),
        peak_bytes=held.peaks["in_place"].bytes if held.peaks else 0,
        peaks=held.peaks,
        saved_bytes=held.saved_bytes,
        training_bytes=held.training.bytes,
        im2col_bytes=max((row.im2col_bytes for row in rows), default=0),
    )
    broken = any(found.severity is Severity.ERROR for found in findings)
    return Report(
        name=spec.name,
        source=spec.source,
        batch=spec.batch,
        dtype=spec.dtype.value,
        optimizer=optimizer,
        inputs={name: _shape(graph, node) for name, node in graph.inputs.items()},
        outputs={name: _shape(graph, node) for name, node in graph.outputs.items()},
        layers=rows,
        scopes={
            name: ScopeReport(
                name=name, first=scope.first, last=scope.last, output_layer=graph.nodes[scope.output].layer
            )
            for name, scope in graph.scopes.items()
        },
        totals=totals,
        partial=broken or any(row.unknown or row.assumed for row in rows),
        findings=tuple(findings),
        spec=spec,
    )


def _shape(graph: Graph, node: int) -> Shape:
    return tuple(graph.nodes[node].inference.output)


# -------------------------------------------------------------------- receptive fields


def _fields(graph: Graph, findings: list[Finding]) -> list[Fields]:
    """For every node the field on each network input that it depends on."""
    fields: list[Fields] = []
    names = {node: name for name, node in graph.inputs.items()}
    pixels = {name: graph.nodes[node].inference.output.sizes for name, node in graph.inputs.items()}
    held = 0
    for node in graph.nodes:
        if node.op is None:
            name = names[node.index]
            fields.append({name: Field.source(len(pixels[name]))})
            continue
        if held > NETWORK_BITS:
            fields.append(dict(fields[node.inputs[0]]))
            continue
        try:
            made = _node_fields(graph, node, fields, pixels)
            held += _held_bits(made, fields[node.inputs[0]])
            check_network(held)
            fields.append(made)
        except LayerError as error:
            layer = graph.layers[node.layer]
            findings.append(
                finding(error.code, error.message, at=layer.at, help=error.help, layer=layer.name, stack=layer.stack)
            )
            fields.append(dict(fields[node.inputs[0]]))
    return fields


def _held_bits(made: Fields, before: Fields) -> int:
    """What the new fields take; one that is that of the first input, or an axis like the one before, costs nothing."""
    held = 0
    for name, field in made.items():
        if field is not before.get(name):
            axes = field.axes
            held += sum(axis.held_bits for at, axis in enumerate(axes) if not at or axis is not axes[at - 1])
    return held


def _node_fields(graph: Graph, node: Node, fields: Sequence[Fields], pixels: Mapping[str, Shape]) -> Fields:
    inference = node.inference
    sources = node.inputs
    if len(sources) == 1:
        before = graph.nodes[sources[0]].inference.output
        reads = inference.reads[0] if inference.reads else None
        result = fields[sources[0]]
        if reads:
            result = {
                name: field.through(reads, before.sizes, inference.output.sizes) for name, field in result.items()
            }
        if inference.output.tokens and not before.tokens:
            result = {name: field.as_tokens(before.sizes) for name, field in result.items()}
        if inference.mix is Mix.REDUCE:
            result = {name: field.reduce(before.sizes, pixels[name]) for name, field in result.items()}
        elif inference.mix is Mix.GATE:
            result = {name: replace(field, is_global=True) for name, field in result.items()}
        return result
    return _merged(graph, node, fields)


def _merged(graph: Graph, node: Node, fields: Sequence[Fields]) -> Fields:
    inference = node.inference
    sizes = inference.output.sizes
    parts: dict[str, list[tuple[Field, int]]] = {}
    for index, source in enumerate(node.inputs):
        shape = graph.nodes[source].inference.output
        reads = inference.reads[index] if index < len(inference.reads) else None
        weight = shape.channels if inference.merge is Merge.CONCAT else 1
        for name, field in fields[source].items():
            moved = field.through(reads, shape.sizes, sizes) if reads else field
            parts.setdefault(name, []).append((moved, weight))
    return {
        name: Field.merge([field for field, _ in branches], [weight for _, weight in branches], sizes)
        for name, branches in parts.items()
    }


def _reach(field: Field, reaches: dict[int, AxisReach]) -> tuple[AxisReach, ...]:
    """The figures of a field, each distinct axis worked out once (fields live as long as the analysis)."""
    return tuple(_axis_reach(axis, reaches) for axis in field.axes)


def _axis_reach(axis: AxisField, reaches: dict[int, AxisReach]) -> AxisReach:
    known = reaches.get(id(axis))
    if known is None:
        known = reaches[id(axis)] = AxisReach(
            rf=axis.rf,
            jump=axis.jump,
            start=axis.start,
            touched=axis.touched,
            phases=None if axis.reduced else axis.extents,
            erf_sigma=axis.erf_sigma,
        )
    return known


# -------------------------------------------------------------------- rows


def _row(graph: Graph, layer: GraphLayer, fields: Sequence[Fields], reaches: dict[int, AxisReach]) -> LayerReport:
    nodes = [graph.nodes[index] for index in layer.nodes]
    inferences = tuple(node.inference for node in nodes)
    first, last = nodes[0], nodes[-1]
    spec = graph.spec
    batch, element = spec.batch, spec.dtype.bytes
    inputs = _row_inputs(nodes)
    output = last.inference.output
    own = fields[last.index]
    field = next(iter(own.values()), None)
    params, buffers = _weights(node for node in nodes if node.shares is None)
    moved_weights = params + buffers if first.shares is None else sum(_weights(nodes))
    macs = batch * sum(inference.macs for inference in inferences)
    arithmetic = Counter[FlopClass]()
    for inference in inferences:
        arithmetic.update(inference.arithmetic)
    by_class = {kind: batch * count for kind, count in arithmetic.items() if count}
    if macs:
        by_class = {FlopClass.MAC: macs, **by_class}
    input_shapes = tuple(tuple(graph.nodes[source].inference.output) for source in inputs)
    moved = batch * (sum(prod(shape) for shape in input_shapes) + output.numel) + moved_weights
    lead = _lead(layer, nodes)
    shares = next((node.shares for node in nodes if node.shares is not None), None)
    return LayerReport(
        name=layer.name,
        op=layer.op.op,
        config=layer.op,
        inputs=layer.inputs,
        input_shapes=input_shapes,
        output_shape=tuple(output),
        settings=lead.settings if lead else None,
        fields=own,
        reach=_reach(field, reaches) if field else (),
        is_global=any(each.is_global for each in own.values()),
        weights=lead.weights if lead else (),
        fan_in=lead.fan_in if lead else None,
        fan_out=lead.fan_out if lead else None,
        params=params,
        buffers=buffers,
        frozen=bool(getattr(layer.op, "frozen", False)),
        macs=macs,
        macs_valid=batch * sum(inference.macs_valid for inference in inferences),
        flops=sum(by_class.values()) + macs,
        flops_by_class=MappingProxyType(by_class),
        activations=batch * sum(inference.activations for inference in inferences),
        output_bytes=batch * output.numel * element,
        im2col_bytes=batch * element * max(inference.im2col for inference in inferences),
        intensity=macs / (moved * element) if macs else None,
        inferences=inferences,
        unknown=frozenset().union(*(inference.unknown for inference in inferences)),
        shares=None if shares is None else graph.layers[graph.nodes[shares].layer].name,
        assumed=any(node.assumed for node in nodes),
        at=layer.at,
        places=layer.places,
        stack=layer.stack,
    )


def _row_inputs(nodes: Sequence[Node]) -> list[int]:
    """The nodes outside the row that its nodes read, in order, each as often as the first step names it."""
    if len(nodes) == 1:
        return list(nodes[0].inputs)
    inside = {node.index for node in nodes}
    return list(dict.fromkeys(source for node in nodes for source in node.inputs if source not in inside))


def _lead(layer: GraphLayer, nodes: Sequence[Node]) -> Inference | None:
    """The inference whose window and weights stand for the row."""
    if len(nodes) == 1:
        return nodes[0].inference
    wanted = f"{layer.name}.{layer.op.LEAD}"
    return next((node.inference for node in nodes if node.name == wanted), None)


def _weights(nodes: Iterable[Node]) -> Weights:
    params = buffers = 0
    for node in nodes:
        params += sum(prod(weight.shape) for weight in node.inference.weights)
        buffers += node.inference.buffers
    return params, buffers
