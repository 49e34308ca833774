"""Halos of published and worked examples; tiles against single positions. `tests/oracle/test_tiling.py` runs them."""

from __future__ import annotations

import re
from fractions import Fraction
from math import prod

import pytest

import cnncalc
from cnncalc.errors import UsageError
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import Graph, build
from cnncalc.queries.tile import TileAnswer, tile
from cnncalc.queries.unit import unit
from cnncalc.spec.reader import parse_line


def graph_of(text: str, *sizes: int) -> Graph:
    return build(parse_line(text, {"input": TensorShape(4, sizes)}))


def unet(depth: int, up: str, size: int = 512) -> Graph:
    """Two padded 3x3 convolutions per level, max pools, skips that are concatenated."""
    lines = []
    for level in range(depth):
        lines += [f"e{level}: (conv 4 k3 p1 | conv 4 k3 p1)", "maxpool 2"]
    lines += ["conv 4 k3 p1", "conv 4 k3 p1"]
    for level in reversed(range(depth)):
        lines += [up, f"concat e{level}", "conv 4 k3 p1", "conv 4 k3 p1"]
    return graph_of(" | ".join(lines), size)


def only(answer: TileAnswer) -> tuple[int | None, tuple[int, int] | None]:
    (axis,) = answer.axes
    return axis.period, axis.halo


def by_hand(graph: Graph, period: int) -> tuple[int, int]:
    """The halo from single positions in the middle of a large map: how far those of one period see beyond it."""
    at = graph.layers[-1].name
    size = graph.nodes[-1].inference.output.sizes[0]
    pixels = graph.nodes[0].inference.output.sizes[0]
    start = pixels // 2 // period * period
    first = start * size // pixels
    seen = [unit(graph, at, (first + phase,)).axes[0] for phase in range(period * size // pixels)]
    lows = [each.lo for each in seen if each.lo is not None]
    highs = [each.hi for each in seen if each.hi is not None]
    return start - min(lows), max(highs) - (start + period - 1)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("up", ["convt 4 k2 s2", "upsample 2", "upsample 2 mode=linear", "convt 4 k4 s2 p1"])
def test_the_halo_is_how_far_the_positions_of_a_period_see(depth: int, up: str) -> None:
    graph = unet(depth, up)
    answer = tile(graph)
    assert answer.exact
    assert only(answer) == (2**depth, by_hand(graph, 2**depth))


@pytest.mark.parametrize(("up", "halo"), [("convt 4 k2 s2", 94), ("upsample 2 mode=linear", 110)])
def test_the_unet_of_depth_four_needs_94_pixels_and_110_with_bilinear_up_sampling(up: str, halo: int) -> None:
    graph = unet(4, up, 1024)
    assert only(tile(graph)) == (16, (halo, halo))
    assert by_hand(graph, 16) == (halo, halo)


def test_a_causal_network_looks_back_only() -> None:
    assert only(tile(graph_of("conv 4 k2 d1 causal | conv 4 k2 d2 causal | conv 4 k2 d4 causal", 64))) == (1, (7, 0))


def test_an_unpadded_network_needs_pixels_after_its_outputs() -> None:
    assert only(tile(graph_of("conv 4 k3 | conv 4 k3", 64))) == (1, (0, 4))


def test_a_crop_before_a_padded_layer_needs_a_larger_halo_than_the_pixels_say() -> None:
    # Position 0 of the last layer reads 4..6 of the input and a zero in place of pixel 3; a tile has no pixel 3 there.
    (axis,) = tile(graph_of("crop 4 | conv 4 k3 p1", 64)).axes
    assert axis.halo is not None
    assert axis.halo[0] == 1


def test_tiles_are_as_long_as_the_image_modulo_the_period() -> None:
    answer = tile(graph_of("conv 4 k3 s4 p1 | conv 4 k3 p1", 102))
    (axis,) = answer.axes
    assert axis.period == 4
    assert all(length % 4 == 102 % 4 for run in axis.lengths for length in run)


@pytest.mark.parametrize(
    ("text", "size", "length"),
    [
        ("a: conv 4 k3 p1 | maxpool 2 | conv 4 k3 p1 | upsample 2 mode=linear | concat a", 64, 20),
        ("conv 4 k5 s2 p2 | conv 4 k3 s2 p1", 63, 19),
        ("conv 4 k3 | maxpool 2 | conv 4 k3 | convt 4 k2 s2", 66, 24),
        ("conv 4 k4 s3 same | conv 4 k3 same", 61, 22),
    ],
)
def test_kept_positions_see_in_their_tile_what_they_see_in_the_image(text: str, size: int, length: int) -> None:
    image, small = graph_of(text, size), graph_of(text, length)
    at = image.layers[-1].name
    (tiling,) = tile(image, size=(length,)).tilings
    n_out = image.nodes[-1].inference.output.sizes[0]
    stride = Fraction(cnncalc.analyze(image)[at].reach[0].jump or 1)
    kept: list[int] = []
    for piece in tiling.pieces[0]:
        assert piece.stop - piece.start == length
        for place in range(piece.first, piece.end):
            own = unit(small, at, (place - int(piece.start / stride),)).axes[0].pixels
            assert [pixel + piece.start for pixel in own] == list(unit(image, at, (place,)).axes[0].pixels)
            kept.append(place)
    assert kept == list(range(n_out))
    assert len(tiling.pieces[0]) > 1


def test_the_cost_is_that_of_all_tiles_together() -> None:
    graph = graph_of("conv 8 k3 p1 | conv 8 k3 p1", 100, 60)
    (tiling,) = tile(graph, size=(20, 30)).tilings
    assert tiling.count == prod(tiling.counts) == len(tiling.pieces[0]) * len(tiling.pieces[1])
    assert tiling.kept == (16, 26)
    assert tiling.counts == (6, 3)  # 1 + ceil((100 - 20) / 16), 1 + ceil((60 - 30) / 26)
    assert tiling.pixels == Fraction(6 * 3 * 20 * 30, 100 * 60)
    assert tiling.macs == tiling.pixels


@pytest.mark.parametrize(
    ("text", "layer", "reason"),
    [
        ("conv 8 k3 p1 | se 4", "se1", "reduces the whole map"),
        ("conv 32 k3 p1 gn", "conv1.gn", "mixes all positions"),
        ("conv 8 k3 p1 | n: in", "n", "mixes all positions"),
        ("conv 8 k3 p1 | attention 4", "attention1", "mixes all positions"),
        ("conv 8 k3 p1 | adaptive 7", "adaptive1", "a ratio that follows no period"),
        ("conv 8 k3 p1 | upsample 1.5 mode=linear", "upsample1", "a ratio that follows no period"),
        ("maxpool 2 | upsample size=64x64", "upsample1", "its window depends on the size of the map"),
        ("conv 8 k3 p1 circular", "conv1", "wraps around"),
        ("a: conv 8 k3 p1 | concat(identity; gap | upsample size=a)", "gap1", "reduces the whole map"),
        ("q: conv 8 k3 p1 | sdpa q q", "sdpa1", "mixes all positions"),
        ("conv 8 k3 p1 | rearrange 8x64x64", "rearrange1", "mixes all positions"),
        ("conv 8 k3 p1 | rearrange 32x32x32", "rearrange1", "reduces the whole map"),
        ("conv 8 k3 p1 | softmax over=w", "softmax1", "mixes all positions"),
        ("a: conv 8 k3 p1 | matmul a out=8x64x64 inner=64", "matmul1", "reduces the whole map"),
        ("a: conv 8 k3 p1 | avgpool 64 | mul a", "mul1", "repeats on an axis what has one position there"),
        ("a: conv 8 k3 p1 | reduce max over=h | m: add a align=broadcast", "m", "repeats on an axis"),
        ("conv 8 k3 p1 | reduce max over=h", "reduce1", "its window depends on the size of the map"),
    ],
)
def test_what_prevents_exact_tiles_is_named(text: str, layer: str, reason: str) -> None:
    answer = tile(graph_of(text, 64, 64))
    assert not answer.exact
    assert not answer.tilings
    assert [each.layer for each in answer.because] == [layer]
    assert reason in answer.because[0].reason


def test_a_part_that_no_output_of_the_layer_depends_on_is_not_to_blame() -> None:
    assert tile(graph_of("a: conv 8 k3 p1 | se 4", 64, 64), at="a").exact


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": (30,)}, "a tile of 30 does not work on the length: like the image it has to be 0 modulo 8"),
        ({"size": (24,)}, "longer than its halos of 46 and 46; the nearest is 104"),
        ({"size": (3, 4)}, "tile 3x4: the input has 1 axis"),
        ({"at": "nothing"}, "no layer `nothing`"),
    ],
)
def test_a_wrong_question_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        tile(unet(3, "convt 4 k2 s2"), **arguments)  # type: ignore[arg-type]


