"""Resizing and adaptive pooling against their formulas, written out with fractions."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.resize import ResizeMode, adaptive_read, resize_read
from cnncalc.geometry.window import AxisTaps, AxisWindow

NEAREST = (ResizeMode.NEAREST, ResizeMode.NEAREST_EXACT)
SMOOTH = (ResizeMode.LINEAR, ResizeMode.CUBIC)


def weight(mode: ResizeMode, distance: Fraction) -> Fraction:
    """The kernels of linear and cubic interpolation (Keys 1981 with a = -3/4, as PyTorch and OpenCV have it)."""
    x = abs(distance)
    if mode is ResizeMode.LINEAR:
        return max(1 - x, Fraction(0))
    a = Fraction(-3, 4)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else Fraction(0)


def weighed_reads(mode: ResizeMode, src: Fraction, n: int) -> tuple[int, ...]:
    """Pixels whose weights, with the edge pixel repeated outside, do not add up to 0."""
    if mode is ResizeMode.LINEAR:
        src = max(src, Fraction(0))
    total = dict.fromkeys(range(n), Fraction(0))
    for position in range(floor(src) - 2, floor(src) + 4):
        total[min(max(position, 0), n - 1)] += weight(mode, src - position)
    return tuple(pixel for pixel, amount in total.items() if amount)


def reads(n: int, m: int, scale: Fraction | None, mode: ResizeMode, *, align: bool = False) -> list[tuple[int, ...]]:
    read = resize_read(n, m, scale, mode, align_corners=align)
    if isinstance(read, AxisWindow):
        assert read.output_size(n) == m
    return [read.reads(o, n) for o in range(m)]


def test_align_corners_is_refused_of_a_nearest_mode() -> None:
    for mode in NEAREST:
        with pytest.raises(LayerError, match="align_corners") as caught:
            resize_read(4, 8, None, mode, align_corners=True)
        assert (caught.value.code, caught.value.option) == ("CNN905", "align_corners")


@pytest.mark.parametrize("m", [2**20 + 1, 2**31])
def test_a_table_of_more_units_than_fit_is_refused_before_it_is_made(m: int) -> None:
    with pytest.raises(LayerError) as caught:
        resize_read(m - 1, m)
    assert caught.value.code == "CNN902"
    with pytest.raises(LayerError) as caught:
        adaptive_read(m + 1, m)
    assert caught.value.code == "CNN902"


@pytest.mark.parametrize("mode", SMOOTH)
def test_smooth_modes_read_the_pixels_with_a_weight(mode: ResizeMode) -> None:
    for n in range(1, 9):
        for m in range(1, 20):
            ratio = Fraction(n, m)
            sources = [(o + Fraction(1, 2)) * ratio - Fraction(1, 2) for o in range(m)]
            assert reads(n, m, None, mode) == [weighed_reads(mode, src, n) for src in sources], (n, m)


@pytest.mark.parametrize("mode", SMOOTH)
def test_align_corners_maps_the_first_pixel_on_the_first_and_the_last_on_the_last(mode: ResizeMode) -> None:
    for n in range(1, 9):
        for m in range(1, 20):
            step = Fraction(n - 1, m - 1) if m > 1 else Fraction(0)
            assert reads(n, m, None, mode, align=True) == [weighed_reads(mode, o * step, n) for o in range(m)], (n, m)


@pytest.mark.parametrize("scale", [Fraction(3, 2), Fraction(19, 10), Fraction(2, 3), Fraction(5, 8)])
def test_a_given_scale_is_used_instead_of_the_ratio_of_sizes(scale: Fraction) -> None:
    for n in range(3, 12):
        m = floor(n * scale)
        if m in (n, 2 * n):
            continue
        assert reads(n, m, scale, ResizeMode.NEAREST) == [(min(floor(o / scale), n - 1),) for o in range(m)]
        exact = [(min(floor((o + Fraction(1, 2)) / scale), n - 1),) for o in range(m)]
        assert reads(n, m, scale, ResizeMode.NEAREST_EXACT) == exact
        for mode in SMOOTH:
            sources = [(o + Fraction(1, 2)) / scale - Fraction(1, 2) for o in range(m)]
            assert reads(n, m, scale, mode) == [weighed_reads(mode, src, n) for src in sources]


def test_nearest_reads_the_floor_and_nearest_exact_the_floor_of_the_centre() -> None:
    for n in range(1, 12):
        for m in range(1, 30):
            assert reads(n, m, None, ResizeMode.NEAREST) == [(o * n // m,) for o in range(m)]
            assert reads(n, m, None, ResizeMode.NEAREST_EXACT) == [((2 * o + 1) * n // (2 * m),) for o in range(m)]


def test_a_size_that_stays_is_copied_whatever_the_scale() -> None:
    for mode in (ResizeMode.NEAREST, *SMOOTH):
        assert resize_read(3, 3, Fraction(5, 4), mode) == AxisWindow(kernel_size=1)


@pytest.mark.parametrize("factor", [2, 3, 4, 7])
def test_whole_factors_need_no_table(factor: int) -> None:
    for mode in ResizeMode:
        for n, m in ((5, 5 * factor), (5 * factor, 5)):
            read = resize_read(n, m, None, mode)
            assert isinstance(read, AxisWindow) or (isinstance(read, AxisTaps) and read.shift == 1)
            assert read == resize_read(n, m, Fraction(m, n), mode)
    linear = resize_read(5, 5 * factor, None, ResizeMode.LINEAR)
    pad = ceil(Fraction(factor - 1, 2))
    kernel_size = 2 * factor - factor % 2
    assert linear == AxisWindow.transposed(kernel_size=kernel_size, stride=factor, padding=(pad, pad))


def test_adaptive_pooling_reads_from_the_floor_to_the_ceiling() -> None:
    for n in range(1, 15):
        for m in range(1, 15):
            read = adaptive_read(n, m)
            assert isinstance(read, AxisWindow if n % m == 0 else AxisTaps)
            spans = [range(floor(Fraction(o * n, m)), ceil(Fraction((o + 1) * n, m))) for o in range(m)]
            assert [read.reads(o, n) for o in range(m)] == [tuple(span) for span in spans]
