"""A network of nothing but mistakes is still read in time and memory that grow with its length alone."""

from __future__ import annotations

import tracemalloc

import pytest

from cnncalc.graph import build
from cnncalc.spec.items import Arg, BranchesItem, PlacedItem
from cnncalc.spec.reader import parse, parse_line, parse_shape
from cnncalc.values import replace
from tests.graph.building import graph_of, problems, yaml


def peak_of(layers: int) -> int:
    spec = parse_line(" | ".join(["conv 8 k99"] * layers), {"input": parse_shape("8x16x16")})
    tracemalloc.start()
    graph = build(spec)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(graph.findings) == layers
    return peak


def test_memory_for_broken_layers_grows_with_their_number_not_with_its_square() -> None:
    assert peak_of(3200) < 3 * peak_of(1600)


def test_branches_without_a_merge_say_nothing_about_shapes() -> None:
    for item in ("- branches: [[conv 4 k1], [conv 5 k1]]", "- {branches: [[conv 4 k1], [conv 5 k1]], merge: ad}"):
        (found,) = problems(graph_of(item + "\n- conv 8 k1"))
        assert "merge" in found
        assert "CNN001" not in found


@pytest.mark.parametrize("line", ["rearrange 4x3x5", "matmul prev out=4x3x5 inner=7", "custom out=4x3x5"])
def test_behind_a_refused_layer_that_says_its_output_that_is_assumed(line: str) -> None:
    (found,) = problems(graph_of(f"- {line}\n- conv 8 k3x5\n- flatten\n- linear 2", input="8x8x8"))
    assert found.startswith("5:")


def test_a_value_behind_a_norm_is_one_mistake() -> None:
    assert problems(graph_of("- conv 8 k3 gn 4", input="3x8x8")) == [
        "5:18 CNN905 conv has its out_channels already: `8`"
    ]


@pytest.mark.parametrize("written", ["-1:", "4:2", "0:-2", ":-1"])
def test_a_range_is_shown_as_it_is_written(written: str) -> None:
    (found,) = problems(graph_of(f"- 'slice {written}'"))
    assert f"CNN905 `channels` of slice is `{written}`: should be" in found


def test_a_spec_made_by_hand_with_an_align_that_there_is_not_is_refused_at_its_place() -> None:
    spec = parse(yaml("- {branches: [[conv 4 k1], [conv 4 k3]], merge: add, align: crop}"), source="net.yaml")
    (placed,) = spec.layers
    assert isinstance(placed.item, BranchesItem)
    assert placed.item.align is not None
    item = replace(placed.item, align=Arg("stretch", placed.item.align.span))
    graph = build(replace(spec, layers=(PlacedItem(item, placed.origin),)))
    (found,) = graph.findings
    assert (found.code, found.at) == ("CNN905", placed.item.align.span)
    assert "`align` of add is stretch: should be one of" in found.message