def test_the_tiles_to_choose_from_are_the_smallest_of_those_that_are_as_few() -> None:
    graph = unet(2, "upsample 2", 512)
    (axis,) = tile(graph).axes
    lengths = [length for run in axis.lengths for length in run if length < 512]
    counts = {length: tile(graph, size=(length,)).tilings[0].count for length in lengths}
    for tiling in tile(graph).tilings:
        (length,) = tiling.sizes
        assert tiling.count == counts[length]
        assert all(counts[shorter] > tiling.count for shorter in lengths if shorter < length)


def test_an_image_smaller_than_the_tile_is_one_tile() -> None:
    (tiling,) = tile(unet(2, "upsample 2", 64), size=(512,)).tilings
    assert (tiling.sizes, tiling.counts) == ((64,), (1,))
    assert tiling.pixels == 1


def test_a_tile_longer_than_those_that_are_listed_can_be_asked_for() -> None:
    graph = graph_of("conv 4 k3 p1", 1_000_000)
    (axis,) = tile(graph).axes
    assert axis.lengths[-1].last < 500_000
    (tiling,) = tile(graph, size=(500_000,)).tilings
    assert (tiling.count, tiling.kept) == (3, (499_998,))


def test_more_tiles_than_anybody_could_run_are_refused() -> None:
    with pytest.raises(
        UsageError, match=r"tiles of 4 cut the length into 499,999 parts, more than the limit of 100,000"
    ):
        tile(graph_of("conv 4 k3 p1", 1_000_000), size=(4,))
