"""The models that the onnx package carries: networks without weights, and what PyTorch once exported."""

from __future__ import annotations

import re
from math import prod
from typing import Any

import pytest

import cnncalc
from cnncalc.report import Report
from tests.frameworks import needed

onnx = needed("onnx")

from tests.oracle.onnx_cases import DATA, model_cases  # noqa: E402 - needs onnx
from tests.oracle.test_onnx_cases import outcome  # noqa: E402 - likewise

pytestmark = pytest.mark.oracle

NETWORKS = {
    "bvlc_alexnet": 60_965_224,  # Krizhevsky et al. 2012 in Caffe's version
    "densenet121": 7_978_856 + 2 * 41_824,  # torchvision's, and a scale and a shift behind each norm
    "inception_v1": 6_998_552,  # Szegedy et al. 2014 in Caffe's version
    "inception_v2": None,
    "resnet50": 25_557_032,  # torchvision's
    "shufflenet": None,
    "squeezenet": 1_235_496,  # torchvision's
    "vgg19": 143_667_240,  # torchvision's
    "zfnet512": None,
}
"""Their parameters, where they are published."""
WEIGHTS = {"Conv": (1, 2), "Gemm": (1, 2), "BatchNormalization": (1, 2), "Mul": (1,), "Add": (1,)}
"""Inputs that are weights in them."""


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> tuple[str, Any, Report]:
    """Name, model with the shapes that onnx infers, and what is read of it."""
    path = DATA / "light" / f"light_{request.param}.onnx"
    if not path.exists():
        pytest.skip("this version of onnx does not carry it")
    model = onnx.shape_inference.infer_shapes(onnx.load(path), strict_mode=True, data_prop=True)
    return request.param, model, cnncalc.analyze(cnncalc.from_onnx(path))


class TestNetworks:
    def test_outputs_have_the_shapes_that_onnx_infers(self, network: tuple[str, Any, Report]) -> None:
        _, model, found = network
        shapes = _shapes(model)
        assert list(found.outputs.values()) == [shapes[out.name][1:] for out in model.graph.output]

    def test_parameters_are_all_elements_of_weights(self, network: tuple[str, Any, Report]) -> None:
        name, model, found = network
        shapes = _shapes(model)
        makers = {out: node for node in model.graph.node for out in node.output}
        weights = set()
        for node in model.graph.node:
            for place in WEIGHTS.get(node.op_type, ())[: len(node.input) - 1]:
                source = node.input[place]
                while source in makers and makers[source].op_type != "ConstantOfShape":  # under other dimensions
                    source = makers[source].input[0]
                weights.add(source)
        assert found.totals.params == sum(prod(shapes[each]) for each in weights)
        assert found.totals.params == (NETWORKS[name] or found.totals.params)

    def test_macs_are_those_of_convolutions_and_linear_layers(self, network: tuple[str, Any, Report]) -> None:
        _, model, found = network
        shapes = _shapes(model)
        macs = 0
        for node in model.graph.node:
            if node.op_type == "Conv":
                macs += prod(shapes[node.output[0]][1:]) * prod(shapes[node.input[1]][1:])
            elif node.op_type == "Gemm":
                macs += prod(shapes[node.input[1]])
        assert found.totals.macs == macs

    def test_every_map_has_the_shape_that_onnx_infers(self, network: tuple[str, Any, Report]) -> None:
        _, model, found = network
        shapes = _shapes(model)
        wanted = {
            shapes[node.output[0]][1:] for node in model.graph.node if node.op_type in ("Conv", "Concat", "MaxPool")
        }
        assert wanted <= {tuple(layer.output_shape) for layer in found.layers}


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    graph = model.graph
    known = {
        each.name: tuple(dim.dim_value for dim in each.type.tensor_type.shape.dim)
        for each in (*graph.input, *graph.value_info, *graph.output)
    }
    return {**known, **{each.name: tuple(each.dims) for each in graph.initializer}}


REFUSED = {
    r"has [0167] dimensions": "an input without channels, or with too many sizes",
    r"does not say the shape": "a model for training, whose inputs have no shapes",
    r"has no counterpart": "an op on text",
    r"has no layer": "nothing but a view",
    r"no output is computed from the inputs": "it gives a number of tensors",
    r"batch|samples": "it mixes samples",
}


@pytest.mark.parametrize("kind", ["simple", "pytorch-converted", "pytorch-operator"])
def test_small_models_have_their_shape_and_parameters_or_are_refused_for_a_reason(kind: str) -> None:
    known = re.compile("|".join(REFUSED))
    found = {case.name: outcome(case) for case in model_cases(kind)}
    assert not {name: why for name, why in found.items() if why and not known.search(why.splitlines()[0])}
    least = {"simple": 5, "pytorch-converted": 75, "pytorch-operator": 25}[kind]
    assert sum(not why for why in found.values()) >= least
