"""Against the onnx package: files that it writes, its shape inference, and the models that it carries."""

from __future__ import annotations

from itertools import product
from math import prod
from pathlib import Path
from time import process_time
from typing import Any

import pytest

import cnncalc
from cnncalc.importers.onnx.model import read_onnx
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.report import Report
from cnncalc.spec import reader
from tests.frameworks import needed

onnx = needed("onnx")

from tests.oracle.onnx_models import Maker, resnet18  # noqa: E402 - needs onnx

pytestmark = pytest.mark.oracle

EXAMPLES = Path(__file__).parents[2] / "examples" / "configs"


def _report(model: Any) -> Report:
    return cnncalc.analyze(reader.parse(to_yaml(read_onnx(model.SerializeToString()))))


def _inferred(model: Any) -> list[tuple[int, ...]]:
    """The output shapes by the shape inference of the onnx package, without their batch."""
    found = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    return [tuple(dim.dim_value for dim in out.type.tensor_type.shape.dim)[1:] for out in found.graph.output]


def _same(make: Maker, shape: tuple[int, ...], output: str) -> None:
    model = make.model({"x": (1, *shape)}, output)
    assert [tuple(found) for found in _report(model).outputs.values()] == _inferred(model)


class TestResNet18:
    def test_it_has_the_figures_of_the_example(self) -> None:
        ours = cnncalc.analyze(str(EXAMPLES / "resnet18.yaml")).totals
        found = _report(resnet18()).totals
        assert (found.params, found.macs, found.buffers) == (ours.params, ours.macs, ours.buffers)

    def test_its_layers_see_what_those_of_the_example_see(self) -> None:
        ours, found = cnncalc.analyze(str(EXAMPLES / "resnet18.yaml")), _report(resnet18())
        for name in ("layer1", "layer2", "layer3", "layer4"):
            assert found[name].reach == ours[name].reach

    def test_folded_norms_leave_a_bias_each(self) -> None:
        norms = 4800  # channels behind the 20 convolutions of He et al. 2015: 64 * 5 + (128 + 256 + 512) * 5
        assert _report(resnet18(norm=False)).totals.params == 11_689_512 - norms

    def test_it_is_written_in_few_lines(self) -> None:
        assert len(to_yaml(read_onnx(resnet18().SerializeToString())).splitlines()) < 40

    def test_it_is_read_in_less_than_half_a_second(self) -> None:
        data = resnet18().SerializeToString()
        start = process_time()
        read_onnx(data)
        assert process_time() - start < 0.5


