"""ONNX models: operator sets 7 and up, read without their weights and without the onnx package."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Union

from cnncalc.errors import SpecError, UsageError, finding
from cnncalc.importers.layers import Imported
from cnncalc.importers.onnx.functions import inlined
from cnncalc.importers.onnx.inputs import alone, inputs
from cnncalc.importers.onnx.names import names, word
from cnncalc.importers.onnx.records import Graph
from cnncalc.importers.onnx.walk import OLDEST, Walk
from cnncalc.importers.onnx.wire import read_model
from cnncalc.importers.tensors.trace import Held, Trace
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.importers.layers import Shape
    from cnncalc.importers.onnx.inputs import Inputs
    from cnncalc.importers.onnx.records import Model

Source = Union[str, "os.PathLike[str]", bytes]


def read_onnx(
    source: Source,
    shapes: Mapping[str, Shape] | None = None,
    *,
    name: str | None = None,
    allow_unknown: bool = False,
) -> Imported:
    """The layers of a model file, or of its bytes.

    `shapes` gives the inputs (of one sample) whose sizes are free, or a free size by its name, as a shape of one
    number.

    SpecError with one finding per node that has no counterpart, or where the bytes are no model; UsageError where the
    file cannot be read or a free size is not given.
    """
    shown = "the model" if isinstance(source, bytes) else os.fspath(source)
    model = _read(source, shown)
    if model.opset and model.opset < OLDEST:
        message = f"{shown} is of operator set {model.opset}; those from {OLDEST} on can be read"
        raise SpecError([finding("CNN905", message, help="`onnx.version_converter` brings it up")])
    graph = _needed(inlined(model))
    found = inputs(graph, dict(shapes or {}))
    try:
        made = _walked(model, graph, found, allow_unknown=allow_unknown)
    except SpecError:
        if found.batch is not None:
            raise
        single = _tried(model, graph, alone(found), allow_unknown=allow_unknown)
        if single is None:
            raise
        made = single
    if not made.layers:
        raise SpecError([finding("CNN906", f"{shown} has no layer")])
    return replace(made, name=name or word(model.graph.name) or "network")


def _tried(model: Model, graph: Graph, found: Inputs, *, allow_unknown: bool) -> Imported | None:
    """Where the batch is free, what is written in the graph may still hold for one sample alone."""
    try:
        return _walked(model, graph, found, allow_unknown=allow_unknown)
    except SpecError:
        return None


def _walked(model: Model, graph: Graph, found: Inputs, *, allow_unknown: bool) -> Imported:
    trace = Trace(*names(graph), samples=found.samples)
    walk = Walk(graph, model.opset, trace, allow_unknown=allow_unknown)
    for given, each in found.found.items():
        trace.shapes[each.name] = each.shape
        walk.values[given] = Held(layer=each.name, dims=each.dims)
    walk.run(graph)
    walk.refuse()
    outputs = walk.outputs()  # may add layers
    return Imported(
        name="",
        inputs={each.name: each.shape for each in found.found.values()},
        layers=tuple(trace.layers.values()),
        outputs=outputs,
    )


def _read(source: Source, shown: str) -> Model:
    if isinstance(source, bytes):
        return read_model(source, shown)
    try:
        with Path(source).open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                return read_model(b"", shown)
            # Mapped, not read: the pages of the weights are never touched. It closes with the last view of it, which
            # an error may hold on to.
            return read_model(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)), shown)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {shown}: {getattr(error, 'strerror', None) or error}") from error


def _needed(graph: Graph) -> Graph:
    """The graph without the nodes that no output needs."""
    needed = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if needed.isdisjoint(node.outputs):
            continue
        kept.append(node)
        pending = [node]
        while pending:
            each = pending.pop()
            needed.update(each.inputs)
            for found in each.attributes.values():
                if isinstance(found, Graph):
                    needed.update(found.outputs)
                    pending += found.nodes
    return replace(graph, nodes=tuple(reversed(kept)))
