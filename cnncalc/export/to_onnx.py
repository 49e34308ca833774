"""ONNX: the nodes of a network with its names and shapes; all weights are zero.

Operator set 20 is what PyTorch's exporter writes, and what runtimes take; `bfloat16` needs a later one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.export.onnx.draft import Draft, Weights, dims_of
from cnncalc.export.onnx.file import TYPES, file_of
from cnncalc.export.onnx.network import Network, Node, NoNodeError, Port
from cnncalc.export.onnx.ops import drawn
from cnncalc.export.wording import input_shapes, refusal
from cnncalc.graph import build

if TYPE_CHECKING:
    from cnncalc.export.onnx.file import File
    from cnncalc.graph import Graph
    from cnncalc.graph import Node as GraphNode
    from cnncalc.report import Report

OPSET = 20
"""ONNX Runtime 1.17 reads it."""
BFLOAT16_OPSET = 22
"""The first whose convolutions and pools take `bfloat16`."""
MOST_BYTES = 2**31 - 1
"""Protobuf reads no larger message."""


def to_onnx(report: Report, *, batch: int | None = None) -> File:
    """The file, to be written piece by piece; `batch` fixes the number of samples, which otherwise is any.

    UsageError, naming all of them, where layers have no nodes; where the file would be too large; and where the onnx
    package is missing.
    """
    made = file_of(network_of(report, batch=batch))
    if made.size > MOST_BYTES:
        message = f"{report.name} would be an ONNX file of {made.size / 2**30:.1f} GiB; protobuf reads 2 GiB at most"
        if report.dtype == "float32" and made.size < 2 * MOST_BYTES:
            message += ", which `--dtype float16` would keep to"
        raise UsageError(message)
    return made


def network_of(report: Report, *, batch: int | None = None) -> Network:
    """What the file says, without its bytes."""
    dtype = report.dtype
    if dtype not in TYPES:
        message = f"ONNX has no convolutions in {dtype}: export with --dtype float16 or float32"
        raise UsageError(message)
    graph = build(report.spec)
    names = _names(graph)
    weights = Weights(dtype, batch)
    nodes: list[Node] = []
    problems = []
    for node in graph.nodes:
        if node.op is None:
            continue
        draft = _draft(node, graph, names, weights)
        try:
            nodes += draft.finish(drawn(draft), names[node.index])
        except NoNodeError as error:
            problems.append((node, str(error)))
    if problems:
        rows = {node.layer: (graph.layers[node.layer], reason) for node, reason in problems}
        raise refusal("ONNX", list(rows.values()))
    twins = [name for name, index in graph.outputs.items() if names[index] != name]
    nodes += [
        Node(kind="Identity", name=f"{name}/Identity", inputs=(names[graph.outputs[name]],), outputs=(name,))
        for name in twins
    ]
    ports = {node.index: Port(name=names[node.index], dims=dims_of(node.inference.output)) for node in graph.nodes}
    outside = {*graph.outputs, *graph.inputs}
    return Network(
        name=report.name,
        about=_about(report),
        opset=BFLOAT16_OPSET if dtype == "bfloat16" else OPSET,
        dtype=dtype,
        batch=batch,
        inputs=tuple(ports[index] for index in graph.inputs.values()),
        outputs=tuple(Port(name=name, dims=ports[index].dims) for name, index in graph.outputs.items()),
        between=tuple(port for port in ports.values() if port.name not in outside),
        nodes=tuple(nodes),
        tensors=tuple(weights.made.values()),
    )


def _draft(node: GraphNode, graph: Graph, names: dict[int, str], weights: Weights) -> Draft:
    return Draft(
        name=_called(node, graph),
        op=node.op,
        inference=node.inference,
        inputs=[(names[source], graph.nodes[source].inference.output) for source in node.inputs],
        weights=weights,
        owner=_called(node if node.shares is None else graph.nodes[node.shares], graph),
    )


def _called(node: GraphNode, graph: Graph) -> str:
    """The steps of `fc` are one layer in every framework."""
    row = graph.layers[node.layer]
    return row.name if row.op.op == "fc" and node.index == row.nodes[-1] else node.name


def _names(graph: Graph) -> dict[int, str]:
    """What values are called: as the layers that give them, outputs of the network as they are called there."""
    names = {node.index: node.name for node in graph.nodes}
    names |= {row.nodes[-1]: row.name for row in graph.layers}
    given = {}
    for name, index in graph.outputs.items():
        if graph.nodes[index].op is not None and index not in given:
            given[index] = name
    for index, name in names.items():
        if index not in given and name in graph.outputs and graph.nodes[index].op is not None:
            names[index] = f"{name}/output"  # the name stands for what follows it, too
    return names | given


def _about(report: Report) -> str:
    totals = report.totals
    macs = totals.macs // report.batch
    return f"{totals.params:,} parameters, all of them zero here; {macs:,} MACs at {input_shapes(report)}"
