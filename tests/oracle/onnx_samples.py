"""A case of the onnx package as one sample of a batch: an axis more in front, and its axes counted one further on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.frameworks import needed
from tests.oracle.onnx_cases import CONSTANTS, Case, Network, is_fixed, settle_outputs, weights_of

onnx = needed("onnx")
np = needed("numpy")

from onnx import helper, numpy_helper  # noqa: E402 - needs onnx

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLES = 2
ELEMENTWISE = frozenset({
    "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh",
    "Softplus", "Swish", "Exp", "Log", "Sqrt", "Abs", "Neg", "Erf", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh",
    "BitwiseNot", "Ceil", "Cos", "Cosh", "Floor", "IsInf", "IsNaN", "Not", "Reciprocal", "Round", "Shrink", "Sign",
    "Sin", "Sinh", "Softsign", "Tan", "ThresholdedRelu", "Identity", "Cast", "CastLike", "QuantizeLinear",
    "DequantizeLinear", "Clip", "Dropout", "Where", "Pow", "Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean",
    "And", "Or", "Xor", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal", "Greater", "GreaterOrEqual",
    "Less", "LessOrEqual", "Mod", "PRelu", "MatMul",
})  # fmt: skip
"""Ops that do the same to a sample as to the whole; `MatMul` to matrices."""
AXIS = {
    "Softmax": -1, "LogSoftmax": -1, "Hardmax": -1, "ArgMax": 0, "ArgMin": 0, "LayerNormalization": -1,
    "RMSNormalization": -1, "LpNormalization": -1, "Concat": 0, "Split": 0, "Gather": 0, "SplitToSequence": 0,
}  # fmt: skip
"""Ops with an axis, and what it is where it is left out."""
AXES = frozenset({"Squeeze", "Unsqueeze", "Slice", *(op for op in CONSTANTS if op.startswith("Reduce"))})
"""Ops with axes, an attribute or an input."""
OTHERS = frozenset({"Transpose", "Expand", "Tile", "Einsum", "Pad", "Reshape"})


def as_sample(case: Case) -> Network | None:
    """The case as one sample of a batch: an axis more in front; None where its op is not known to allow that."""
    (node, *more) = case.model.graph.node
    arrays = case.arrays
    names = list(arrays)
    fixed = {name for place, name in enumerate(node.input) if is_fixed(node.op_type, place)}
    free = [name for name in names if name not in fixed]
    if more or node.op_type not in ELEMENTWISE | AXIS.keys() | AXES | OTHERS or not _fits(case, free):
        return None
    rank = max(len(arrays[name].shape) for name in free)
    moved = onnx.NodeProto()
    moved.CopyFrom(node)
    constants = {name: arrays[name] for name in names if name in fixed}
    changed = _moved(moved, constants, rank, case)
    shapes = {name: (SAMPLES, *(1,) * (rank - len(arrays[name].shape)), *arrays[name].shape) for name in free}
    graph = helper.make_graph(
        [moved],
        "case",
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in node.output if name],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in {**constants, **changed}.items()],
    )
    outputs = tuple((SAMPLES, *shape) for shape in case.outputs)
    settle_outputs(graph, outputs, (SAMPLES,))
    version = next(each.version for each in case.model.opset_import if each.domain in ("", "ai.onnx"))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)])
    return Network(data=model.SerializeToString(), outputs=outputs, weights=weights_of(model.graph))


def _fits(case: Case, free: Sequence[str]) -> bool:
    """Whether the tensors of a case may have an axis more in front."""
    arrays = case.arrays
    node = case.model.graph.node[0]
    ranks = [len(arrays[name].shape) for name in free]
    if not free or case.model.graph.initializer or any(arrays[name].size == 0 for name in free):
        return False
    if any(out.type.WhichOneof("value") != "tensor_type" for out in case.model.graph.output):
        return False
    if node.op_type == "Expand":  # further axes would stand before the samples
        return len(arrays[node.input[1]]) <= max(ranks)
    return node.op_type != "MatMul" or min(ranks) > 1


def _moved(node: Any, constants: dict[str, Any], rank: int, case: Case) -> dict[str, Any]:
    """Axes counted one further on; returns constants that changed."""
    op = node.op_type
    attributes = {each.name: each for each in node.attribute}
    if op in AXIS:
        axis = attributes["axis"].i if "axis" in attributes else AXIS[op]
        _set(node, "axis", axis + (axis >= 0))
    elif op in AXES:
        return _axes_moved(node, constants, rank)
    elif op == "Transpose":
        order = list(attributes["perm"].ints) if "perm" in attributes else list(reversed(range(rank)))
        _set(node, "perm", [0, *(place + 1 for place in order)])
    elif op == "Einsum":
        left, arrow, right = attributes["equation"].s.decode().replace(" ", "").partition("->")
        once = sorted(letter for letter in set(left) - {",", "."} if left.count(letter) == 1)
        terms = ",".join(f"Z{term}" for term in left.split(","))
        _set(node, "equation", f"{terms}->Z{right if arrow else ''.join(once)}")
    elif op in ("Expand", "Tile", "Reshape"):
        name = node.input[1]
        first = [1] if op != "Reshape" else [SAMPLES]
        shape = list(constants[name]) if op != "Reshape" else list(case.outputs[0])
        if op == "Expand":
            shape = [1] * (rank - len(shape)) + shape
        return {name: np.array([*first, *shape], dtype=np.int64)}
    elif op == "Pad":
        return _pads_moved(node, constants, rank)
    return {}


def _axes_moved(node: Any, constants: dict[str, Any], rank: int) -> dict[str, Any]:
    attributes = {each.name: each for each in node.attribute}
    place = 3 if node.op_type == "Slice" else 1
    if "axes" in attributes:
        _set(node, "axes", [axis + (axis >= 0) for axis in attributes["axes"].ints])
        return {}
    name = node.input[place] if len(node.input) > place else ""
    if name and constants[name].size:
        return {name: np.array([axis + (axis >= 0) for axis in constants[name]], dtype=np.int64)}
    if node.op_type == "Squeeze" or (node.op_type.startswith("Reduce") and attributes.get("noop_with_empty_axes")):
        return {}
    every = range(rank) if node.op_type != "Slice" else range(len(constants[node.input[1]]))
    while len(node.input) <= place:
        node.input.append("")
    node.input[place] = "axes_"
    return {"axes_": np.array([axis + 1 for axis in every], dtype=np.int64)}


def _pads_moved(node: Any, constants: dict[str, Any], rank: int) -> dict[str, Any]:
    name = node.input[1]
    if len(node.input) > 3:
        return {node.input[3]: np.array([axis + (axis >= 0) for axis in constants[node.input[3]]], dtype=np.int64)}
    pads = list(constants[name])
    return {name: np.array([0, *pads[:rank], 0, *pads[rank:]], dtype=np.int64)}


def _set(node: Any, name: str, found: Any) -> None:
    kept = [each for each in node.attribute if each.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, found)])
