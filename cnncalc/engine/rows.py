"""Graph rows to `LayerReport`s."""

from __future__ import annotations

from collections import Counter
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cnncalc.ops.base import FlopClass
from cnncalc.report import LayerReport, reach_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.engine.fields import Fields
    from cnncalc.geometry.field import AxisField
    from cnncalc.graph.model import Graph, GraphLayer, Node
    from cnncalc.ops.base import Inference
    from cnncalc.report import AxisReach


class Rows:
    """Makes the rows of one graph; equal figures and equal axes are worked out once."""

    def __init__(self, graph: Graph, fields: Sequence[Fields]) -> None:
        self._graph = graph
        self._fields = fields
        # Inferences and fields live as long as the graph and the analysis, so that identities can be keys.
        self._figures: dict[tuple[object, ...], dict[str, Any]] = {}
        self._reaches: dict[int, AxisReach] = {}

    def row(self, layer: GraphLayer) -> LayerReport:
        """The row of a layer."""
        nodes = [self._graph.nodes[index] for index in layer.nodes]
        key = tuple([(id(node.inference), node.shares is None) for node in nodes])
        figures = self._figures.get(key)
        if figures is None:
            figures = self._figures[key] = self._worked_out(layer, nodes)
        fields = self._fields[nodes[-1].index]
        reach: tuple[AxisReach, ...] = ()
        is_global = False
        if fields:
            first, *others = fields.values()
            reach = tuple([self._reach(axis) for axis in first.axes])
            is_global = first.is_global or any(field.is_global for field in others)
        return LayerReport(
            name=layer.name,
            op=layer.op.op,
            config=layer.op,
            inputs=layer.inputs,
            fields=fields,
            reach=reach,
            is_global=is_global,
            frozen=bool(vars(layer.op).get("frozen")),
            shares=self._shared_with(nodes),
            at=layer.at,
            places=layer.places,
            stack=layer.stack,
            **figures,
        )

    def _reach(self, axis: AxisField) -> AxisReach:
        known = self._reaches.get(id(axis))
        if known is None:
            known = self._reaches[id(axis)] = reach_of(axis)
        return known

    def _worked_out(self, layer: GraphLayer, nodes: Sequence[Node]) -> dict[str, Any]:
        """The fields of a row that follow from its inferences and shared weights alone."""
        graph = self._graph
        batch, element = graph.spec.batch, graph.spec.dtype.bytes
        inferences = tuple(node.inference for node in nodes)
        output = inferences[-1].output
        inputs = tuple(tuple(graph.nodes[source].inference.output) for source in _outside(nodes))
        params, buffers = _weights(node for node in nodes if node.shares is None)
        macs = batch * sum(inference.macs for inference in inferences)
        arithmetic = Counter[FlopClass]()
        for inference in inferences:
            arithmetic.update(inference.arithmetic)
        by_class = {FlopClass.MAC: macs} if macs else {}
        by_class.update({kind: batch * count for kind, count in arithmetic.items() if count})
        moved = batch * (sum(map(prod, inputs)) + output.numel) + sum(_weights(nodes))
        lead = _lead(layer, nodes)
        return {
            "input_shapes": inputs,
            "output_shape": tuple(output),
            "settings": lead.settings if lead else None,
            "weights": lead.weights if lead else (),
            "fan_in": lead.fan_in if lead else None,
            "fan_out": lead.fan_out if lead else None,
            "params": params,
            "buffers": buffers,
            "macs": macs,
            "macs_valid": batch * sum(inference.macs_valid for inference in inferences),
            "flops": sum(by_class.values()) + macs,
            "flops_by_class": MappingProxyType(by_class),
            "activations": batch * sum(inference.activations for inference in inferences),
            "output_bytes": batch * output.numel * element,
            "im2col_bytes": batch * element * max(inference.im2col for inference in inferences),
            "intensity": macs / (moved * element) if macs else None,
            "inferences": inferences,
            "unknown": frozenset().union(*(inference.unknown for inference in inferences)),
            "assumed": any(node.assumed for node in nodes),
        }

    def _shared_with(self, nodes: Sequence[Node]) -> str | None:
        for node in nodes:
            if node.shares is not None:
                return self._graph.layers[self._graph.nodes[node.shares].layer].name
        return None


def _outside(nodes: Sequence[Node]) -> Sequence[int]:
    """The nodes outside the row that its nodes read, in order; one node may read another twice."""
    if len(nodes) == 1:
        return nodes[0].inputs
    inside = {node.index for node in nodes}
    return list(dict.fromkeys(source for node in nodes for source in node.inputs if source not in inside))


def _lead(layer: GraphLayer, nodes: Sequence[Node]) -> Inference | None:
    """The inference whose window and weights stand for the row."""
    if len(nodes) == 1:
        return nodes[0].inference
    wanted = f"{layer.name}.{layer.op.LEAD}"
    return next((node.inference for node in nodes if node.name == wanted), None)


def _weights(nodes: Iterable[Node]) -> tuple[int, int]:
    """Trainable parameters and buffers."""
    params = buffers = 0
    for node in nodes:
        params += sum(prod(weight.shape) for weight in node.inference.weights)
        buffers += node.inference.buffers
    return params, buffers
