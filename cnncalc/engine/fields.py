"""Which pixels of each network input every node sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import LayerError, finding
from cnncalc.geometry.field import Field
from cnncalc.geometry.limits import NETWORK_BITS, check_network
from cnncalc.ops.base import Merge, Mix
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.errors import Finding
    from cnncalc.graph.model import Graph, Node
    from cnncalc.report import Shape

Fields = dict[str, Field]
"""By network input, the first input first."""


def node_fields(graph: Graph, findings: list[Finding]) -> list[Fields]:
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
    return _merged(graph, node, fields, pixels)


def _merged(graph: Graph, node: Node, fields: Sequence[Fields], pixels: Mapping[str, Shape]) -> Fields:
    inference = node.inference
    sizes = inference.output.sizes
    parts: dict[str, list[tuple[Field, int]]] = {}
    for index, source in enumerate(node.inputs):
        shape = graph.nodes[source].inference.output
        reads = inference.reads[index] if index < len(inference.reads) else None
        weight = shape.channels if inference.merge is Merge.CONCAT else 1
        for name, field in fields[source].items():
            if inference.mix is Mix.REDUCE:
                moved = field.reduce(shape.sizes, pixels[name])
            else:
                moved = field.through(reads, shape.sizes, sizes) if reads else field
            parts.setdefault(name, []).append((moved, weight))
    merged = {
        name: Field.merge([field for field, _ in branches], [weight for _, weight in branches], sizes)
        for name, branches in parts.items()
    }
    if inference.mix is Mix.GATE:
        merged = {name: replace(field, is_global=True) for name, field in merged.items()}
    return merged
