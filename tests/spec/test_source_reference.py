"""The data against readers that others wrote: JSON, and PyYAML's safe loader where YAML 1.1 and JSON agree."""

from __future__ import annotations

import json
from fractions import Fraction

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.spec.source import ListNode, MapNode, Node, ScalarNode, read
from cnncalc.spec.yaml_text import bad_character

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"null", "true", "false"}
)
WORDS = st.lists(st.sampled_from(["conv", "64", "k3", "s=2", "bn", "relu", "*2", "|"]), min_size=1, max_size=6).map(
    lambda words: "x" + " ".join(words)
)
TEXTS = st.text(max_size=20).filter(lambda text: not bad_character(text))
NUMBERS = st.one_of(st.integers(-(10**30), 10**30), st.decimals(allow_nan=False, allow_infinity=False, places=4))


def data(node: Node) -> object:
    if isinstance(node, MapNode):
        return {key.raw: data(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [data(item) for item in node.items]
    assert isinstance(node, ScalarNode)
    return node.value


def trees(leaves: st.SearchStrategy[object], keys: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=20,
    )


@given(trees(st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXTS, TEXTS))
@settings(max_examples=200, deadline=None)
def test_json_is_read_as_json_says(tree: object) -> None:
    document = read(json.dumps({"tree": tree}, ensure_ascii=False), "net.json")
    assert document.findings == ()
    assert document.root is not None
    assert data(document.root) == {"tree": tree}


@given(trees(st.none() | st.booleans() | st.integers(-(10**30), 10**30) | NAMES | WORDS, NAMES), st.booleans())
@settings(max_examples=200, deadline=None)
def test_what_the_safe_loader_reads_from_simple_yaml_is_read_alike(tree: object, flow: bool) -> None:  # noqa: FBT001
    text = yaml.safe_dump({"tree": tree}, default_flow_style=flow, width=40)
    document = read(text, "net.yaml")
    assert document.findings == ()
    assert document.root is not None
    assert data(document.root) == yaml.safe_load(text) == {"tree": tree}


@given(NUMBERS)
def test_numbers_are_exact(number: object) -> None:
    document = read(f"a: {number}\nb: '{number}'\n", "net.yaml")
    assert document.root is not None
    assert data(document.root) == {"a": Fraction(str(number)), "b": str(number)}


@given(st.integers(-999, 999), st.integers(-60, 60))
def test_exponents_are_exact(mantissa: int, exponent: int) -> None:
    document = read(f"a: {mantissa}e{exponent}\n", "net.yaml")
    assert document.root is not None
    assert data(document.root) == {"a": mantissa * Fraction(10) ** exponent}
