"""Tiles against the whole image, both run by PyTorch in double precision."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.queries.tile import tile
from tests.oracle.draw_tree import draw_network
from tests.oracle.models import UNET, UNet
from tests.oracle.networks import Network, document
from tests.oracle.pytorch import F, nn, torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.queries.tile import Tiling

pytestmark = pytest.mark.oracle
EQUAL = 1e-12


class Bilinear(nn.Module):
    """Two levels with bilinear up-sampling, which reads beyond each border of a block."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(8, 2, 3)

    def forward(self, x: Any) -> Any:
        skip = self.a(x).relu()
        low = self.b(F.max_pool2d(skip, 2)).relu()
        up = F.interpolate(low, scale_factor=2, mode="bilinear", align_corners=False)
        return self.c(F.pad(torch.cat([skip, up], dim=1), (1, 1, 1, 1)))


BILINEAR = """
cnncalc: 1
input: 3x64x64
layers:
  - a: conv 4 k3 p1 relu
  - maxpool 2 | conv 4 k3 p1 relu | upsample 2 mode=linear
  - concat a
  - conv 2 k3 p1
"""


class Valid(nn.Module):
    """Unpadded, skips cropped: outputs lie inside their tiles."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3)
        self.up, self.c = nn.ConvTranspose2d(4, 4, 2, 2), nn.Conv2d(8, 2, 3)

    def forward(self, x: Any) -> Any:
        skip = self.a(x).relu()
        up = self.up(self.b(F.max_pool2d(skip, 2)).relu())
        height, width = up.shape[2:]
        cut = [(have - want) // 2 for have, want in zip(skip.shape[2:], (height, width), strict=True)]
        cropped = skip[:, :, cut[0] : cut[0] + height, cut[1] : cut[1] + width]
        return self.c(torch.cat([up, cropped], dim=1))


VALID = """
cnncalc: 1
input: 1x62x62
layers:
  - a: conv 4 k3 relu
  - maxpool 2 | conv 4 k3 relu | convt 4 k2 s2
  - concat a align=crop
  - conv 2 k3
"""


class Strided(nn.Module):
    """A backbone: strides alone, so that outputs are fewer than pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.down = nn.Conv2d(3, 4, 7, 2, 3), nn.Conv2d(4, 4, 3, 2, 1)

    def forward(self, x: Any) -> Any:
        return self.down(F.max_pool2d(self.stem(x).relu(), 3, 2, 1))


STRIDED = """
cnncalc: 1
input: 3x101x117
layers: [conv 4 k7 s2 p3 relu, maxpool 3 s2 p1, conv 4 k3 s2 p1]
"""

MODELS: dict[str, tuple[Any, str, tuple[int, ...]]] = {
    "U-Net": (UNet, UNET, (3, 96, 112)),
    "bilinear": (Bilinear, BILINEAR, (3, 48, 64)),
    "valid": (Valid, VALID, (1, 62, 46)),
    "strided": (Strided, STRIDED, (3, 101, 117)),
}


def shortest(answer: Any) -> tuple[int, ...]:
    """The shortest tile on each axis."""
    return tuple(min(min(run) for run in axis.lengths) for axis in answer.axes)


def run_tiles(run: Any, x: Any, tiling: Tiling, whole: Any, jumps: Sequence[Any]) -> Any:
    """The output put together from tiles."""
    result = torch.full_like(whole, float("nan"))
    for pieces in product(*tiling.pieces):
        cut = (..., *(slice(piece.start, piece.stop) for piece in pieces))
        part = run(x[cut])
        origins = [int(piece.start / jump) for piece, jump in zip(pieces, jumps, strict=True)]
        theirs = [slice(piece.first - at, piece.end - at) for piece, at in zip(pieces, origins, strict=True)]
        mine = (..., *(slice(piece.first, piece.end) for piece in pieces))
        taken = (..., *theirs)
        result[mine] = part[taken]
    return result


def jumps_of(report: Any, layer: str) -> list[Any]:
    return [axis.jump for axis in report[layer].reach]


