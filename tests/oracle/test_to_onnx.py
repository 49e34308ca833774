"""Exported ONNX files against the onnx package: its checker, its shape inference, and numbers by plain definitions."""

from __future__ import annotations

from importlib import import_module
from math import erf
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.export.to_onnx import network_of, to_onnx
from tests.export.networks import NAMES, example, net, report
from tests.frameworks import needed
from tests.oracle.onnx_files import TensorProto, holds, onnx, weightless

np = needed("numpy")
ReferenceEvaluator = import_module("onnx.reference").ReferenceEvaluator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cnncalc.report import Report

pytestmark = pytest.mark.oracle


def whole(made: Report, **given: Any) -> Any:
    """The model of the bytes that are written."""
    file = to_onnx(made, **given)
    data = b"".join(file)
    assert len(data) == file.size
    return onnx.load_model_from_string(data)


CONSTANTS = {"unet3d": 4672}
"""ONNX norms have scale and shift always; in a file those that are constant look like those that are learned."""


class TestExamples:
    @pytest.mark.parametrize("name", NAMES)
    def test_the_file_passes_the_checker_and_has_the_shapes_and_parameters(self, name: str, tmp_path: Path) -> None:
        holds(example(name), tmp_path)

    @pytest.mark.parametrize("name", NAMES)
    def test_what_is_read_back_has_the_same_figures(self, name: str, tmp_path: Path) -> None:
        made = example(name)
        model = weightless(network_of(made), tmp_path)
        read = cnncalc.analyze(cnncalc.from_onnx(model.SerializeToString()))
        ours, theirs = made.totals, read.totals
        assert (theirs.macs, theirs.buffers) == (ours.macs, ours.buffers)
        assert theirs.params - ours.params == CONSTANTS.get(name, 0)
        shown = [(made[name].output_shape, made[name].reach) for name in made.outputs]
        assert [(read[name].output_shape, read[name].reach) for name in read.outputs] == shown


class TestTheFile:
    def test_it_is_a_model_that_the_checker_takes(self) -> None:
        onnx.checker.check_model(whole(example("lenet5")), full_check=True)

    def test_weights_are_zero_and_running_variances_one(self) -> None:
        model = whole(net("conv 64 k9 bn relu", input_="64x16x16"))
        values = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
        assert {name: (array.shape, float(array.min()), float(array.max())) for name, array in values.items()} == {
            "conv1.weight": ((64, 64, 9, 9), 0, 0),
            "conv1.bn.weight": ((64,), 0, 0),
            "conv1.bn.bias": ((64,), 0, 0),
            "conv1.bn.running_mean": ((64,), 0, 0),
            "conv1.bn.running_var": ((64,), 1, 1),
        }

    def test_the_batch_is_free_unless_it_is_given(self) -> None:
        free, fixed = whole(net("conv 8 k3", more="batch: 2\n")), whole(net("conv 8 k3"), batch=4)
        found = [model.graph.output[0].type.tensor_type.shape.dim[0] for model in (free, fixed)]
        assert (found[0].dim_param, found[1].dim_value) == ("N", 4)

    def test_names_of_inputs_outputs_and_nodes_are_those_of_the_network(self) -> None:
        made = report(
            "cnncalc: 1\ninputs: {left: 3x8x8, right: 3x8x8}\nblocks: {b(c): [conv c k3 p1 bn relu]}\n"
            "layers: [stem: b 4, second: b 4 from=right, join: add stem, head: conv 2 k1]\noutputs: [stem, head]\n"
        )
        graph = whole(made).graph
        assert [each.name for each in graph.input] == ["left", "right"]
        assert [each.name for each in graph.output] == ["stem", "head"]
        assert [each.name for each in graph.node] == [row.name for row in made]
        assert [each.output[0] for each in graph.node] == [
            "stem.conv1", "stem.conv1.bn", "stem",
            "second.conv1", "second.conv1.bn", "second.conv1.relu", "join", "head",
        ]  # fmt: skip

    def test_an_output_takes_its_name_from_a_layer_inside_of_it(self) -> None:
        graph = whole(net("a: conv 4 k1 relu", "b: conv 4 k1", more="outputs: [a, b]\n")).graph
        assert [(each.name, each.output[0]) for each in graph.node] == [("a", "a/output"), ("a.relu", "a"), ("b", "b")]

    def test_two_names_of_one_output_are_two_values(self) -> None:
        made = report("cnncalc: 1\ninput: 3x8x8\nlayers: [a: [b: conv 4 k1]]\noutputs: [a, a.b]\n")
        model = whole(made)
        onnx.checker.check_model(model, full_check=True)
        assert [each.name for each in model.graph.output] == ["a", "a.b"]

    @pytest.mark.parametrize(
        ("dtype", "number"),
        [("float16", "FLOAT16"), ("bfloat16", "BFLOAT16"), ("float32", "FLOAT"), ("float64", "DOUBLE")],
    )
    def test_every_number_type_passes_with_every_op(self, dtype: str, number: str, tmp_path: Path) -> None:
        layers = (
            "stem: conv 8 k3 p1 bn relu", "in", "gn 4", "ln", "rms", "lrn", "prelu", "celu", "gelu", "mish", "relu6",
            "hsigmoid", "se 2 act=silu", "maxpool 2", "avgpool 3 s1 p1", "lppool 2 s1", "blurpool 3", "adaptive 3",
            "upsample 2 mode=linear", "convt 8 k2 s2", "tokens", "prepend 2", "attention 2", "fc 3", "softmax",
        )  # fmt: skip
        made = net(*layers, input_="3x16x16", more=f"dtype: {dtype}\n")
        network = holds(made, tmp_path)
        assert {tensor.dtype for tensor in network.tensors if tensor.trained} == {dtype}
        assert whole(made).graph.input[0].type.tensor_type.elem_type == getattr(TensorProto, number)

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
    def test_constants_are_rounded_to_the_number_type(self, dtype: str) -> None:
        model = whole(net("tokens", "attention 3", input_="24x4x4", more=f"dtype: {dtype}\n"))
        found = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
        precision = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float64": 2.0**-52}[dtype]
        assert float(found["attention1/scale"]) == pytest.approx(8**-0.5, rel=precision)

    def test_resnet50_takes_less_than_half_a_second(self) -> None:
        made = example("resnet50")
        to_onnx(made)  # loads the onnx package
        start = process_time()
        size = sum(map(len, to_onnx(made)))
        assert size > 4 * made.totals.params
        assert process_time() - start < 0.5


