"""Windows on one axis against their definition, enumerated."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.geometry.counting import floor_sum, pairs_up_to
from cnncalc.geometry.window import AxisTaps, AxisWhole, AxisWindow, Boundary, PaddingWord, resolve_padding

KERNELS, STRIDES, DILATIONS, PADDINGS, SIZES = range(1, 5), range(1, 4), range(1, 4), range(4), range(1, 13)


def defined_reads(window: AxisWindow, o: int, n: int) -> list[tuple[int, int]]:
    """(tap, input index) for every tap that falls on an input element, straight from the definition."""
    places = {index * window.input_dilation: index for index in range(n)}
    before = window.padding[0]
    taps = ((t, o * window.stride - before + window.dilation * t) for t in range(window.kernel_size))
    return [(t, places[position]) for t, position in taps if position in places]


def defined_size(window: AxisWindow, n: int) -> int:
    """How many windows fit into the padded, dilated input, counted one by one."""
    before, after = window.padding
    size = (n - 1) * window.input_dilation + 1
    effective = window.dilation * (window.kernel_size - 1) + 1
    count = 0
    while True:
        overhang = count * window.stride + effective - (size + before + after)
        starts_inside = count * window.stride < size + before
        if not (overhang <= 0 or (window.ceil_mode and overhang < window.stride and starts_inside)):
            return count
        count += 1


def every_window(*, input_dilations: range, ceil_mode: bool = False) -> list[AxisWindow]:
    return [
        AxisWindow(kernel_size=k, stride=s, dilation=d, padding=(p, q), input_dilation=a, ceil_mode=ceil_mode)
        for k, s, d, p, q, a in product(KERNELS, STRIDES, DILATIONS, PADDINGS, PADDINGS, input_dilations)
    ]


def check(window: AxisWindow, n: int) -> None:
    out = defined_size(window, n)
    found = window.output_size(n)
    assert found == out if out else found < 1
    pairs = 0
    for o in range(out):
        reads = defined_reads(window, o, n)
        assert list(window.reads(o, n)) == sorted({index for _, index in reads}), (window, n, o)
        pairs += len(reads)
    assert window.valid_taps(n) == pairs, (window, n)


def test_every_small_window_has_the_size_reads_and_valid_taps_of_its_definition() -> None:
    for window, n in product(every_window(input_dilations=range(1, 2)), SIZES):
        check(window, n)


def test_every_small_window_in_ceil_mode_keeps_the_last_window_unless_it_starts_in_the_padding() -> None:
    for window, n in product(every_window(input_dilations=range(1, 2), ceil_mode=True), SIZES):
        if 2 * max(window.padding) <= window.effective_kernel_size:  # more is no legal pool (PyTorch, Caffe)
            check(window, n)


def test_every_small_window_on_a_dilated_input_reads_what_its_definition_says() -> None:
    for window, n in product(every_window(input_dilations=range(2, 4)), (1, 2, 3, 5)):
        check(window, n)


@pytest.mark.parametrize("padding", [(-2, 0), (0, -2), (-1, -3), (-2, 1)])
@pytest.mark.parametrize("input_dilation", [1, 2])
def test_negative_padding_crops(padding: tuple[int, int], input_dilation: int) -> None:
    for k, s, n in product((1, 2, 3), (1, 2), range(5, 10)):
        check(AxisWindow(kernel_size=k, stride=s, padding=padding, input_dilation=input_dilation), n)


def test_the_identity_is_recognised_and_nothing_else() -> None:
    assert AxisWindow(kernel_size=1).is_identity
    assert AxisWindow(kernel_size=1, dilation=3).is_identity
    assert not AxisWindow(kernel_size=1, stride=2).is_identity
    assert not AxisWindow(kernel_size=1, padding=(1, 0)).is_identity
    assert not AxisWindow(kernel_size=1, input_dilation=2).is_identity
    assert not AxisWindow(kernel_size=2).is_identity


# Sizes printed by Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.
@pytest.mark.parametrize(
    ("n", "k", "s", "p", "out"),
    [
        (4, 3, 1, 0, 2),
        (5, 4, 1, 2, 6),
        (5, 3, 1, 1, 5),
        (5, 3, 1, 2, 7),
        (5, 3, 2, 0, 2),
        (5, 3, 2, 1, 3),
        (6, 3, 2, 1, 3),
    ],
)
def test_the_convolutions_drawn_by_dumoulin_and_visin_have_their_sizes(
    n: int, k: int, s: int, p: int, out: int
) -> None:
    assert AxisWindow(kernel_size=k, stride=s, padding=(p, p)).output_size(n) == out


@pytest.mark.parametrize(
    ("n", "k", "s", "p", "output_padding", "out"),
    [
        (2, 3, 1, 0, 0, 4),
        (6, 4, 1, 2, 0, 5),
        (5, 3, 1, 1, 0, 5),
        (7, 3, 1, 2, 0, 5),
        (2, 3, 2, 0, 0, 5),
        (3, 3, 2, 1, 0, 5),
        (3, 3, 2, 1, 1, 6),
    ],
)
def test_the_transposed_convolutions_drawn_by_dumoulin_and_visin_have_their_sizes(
    n: int, k: int, s: int, p: int, output_padding: int, out: int
) -> None:
    window = AxisWindow.transposed(kernel_size=k, stride=s, padding=(p, p), output_padding=output_padding)
    assert window.output_size(n) == out


def test_a_transposed_window_reads_the_inputs_that_scatter_onto_the_output() -> None:
    for k, s, d, p, op, n in product(range(1, 5), range(1, 4), range(1, 3), range(3), range(3), range(1, 6)):
        out = (n - 1) * s - 2 * p + d * (k - 1) + op + 1  # PyTorch's ConvTranspose
        if out < 1:
            continue
        window = AxisWindow.transposed(kernel_size=k, stride=s, dilation=d, padding=(p, p), output_padding=op)
        assert window.output_size(n) == out
        scattered: list[set[int]] = [set() for _ in range(out)]
        for index, t in product(range(n), range(k)):
            if 0 <= index * s + d * t - p < out:
                scattered[index * s + d * t - p].add(index)
        assert [window.reads(o, n) for o in range(out)] == [tuple(sorted(each)) for each in scattered]


@pytest.mark.parametrize("factor", [1, 2, 3, 8])
def test_a_repeating_window_reads_the_floor_of_its_position_over_the_factor(factor: int) -> None:
    window = AxisWindow.repeated(factor)
    assert window.output_size(5) == 5 * factor
    assert [window.reads(o, 5) for o in range(5 * factor)] == [(o // factor,) for o in range(5 * factor)]


def test_a_stride_larger_than_the_kernel_skips_pixels() -> None:
    window = AxisWindow(kernel_size=1, stride=3)
    assert [window.reads(o, 7) for o in range(window.output_size(7))] == [(0,), (3,), (6,)]


# What numpy.pad (modes reflect, edge, wrap) puts at -3 .. n+2 for n = 4.
PADDED = {
    Boundary.REFLECT: [3, 2, 1, 0, 1, 2, 3, 2, 1, 0],
    Boundary.REPLICATE: [0, 0, 0, 0, 1, 2, 3, 3, 3, 3],
    Boundary.CIRCULAR: [1, 2, 3, 0, 1, 2, 3, 0, 1, 2],
}


@pytest.mark.parametrize("boundary", PADDED)
def test_a_tap_outside_reads_what_padding_puts_there(boundary: Boundary) -> None:
    for k, s, d in product(range(1, 4), (1, 2), (1, 2)):
        window = AxisWindow(kernel_size=k, stride=s, dilation=d, padding=(3, 3))
        for o in range(window.output_size(4)):
            taps = [PADDED[boundary][o * s + d * t] for t in range(k)]
            assert window.reads(o, 4, boundary) == tuple(sorted(set(taps)))


@pytest.mark.parametrize("boundary", [Boundary.REFLECT, Boundary.REPLICATE, Boundary.CIRCULAR])
def test_an_axis_of_one_pixel_reads_that_pixel_at_any_boundary(boundary: Boundary) -> None:
    assert AxisWindow(kernel_size=3, padding=(1, 1)).reads(0, 1, boundary) == (0,)


@pytest.mark.parametrize("word", [PaddingWord.SAME, PaddingWord.SAME_LOWER])
def test_same_gives_the_ceiling_of_size_over_stride_with_the_least_padding(word: PaddingWord) -> None:
    for k, s, d, n in product(KERNELS, STRIDES, DILATIONS, SIZES):
        before, after = resolve_padding(word, n, k, s, d)
        window = AxisWindow(kernel_size=k, stride=s, dilation=d, padding=(before, after))
        assert window.output_size(n) == -(-n // s)
        if before + after:
            less = AxisWindow(kernel_size=k, stride=s, dilation=d, padding=(before, after - 1))
            assert less.output_size(n) < -(-n // s)
        assert (after if word is PaddingWord.SAME else before) - min(before, after) in (0, 1)
        assert abs(after - before) <= 1


@pytest.mark.parametrize(
    ("word", "k", "d", "padding"),
    [
        (PaddingWord.HALF, 3, 1, (1, 1)),
        (PaddingWord.HALF, 4, 1, (1, 1)),
        (PaddingWord.HALF, 2, 2, (1, 1)),
        (PaddingWord.FULL, 3, 2, (4, 4)),
        (PaddingWord.CAUSAL, 2, 8, (8, 0)),
        (PaddingWord.VALID, 5, 3, (0, 0)),
    ],
)
def test_the_words_that_do_not_depend_on_the_size(word: PaddingWord, k: int, d: int, padding: tuple[int, int]) -> None:
    assert {resolve_padding(word, n, k, s, d) for n in (1, 7, 224) for s in (1, 2)} == {padding}


def test_valid_taps_of_a_huge_window_are_counted_without_listing_them() -> None:
    n, half = 2**31, 2**23
    window = AxisWindow(kernel_size=2 * half, padding=(half, half))
    assert window.valid_taps(n) == (n + 1) * 2 * half - 2 * sum(range(half + 1))  # both borders miss 1, 2, ... half
    window = AxisWindow.transposed(kernel_size=2**24, stride=2**24)
    assert window.valid_taps(1000) == 1000 * 2**24


@given(st.integers(0, 30), st.integers(1, 20), st.integers(0, 30), st.integers(0, 30))
def test_floor_sum_is_the_sum_of_its_floors(count: int, divisor: int, slope: int, offset: int) -> None:
    assert floor_sum(count, divisor, slope, offset) == sum((slope * i + offset) // divisor for i in range(count))


@given(st.integers(-10, 60), st.integers(1, 7), st.integers(1, 7), st.integers(0, 9), st.integers(1, 9))
def test_pairs_up_to_counts_the_pairs(limit: int, p: int, q: int, columns: int, rows: int) -> None:
    pairs = [(x, y) for x in range(columns) for y in range(rows) if p * x + q * y <= limit]
    assert pairs_up_to(limit, p, q, columns, rows) == len(pairs)


def test_listed_taps_repeat_with_their_shift() -> None:
    taps = AxisTaps((range(-1, 2), range(1)), shift=2)
    assert [taps.reads(o, 5) for o in range(6)] == [(0, 1), (0,), (1, 2, 3), (2,), (3, 4), (4,)]


def test_a_table_of_taps_lists_every_unit() -> None:
    taps = AxisTaps((range(2), range(1, 3)))
    assert [taps.reads(o, 3) for o in range(2)] == [(0, 1), (1, 2)]


def test_a_whole_axis_is_read_by_every_output() -> None:
    assert AxisWhole().reads(7, 3) == (0, 1, 2)
