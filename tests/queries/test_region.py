"""Which positions see a region, against what `unit` says of every position by itself."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product

import pytest

from cnncalc.errors import UsageError
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import Graph, build
from cnncalc.queries.region import region
from cnncalc.queries.unit import unit
from cnncalc.spec.reader import parse, parse_line


def graph_of(text: str, *sizes: int) -> Graph:
    return build(parse_line(text, {"input": TensorShape(4, sizes)}))


NETWORKS = {
    "chain": "conv 4 k3 s2 p1 | conv 4 k3 d2 p1 | maxpool 2",
    "holes": "conv 4 k3 d3 | conv 4 k1 s2",
    "up": "maxpool 2 | conv 4 k3 p1 | upsample 2 mode=linear | conv 4 k3 p1",
    "sparse": "maxpool 2 | convt 4 k1 s3",
    "skip": "a: conv 4 k3 p1 | maxpool 2 | conv 4 k3 p1 | convt 4 k2 s2 | concat a align=crop",
    "gate": "conv 4 k3 p1 | se 2 | conv 4 k3 s2",
    "mirrored": "conv 4 k5 p2 reflect | conv 4 k3 p1 circular",
    "table": "adaptive 5 | upsample 1.5 mode=cubic",
    "pooled": "conv 4 k3 | gap",
    "reduced": "conv 4 k3 p1 | reduce mean over=h | conv 4 k1x3 s1x2",
    "repeated": "a: conv 4 k3 p1 | reduce mean over=h | conv 4 k1x3 p0x1 | add a align=broadcast",
    "rearranged": "conv 4 k3 s2 p1 | tokens | prepend 1 | crop 2/0 | rearrange 4x41x1 | conv 4 k1",
    "attends": "q: conv 4 k3 p1 | k: conv 4 k2 s2 from=x | sdpa k k heads=2 from=q",
    "attends from a vector": "gap | linear 4 | tokens from=x | sdpa tokens1 tokens1 from=linear1 | rearrange 4x1x1",
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("pixels", [((0, 1), (2, 5)), ((4, 9), (0, 12)), ((13, 14), (11, 12)), ((0, 14), (5, 6))])
def test_positions_are_those_that_unit_finds(name: str, pixels: tuple[tuple[int, int], ...]) -> None:
    graph = graph_of(NETWORKS[name], 14, 12)
    at = graph.layers[-1].name
    answer = region(graph, at, pixels)
    sizes = graph.nodes[-1].inference.output.sizes
    for number, (axis, (first, end)) in enumerate(zip(answer.axes, pixels, strict=True)):
        seen = []
        for place in range(sizes[number]):
            # A position in the middle of the other axis: one that sees anything there, if there is any.
            others = [unit(graph, at, _index(number, place, other)) for other in range(sizes[1 - number])]
            seen.append(max((set(each.axes[number].pixels) for each in others), key=len))
        wanted = set(range(first, end))
        assert axis.touching == tuple(o for o, have in enumerate(seen) if have & wanted)
        assert axis.covering == tuple(o for o, have in enumerate(seen) if have >= wanted)
        assert axis.inside == tuple(o for o, have in enumerate(seen) if have and have <= wanted)


def _index(axis: int, place: int, other: int) -> tuple[int, int]:
    return (place, other) if axis == 0 else (other, place)


def test_counts_are_the_products_over_the_axes() -> None:
    graph = graph_of("conv 4 k3 p1", 9, 9)
    answer = region(graph, "conv1", ((3, 5), (0, 2)))
    by_plane = {
        index: (set(range(3, 5)), set(range(2)), [set(axis.pixels) for axis in unit(graph, "conv1", index).axes])
        for index in product(range(9), range(9))
    }
    touching = [index for index, (a, b, seen) in by_plane.items() if seen[0] & a and seen[1] & b]
    covering = [index for index, (a, b, seen) in by_plane.items() if seen[0] >= a and seen[1] >= b]
    inside = [index for index, (a, b, seen) in by_plane.items() if seen[0] <= a and seen[1] <= b]
    assert (answer.touching, answer.covering, answer.inside) == (len(touching), len(covering), len(inside))
    assert (answer.touching, answer.covering, answer.inside) == (4 * 3, 2 * 2, 0 * 1)


def padded_positions(text: str, size: int) -> set[int]:
    """Positions whose set of pixels is not that of a larger input on which the border is further away."""
    far = 40
    small, large = graph_of(text, size), graph_of(text, size + 2 * far)
    at, stride = small.layers[-1].name, size // small.nodes[-1].inference.output.sizes[0]
    found = set()
    for place in range(small.nodes[-1].inference.output.sizes[0]):
        here = unit(small, at, (place,)).axes[0].pixels
        there = unit(large, at, (place + far // stride,)).axes[0].pixels
        if [pixel + far for pixel in here] != list(there):
            found.add(place)
    return found


@pytest.mark.parametrize(
    "text", ["conv 4 k3 p1", "conv 4 k5 p2 | conv 4 k3 p1", "maxpool 2 | conv 4 k3 p1", "conv 4 k2 s2"]
)
def test_positions_that_see_padding_are_those_that_a_larger_input_changes(text: str) -> None:
    graph = graph_of(text, 16)
    (axis,) = region(graph, graph.layers[-1].name, ((0, 1),)).axes
    assert axis.padded == len(padded_positions(text, 16))


def test_the_share_that_sees_padding_is_that_of_the_plane() -> None:
    # 9x9 positions of a padded 3x3 convolution: the 32 at the border.
    assert region(graph_of("conv 4 k3 p1", 9, 9), "conv1", ((0, 1), (0, 1))).padded == Fraction(32, 81)


def test_the_nearest_position_is_the_cell_of_a_label_grid() -> None:
    # A patch embedding: cell o covers pixels 16o..16o+15, its centre is 16o + 8.
    graph = graph_of("conv 4 k16 s16", 224, 224)
    for pixel in (0, 15, 16, 100, 223):
        (axis, _) = region(graph, "conv1", ((pixel, pixel + 1), (0, 1))).axes
        assert axis.nearest == pixel // 16
        assert axis.centre == 16 * (pixel // 16) + 8
        assert axis.distance == abs(Fraction(2 * pixel + 1, 2) - (16 * (pixel // 16) + 8))


def test_centres_near_the_border_are_those_of_unclipped_fields() -> None:
    (axis,) = region(graph_of("conv 4 k7 s2 p3", 32), "conv1", ((0, 1),)).axes
    assert (axis.nearest, axis.centre) == (0, Fraction(1, 2))


def test_each_input_has_regions_of_its_own() -> None:
    text = "cnncalc: 1\ninputs: {a: 3x8x8, b: 3x8x8}\nlayers: [c: conv 3 k3 p1 from=b, add a]\n"
    graph = build(parse(text.replace("[c: conv 3 k3 p1 from=b, add a]", "\n  - c: conv 3 k3 p1 from=b\n  - add a")))
    assert region(graph, "add1", ((4, 5), (4, 5)), input="b").touching == 9
    assert region(graph, "add1", ((4, 5), (4, 5)), input="a").touching == 1


@pytest.mark.parametrize(
    ("at", "pixels", "message"),
    [
        ("conv9", ((0, 1), (0, 1)), "no layer `conv9` in <line>: did you mean `conv"),
        ("conv1", ((0, 1),), "input `input` is 14x12 pixels large: give 2 ranges, found 1"),
        ("conv1", ((0, 15), (0, 1)), "pixels 0:15 of axis 0 are no part of input `input`: its ranges lie within 0:14"),
        ("conv1", ((5, 5), (0, 1)), "the end excluded and larger than the start"),
        ("flatten1", ((0, 1), (0, 1)), "`flatten1` is 48, which has no map of positions"),
    ],
)
def test_a_wrong_question_is_refused(at: str, pixels: tuple[tuple[int, int], ...], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        region(graph_of("conv 4 k1 s3 | conv 4 k2 | flatten | identity", 14, 12), at, pixels)


def test_an_axis_too_large_to_walk_is_refused() -> None:
    with pytest.raises(UsageError, match="an axis of 2,000,000 positions is too large"):
        region(graph_of("conv 4 k3", 2_000_000), "conv1", ((0, 1),))