SETTINGS = {
    "windows on windows": ("4x31x30", ["conv 8 k3x2 s2x1 p1x0 d2x1", "conv 8 k3 p0/1x2/0 g4 nobias", "dwconv k3 m3"]),
    "transposed": ("4x9x9", ["convt 8 k3x4 s2 p1 op1x0 g4 d1x2", "convt 4 k3 s4 same", "convt 4 k4 s2 p0/1"]),
    "a convolution and its weights elsewhere": (
        "4x16x16",
        ["a: conv 4 k3 p1 circular", "conv 4 k3 p2 d2 reflect share=a", "b: sepconv 4 k3", "sepconv 4 k3 s2 share=b"],
    ),
    "pads that crop": (
        "3x16x16",
        ["pad (-1, 2)", "pad (1, -2) reflect", "pad ((-1, 3), (2, -4)) circular", "pad -1 replicate"],
    ),
    "ceil": ("4x31x30", ["maxpool 3 s2 ceil", "avgpool 2 s3 ceil", "lppool 2 s2 ceil", "maxpool 2 s2 p1 ceil"]),
    "adaptive": ("4x31x30", ["adaptive 31x15", "adaptive_max 7x15", "adaptive 3x4", "adaptive_max 2x3", "adaptive 1"]),
    "resizing": (
        "4x7x9",
        [
            "upsample 2 mode=linear coordinates=asymmetric",
            "upsample size=20x31 coordinates=half_pixel rounding=ceil",
            "upsample 0.5 mode=linear antialias=true",
            "upsample (1.3, 2.7) mode=cubic",
            "upsample 1/3 mode=nearest_exact",
            "upsample size=5x8 mode=linear coordinates=tf_crop_and_resize region=(0, 0.25, 1, 0.75)",
        ],
    ),
    "a shortcut that pads": ("8x9x9", ["{residual: [conv 16 k3 s2 p1 bn], shortcut: pad}"]),
    "merges of many": (
        "8x5x5",
        ["a: relu", "b: tanh from=input", "add a input", "sub a b", "mul a b", "div a b", "max a b", "min a b"],
    ),
    "shared matrices": (
        "8x4x4",
        [
            "v: flatten", "t: tokens from=input", "a: linear 8", "p: gap", "flatten", "b: linear 8 share=a",
            "fc 8 share=a", "s: scale from=input", "scale from=t share=s", "r: rms from=input", "rms from=t share=r",
        ],
    ),
    "weights of positions and elements": (
        "8x6x5",
        [
            *(f"{op} over={over}" for op in ("scale", "shift") for over in ("channels", "positions", "all")),
            "tokens",
            *(f"{op} over={over}" for op in ("scale", "shift") for over in ("channels", "positions", "all")),
            "flatten",
            "scale over=all",
            "shift",
        ],
    ),
    "tokens": (
        "8x4x4",
        ["tokens", "in", "lrn 3", "gmp", "prelu num_parameters=8", "crop 0/0", "identity", "tokens", "flatten"],
    ),
    "long names": ("3x4x4", ["a_rather_long_name_of_a_layer_that_says_nothing: conv 4 k1"]),
}  # fmt: skip


