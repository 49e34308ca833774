"""Resizing and adaptive pooling against their formulas, written out with fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import Any

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.coordinates import Coordinates, Rounding
from cnncalc.geometry.resize import ResizeMode, adaptive_read, located_read, resize_read
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


THIRDS = (Fraction(-1, 4), Fraction(5, 4)), (Fraction(1, 3), Fraction(2, 3)), (Fraction(0), Fraction(1))


def source(n: int, m: int, o: int, where: Coordinates, scale: Fraction, region: tuple[Fraction, Fraction]) -> Fraction:
    """`x_original` as the ONNX standard writes it in its text of Resize, version 19."""
    half = Fraction(1, 2)
    formulas = {
        "half_pixel": lambda: (o + half) / scale - half,
        "half_pixel_symmetric": lambda: Fraction(n, 2) * (1 - m / (scale * n)) + (o + half) / scale - half,
        "pytorch_half_pixel": lambda: (o + half) / scale - half if m > 1 else Fraction(0),
        "align_corners": lambda: Fraction(o * (n - 1), m - 1) if m > 1 else Fraction(0),
        "asymmetric": lambda: o / scale,
        "tf_half_pixel_for_nn": lambda: (o + half) / scale,
        "tf_crop_and_resize": lambda: (
            region[0] * (n - 1) + o * (region[1] - region[0]) * (n - 1) / (m - 1)
            if m > 1
            else half * (region[0] + region[1]) * (n - 1)
        ),
    }
    return formulas[where.value]()


def located(n: int, m: int, scale: Fraction | None, mode: ResizeMode, **given: Any) -> list[tuple[int, ...]]:
    read = located_read(n, m, scale, mode, **given)
    if isinstance(read, AxisWindow):
        assert read.output_size(n) == m
    return [read.reads(o, n) for o in range(m)]


SIZES = [
    (n, m, scale) for n in range(1, 7) for m in range(1, 14) for scale in (None, Fraction(m, n) + Fraction(1, 7 * n))
]


class TestCoordinatesOfOnnx:
    @pytest.mark.parametrize("where", Coordinates)
    @pytest.mark.parametrize("mode", SMOOTH)
    def test_smooth_modes_read_the_pixels_with_a_weight(self, where: Coordinates, mode: ResizeMode) -> None:
        for (n, m, scale), region in product(SIZES, THIRDS if where is Coordinates.TF_CROP_AND_RESIZE else THIRDS[2:]):
            expected = []
            for o in range(m):
                src = source(n, m, o, where, scale or Fraction(m, n), region)
                outside = where is Coordinates.TF_CROP_AND_RESIZE and not 0 <= src <= n - 1
                expected.append(() if outside else clamped(mode, src, n))
            assert located(n, m, scale, mode, coordinates=where, region=region) == expected, (n, m, scale, region)

    @pytest.mark.parametrize("where", Coordinates)
    @pytest.mark.parametrize("rounding", Rounding)
    def test_nearest_reads_the_pixel_that_the_rounding_says(self, where: Coordinates, rounding: Rounding) -> None:
        half = Fraction(1, 2)
        for n, m, scale in SIZES:
            sources = [source(n, m, o, where, scale or Fraction(m, n), THIRDS[2]) for o in range(m)]
            rounded = {
                "floor": [floor(src) for src in sources],
                "ceil": [ceil(src) for src in sources],
                "round_prefer_floor": [floor(src) if src - floor(src) <= half else ceil(src) for src in sources],
                "round_prefer_ceil": [floor(src) if src - floor(src) < half else ceil(src) for src in sources],
            }[rounding.value]
            expected = [(min(max(pixel, 0), n - 1),) for pixel in rounded]
            found = located(n, m, scale, ResizeMode.NEAREST, coordinates=where, rounding=rounding)
            assert found == expected, (n, m, scale)

    @pytest.mark.parametrize("mode", SMOOTH)
    def test_antialiasing_stretches_the_kernel_where_it_shrinks(self, mode: ResizeMode) -> None:
        radius = {ResizeMode.LINEAR: 1, ResizeMode.CUBIC: 2}[mode]
        for n, m, _ in SIZES:
            found = located(n, m, None, mode, coordinates=Coordinates.HALF_PIXEL, antialias=True)
            for o, pixels in enumerate(found):
                src = (o + Fraction(1, 2)) * Fraction(n, m) - Fraction(1, 2)
                shrink = min(Fraction(m, n), Fraction(1))
                weighed = {min(max(i, 0), n - 1) for i in range(-20, 30) if weight(mode, (i - src) * shrink)}
                inside = {min(max(i, 0), n - 1) for i in range(-20, 30) if abs(i - src) * shrink < radius}
                assert weighed <= set(pixels) <= inside, (n, m, o)

    @pytest.mark.parametrize("factor", [2, 3, 4])
    @pytest.mark.parametrize(
        ("where", "rounding"),
        [(Coordinates.ASYMMETRIC, Rounding.FLOOR), (Coordinates.HALF_PIXEL, Rounding.ROUND_PREFER_FLOOR)],
    )
    def test_whole_factors_need_no_table(self, factor: int, where: Coordinates, rounding: Rounding) -> None:
        for mode, (n, m) in product((ResizeMode.NEAREST, *SMOOTH), ((5, 5 * factor), (5 * factor, 5))):
            read = located_read(n, m, None, mode, coordinates=where, rounding=rounding)
            assert isinstance(read, AxisWindow) or (isinstance(read, AxisTaps) and read.shift == 1)


def clamped(mode: ResizeMode, src: Fraction, n: int) -> tuple[int, ...]:
    """Pixels that have a weight before the edge pixel is repeated outside."""
    taps = [position for position in range(floor(src) - 2, floor(src) + 4) if weight(mode, src - position)]
    return tuple(sorted({min(max(position, 0), n - 1) for position in taps}))
