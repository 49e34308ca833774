"""The schema accepts whatever the reader accepts, and refuses what a schema can see."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from cnncalc.errors import Severity
from cnncalc.ops.base import OPS
from cnncalc.spec import words
from cnncalc.spec.file_reader import NO_INPUT
from cnncalc.spec.models import NetworkFile
from cnncalc.spec.reader import parse
from cnncalc.spec.schema import json_schema
from cnncalc.spec.source import read
from cnncalc.spec.syntax import op_syntax
from cnncalc.spec.validation import plain
from tests.spec.test_reader import BLOCK, HEAD, ITEMS, TestFile
from tests.spec.test_reader_refusals import KEYS, YAML

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = json_schema()
VALIDATOR = Draft7Validator(SCHEMA)
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "configs").glob("*.yaml"))


def data(text: str) -> Any:
    """A file as a validator in an editor sees it."""
    root = read(text, "net.yaml").root
    assert root is not None
    return floats(plain(root))


def floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: floats(part) for key, part in value.items()}
    if isinstance(value, list):
        return [floats(part) for part in value]
    return float(value) if isinstance(value, Fraction) else value


def complaints(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(data(text))]


def properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of every object, with its path."""
    if isinstance(schema, list):
        for part in schema:
            yield from properties(part, path)
    if not isinstance(schema, dict):
        return
    for name, part in schema.get("properties", {}).items():
        yield f"{path}/{name}", part
    for key, part in schema.items():
        if key not in ("examples", "default", "if"):
            yield from properties(part, f"{path}/{key}")


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """What a reference points at."""
    if "$ref" not in schema:
        return schema
    found: Any = SCHEMA
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    assert isinstance(found, dict)
    return found


class TestForm:
    def test_it_is_a_draft_07_schema(self) -> None:
        Draft7Validator.check_schema(SCHEMA)
        assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"

    def test_every_field_has_a_description(self) -> None:
        fields = list(properties(SCHEMA))
        assert len(fields) > 500
        assert [path for path, schema in fields if not resolved(schema).get("description")] == []

    def test_every_example_is_accepted(self) -> None:
        examples = [(path, schema, each) for path, schema in properties(SCHEMA) for each in schema.get("examples", ())]
        assert len(examples) > 100
        for path, schema, shown in examples:
            assert not list(VALIDATOR.evolve(schema=schema).iter_errors(floats(shown))), path

    def test_no_titles_are_left_but_its_own(self) -> None:
        def titles(schema: Any) -> Iterator[str]:
            if isinstance(schema, dict):
                yield from ([schema["title"]] if isinstance(schema.get("title"), str) else [])
                for part in schema.values():
                    yield from titles(part)
            elif isinstance(schema, list):
                for part in schema:
                    yield from titles(part)

        assert list(titles(SCHEMA)) == ["cnncalc network"]

    def test_every_reference_leads_somewhere(self) -> None:
        for _, schema in properties(SCHEMA):
            resolved(schema)

    def test_the_top_level_keys_are_those_of_the_model(self) -> None:
        assert set(SCHEMA["properties"]) == set(NetworkFile.model_fields)

    def test_the_options_of_an_op_are_those_of_its_model_and_their_synonyms(self) -> None:
        for op in OPS:
            if op.isidentifier():
                syntax = op_syntax(op)
                known = set(SCHEMA["definitions"][f"{op}-options"]["properties"])
                synonyms = {key for key in words.KEY_SYNONYMS if syntax.option(key)}
                assert known == set(syntax.options) | synonyms


class TestAccepted:
    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
    def test_every_example_network_is(self, path: Path) -> None:
        assert complaints(path.read_text(encoding="utf-8")) == []

    def test_there_are_example_networks(self) -> None:
        assert EXAMPLES

    @pytest.mark.parametrize("items", [items for items, _ in ITEMS])
    def test_every_kind_of_item_is(self, items: str) -> None:
        indented = "\n".join("  " + line for line in items.splitlines())
        assert complaints(HEAD + BLOCK + "layers:\n" + indented) == []

    def test_every_top_level_key_is(self) -> None:
        assert complaints(TestFile.TEXT.replace("\n    ", "\n").lstrip()) == []

    @settings(max_examples=300, deadline=None)
    @given(st.dictionaries(st.sampled_from(KEYS), YAML, max_size=6))
    @example({"vars": "{'layers': []}"})
    def test_whatever_the_reader_accepts_is(self, entries: dict[str, str]) -> None:
        text = "layers: relu\n" + "".join(f"'{key}': {item}\n" for key, item in entries.items() if key != "layers")
        refused = [found for found in parse(text).findings if found.severity is Severity.ERROR]
        if all(found.message == NO_INPUT for found in refused):  # it may come from --input
            assert complaints(text) == []

    @settings(max_examples=300, deadline=None)
    @given(YAML)
    def test_whatever_item_the_reader_accepts_is(self, item: str) -> None:
        text = HEAD + f"vars: {{c: 3}}\nblocks: {{'basic(c, s=1)': relu}}\nlayers: [{item}]\n"
        if not any(found.severity is Severity.ERROR for found in parse(text).findings):
            assert complaints(text) == []