@pytest.mark.parametrize("batch", [None, 3])
@pytest.mark.parametrize("name", SETTINGS)
def test_unusual_settings_pass_the_checker_with_our_shapes(name: str, batch: int | None, tmp_path: Path) -> None:
    input_, layers = SETTINGS[name]
    holds(net(*layers, input_=input_), tmp_path, batch=batch)


def run(made: Report, folder: Path, *, batch: int | None = None) -> tuple[Any, list[Any], dict[str, Any]]:
    """The output for random inputs and random weights, and these."""
    random = np.random.default_rng(0)
    network = network_of(made, batch=batch)
    model = weightless(network, folder)
    weights = {}
    for each in model.graph.initializer:
        if each.name in {tensor.name for tensor in network.tensors if tensor.trained}:
            weights[each.name] = random.normal(size=tuple(each.dims)).astype(np.float32)
            each.CopyFrom(onnx.numpy_helper.from_array(weights[each.name], each.name))
    inputs = [random.normal(size=(batch or 2, *shape)).astype(np.float32) for shape in made.inputs.values()]
    given = ReferenceEvaluator(model).run(None, dict(zip(made.inputs, inputs, strict=True)))
    return given[0], inputs, weights


def rows(x: Any) -> Any:
    """A map as tokens."""
    return x.reshape(*x.shape[:2], -1).swapaxes(1, 2)


