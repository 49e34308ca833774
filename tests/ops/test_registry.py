from __future__ import annotations

import importlib
import inspect
import json
import pkgutil

import pytest
from pydantic import ValidationError

from cnncalc import ops
from cnncalc.ops import OPS, SYNONYMS
from cnncalc.ops.base import Op, register

LANGUAGE = [
    "conv", "dwconv", "sepconv", "convt", "linear", "fc", "maxpool", "avgpool", "lppool", "blurpool",
    "adaptive", "adaptive_max", "gap", "gmp", "bn", "gn", "ln", "in", "lrn", "rms", "relu", "relu6",
    "leaky", "prelu", "elu", "selu", "celu", "silu", "gelu", "mish", "hswish", "hsigmoid", "hardtanh",
    "sigmoid", "tanh", "softplus", "softmax", "exp", "log", "sqrt", "rsqrt", "square", "abs", "neg", "erf",
    "add", "sub", "concat", "mul", "div", "max", "min", "upsample", "sdpa", "matmul", "rearrange", "reduce", "prepend",
    "pixelshuffle", "pixelunshuffle", "slice", "crop", "pad", "channelshuffle", "flatten", "tokens",
    "identity", "scale", "shift", "dropout", "se", "attention", "custom",
]  # fmt: skip
POSITIONALS = {
    "conv": "out_channels", "sepconv": "out_channels", "convt": "out_channels", "linear": "out_channels",
    "fc": "out_channels", "maxpool": "kernel_size", "avgpool": "kernel_size", "lppool": "kernel_size",
    "blurpool": "kernel_size", "adaptive": "size", "adaptive_max": "size", "gn": "num_groups", "lrn": "size",
    "channelshuffle": "groups", "pixelshuffle": "upscale_factor", "pixelunshuffle": "downscale_factor",
    "slice": "channels", "crop": "cropping", "pad": "padding", "upsample": "scale", "se": "squeeze_channels",
    "attention": "num_heads", "dropout": "p", "rearrange": "out", "reduce": "kind", "prepend": "count",
}  # fmt: skip


def test_every_op_of_the_language_is_registered_and_one_more_that_nobody_can_write() -> None:
    assert set(OPS) == {*LANGUAGE, "residual pad"}


def test_every_op_of_every_file_stands_in_the_line_of_that_file() -> None:
    for found in pkgutil.iter_modules(ops.__path__):
        importlib.import_module(f"{ops.__name__}.{found.name}")
    assert OPS.loaded.keys() == OPS.files.keys()
    assert {name: kind.__module__ for name, kind in OPS.items()} == OPS.files


def test_an_op_without_a_line_cannot_be_registered() -> None:
    with pytest.raises(
        ValueError, match=r"'nowhere' does not stand in the line of its file in cnncalc/ops/__init__\.py"
    ):
        register("nowhere")(Op)
    assert "nowhere" not in OPS
    with pytest.raises(KeyError):
        OPS["nowhere"]


@pytest.mark.parametrize("name", LANGUAGE)
def test_an_op_takes_the_positional_of_the_language(name: str) -> None:
    assert POSITIONALS.get(name) == OPS[name].POSITIONAL


MERGES = {"add", "sub", "concat", "mul", "div", "max", "min"}


def test_what_can_have_several_inputs_takes_names_of_layers() -> None:
    assert {name for name, kind in OPS.items() if kind.REFERENCES} == {*MERGES, "sdpa", "matmul", "custom"}


def test_only_merges_take_any_number_of_inputs_above_one() -> None:
    assert {name for name, kind in OPS.items() if kind.JOINS} == MERGES


def test_sizes_can_be_those_of_a_layer_where_a_size_is_asked_for() -> None:
    assert {name: set(kind.SIZE_OPTIONS) for name, kind in OPS.items() if kind.SIZE_OPTIONS} == {
        "convt": {"to"},
        "crop": {"to"},
        "upsample": {"size"},
        "adaptive": {"size"},
        "adaptive_max": {"size"},
    }


@pytest.mark.parametrize("kind", sorted(set(OPS.values()), key=str))
class TestEveryModel:
    def test_its_schema_can_be_built_and_describes_every_option(self, kind: type[Op]) -> None:
        schema = kind.model_json_schema()
        json.dumps(schema)
        assert all("description" in option for name, option in schema["properties"].items() if name != "op")

    def test_its_class_attributes_name_its_options(self, kind: type[Op]) -> None:
        named = {*kind.SIZE_OPTIONS, *([kind.POSITIONAL] if kind.POSITIONAL else [])}
        assert named <= set(kind.model_fields)

    def test_its_manual_begins_with_a_sentence_and_has_an_example(self, kind: type[Op]) -> None:
        manual = inspect.getdoc(kind) or ""
        assert manual.splitlines()[0].endswith(".")
        assert ">>>" in manual

    def test_it_infers_or_expands_and_not_both(self, kind: type[Op]) -> None:
        assert ("infer" in vars(kind)) is not ("expand" in vars(kind))

    def test_it_takes_the_names_that_it_is_registered_under_and_no_other(self, kind: type[Op]) -> None:
        names = [name for name, other in OPS.items() if other is kind]
        schema = kind.model_json_schema()["properties"]["op"]
        assert schema.get("enum", [schema.get("const")]) == names
        with pytest.raises(ValidationError) as caught:
            kind.model_validate({"op": "nothing"})
        assert ("op",) in {error["loc"] for error in caught.value.errors()}

    def test_its_words_on_a_layer_line_are_in_its_manual(self, kind: type[Op]) -> None:
        manual = inspect.getdoc(kind) or ""
        assert all(name in manual.replace(",", " ").replace("`", " ").split() for name in OPS if OPS[name] is kind) or (
            kind.model_fields["op"].default == "residual pad"
        )


def test_a_synonym_means_an_op_and_is_none() -> None:
    assert set(SYNONYMS.values()) <= set(OPS)
    assert not set(SYNONYMS) & set(OPS)


@pytest.mark.parametrize("name", ["conv", "leaky_relu"])
def test_a_name_that_is_taken_cannot_be_registered_again(name: str) -> None:
    before = dict(OPS)
    with pytest.raises(ValueError, match="twice"):
        register(name)(Op)
    assert before == OPS


@pytest.mark.parametrize("synonyms", [{"conv": "new op"}, {"leaky_relu": "new op"}, {"another": "conv"}])
def test_a_synonym_that_is_taken_or_means_another_op_cannot_be_registered(synonyms: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="synonym"):
        register(synonyms=synonyms)(Op)
    assert "another" not in SYNONYMS
