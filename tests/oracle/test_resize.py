"""Resizing and adaptive pooling on one axis: which pixels have a gradient, according to PyTorch."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from cnncalc.geometry.resize import ResizeMode, adaptive_read, resize_read
from tests.oracle.pytorch import F, torch

pytestmark = pytest.mark.oracle

NAMES = {
    ResizeMode.NEAREST: "nearest",
    ResizeMode.NEAREST_EXACT: "nearest-exact",
    ResizeMode.LINEAR: "linear",
    ResizeMode.CUBIC: "bicubic",
}
SCALES = [
    Fraction(a, b) for a, b in ((1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (5, 4), (3, 4), (19, 10), (9, 4), (17, 8))
]
NOISE = 1e-7


def reads(output: Any, pixels: Any) -> list[tuple[int, ...]]:
    """Per output the pixels with a gradient."""
    found = []
    for o in range(output.shape[-1]):
        (gradient,) = torch.autograd.grad(output[..., o].sum(), pixels, retain_graph=True)
        found.append(tuple(i for i, value in enumerate(gradient.flatten().tolist()) if abs(value) > NOISE))
    return found


def line(n: int, mode: ResizeMode | None = None) -> Any:
    """An image of one row for cubic interpolation, which PyTorch has in the plane only."""
    shape = (1, 1, 1, n) if mode is ResizeMode.CUBIC else (1, 1, n)
    return torch.ones(shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("n", range(1, 13))
@pytest.mark.parametrize("mode", list(ResizeMode))
def test_resizing_to_a_size_reads_what_has_a_gradient(mode: ResizeMode, n: int) -> None:
    for m in range(1, 26):
        for align in (False, True) if mode in (ResizeMode.LINEAR, ResizeMode.CUBIC) else (None,):
            pixels = line(n, mode)
            size = (1, m) if mode is ResizeMode.CUBIC else m
            output = F.interpolate(pixels, size=size, mode=NAMES[mode], align_corners=align)
            read = resize_read(n, m, None, mode, align_corners=bool(align))
            assert [read.reads(o, n) for o in range(m)] == reads(output, pixels), (m, align)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("mode", list(ResizeMode))
def test_resizing_by_a_scale_reads_what_has_a_gradient(mode: ResizeMode, scale: Fraction) -> None:
    for n in range(1, 13):
        m = int(n * scale)
        if m:
            pixels = line(n, mode)
            factor: Any = (1.0, float(scale)) if mode is ResizeMode.CUBIC else float(scale)
            output = F.interpolate(pixels, scale_factor=factor, mode=NAMES[mode])
            assert output.shape[-1] == m
            read = resize_read(n, m, scale, mode)
            assert [read.reads(o, n) for o in range(m)] == reads(output, pixels), n


@pytest.mark.parametrize("n", range(1, 13))
def test_adaptive_pooling_reads_what_has_a_gradient(n: int) -> None:
    for m in range(1, 15):
        pixels = line(n)
        read = adaptive_read(n, m)
        assert [read.reads(o, n) for o in range(m)] == reads(F.adaptive_avg_pool1d(pixels, m), pixels)