def softmax(x: Any, axis: Any) -> Any:
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def attended(q: Any, k: Any, v: Any, *, heads: int, shared: int, windows: int = 1) -> Any:
    """Head by head and window by window; all are batch x positions x channels."""
    outputs = []
    for head in range(heads):
        own, other = head, head // (heads // shared)
        length, size = q.shape[2] // heads, v.shape[2] // shared
        parts = []
        for part in range(windows):
            here = [slice(part * x.shape[1] // windows, (part + 1) * x.shape[1] // windows) for x in (q, k)]
            queries = q[:, here[0], own * length : (own + 1) * length]
            keys = k[:, here[1], other * length : (other + 1) * length]
            scores = np.einsum("bnc,bmc->bnm", queries, keys) / np.sqrt(length)
            parts.append(softmax(scores, 2) @ v[:, here[1], other * size : (other + 1) * size])
        outputs.append(np.concatenate(parts, axis=1))
    return np.concatenate(outputs, axis=2)


def thirds(x: Any) -> Any:
    return x[:, :, :9:3, :30:3]


def pooled(x: Any, m: int, axis: int, kind: Any) -> Any:
    n = x.shape[axis]
    parts = [kind(x.take(range(o * n // m, -(-(o + 1) * n // m)), axis), axis=axis) for o in range(m)]
    return np.stack(parts, axis=axis)


ERF = np.vectorize(erf)
ONE = "cnncalc: 1\ninput: 4x3x5\nlayers: "
THREE = "cnncalc: 1\ninputs: {a: 6x4x6, b: 6x4x6, c: 9x4x6}\nlayers: "
DEFINITIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "attention of maps": (
        THREE + "[sdpa b c heads=3]",
        lambda _, a, b, c: attended(*map(rows, (a, b, c)), heads=3, shared=3).swapaxes(1, 2).reshape(2, 9, 4, 6),
    ),
    "attention of tokens in windows": (
        THREE + "[k: tokens from=b, v: tokens from=c, q: tokens from=a, sdpa k v heads=3 windows=4]",
        lambda _, a, b, c: attended(*map(rows, (a, b, c)), heads=3, shared=3, windows=4),
    ),
    "attention with shared keys": (
        "cnncalc: 1\ninputs: {a: 8x3x4, b: 4x5, c: 6x5}\nlayers: [sdpa b c heads=4 kv_heads=2]",
        lambda _, a, b, c: attended(*map(rows, (a, b, c)), heads=4, shared=2).swapaxes(1, 2).reshape(2, 12, 3, 4),
    ),
    "attention with shared keys in windows": (
        "cnncalc: 1\ninputs: {a: 8x6, b: 4x12, c: 2x12}\nlayers: [q: tokens, sdpa b c heads=4 kv_heads=2 windows=3]",
        lambda _, a, b, c: attended(*map(rows, (a, b, c)), heads=4, shared=2, windows=3),
    ),
    "products of matrices": (
        "cnncalc: 1\ninputs: {a: 4x3x5, b: 4x5x6}\nlayers: [matmul b out=4x3x6 inner=5]",
        lambda _, a, b: a @ b,
    ),
    "another arrangement": (
        ONE + "[rearrange 6x10]",
        lambda _, x: x.reshape(2, 6, 10),
    ),
    "another arrangement as tokens": (
        ONE + "[rearrange 6x10 tokens]",
        lambda _, x: x.reshape(2, 6, 10).swapaxes(1, 2),
    ),
    "mean of channels": (ONE + "[reduce mean over=channels]", lambda _, x: x.mean(1, keepdims=True)),
    "maximum of an axis": (ONE + "[reduce max over=w]", lambda _, x: x.max(3, keepdims=True)),
    "minimum of an axis": (ONE + "[reduce min over=h]", lambda _, x: x.min(2, keepdims=True)),
    "norm of positions": (
        ONE + "[reduce norm over=positions]",
        lambda _, x: np.sqrt((x**2).sum((2, 3), keepdims=True)),
    ),
    "sum over the channels of tokens": (
        ONE + "[tokens, reduce sum over=channels]",
        lambda _, x: rows(x).sum(2, keepdims=True),
    ),
    "learned tokens before others": (
        ONE + "[t: tokens, prepend 2]",
        lambda w, x: np.concatenate((np.repeat(w["prepend1.weight"], 2, axis=0), rows(x)), axis=1),
    ),
    "tokens cut off": (ONE + "[tokens, crop 2/1]", lambda _, x: rows(x)[:, 2:-1]),
    "quotients": (THREE + "[exp from=b, div a from=exp1]", lambda _, a, b, c: np.exp(b) / a),  # noqa: ARG005
    "minima": (THREE + "[min b from=a]", lambda _, a, b, c: np.minimum(a, b)),  # noqa: ARG005
    "sizes of 1 repeated": (
        "cnncalc: 1\ninputs: {a: 4x1x5, b: 1x3x5}\nlayers: [sub b align=broadcast]",
        lambda _, a, b: a - b,
    ),
    "softmax over positions": (
        ONE + "[softmax over=positions]",
        lambda _, x: softmax(x, (2, 3)),
    ),
    "softmax over an axis": (ONE + "[softmax over=h]", lambda _, x: softmax(x, 2)),
    "softmax over tokens": (
        ONE + "[tokens, softmax over=positions]",
        lambda _, x: softmax(rows(x), 1),
    ),
    "layer norm over all": (
        ONE + "[n: ln over=all]",
        lambda w, x: normed(x, (1, 2, 3)) * w["n.weight"] + w["n.bias"],
    ),
    "layer norm over all of tokens": (
        ONE + "[tokens, n: ln over=all]",
        lambda w, x: normed(rows(x), (1, 2)) * w["n.weight"] + w["n.bias"],
    ),
    "root mean square over all": (
        ONE + "[n: rms over=all]",
        lambda w, x: x / np.sqrt((x**2).mean((1, 2, 3), keepdims=True) + 2**-23) * w["n.weight"],
    ),
    "functions": (
        ONE + "[square, sqrt, log, abs, neg, exp, rsqrt, erf]",
        lambda _, x: ERF(1 / np.sqrt(np.exp(-np.abs(np.log(np.sqrt(x**2)))))),
    ),
    "means of windows that overlap": (
        "cnncalc: 1\ninput: 4x7x10\nlayers: [adaptive 3x5]",
        lambda _, x: pooled(pooled(x, 3, 2, np.mean), 5, 3, np.mean),
    ),
    "maxima of windows that overlap": (
        "cnncalc: 1\ninput: 4x7x10\nlayers: [adaptive_max 3x4]",
        lambda _, x: pooled(pooled(x, 3, 2, np.max), 4, 3, np.max),
    ),
    "every third position": ("cnncalc: 1\ninput: 4x9x31\nlayers: [upsample 1/3]", lambda _, x: thirds(x)),
    "pads that wrap before they crop": (
        "cnncalc: 1\ninput: 4x8\nlayers: [{op: pad, padding: [[3, -2]], padding_mode: circular}]",
        lambda _, x: np.pad(x, ((0, 0), (0, 0), (3, 0)), mode="wrap")[:, :, :-2],
    ),
}  # fmt: skip


def normed(x: Any, axes: tuple[int, ...]) -> Any:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


@pytest.mark.parametrize("batch", [None, 2])
@pytest.mark.parametrize("name", DEFINITIONS)
def test_an_op_computes_what_it_is_defined_as(name: str, batch: int | None, tmp_path: Path) -> None:
    text, expected = DEFINITIONS[name]
    made = report(text + "\n")
    holds(made, tmp_path, batch=batch)
    given, inputs, weights = run(made, tmp_path, batch=batch)
    np.testing.assert_allclose(given, expected(weights, *inputs), rtol=1e-4, atol=1e-5)