@pytest.mark.parametrize("name", MODELS)
def test_tiles_give_the_result_of_the_whole_image(name: str) -> None:
    make, text, shape = MODELS[name]
    torch.manual_seed(1)
    model: Any = make().double().eval()
    spec = cnncalc.parse(text, input=shape)
    answer = tile(cnncalc.build(spec))
    assert answer.exact
    answer = tile(cnncalc.build(spec), size=shortest(answer))
    (tiling,) = answer.tilings
    assert tiling.count > 1
    x = torch.randn(1, *shape, dtype=torch.float64)
    with torch.no_grad():
        whole = model(x)
        tiled = run_tiles(model, x, tiling, whole, jumps_of(cnncalc.analyze(spec), answer.layer))
    assert (tiled - whole).abs().max() < EQUAL


@pytest.mark.parametrize("name", ["U-Net", "bilinear", "strided"])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("side", ["before", "after"])
def test_one_period_less_of_halo_gives_another_result(name: str, axis: int, side: str) -> None:
    make, text, shape = MODELS[name]
    torch.manual_seed(2)
    model: Any = make().double().eval()
    spec = cnncalc.parse(text, input=shape)
    graph = cnncalc.build(spec)
    answer = tile(graph)
    (tiling,) = tile(graph, size=shortest(answer)).tilings
    jump = jumps_of(cnncalc.analyze(spec), answer.layer)[axis]
    step = int((answer.axes[axis].period or 1) / jump)
    piece = tiling.pieces[axis][1]  # a tile with others on both sides
    assert piece.start > 0
    assert piece.stop < answer.axes[axis].size
    first, end = (piece.first - step, piece.first) if side == "before" else (piece.end, piece.end + step)
    at = int(piece.start / jump)
    x = torch.randn(1, *shape, dtype=torch.float64)
    with torch.no_grad():
        whole = model(x)[along(axis, first, end)]
        tiled = model(x[along(axis, piece.start, piece.stop)])[along(axis, first - at, end - at)]
    assert tiled.shape == whole.shape
    assert (tiled - whole).abs().max() > EQUAL


def along(axis: int, first: int, end: int) -> tuple[Any, ...]:
    """An index that cuts one axis of a batch of planes."""
    index = [slice(None)] * 4
    index[2 + axis] = slice(first, end)
    return tuple(index)


def test_an_unpadded_tile_has_no_output_beyond_those_that_are_right() -> None:
    make, text, shape = MODELS["valid"]
    graph = cnncalc.build(cnncalc.parse(text, input=shape))
    axis = tile(graph).axes[0]
    (tiling,) = tile(graph, size=shortest(tile(graph))).tilings
    model: Any = make()
    out = model.double()(torch.randn(1, 1, *tiling.sizes, dtype=torch.float64))
    assert axis.halo is not None
    assert axis.halo[0] == 0
    assert out.shape[2] < tiling.kept[0] + (axis.period or 1)


@pytest.mark.parametrize("seed", range(5000, 5120))
def test_random_networks_that_are_called_exact_are(seed: int) -> None:
    rng = Random(seed)
    ndim = rng.choice([1, 1, 2])
    shape = (rng.choice([1, 2]), *(rng.randint(60, 90) if ndim == 1 else rng.randint(24, 40) for _ in range(ndim)))
    tree = draw_network(seed, shape, length=rng.randint(1, 4), limit=40000)
    text = document(tree, shape, "nested")
    graph = cnncalc.build(cnncalc.parse(text))
    name = graph.layers[-1].name
    answer = tile(graph, at=name)
    if not answer.exact:
        assert answer.because
        return
    if any(not axis.lengths for axis in answer.axes):
        return
    lengths = shortest(answer)
    (tiling,) = tile(graph, at=name, size=lengths).tilings
    torch.manual_seed(seed)
    network = Network(tree).double().eval()
    x = torch.randn(1, *shape, dtype=torch.float64)
    jumps = jumps_of(cnncalc.analyze(text), name)
    with torch.no_grad():
        whole = network(x)[-1]
        tiled = run_tiles(lambda part: network(part)[-1], x, tiling, whole, jumps)
    assert torch.allclose(tiled, whole, rtol=EQUAL, atol=EQUAL), f"tiles of {lengths} of {text}"
