"""Exported ONNX files: checked, inferred, and filled with numbers to be run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.onnx.draft import dims_of
from cnncalc.export.onnx.file import large, skeleton, tensor_proto
from cnncalc.export.to_onnx import network_of
from cnncalc.graph import build
from tests.frameworks import needed

if TYPE_CHECKING:
    from pathlib import Path

    from cnncalc.export.onnx.network import Network
    from cnncalc.report import Report

onnx = needed("onnx")
TensorProto = onnx.TensorProto


def weightless(network: Network, folder: Path) -> Any:
    """The model of a file, its large weights in an external file that is there and empty."""
    model = skeleton(network)
    (folder / "weights").touch()
    for tensor in large(network):
        made = tensor_proto(tensor, onnx)
        made.data_location = TensorProto.EXTERNAL
        made.external_data.add(key="location", value="weights")
        model.graph.initializer.append(made)
    return model


def shapes(values: Any) -> dict[str, tuple[int, ...]]:
    """Dimensions behind the batch, by name."""
    return {each.name: tuple(dim.dim_value for dim in each.type.tensor_type.shape.dim)[1:] for each in values}


def inferred(model: Any) -> dict[str, tuple[int, ...]]:
    """What the onnx package infers where nothing is declared but the inputs."""
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.graph.value_info[:]
    given = {each.name for each in bare.graph.input}
    for output in (each for each in bare.graph.output if each.name not in given):
        output.type.tensor_type.ClearField("shape")
    found = onnx.shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True).graph
    return shapes([*found.value_info, *found.output, *found.input])


def holds(made: Report, folder: Path, *, batch: int | None = None) -> Network:
    """The checker takes the file, and it has the shapes, names and parameters of the report."""
    network = network_of(made, batch=batch)
    model = weightless(network, folder)
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(str(path), full_check=True)
    known = inferred(model)
    graph = build(made.spec)
    layers = [dims_of(graph.nodes[row.nodes[-1]].inference.output) for row in graph.layers]
    declared = shapes([*model.graph.value_info, *model.graph.output])
    for row, dims in zip(made, layers, strict=True):
        assert sorted(dims) == sorted(row.output_shape), row.name
        names = [row.name, f"{row.name}/output", *made.outputs]
        assert dims in [known.get(name) for name in names], row.name
    assert {name: known[name] for name in declared} == declared
    assert [port.name for port in model.graph.input] == list(made.inputs)
    assert [port.name for port in model.graph.output] == list(made.outputs)
    assert sum(tensor.numel for tensor in network.tensors if tensor.trained) == made.totals.params
    statistics = [tensor for tensor in network.tensors if tensor.name.rpartition(".")[2].startswith("running_")]
    assert sum(tensor.numel for tensor in statistics) == made.totals.buffers
    return network