REFUSED = [
    ("layers:\n  - {op: conv, out_chanels: 3}\n", "'out_chanels' was unexpected"),
    ("layers:\n  - {op: conv, in_channels: 3}\n", "'in_channels' was unexpected"),
    ("layers:\n  - {op: conv, out_channels: 0}\n", "0 is less than the minimum of 1"),
    ("layers:\n  - {op: conv, out_channels: true}\n", "True is not of type 'integer', 'string'"),
    ("layers:\n  - {op: conv, out_channels: 3.5}\n", "3.5 is not of type 'integer', 'string'"),
    ("layers:\n  - {op: conv, kernel_size: [1, null]}\n", "None is not of type 'integer', 'string'"),
    ("layers:\n  - {op: conv, kernel_size: [1, 2, 3, 4]}\n", "is too long"),
    ("layers:\n  - {op: cnv}\n", "'cnv' is not one of"),
    ("layers:\n  - {op: relu, kernel_size: 3}\n", "'kernel_size' was unexpected"),
    ("layers:\n  - {op: maxpool, ceil_mode: 3}\n", "3 is not of type 'boolean', 'string'"),
    ("layers:\n  - 3\n", "3 is not of type 'string', 'array', 'object'"),
    ("layers:\n  - stem: 3\n", "3 is not of type 'string', 'array', 'object'"),
    ("layers:\n  - residual: [relu]\n    foo: 2\n", "'foo' was unexpected"),
    ("layers:\n  - residual: [relu]\n    repeat: []\n", "[] is not of type 'integer', 'string'"),
    ("layers:\n  - branches: [[relu]]\n", "'merge' is a required property"),
    ("layers:\n  - branches: [[relu]]\n    merge: cat\n", "'cat' is not one of"),
    ("layers:\n  - each: [c]\n    do: relu\n", "'rows' is a required property"),
    ("layers:\n  - {do: [relu], tmes: 3}\n", "'tmes' was unexpected"),
    ("layers:\n  - {a: relu, b: gap}\n", "has too many properties"),
    ("layers:\n  - my-layer: relu\n", "'my-layer' does not match"),
    ("layers: relu\nlayer: relu\n", "'layer' was unexpected"),
    ("input: 3,8,8\nlayers: relu\n", "'3,8,8' does not match"),
    ("input: 784\nlayers: relu\n", "784 is not of type 'string', 'array'"),
    ("inputs: {a: 3}\nlayers: relu\n", "3 is not of type 'string', 'array'"),
    ("input: 3x8\n", "'layers' is a required property"),
    ("cnncalc: 2\nlayers: relu\n", "1 was expected"),
    ("batch: 0\nlayers: relu\n", "0 is less than the minimum of 1"),
    ("dtype: fp16\nlayers: relu\n", "'fp16' is not one of"),
    ("vars: {'1a': 3}\nlayers: relu\n", "'1a' does not match"),
    ("vars: {a: {b: 3}}\nlayers: relu\n", "is not of type"),
    ("defaults: {cnv: {}}\nlayers: relu\n", "'cnv' was unexpected"),
    ("defaults: {conv: {pad: 3}}\nlayers: relu\n", "'pad' was unexpected"),
    ("blocks: {'a b': relu}\nlayers: relu\n", "'a b' does not match"),
    ("blocks: {a: 3}\nlayers: relu\n", "3 is not of type"),
    ("outputs: [3]\nlayers: relu\n", "is not valid under any"),
    ("task: {dens: true}\nlayers: relu\n", "'dens' was unexpected"),
    ("task: {dense: 1}\nlayers: relu\n", "1 is not of type 'boolean'"),
    ("expect: {parms: 3}\nlayers: relu\n", "'parms' was unexpected"),
    ("expect: {params: max 3x}\nlayers: relu\n", "is not valid under any"),
    ("expect: {params: 3MiB}\nlayers: relu\n", "is not valid under any"),
    ("expect: {at: {a: {shap: 3}}}\nlayers: relu\n", "'shap' was unexpected"),
    ("lint: {severity: {CNN013: bad}}\nlayers: relu\n", "'bad' is not one of"),
]


@pytest.mark.parametrize(("text", "complaint"), REFUSED)
def test_it_is_refused_by_both_and_the_bad_key_is_named(text: str, complaint: str) -> None:
    assert any(found.severity is Severity.ERROR for found in parse(text).findings)
    found = complaints(text)
    assert any(complaint in message for message in found), found
    assert len(found) == 1


@pytest.mark.parametrize(
    "item",
    ["cnv 64", "{op: conv, stride: c*}", "{use: nothing}", "{op: conv, kernel: 3, k: 3}", "add a b", "relu: conv 8 k3"],
)
def test_what_a_schema_cannot_see_is_left_to_check(item: str) -> None:
    text = HEAD + f"layers: [{item}]\n"
    assert complaints(text) == []
