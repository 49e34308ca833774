from __future__ import annotations

import json
import random
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.errors import SpecError, UsageError
from cnncalc.importers.keras.config import MAX_BYTES, MAX_DEPTH
from cnncalc.importers.keras.model import read_keras
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cnncalc.importers.layers import Imported
    from cnncalc.report import Report

Json = dict[str, Any]


def layer(kind: str, name: str, *inputs: str, **config: Any) -> Json:
    """A layer as Keras 3 writes it."""
    tensors = [
        {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None], "dtype": "float32", "keras_history": [one, 0, 0]},
        }
        for one in inputs
    ]
    args = [tensors] if len(tensors) > 1 else tensors
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, "trainable": True, **config},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": args, "kwargs": {}}] if inputs else [],
    }


def functional(layers: Sequence[Json], first: str, last: str, name: str = "net") -> Json:
    return {
        "module": "keras",
        "class_name": "Functional",
        "config": {
            "name": name,
            "layers": list(layers),
            "input_layers": [[first, 0, 0]],
            "output_layers": [[last, 0, 0]],
        },
    }


def sequential(*layers: Json, shape: Sequence[int | None] = (None, 32, 32, 3)) -> Json:
    first = layer("InputLayer", "in0", batch_shape=list(shape))
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": [first, *layers]}}


def read(config: Json, **given: Any) -> Imported:
    return read_keras(json.dumps(config).encode(), **given)


def report(config: Json) -> Report:
    return cnncalc.analyze(reader.parse(to_yaml(read(config))))


def size(n: int, kind: str, **config: Any) -> tuple[int, ...]:
    """The output sizes of one layer on a map of n x n."""
    found = report(sequential(layer(kind, "only", **config), shape=(None, n, n, 3)))
    return tuple(next(iter(found.outputs.values())))[1:]


CONV = {"filters": 8, "kernel_size": [3, 3]}


class TestRefusals:
    def test_all_layers_without_a_counterpart_are_listed_at_once(self) -> None:
        with pytest.raises(SpecError) as caught:
            read(functional(
                [layer("InputLayer", "in0", batch_shape=[None, 8, 8, 3]), layer("Lambda", "a", "in0"),
                 layer("ReLU", "b", "a"), layer("LSTM", "c", "b")], "in0", "c",
            ))  # fmt: skip
        assert [found.layer for found in caught.value.findings] == ["a", "c"]

    def test_layers_in_a_circle_are_refused(self) -> None:
        with pytest.raises(SpecError, match="the layers a, b wait for each other"):
            read(functional(
                [layer("InputLayer", "in0", batch_shape=[None, 8, 8, 3]), layer("Add", "a", "in0", "b"),
                 layer("ReLU", "b", "a")], "in0", "b",
            ))  # fmt: skip

    @pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'{"class_name": "Sequential"}', b"\xff\xfe", b"PK"])
    def test_what_is_no_model_is_refused(self, text: bytes) -> None:
        with pytest.raises(SpecError):
            read_keras(text)

    def test_deep_nesting_is_refused_before_it_is_parsed(self) -> None:
        with pytest.raises(SpecError, match=f"deeper than {MAX_DEPTH}"):
            read_keras(b"[" * 100_000)

    def test_a_zip_bomb_is_read_no_further_than_the_limit(self) -> None:
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", b" " * (MAX_BYTES * 4))
        assert len(packed.getvalue()) < MAX_BYTES / 100
        with pytest.raises(SpecError, match="above the limit of 32 MiB"):
            read_keras(packed.getvalue())

    def test_an_archive_without_a_configuration_is_refused(self) -> None:
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("other.json", "{}")
        with pytest.raises(SpecError, match=r"no config\.json"):
            read_keras(packed.getvalue())

    def test_damaged_archives_and_texts_are_errors_or_other_models_but_never_a_crash(self) -> None:
        draw = random.Random(6)
        text = json.dumps(sequential(layer("Conv2D", "a", **CONV), layer("Dense", "b", units=3))).encode()
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", text)
        refused = 0
        for whole in (text, packed.getvalue()):
            for _ in range(600):
                data = bytearray(whole)
                for _ in range(draw.randint(1, 3)):
                    data[draw.randrange(len(data))] = draw.randrange(256)
                try:
                    read_keras(bytes(data))
                except (SpecError, UsageError):
                    refused += 1
        assert refused > 300

    def test_free_sizes_are_asked_for(self) -> None:
        with pytest.raises(UsageError, match=r"`in0` are free \(3x\?x\?\)"):
            read(sequential(layer("ReLU", "a"), shape=(None, None, None, 3)))

    def test_an_absurd_size_is_refused(self) -> None:
        with pytest.raises(SpecError, match="batch, sizes and channels were expected"):
            read(sequential(layer("ReLU", "a"), shape=(None, 2**40, 8, 3)))


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
