"""A spec against a model: what differs is told where it begins; what is the same is found whatever it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.errors import UsageError
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.queries.counterparts import plain
from cnncalc.queries.verify import Verification, verify
from cnncalc.values import replace
from tests.importers.trees import networks

if TYPE_CHECKING:
    from cnncalc.importers.layers import Imported
    from cnncalc.report import Report

SIZE = "3x64x64"
RESNET = """
cnncalc: 1
input: 3x64x64
blocks:
  basic(c, s=1):
    - residual:
        - conv1: conv c k3 s=s p1 bn relu
        - conv2: conv c k3 p1 bn
      shortcut: project
      then: relu
layers:
  - stem: conv 16 k3 p1 bn relu
  - layer1: basic 16 *2
  - layer2: basic 32 s=first(2) *2
  - gap
  - head: fc 10
"""


def network(text: str) -> Report:
    return cnncalc.analyze(text, input=None if "\n" in text else SIZE)


def compared(spec: str, model: str, *only: str, folded: bool = False) -> Verification:
    return verify(network(spec), network(model), only=only, folded=folded)


def told(found: Verification) -> list[tuple[str, str, str, str]]:
    """What differs in itself."""
    return [(each.layer, each.what, each.spec, each.model) for each in found.mismatches if not each.follows]


@pytest.mark.parametrize("only", [["shape"], ["params", "flops"], [""]])
def test_what_cannot_be_compared_is_refused(only: list[str]) -> None:
    with pytest.raises(UsageError, match="expected some of shapes, params, macs, rf"):
        verify(network("conv 8 k3"), network("conv 8 k3"), only=only)


def test_a_network_matches_itself_by_name() -> None:
    found = compared(RESNET, RESNET)
    assert found.is_match
    assert found.matched == found.by_name == len(found.spec.layers)
    assert [(total.figure, total.spec, total.model) for total in found.totals] == [
        (figure, getattr(found.spec.totals, figure), getattr(found.spec.totals, figure))
        for figure in ("params", "buffers", "macs")
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "stem: conv 16 k3 p1",
            "stem: conv 16 k5 p2",
            [("stem", what) for what in ("kernel_size", "padding", "params", "macs", "rf")],
        ),
        ("stem: conv 16 k3 p1", "stem: conv 16 k3 p1 nobias", []),
        ("stem: conv 16 k3 p1", "stem: conv 16 k3 p1 bias", [("stem", "params")]),
        ("stem: conv 16 k3 p1 bn relu", "stem: conv 16 k3 p1 bn silu", [("stem.relu", "op")]),
        ("fc 10", "fc 12", [("head", "shape"), ("head", "params"), ("head", "macs"), ("", "output")]),
        ("  - gap\n", "  - gmp\n", [("gap1", "op")]),
        ("  - gap\n", "  - gap\n  - dropout 0.5\n", []),
        ("head: fc", "classifier: fc", []),
        (
            "layer1: basic 16 *2",
            "layer1: basic 16 *3",
            [
                (f"layer1.2.{name}", "layer")
                for name in ("conv1", "conv1.bn", "conv1.relu", "conv2", "conv2.bn", "add1", "relu1")
            ],
        ),
    ],
)
def test_one_change_is_told_where_it_is_and_nothing_else(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert old in RESNET
    found = compared(RESNET, RESNET.replace(old, new))
    assert [(layer, what) for layer, what, _, _ in told(found)] == expected
    assert found.is_match == (not expected)


def test_what_follows_from_a_change_is_told_as_such() -> None:
    found = compared("a: conv 8 k3 s2 p1 | b: conv 8 k3 p1 | relu", "a: conv 8 k3 p1 | b: conv 8 k3 p1 | relu")
    assert told(found) == [
        ("a", "stride", "2", "1"),
        ("a", "shape", "8x32x32", "8x64x64"),
        ("a", "macs", "221184", "884736"),
        ("a", "jump", "2", "1"),
        ("", "output", "8x32x32", "8x64x64"),
    ]
    assert {(each.layer, each.what) for each in found.mismatches if each.follows} == {
        ("b", "shape"), ("b", "macs"), ("b", "rf"), ("b", "jump"),
        ("relu1", "shape"), ("relu1", "rf"), ("relu1", "jump"),
    }  # fmt: skip


def test_a_difference_stands_where_the_spec_says_it() -> None:
    (found, *_) = compared(RESNET, RESNET.replace("conv2: conv c k3 p1", "conv2: conv c k3 p1 d1 bias")).mismatches
    assert (found.layer, found.what, found.at and (found.at.line, found.at.column)) == (
        "layer1.0.conv2", "params", (8, 18),
    )  # fmt: skip
    (stride, *_) = compared(RESNET, RESNET.replace("s=first(2)", "s=first(4)")).mismatches
    assert (stride.layer, stride.what) == ("layer2.0.conv1", "stride")
    assert stride.at is not None
    assert RESNET.split("\n")[stride.at.line - 1][stride.at.column - 1 :].startswith("s=s")


def test_a_layer_that_the_model_lacks_and_one_that_it_has_beyond_the_spec() -> None:
    found = compared("a: conv 8 k3 | b: relu | c: conv 4 k1", "a: conv 8 k3 | c: conv 4 k1 | d: sigmoid")
    assert told(found) == [("b", "layer", "relu 8x62x62", "-"), ("d", "layer", "-", "sigmoid 4x62x62")]
    assert [each.at and each.at.column for each in found.mismatches] == [19, 29]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("shapes", {"stride", "shape", "output"}),
        ("params", {"params"}),
        ("macs", {"macs"}),
        ("rf", {"stride", "jump", "rf"}),
    ],
)
def test_only_what_is_asked_for_is_compared(only: str, expected: set[str]) -> None:
    found = compared("conv 8 k3 s2 p1 | conv 8 k3 p1", "conv 8 k3 p1 bias frozen | conv 9 k3 p1", only)
    assert {each.what for each in found.mismatches} == expected
    assert [each.value for each in found.only] == [only]


def test_folded_norms_are_told_in_one_number() -> None:
    plainly = RESNET.replace(" bn", "").replace("shortcut: project", "shortcut: [conv c k1 s=s when=x.c!=c]")
    found = compared(RESNET, plainly)
    assert (found.mismatches, found.folded, found.is_match) == ((), 10, False)
    assert compared(RESNET, plainly, folded=True).is_match
    assert compared(plainly, RESNET, folded=True).is_match
    assert not compared(plainly, RESNET).is_match


def test_another_difference_shows_among_folded_norms() -> None:
    found = compared("a: conv 8 k3 bn relu | b: conv 8 k3 bn", "a: conv 8 k3 relu | b: conv 9 k3")
    assert found.folded == 2
    assert [each.layer for each in found.mismatches] == ["b", "b", "b", ""]
    assert [each.spec for each in found.mismatches if each.what == "params"] == ["584"]


def test_a_norm_that_is_only_missing_is_no_folded_one() -> None:
    found = compared("a: conv 8 k3 bn relu", "a: conv 8 k3 nobias relu")
    assert not found.folded
    assert told(found)[0] == ("a.bn", "layer", "bn 8x62x62", "-")


def test_composites_match_the_layers_that_they_are_made_of() -> None:
    gate = "gap | conv 2 k1 | relu | conv 8 k1 | sigmoid | mul a"
    assert compared("a: conv 8 k3 | se 2 | fc 4", f"a: conv 8 k3 | {gate} | flatten | linear 4").is_match
    found = compared("a: conv 8 k3 | s: se 2", f"a: conv 8 k3 | {gate.replace('conv 2', 'conv 4')}")
    assert {each.layer for each in found.mismatches} == {"s.reduce", "s.act", "s.expand"}
    assert compared("a: sepconv 8 k3", "dwconv k3 nobias | conv 8 k1").is_match


def test_a_layer_over_one_position_is_the_same_as_vector_and_as_map() -> None:
    assert compared("gap | fc 10", "gap | conv 10 k1").is_match
    assert compared("dwconv k3", "conv 3 k3 g3").is_match


def test_paths_in_another_order_are_the_same_network() -> None:
    one = "a: conv 8 k3 p1 | b: conv 8 k3 p1 | c: conv 8 k1 from=a | add b"
    other = "p: conv 8 k3 p1 | q: conv 8 k1 | r: conv 8 k3 p1 from=p | add q"
    found = compared(one, other)
    assert found.is_match
    assert (found.matched, found.by_name) == (4, 1)


def test_figures_that_an_op_does_not_declare_are_not_compared() -> None:
    found = compared(
        "a: conv 8 k3 | c: custom out=4x?x? | b: conv 8 k1",
        "a: conv 8 k3 | c: custom out=4x?x? params=7 macs=9 | b: conv 8 k1",
    )
    assert found.is_match
    assert found.unknown == ("c",)
    assert [total.known for total in found.totals] == [False, False, False]
    assert not compared("custom out=4x?x?", "custom out=5x?x?").is_match


def test_inputs_and_outputs_are_compared_by_name_or_by_order() -> None:
    layers = "layers:\n  - c: conv 4 k1\n  - d: conv 5 k1 from=b\n"
    text = f"cnncalc: 1\ninputs: {{a: 3x8x8, b: 3x8x8}}\n{layers}outputs: [c, d]\n"
    assert compared(text, text.replace("a:", "left:").replace("b:", "right:").replace("=b", "=right")).is_match
    found = compared(text, text.replace("b: 3x8x8", "b: 3x9x9"))
    assert told(found)[0] == ("b", "input", "3x8x8", "3x9x9")
    assert ("d", "output", "5x8x8", "5x9x9") in told(found)
    fewer = compared(text, text.replace("[c, d]", "[c]"))
    assert told(fewer) == [("d", "output", "5x8x8", "-")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("layer1.0.conv1", "layer1.0.conv1"),
        ("fc_", "fc"),
        ("_0.conv_", "0.conv"),
        ("_", "_"),
        ("_a", "_a"),
        ("a.bn_2", "a.bn_2"),
    ],
)
def test_names_are_compared_as_the_source_has_them(name: str, expected: str) -> None:
    assert plain(name) == expected


def test_the_names_of_the_model_itself_count() -> None:
    spec = network("conv1: conv 8 k3 | bn1: bn | relu1: relu | last: conv 8 k3")
    model = network("conv1: conv 8 k3 nobias bn relu | end: conv 8 k3")
    found = verify(spec, model, names=["conv1", "bn1", "relu1", "last"])
    assert found.by_name == 4
    assert [(each.layer, each.what) for each in found.mismatches] == [("conv1", "params")]


@settings(max_examples=60, deadline=None)
@given(networks())
def test_names_and_blocks_do_not_matter(made: Imported) -> None:
    flat, grouped = network(to_yaml(made, flat=True)), network(to_yaml(made))
    assert verify(grouped, flat).is_match
    assert verify(flat, grouped, names=[layer.name for layer in made.layers]).is_match


@settings(max_examples=60, deadline=None)
@given(networks(), st.data())
def test_a_layer_with_more_parameters_is_found_among_all_others(made: Imported, data: st.DataObject) -> None:
    spec = network(to_yaml(made))
    rows = [at for at, row in enumerate(spec) if row.params]
    if not rows:
        return
    at = data.draw(st.sampled_from(rows))
    changed = replace(spec.layers[at], params=spec.layers[at].params + 1)
    found = verify(spec, replace(spec, layers=(*spec.layers[:at], changed, *spec.layers[at + 1 :])))
    assert [(each.layer, each.what) for each in found.mismatches] == [(changed.name, "params")]
