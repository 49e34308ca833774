from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.importers.keras.model import read_keras
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader
from tests.importers.keras_configs import CONV, functional, layer, read, report, sequential

if TYPE_CHECKING:
    from pathlib import Path


def size(n: int, kind: str, **config: Any) -> tuple[int, ...]:
    """The output sizes of one layer on a map of n x n."""
    found = report(sequential(layer(kind, "only", **config), shape=(None, n, n, 3)))
    return tuple(next(iter(found.outputs.values())))[1:]


class TestSizes:
    """The rules of Keras' documentation: `same` is ceil(n/s), `valid` ceil((n - k + 1)/s)."""

    @pytest.mark.parametrize("n", range(5, 14))
    @pytest.mark.parametrize("stride", [1, 2, 3])
    def test_same_and_valid_convolutions(self, n: int, stride: int) -> None:
        strides = {"strides": [stride, stride]}
        assert size(n, "Conv2D", **CONV, **strides, padding="same") == (-(-n // stride),) * 2
        assert size(n, "Conv2D", **CONV, **strides, padding="valid") == (-(-(n - 2) // stride),) * 2
        assert size(n, "MaxPooling2D", pool_size=[3, 3], **strides, padding="same") == (-(-n // stride),) * 2

    @pytest.mark.parametrize("stride", [1, 2, 3, 4, 5])
    @pytest.mark.parametrize("kernel", [1, 2, 3, 4])
    def test_transposed_convolutions(self, stride: int, kernel: int) -> None:
        config = {"filters": 4, "kernel_size": [kernel] * 2, "strides": [stride] * 2}
        assert size(6, "Conv2DTranspose", **config, padding="same") == (6 * stride,) * 2
        assert size(6, "Conv2DTranspose", **config, padding="valid") == (6 * stride + max(kernel - stride, 0),) * 2

    def test_a_pool_strides_by_its_size_unless_told(self) -> None:
        assert size(9, "AveragePooling2D", pool_size=[3, 3], strides=None, padding="valid") == (3, 3)

    def test_zero_padding_names_top_bottom_then_left_right(self) -> None:
        assert size(8, "ZeroPadding2D", padding=[[0, 1], [2, 3]]) == (9, 13)

    def test_cropping(self) -> None:
        assert size(8, "Cropping2D", cropping=[[1, 1], [2, 3]]) == (6, 3)

    @pytest.mark.parametrize("word", ["nearest", "bilinear", "bicubic"])
    def test_up_sampling(self, word: str) -> None:
        assert size(8, "UpSampling2D", size=[2, 3], interpolation=word) == (16, 24)


class TestNetworks:
    def test_shapes_turn_from_channels_last_to_channels_first(self) -> None:
        assert read(sequential(layer("ReLU", "a"), shape=(None, 20, 10, 3))).inputs == {"input": (3, 20, 10)}

    def test_parameters_are_those_of_the_formulas(self) -> None:
        found = report(sequential(
            layer("Conv2D", "c", **CONV, use_bias=False, padding="same", activation="linear"),
            layer("BatchNormalization", "n", axis=-1, scale=True, center=True),
            layer("SeparableConv2D", "s", filters=16, kernel_size=[3, 3], depth_multiplier=2, padding="same"),
            layer("DepthwiseConv2D", "d", kernel_size=[5, 5], padding="same", use_bias=True),
            layer("GlobalAveragePooling2D", "g", keepdims=False),
            layer("Dense", "f", units=10, activation="softmax"),
        ))  # fmt: skip
        separable = 8 * 2 * 9 + 16 * 16 + 16
        assert found.totals.params == 3 * 8 * 9 + 2 * 8 + separable + 16 * 25 + 16 + 16 * 10 + 10
        assert list(found.outputs.values()) == [(10,)]

    @pytest.mark.parametrize(("scale", "center", "params"), [(True, True, 6), (False, True, 3), (False, False, 0)])
    def test_a_norm_counts_the_parameters_it_has(self, scale: bool, center: bool, params: int) -> None:  # noqa: FBT001
        found = report(sequential(layer("BatchNormalization", "n", axis=[3], scale=scale, center=center)))
        assert found.totals.params == params

    def test_squeeze_and_excitation_by_a_reshape_keeps_its_parameters(self) -> None:
        found = report(functional(
            [
                layer("InputLayer", "in0", batch_shape=[None, 8, 8, 16]),
                layer("GlobalAveragePooling2D", "g", "in0", keepdims=False),
                layer("Dense", "d", "g", units=4, activation="relu"),
                layer("Reshape", "r", "d", target_shape=[1, 1, 4]),
                layer("Conv2D", "e", "r", filters=16, kernel_size=[1, 1], activation="sigmoid"),
                layer("Multiply", "m", "in0", "e"),
            ], "in0", "m",
        ))  # fmt: skip
        assert found.totals.params == 16 * 4 + 4 + 4 * 16 + 16
        assert list(found.outputs.values()) == [(16, 8, 8)]

    def test_the_format_of_keras_2_is_read(self) -> None:
        layers = [
            {"class_name": "InputLayer", "name": "i", "inbound_nodes": [],
             "config": {"name": "i", "batch_input_shape": [None, 8, 8, 3]}},
            {"class_name": "Conv2D", "name": "c", "config": {"name": "c", **CONV},
             "inbound_nodes": [[["i", 0, 0, {}]]]},
            {"class_name": "Concatenate", "name": "k", "config": {"name": "k", "axis": -1},
             "inbound_nodes": [[["c", 0, 0, {}], ["c", 0, 0, {}]]]},
        ]  # fmt: skip
        config = {"name": "m", "layers": layers, "input_layers": [["i", 0, 0]], "output_layers": [["k", 0, 0]]}
        found = report({"class_name": "Functional", "config": config, "keras_version": "2.15.0"})
        assert list(found.outputs.values()) == [(16, 6, 6)]

    def test_a_model_inside_a_model_is_one_group_of_names(self) -> None:
        inner = functional(
            [layer("InputLayer", "x", batch_shape=[None, 8, 8, 3]), layer("Conv2D", "c", "x", **CONV)], "x", "c", "body"
        )
        inner = {**layer("Functional", "body", "in0"), "config": inner["config"]}
        outer = functional(
            [layer("InputLayer", "in0", batch_shape=[None, 8, 8, 3]), inner, layer("ReLU", "r", "body")], "in0", "r"
        )
        assert [one.name for one in read(outer).layers] == ["body.c", "r"]

    def test_a_layer_called_twice_counts_once(self) -> None:
        shared = layer("Conv2D", "c", "in0", filters=3, kernel_size=[3, 3], padding="same")
        shared["inbound_nodes"] += layer("Conv2D", "c", "c")["inbound_nodes"]
        last = layer("ReLU", "r", "c")
        last["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["c", 1, 0]
        found = read(functional([layer("InputLayer", "in0", batch_shape=[None, 8, 8, 3]), shared, last], "in0", "r"))
        assert [one.shares for one in found.layers] == [None, "c", None]
        assert cnncalc.analyze(reader.parse(to_yaml(found))).totals.params == 3 * 3 * 9 + 3

    def test_a_keras_archive_is_read_without_its_weights(self, tmp_path: Path) -> None:
        config = sequential(layer("Conv2D", "a", **CONV))
        path = tmp_path / "net.keras"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", b"\x00" * 100)
        assert read_keras(path) == read(config)

    @pytest.mark.parametrize("first", [True, False])
    def test_a_model_with_its_channels_first_says_so_in_its_layers(self, first: bool) -> None:  # noqa: FBT001
        order = "channels_first" if first else "channels_last"
        config = sequential(
            layer("Conv2D", "c", **CONV, data_format=order), layer("Flatten", "f"), layer("Dense", "d", units=5),
            shape=(None, 3, 32, 16) if first else (None, 32, 16, 3),
        )  # fmt: skip
        found = report(config)
        assert read(config).inputs == {"input": (3, 32, 16)}
        assert found.totals.params == 3 * 8 * 9 + 8 + 8 * 30 * 14 * 5 + 5

    def test_a_shared_model_counts_once(self) -> None:
        conv = layer("Conv2D", "c", "x", filters=3, kernel_size=[3, 3], padding="same")
        inner = functional(
            [layer("InputLayer", "x", batch_shape=[None, 8, 8, 3]), conv, layer("ReLU", "r", "c")], "x", "r"
        )
        calls = (
            layer("Functional", "twin", "left")["inbound_nodes"] + layer("Functional", "twin", "right")["inbound_nodes"]
        )
        both = layer("Add", "a", "twin", "twin")
        both["inbound_nodes"][0]["args"][0][1]["config"]["keras_history"] = ["twin", 1, 0]
        outer = functional(
            [
                layer("InputLayer", "left", batch_shape=[None, 8, 8, 3]),
                layer("InputLayer", "right", batch_shape=[None, 8, 8, 3]),
                {**layer("Functional", "twin"), "config": inner["config"], "inbound_nodes": calls},
                both,
            ], "left", "a",
        )  # fmt: skip
        outer["config"]["input_layers"] = [["left", 0, 0], ["right", 0, 0]]
        assert report(outer).totals.params == 3 * 3 * 9 + 3
        assert list(read(outer).inputs) == ["left", "right"]

    def test_a_shared_model_may_end_in_a_layer_with_weights(self) -> None:
        convs = [layer("Conv2D", name, source, filters=3, kernel_size=[3, 3], padding="same")
                 for name, source in (("c", "x"), ("d", "c"))]  # fmt: skip
        inner = functional([layer("InputLayer", "x", batch_shape=[None, 8, 8, 3]), *convs], "x", "d")
        twice = (
            layer("Functional", "twin", "in0")["inbound_nodes"] + layer("Functional", "twin", "twin")["inbound_nodes"]
        )
        outer = functional(
            [layer("InputLayer", "in0", batch_shape=[None, 8, 8, 3]),
             {**layer("Functional", "twin"), "config": inner["config"], "inbound_nodes": twice}], "in0", "twin",
        )  # fmt: skip
        outer["config"]["output_layers"] = [["twin", 1, 0]]
        assert report(outer).totals.params == 2 * (3 * 3 * 9 + 3)

    def test_names_that_differ_in_signs_are_layers_of_their_own(self) -> None:
        found = read(sequential(layer("Conv2D", "a/b", **CONV), layer("Conv2D", "a-b", **CONV)))
        assert [one.shares for one in found.layers] == [None, None]
        assert len({one.name for one in found.layers}) == 2

    def test_frozen_layers_are_frozen(self) -> None:
        config = sequential(layer("Conv2D", "c", **CONV), layer("BatchNormalization", "n"))
        config["config"]["layers"][1]["config"]["trainable"] = False
        assert [bool(one.options.get("frozen")) for one in read(config).layers] == [True, False]

    def test_a_sequential_of_keras_1_is_a_list(self) -> None:
        first = layer("Conv2D", "c", **CONV, batch_input_shape=[None, 8, 8, 3])
        assert report({"class_name": "Sequential", "config": [first]}).totals.params == 3 * 8 * 9 + 8


class TestAttention:
    def test_its_projections_are_layers_below_its_name(self) -> None:
        attention = layer("MultiHeadAttention", "mha", "in0", "in0", num_heads=2, key_dim=3, value_dim=5)
        attention["inbound_nodes"][0]["args"] = attention["inbound_nodes"][0]["args"][0]
        config = functional([layer("InputLayer", "in0", batch_shape=[None, 10, 8]), attention], "in0", "mha")
        found = read(config)
        assert [(one.name, one.op, one.shape) for one in found.layers] == [
            ("mha.query", "conv", (6, 10)), ("mha.key", "conv", (6, 10)), ("mha.value", "conv", (10, 10)),
            ("mha.sdpa", "sdpa", (10, 10)), ("mha.attention_output", "conv", (8, 10)),
        ]  # fmt: skip
        totals = report(config).totals
        assert totals.params == 2 * (8 * 6 + 6) + 8 * 10 + 10 + 10 * 8 + 8
        assert totals.macs == 10 * (8 * 6 * 2 + 8 * 10 + 10 * 8) + 10 * 10 * (6 + 10)
