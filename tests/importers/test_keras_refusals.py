from __future__ import annotations

import copy
import json
import random
import zipfile
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.errors import SpecError, UsageError
from cnncalc.importers.keras.config import MAX_BYTES, MAX_DEPTH
from cnncalc.importers.keras.model import read_keras
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader
from tests.importers.keras_configs import CONV, functional, lambda_, layer, legacy, read, sequential


class TestRefusals:
    def test_all_layers_without_a_counterpart_are_listed_at_once(self) -> None:
        with pytest.raises(SpecError) as caught:
            read(functional(
                [layer("InputLayer", "in0", batch_shape=[None, 8, 8, 3]), layer("Lambda", "a", "in0"),
                 layer("ReLU", "b", "a"), layer("LSTM", "c", "b")], "in0", "c",
            ))  # fmt: skip
        assert [found.layer for found in caught.value.findings] == ["a", "c"]

    def test_a_chain_is_checked_to_its_end(self) -> None:
        with pytest.raises(SpecError) as caught:
            read(sequential(layer("Lambda", "a"), layer("ReLU", "b"), layer("LSTM", "c")))
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

    def test_an_archive_packed_so_that_it_asks_for_memory_is_refused(self) -> None:
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("config.json", json.dumps(sequential(layer("ReLU", "a"))))
        with pytest.raises(SpecError, match="packed in a way that Keras does not use"):
            read_keras(packed.getvalue())

    def test_a_number_of_many_digits_is_refused(self) -> None:
        with pytest.raises(SpecError, match="a number of 100000 digits"):
            read_keras(b'{"class_name": "Sequential", "config": {"a": ' + b"1" * 100_000 + b"}}")

    def test_a_model_that_calls_itself_ever_more_often_inside_is_refused(self) -> None:
        model = functional([layer("InputLayer", "x", batch_shape=[None, 8, 8, 3]), layer("ReLU", "r", "x")], "x", "r")
        for depth in range(8):
            name = f"n{depth}"
            nodes = [layer("Functional", name, source)["inbound_nodes"][0] for source in ["x", *[name] * 9]]
            for number, node in enumerate(nodes[1:]):
                node["args"][0]["config"]["keras_history"] = [name, number, 0]
            inner = {**layer("Functional", name), "config": model["config"], "inbound_nodes": nodes}
            model = functional([layer("InputLayer", "x", batch_shape=[None, 8, 8, 3]), inner], "x", name)
            model["config"]["output_layers"] = [[name, 9, 0]]
        with pytest.raises(SpecError, match="more than 2,000 calls of models inside"):
            read(model)

    def test_two_layers_of_one_name_are_refused(self) -> None:
        with pytest.raises(SpecError, match="two layers are called a"):
            read(sequential(layer("ReLU", "a"), layer("Conv2D", "a", **CONV)))

    def test_a_layer_that_is_not_there_is_named(self) -> None:
        with pytest.raises(SpecError, match="a reads call 0 of `gone`, which is not in the model"):
            read(functional([layer("InputLayer", "in0", batch_shape=[None, 8, 8, 3]), layer("ReLU", "a", "gone")],
                            "in0", "a"))  # fmt: skip

    def test_a_model_whose_layers_are_code_is_refused(self) -> None:
        with pytest.raises(SpecError, match="the model is a MyModel, whose layers are not in the file"):
            read({"class_name": "MyModel", "config": {"name": "m"}})

    def test_an_unknown_layer_is_kept_if_asked_to_with_the_shape_of_the_file(self) -> None:
        layers = [layer("InputLayer", "in0", batch_shape=[None, 8, 8, 3]), layer("Odd", "o", "in0"),
                  layer("ReLU", "r", "o")]  # fmt: skip
        layers[2]["inbound_nodes"][0]["args"][0]["config"]["shape"] = [None, 4, 4, 9]
        with pytest.raises(SpecError, match="o: Odd has no counterpart: a class of its own"):
            read(functional(layers, "in0", "r"))
        kept = read(functional(layers, "in0", "r"), allow_unknown=True).layers[0]
        assert (kept.op, kept.shape, kept.options["sees_all"]) == ("custom", (9, 4, 4), True)

    def test_free_sizes_are_asked_for(self) -> None:
        with pytest.raises(UsageError, match=r"`in0` are free \(3x\?x\?\)"):
            read(sequential(layer("ReLU", "a"), shape=(None, None, None, 3)))

    def test_an_absurd_size_is_refused(self) -> None:
        with pytest.raises(SpecError, match="batch, sizes and channels were expected"):
            read(sequential(layer("ReLU", "a"), shape=(None, 2**40, 8, 3)))


JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, -1, 2**31, 2**60, -(2**40), 1.5, "", "same", "x" * 300, [], [1], [0], [None], [[]], [1, 2],
     [[1, 2], [3, 4]], {}, {"class_name": "x"}, {"class_name": "__keras_tensor__", "config": {}}, ["in0", 0, 0]]
)  # fmt: skip
BASES = [
    sequential(
        layer("Conv2D", "c", **CONV, strides=[2, 2], padding="same", activation="relu"), layer("MaxPooling2D", "p"),
        layer("ZeroPadding2D", "z", padding=[[0, 1], [0, 1]]), layer("BatchNormalization", "n", axis=-1, scale=False),
        layer("Conv2DTranspose", "t", **CONV, output_padding=[1, 1], strides=[2, 2]),
        layer("Reshape", "r", target_shape=[-1, 8]), layer("Permute", "q", dims=[2, 1]), layer("Flatten", "f"),
        layer("Dense", "d", units=3),
    ),
    functional(
        [layer("InputLayer", "in0", batch_shape=[None, 6, 4]),
         layer("MultiHeadAttention", "m", "in0", "in0", num_heads=2, key_dim=3),
         layer("Concatenate", "k", "in0", "m", axis=1),
         layer("EinsumDense", "e", "k", equation="abc,cd->abd", output_shape=[None, 5], bias_axes="d"),
         layer("Dot", "o", "e", "e", axes=[1, 1]), layer("PReLU", "p", "o", shared_axes=[1])], "in0", "p",
    ),
    legacy(lambda_("concat", [["i", 0, 0, {"axis": -1}], ["i", 0, 0, {}]]),
           lambda_("reshape", ["tf.concat", 0, 0, {"shape": [-1, 64, 12]}]),
           lambda_("math.reduce_max", ["tf.reshape", 0, 0, {"axis": 1, "keepdims": True}])),
]  # fmt: skip


def places(found: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value of a configuration."""
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_configuration_with_anything_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    config = copy.deepcopy(data.draw(st.sampled_from(BASES)))
    for _ in range(data.draw(st.integers(1, 3))):
        *path, key = data.draw(st.sampled_from(places(config)[1:]))
        around = config
        for step in path:
            around = around[step]
        around[key] = copy.deepcopy(data.draw(JUNK))
    try:
        found = read(config, allow_unknown=data.draw(st.booleans()))
    except (SpecError, UsageError):
        return
    cnncalc.analyze(reader.parse(to_yaml(found)))
