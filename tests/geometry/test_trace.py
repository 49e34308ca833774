"""What a set of units reads, against the reads of its units one by one."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.geometry.pixels import EMPTY, PixelSet
from cnncalc.geometry.resize import ResizeMode, adaptive_read, resize_read
from cnncalc.geometry.trace import read_by
from cnncalc.geometry.window import AxisWhole, AxisWindow, Boundary

if TYPE_CHECKING:
    from cnncalc.geometry.window import AxisRead


def check(read: AxisRead, units: set[int], n: int, boundary: Boundary) -> None:
    expected = {pixel for unit in units for pixel in read.reads(unit, n, boundary)}
    found = read_by(read, PixelSet.of_pixels(units), n, boundary)
    assert set(found.pixels()) == expected, (read, units, n)
    assert found == PixelSet.of_pixels(expected)


def test_every_small_window_reads_what_its_units_read() -> None:
    for k, s, d, p, a, n in product((1, 2, 3), (1, 2, 3), (1, 2), (-1, 0, 2), (1, 2, 3), (1, 2, 5)):
        window = AxisWindow(kernel_size=k, stride=s, dilation=d, padding=(p, 2), input_dilation=a)
        out = window.output_size(n)
        for units in ({0}, set(range(out)), set(range(1, out, 2)), set(range(out // 2, out))):
            if out >= 1:
                check(window, {unit for unit in units if unit < out}, n, Boundary.ZEROS)


@st.composite
def any_read(draw: st.DrawFn, n: int) -> tuple[AxisRead, int, Boundary]:
    kind = draw(st.sampled_from(["window", "padded", "adaptive", "resize"]))
    m = draw(st.integers(1, 20))
    if kind == "adaptive":
        return adaptive_read(n, m), m, Boundary.ZEROS
    if kind == "resize":
        whole = draw(st.booleans())
        return resize_read(n, m * n if whole else m, None, draw(st.sampled_from(list(ResizeMode)))), m, Boundary.ZEROS
    small = st.integers(1, 4)
    window = AxisWindow(
        kernel_size=draw(st.integers(1, 7)),
        stride=draw(small),
        dilation=draw(small),
        padding=(draw(st.integers(-3, 9)), draw(st.integers(0, 9))),
        input_dilation=1 if kind == "padded" else draw(small),
    )
    boundary = draw(st.sampled_from(list(Boundary))) if kind == "padded" else Boundary.ZEROS
    return window, window.output_size(n), boundary


@settings(max_examples=1000, deadline=None)
@given(st.data())
def test_any_set_of_units_reads_what_each_of_them_reads(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 20))
    read, out, boundary = data.draw(any_read(n).filter(lambda made: made[1] >= 1))
    units = data.draw(st.one_of(st.sets(st.integers(0, out - 1)), st.just(set(range(out)))))
    check(read, units, n, boundary)


def test_no_units_read_nothing() -> None:
    assert read_by(AxisWhole(), EMPTY, 5) == EMPTY


def test_a_million_units_of_a_dilated_strided_window_are_not_listed() -> None:
    window = AxisWindow(kernel_size=3, stride=2, dilation=1000)
    n = 2_002_001
    assert read_by(window, PixelSet(0, 1_000_001), n) == PixelSet.of_pixels(range(0, n, 2))
