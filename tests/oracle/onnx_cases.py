"""The cases and models that the onnx package tests runtimes with, as networks: one tensor in, weights as weights."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncalc.values import value
from tests.frameworks import needed

onnx = needed("onnx")
np = needed("numpy")

from onnx import helper, numpy_helper  # noqa: E402 - needs onnx

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
WEIGHTS = {
    "Conv": (1, 2), "ConvTranspose": (1, 2), "ConvInteger": (1,), "QLinearConv": (3, 8), "BatchNormalization": (1, 2),
    "InstanceNormalization": (1, 2), "GroupNormalization": (1, 2), "LayerNormalization": (1, 2),
    "RMSNormalization": (1,), "PRelu": (1,), "Gemm": (1, 2), "QLinearMatMul": (3,), "MatMulInteger": (1,),
    "Attention": (3,), "ScatterND": (2,), "ScatterElements": (2,), "Scatter": (2,),
}  # fmt: skip
"""Inputs that are weights, by op."""
CONSTANTS = {
    "BatchNormalization": (3, 4), "ConvInteger": (2, 3), "QLinearConv": (1, 2, 4, 5, 6, 7),
    "QLinearMatMul": (1, 2, 4, 5, 6, 7), "MatMulInteger": (2, 3), "Dropout": (1, 2), "Clip": (1, 2),
    "Resize": (1, 2, 3), "Upsample": (1,), "Pad": (1, 2, 3), "DequantizeLinear": (1, 2), "QuantizeLinear": (1, 2),
    "Tile": (1,), "Expand": (1,), "Reshape": (1,), "Slice": (1, 2, 3, 4), "Split": (1,), "Gather": (1,),
    "Squeeze": (1,), "Unsqueeze": (1,), "SplitToSequence": (1,), "SequenceAt": (1,), "SequenceErase": (1,),
    "SequenceInsert": (2,), "If": (0,), "CastLike": (1,), "ScatterND": (1,), "ScatterElements": (1,), "Scatter": (1,),
    **{f"Reduce{kind}": (1,) for kind in (
        "Mean", "Sum", "Max", "Min", "L1", "L2", "LogSum", "LogSumExp", "SumSquare", "Prod")},
}  # fmt: skip
"""Inputs that say how, and hold no weights."""


@value
class Case:
    """A model with the arrays that go in and the shapes that come out."""

    name: str
    model: Any
    inputs: tuple[Any, ...]
    outputs: tuple[tuple[int, ...], ...]

    @property
    def arrays(self) -> dict[str, Any]:
        """What goes in, by name; initializers that are listed as inputs are none."""
        own = {each.name for each in self.model.graph.initializer}
        return dict(
            zip((each.name for each in self.model.graph.input if each.name not in own), self.inputs, strict=False)
        )

    @property
    def ops(self) -> tuple[str, ...]:
        """Its nodes."""
        return tuple(node.op_type for node in self.model.graph.node)


@value
class Network:
    """A case as a file that the importer reads."""

    data: bytes
    outputs: tuple[tuple[int, ...], ...]
    """Of one sample, as far as the samples come first."""
    weights: int


def node_cases() -> list[Case]:
    """Those of single ops, and of the functions that some ops stand for."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they divide by zero on purpose
        found = collect_testcases(None)
    return [
        Case(
            name=case.name,
            model=case.model,
            inputs=tuple(map(_array, case.data_sets[0][0])),
            outputs=tuple(tuple(_array(one).shape) for one in case.data_sets[0][1]),
        )
        for case in found
    ]


def model_cases(kind: str) -> Iterator[Case]:
    """Those that are folders with a model and its data."""
    for folder in sorted((DATA / kind).iterdir()):
        data = folder / "test_data_set_0"
        read = [
            [_stored(path) for path in sorted(data.glob(f"{which}_*.pb"), key=_number)] for which in ("input", "output")
        ]
        yield Case(
            name=folder.name,
            model=onnx.load(folder / "model.onnx"),
            inputs=tuple(read[0]),
            outputs=tuple(tuple(one.shape) for one in read[1]),
        )


def _number(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])


def _stored(path: Path) -> Any:
    tensor = onnx.TensorProto()
    try:
        tensor.ParseFromString(path.read_bytes())
        return numpy_helper.to_array(tensor)
    except Exception:  # noqa: BLE001 - a list of tensors
        return np.zeros(())


def _array(found: Any) -> Any:
    if isinstance(found, onnx.TensorProto):
        return numpy_helper.to_array(found)
    try:
        return np.asarray(found)
    except ValueError:  # a list of tensors of different shapes
        return np.zeros(())


def as_network(case: Case, fixed: Collection[str] | None = None) -> Network:
    """The case as it stands: its first axis the samples.

    `fixed`: the inputs that are constants, where the ops do not say it. Behind each output stands an op that takes it
    as samples x channels x sizes, and leaves its shape alone.
    """
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph = model.graph
    arrays = case.arrays
    embeds = case.ops == ("Gather",) and bool(graph.initializer)  # the indices are what goes in
    for name, array in list(arrays.items()):
        if name in fixed if fixed is not None else not embeds and any(is_fixed(*at) for at in _places(graph, name)):
            graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
            del arrays[name]
    kept = [given for given in graph.input if given.name in arrays]
    del graph.input[:]
    graph.input.extend(kept)
    weights = weights_of(graph)
    settle_outputs(graph, case.outputs, arrays[kept[0].name].shape[:1] if kept else ())
    return Network(data=model.SerializeToString(), outputs=case.outputs, weights=weights)


def weights_of(graph: Any) -> int:
    """Elements of all initializers, and of constants that are as large, that are weights."""
    held = {each.name: each for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            held[node.output[0]] = node.attribute[0].t
    return sum(
        max(_weight(op, place, numpy_helper.to_array(each)) for op, place in _places(graph, name) or [("", 0)])
        for name, each in held.items()
    )


def _weight(op: str, place: int, array: Any) -> int:
    """Parameters that an input is: masks are none, nor are single numbers but where an op takes a weight."""
    if place in CONSTANTS.get(op, ()) or array.dtype in (bool, np.int64):
        return 0
    if array.size == 1 and (op == "Gemm" or place not in WEIGHTS.get(op, ())):
        return 0
    if -np.inf in array:
        return 0
    return int(array.size)


def _places(graph: Any, name: str) -> list[tuple[str, int]]:
    """The ops that read a tensor, and the places at which they do."""
    return [(node.op_type, place) for node in graph.node for place, read in enumerate(node.input) if read == name]


def settle_outputs(graph: Any, shapes: Sequence[tuple[int, ...]], numbers: tuple[int, ...]) -> None:
    """`numbers`: the shape of a result that is one number a sample."""
    if [node.op_type for node in graph.node] in (["Shape"], ["Size"]):
        return
    for out, shape in zip(list(graph.output), shapes, strict=False):
        if shape not in ((), numbers) and out.type.WhichOneof("value") in ("tensor_type", None):
            graph.node.append(helper.make_node("LRN", [out.name], [f"{out.name}_"], size=1))
            out.name = f"{out.name}_"


def is_fixed(op: str, place: int) -> bool:
    return place in WEIGHTS.get(op, ()) or place in CONSTANTS.get(op, ())