class TestWindows:
    @pytest.mark.parametrize("op", ["Conv", "MaxPool", "AveragePool"])
    def test_windows_have_the_sizes_that_onnx_infers(self, op: str) -> None:
        for n, k, s, d in product((7, 8, 11), (1, 2, 3), (1, 2, 3), (1, 2)):
            if op == "AveragePool" and d > 1:
                continue
            for padding in ("SAME_UPPER", "SAME_LOWER", "VALID", (k // 2, 0), (0, k // 2)):
                make = Maker()
                given: dict[str, Any] = {"kernel_shape": [k, k], "strides": [s, s]}
                if d > 1:
                    given["dilations"] = [d, d]
                if isinstance(padding, str):
                    given["auto_pad"] = padding
                else:
                    given["pads"] = [padding[0]] * 2 + [padding[1]] * 2
                weights = [make.weight("w", 6, 3, k, k)] if op == "Conv" else []
                _same(make, (3, n, n), make.node(op, "x", *weights, **given))

    def test_rounding_up_gives_the_sizes_that_onnx_infers(self) -> None:
        for op, n, k, s, p in product(("MaxPool", "AveragePool"), range(4, 12), (2, 3), (1, 2, 3), (0, 1)):
            make = Maker(opset=22)
            pads = [p] * 4
            _same(make, (3, n, n), make.node(op, "x", kernel_shape=[k, k], strides=[s, s], pads=pads, ceil_mode=1))

    def test_transposed_convolutions_have_the_sizes_that_onnx_infers(self) -> None:
        for n, k, s, p, extra, groups in product((4, 7), (2, 3, 4), (1, 2, 3), (0, 1), (0, 1), (1, 2)):
            if extra >= s:
                continue
            make = Maker()
            given: dict[str, Any] = {
                "kernel_shape": [k, k],
                "strides": [s, s],
                "pads": [p] * 4,
                "output_padding": [extra] * 2,
            }
            weight = make.weight("w", 4, 6 // groups, k, k)
            _same(make, (4, n, n), make.node("ConvTranspose", "x", weight, group=groups, **given))

    @pytest.mark.parametrize("out", [8, 9, 10])
    def test_a_transposed_convolution_reaches_its_output_shape(self, out: int) -> None:
        make = Maker()
        weight = make.weight("w", 4, 6, 3, 3)
        given: dict[str, Any] = {"kernel_shape": [3, 3], "strides": [2, 2], "output_shape": [out, out]}
        _same(make, (4, 4, 4), make.node("ConvTranspose", "x", weight, **given))

    @pytest.mark.parametrize("axes", [1, 2, 3])
    def test_any_number_of_axes(self, axes: int) -> None:
        make = Maker()
        weight = make.weight("w", 6, 3, *[3] * axes)
        _same(make, (3, *[9] * axes), make.node("Conv", "x", weight, strides=[2] * axes))

    @pytest.mark.parametrize(("group", "out"), [(1, 8), (2, 8), (4, 4), (4, 8)])
    def test_groups_share_the_parameters_out(self, group: int, out: int) -> None:
        make = Maker()
        y = make.node("Conv", "x", make.weight("w", out, 4 // group, 3, 3), make.weight("b", out), group=group)
        assert _report(make.model({"x": (1, 4, 9, 9)}, y)).totals.params == out * (4 // group) * 9 + out


class TestOthers:
    @pytest.mark.parametrize("opset", [10, 11, 13, 18, 19])
    @pytest.mark.parametrize("scale", [2.0, 3.0, 1.5, 0.5])
    def test_nearest_resizing_has_the_sizes_that_onnx_infers(self, opset: int, scale: float) -> None:
        make = Maker(opset=opset)
        scales = make.floats("s", 1, 1, scale, scale)
        given: dict[str, Any] = (
            {} if opset == 10 else {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        )
        inputs = ("x", scales) if opset == 10 else ("x", "", scales)
        _same(make, (3, 8, 8), make.node("Resize", *inputs, mode="nearest", **given))

    @pytest.mark.parametrize("where", ["half_pixel", "pytorch_half_pixel", "align_corners"])
    def test_linear_resizing_to_sizes(self, where: str) -> None:
        make = Maker()
        sizes = make.ints("s", 1, 3, 13, 17)
        attributes: dict[str, Any] = {"mode": "linear", "coordinate_transformation_mode": where}
        _same(make, (3, 8, 8), make.node("Resize", "x", "", "", sizes, **attributes))

    def test_channels_that_are_shuffled_by_reshapes_are_one_layer(self) -> None:
        make = Maker()
        y = make.node("Reshape", "x", make.ints("a", 1, 2, 4, 6, 6))
        y = make.node("Transpose", y, perm=[0, 2, 1, 3, 4])
        y = make.node("Relu", make.node("Reshape", y, make.ints("b", 1, 8, 6, 6)))
        layers = read_onnx(make.model({"x": (1, 8, 6, 6)}, y).SerializeToString()).layers
        # An activation may come first: it acts on every element by itself.
        assert {layer.op: dict(layer.options) for layer in layers} == {"channelshuffle": {"groups": 2}, "relu": {}}

    def test_squeeze_and_excitation_with_linear_layers(self) -> None:
        make = Maker()
        y = make.node("Flatten", make.node("GlobalAveragePool", "x"))
        y = make.node("Relu", make.node("Gemm", y, make.weight("a.weight", 2, 8), make.weight("a.bias", 2), transB=1))
        y = make.node("Gemm", y, make.weight("b.weight", 8, 2), make.weight("b.bias", 8), transB=1)
        y = make.node("Reshape", make.node("Sigmoid", y), make.ints("s", 1, 8, 1, 1))
        y = make.node("Mul", "x", y)
        model = make.model({"x": (1, 8, 6, 6)}, y)
        found = _report(model)
        assert [tuple(shape) for shape in found.outputs.values()] == [(8, 6, 6)]
        assert found.totals.params == prod((2, 8)) * 2 + 2 + 8

    def test_pads_slices_splits_and_concatenations(self) -> None:
        make = Maker()
        y = make.node("Pad", "x", make.ints("p", 0, 0, 1, 2, 0, 0, 0, 3))
        names = [make.ints(name, *values) for name, values in (("st", (2, 1)), ("en", (99, 7)), ("ax", (2, 1)))]
        y = make.node("Slice", y, *names)
        a = make.node("Split", y, make.ints("sp", 2, 4), axis=1, outputs=2)
        y = make.node("Concat", a, f"{a}_1", a, axis=1)
        _same(make, (8, 6, 6), y)

    def test_a_convnext_block_with_channels_last(self) -> None:
        make = Maker()
        y = make.node("Conv", "x", make.weight("d", 8, 1, 7, 7), make.weight("db", 8), group=8, pads=[3] * 4)
        y = make.node("Transpose", y, perm=[0, 2, 3, 1])
        y = make.node("LayerNormalization", y, make.weight("n", 8), make.weight("nb", 8), axis=-1)
        y = make.node("Add", make.node("MatMul", y, make.weight("a", 8, 32)), make.weight("ab", 32))
        y = make.node("Add", make.node("MatMul", y, make.weight("c", 32, 8)), make.weight("cb", 8))
        y = make.node("Transpose", make.node("Mul", y, make.weight("g", 8)), perm=[0, 3, 1, 2])
        model = make.model({"x": (1, 8, 6, 6)}, make.node("Add", "x", y))
        found = _report(model)
        assert found.totals.params == sum(prod(weight.dims) for weight in model.graph.initializer)
        assert [tuple(shape) for shape in found.outputs.values()] == _inferred(model)
