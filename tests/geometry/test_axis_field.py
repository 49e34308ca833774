"""Fields on one axis against brute-force sets: what units see is followed tap by tap on an axis without ends."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import sqrt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.errors import LayerError
from cnncalc.geometry.field import AxisField
from cnncalc.geometry.resize import ResizeMode, adaptive_read, resize_read
from cnncalc.geometry.window import AxisTaps, AxisWhole, AxisWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.geometry.window import AxisRead

HUGE = 10**6
"""Sizes that do not matter, because nothing is a table."""


def source(unit: int) -> frozenset[int]:
    return frozenset({unit})


def read_by(before: Callable[[int], frozenset[int]], window: AxisWindow) -> Callable[[int], frozenset[int]]:
    """What the units behind a window see, from its definition, on an axis without ends."""

    def sees(o: int) -> frozenset[int]:
        positions = (o * window.stride - window.padding[0] + window.dilation * t for t in range(window.kernel_size))
        zeros = window.input_dilation
        return frozenset().union(*(before(position // zeros) for position in positions if position % zeros == 0))

    return sees


def through(field: AxisField, *windows: AxisWindow) -> AxisField:
    for window in windows:
        field = field.through(window, HUGE, HUGE)
    return field


def chain(*windows: AxisWindow) -> AxisField:
    return through(AxisField.source(), *windows)


def window(k: int, s: int = 1, p: int | tuple[int, int] = 0, d: int = 1) -> AxisWindow:
    return AxisWindow(kernel_size=k, stride=s, padding=p if isinstance(p, tuple) else (p, p), dilation=d)


def up(k: int, s: int, p: int = 0, op: int = 0) -> AxisWindow:
    return AxisWindow.transposed(kernel_size=k, stride=s, padding=(p, p), output_padding=op)


def check(field: AxisField, sees: Callable[[int], frozenset[int]]) -> None:
    """Every phase and the period after it, and the figures that follow from the sets."""
    sets = [sees(o) for o in range(2 * field.period)]
    assert [set(field.pixels(o)) for o in range(2 * field.period)] == sets
    phases = sets[: field.period]
    extents = [max(each) - min(each) + 1 if each else 0 for each in phases]
    assert field.rf == max(extents)
    assert field.extents == tuple(sorted((extent, extents.count(extent)) for extent in set(extents)))
    assert field.touched == max(map(len, phases))
    assert [mask.bit_count() for mask in field.masks] == list(map(len, phases))
    shift = field.shift
    assert shift is not None
    assert field.jump == Fraction(shift, field.period)
    centres = [Fraction(min(each) + max(each) + 1, 2) - p * field.jump for p, each in enumerate(phases) if each]
    assert field.start == (sum(centres) / len(centres) if centres else None)


SMALL = [
    AxisWindow(kernel_size=k, stride=s, dilation=d, padding=(p, 1), input_dilation=a)
    for k, s, d, p, a in product((1, 2, 3), (1, 2, 3), (1, 2), (0, 2), (1, 2, 3))
]


def test_every_chain_of_two_small_windows_sees_what_its_definition_says() -> None:
    for first, second in product(SMALL, SMALL):
        check(chain(first, second), read_by(read_by(source, first), second))


@pytest.mark.parametrize("first", SMALL)
def test_the_period_of_a_window_is_reduced_by_what_its_stride_has_in_common(first: AxisWindow) -> None:
    for second in SMALL:
        before = chain(first)
        after = chain(first, second)
        if second.is_identity:
            assert after is before
            continue
        assert after.jump == before.jump * Fraction(second.stride, second.input_dilation)  # type: ignore[operator]
        positions = before.period * second.input_dilation
        assert after.period == len({o * second.stride % positions for o in range(positions)})


@st.composite
def any_window(draw: st.DrawFn) -> AxisWindow:
    small = st.integers(1, 4)
    return AxisWindow(
        kernel_size=draw(st.integers(1, 7)),
        stride=draw(small),
        dilation=draw(small),
        padding=(draw(st.integers(-3, 5)), 0),
        input_dilation=draw(small),
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(any_window(), max_size=5))
def test_random_chains_see_what_their_definition_says(windows: list[AxisWindow]) -> None:
    sees: Callable[[int], frozenset[int]] = source
    for each in windows:
        sees = read_by(sees, each)
    check(chain(*windows), sees)


@dataclass(frozen=True)
class Net:
    """A field beside its brute-force counterpart."""

    field: AxisField
    sees: Callable[[int], frozenset[int]]

    def then(self, *windows: AxisWindow) -> Net:
        net = self
        for each in windows:
            net = Net(net.field.through(each, HUGE, HUGE), read_by(net.sees, each))
        return net

    def joined(self, *others: Net) -> Net:
        nets = (self, *others)
        field = AxisField.merge([net.field for net in nets], [1] * len(nets), HUGE)
        return Net(field, lambda o: frozenset().union(*(net.sees(o) for net in nets)))


SOURCE = Net(AxisField.source(), source)


@st.composite
def branch(draw: st.DrawFn) -> list[AxisWindow]:
    """Windows that keep the jump: strides down, the same strides up, others in any place."""
    factors = draw(st.lists(st.integers(2, 3), max_size=2))
    moves = [("down", factor) for factor in factors] + [("up", factor) for factor in factors]
    moves += [("keep", 1)] * draw(st.integers(0, 2))
    moves = draw(st.permutations(moves))
    windows = []
    for kind, factor in moves:
        k, p, d = draw(st.integers(1, 4)), draw(st.integers(-2, 3)), draw(st.integers(1, 3))
        windows.append(
            AxisWindow(
                kernel_size=k,
                stride=factor if kind == "down" else 1,
                input_dilation=factor if kind == "up" else 1,
                dilation=d,
                padding=(p, 0),
            )
        )
    return windows


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(branch(), min_size=2, max_size=3), min_size=1, max_size=2), branch())
def test_random_merges_of_branches_with_one_jump_see_the_union(
    stages: list[list[list[AxisWindow]]], end: list[AxisWindow]
) -> None:
    net = SOURCE
    for branches in stages:
        first, *others = [net.then(*windows) for windows in branches]
        net = first.joined(*others)
    net = net.then(*end)
    check(net.field, net.sees)


# ---------------------------------------------------------------- tables


@st.composite
def any_read(draw: st.DrawFn, n: int) -> tuple[AxisRead, int]:
    """A read of n units, and how many units it gives."""
    kind = draw(st.sampled_from(["window", "window", "adaptive", "resize", "align"]))
    m = draw(st.integers(1, 12))
    if kind == "adaptive":
        return adaptive_read(n, m), m
    mode = draw(st.sampled_from([ResizeMode.LINEAR, ResizeMode.CUBIC]))
    if kind == "align":
        return resize_read(n, m, None, mode, align_corners=True), m
    if kind == "resize":
        return resize_read(n, m, None, draw(st.sampled_from(list(ResizeMode)))), m
    made = draw(any_window().filter(lambda each: 1 <= each.output_size(n) <= 24))
    return made, made.output_size(n)


def units_of(field: AxisField, n: int) -> list[frozenset[int]]:
    return [frozenset(field.pixels(o)) for o in range(n)]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_random_chains_with_tables_see_what_their_reads_say(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 14))
    field, sets = AxisField.source(), [source(o) for o in range(n)]
    for _ in range(data.draw(st.integers(1, 4))):
        read, m = data.draw(any_read(n))
        after = field.through(read, n, m)
        table = field.shift is None or (isinstance(read, AxisTaps) and read.shift is None)
        if table:
            expected = [frozenset().union(*(sets[unit] for unit in read.reads(o, n))) for o in range(m)]
            assert after.shift is None
            assert after.period == m
        else:
            assert after.shift is not None  # the interior; proven above for windows
            expected = [frozenset().union(*(set(field.pixels(unit)) for unit in taps(read, o))) for o in range(m)]
        assert units_of(after, m) == expected
        field, sets, n = after, expected, m


def taps(read: AxisRead, o: int) -> range:
    assert not isinstance(read, AxisWhole)
    return read.taps(o)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_branches_of_different_jumps_make_a_table_of_all_units(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 10))
    fields = []
    for _ in range(data.draw(st.integers(2, 3))):
        field = chain(*data.draw(st.lists(any_window(), max_size=2)))
        fields.append(field if data.draw(st.booleans()) else field.through(resize_read(7, n, Fraction(n, 8)), 7, n))
    merged = AxisField.merge(fields, [1] * len(fields), n)
    tables = any(field.shift is None for field in fields) or len({field.jump for field in fields}) > 1
    assert (merged.shift is None) == tables
    unions = [frozenset().union(*(set(field.pixels(o)) for field in fields)) for o in range(n)]
    assert units_of(merged, n) == unions


def test_a_table_has_the_jump_between_its_outer_centres_and_the_first_centre_as_start() -> None:
    field = AxisField.source().through(resize_read(5, 9, None, ResizeMode.LINEAR, align_corners=True), 5, 9)
    assert (field.jump, field.start) == (Fraction(1, 2), Fraction(1, 2))
    field = AxisField.source().through(adaptive_read(10, 3), 10, 3)  # 0..3, 3..6, 6..9
    assert (field.jump, field.start, field.extents) == (Fraction(3), Fraction(2), ((4, 3),))


def test_a_table_whose_first_unit_sees_nothing_is_centred_as_if_it_went_on() -> None:
    table = AxisField.source().through(adaptive_read(10, 3), 10, 3)
    field = table.through(window(1, p=(1, 0)), 3, 4)
    assert [field.pixels(o) for o in range(2)] == [(), (0, 1, 2, 3)]
    assert (field.jump, field.start, field.extents) == (Fraction(3), Fraction(-1), ((0, 1), (4, 3)))


def test_listed_taps_outside_the_map_drop() -> None:
    field = chain(window(2)).through(AxisTaps((range(-1, 1), range(3, 6))), 5, 2)
    assert [field.pixels(o) for o in range(2)] == [(0, 1), (3, 4, 5)]


def test_a_table_of_one_unit_has_no_jump() -> None:
    field = AxisField.source().through(resize_read(5, 1, None, ResizeMode.LINEAR, align_corners=True), 5, 1)
    assert (field.jump, field.start, field.rf) == (None, Fraction(1, 2), 1)


def test_taps_of_a_table_outside_the_map_drop() -> None:
    field = AxisField.source().through(adaptive_read(5, 3), 5, 3).through(window(3, p=1), 3, 3)
    assert units_of(field, 3) == [frozenset(range(4)), frozenset(range(5)), frozenset(range(1, 5))]


# ---------------------------------------------------------------- the toys of the literature and of the design


def test_a_chain_follows_the_classic_recurrence() -> None:
    field, rf, jump, start = AxisField.source(), 1, 1, Fraction(1, 2)
    for k, s, p, d in [(7, 2, 3, 1), (3, 2, 1, 1), (3, 1, 2, 2), (5, 3, 0, 1), (4, 1, 1, 3)]:
        field = through(field, window(k, s, p, d))
        reach = d * (k - 1)
        start += (Fraction(reach, 2) - p) * jump
        rf, jump = rf + reach * jump, jump * s
        assert (field.rf, field.jump, field.start, field.period) == (rf, Fraction(jump), start, 1)


def test_a_stride_larger_than_the_kernel_leaves_holes_in_what_is_touched() -> None:
    field = chain(window(1, 2), window(3))
    assert (field.rf, field.touched, field.pixels(0)) == (5, 3, (0, 2, 4))


def test_skewed_branches_see_three_pixels_each_and_five_together() -> None:
    left, right = chain(window(3, p=(2, 0))), chain(window(3, p=(0, 2)))
    both = AxisField.merge([left, right], [1, 1], HUGE)
    assert (left.rf, right.rf, both.rf, both.touched, both.start) == (3, 3, 5, 5, Fraction(1, 2))


@pytest.mark.parametrize(
    ("made", "units"),
    [
        (up(3, 2, 1, 1), [{0}, {0, 1}, {1}, {1, 2}, {2}]),
        (up(1, 2), [{0}, set(), {1}, set(), {2}]),
        (up(2, 3), [{0}, {0}, set(), {1}, {1}, set()]),
        (AxisWindow.repeated(2), [{0}, {0}, {1}, {1}, {2}]),
    ],
)
def test_transposed_windows_see_unevenly(made: AxisWindow, units: list[set[int]]) -> None:
    assert [set(chain(made).pixels(o)) for o in range(len(units))] == units


def test_bilinear_enlargement_sees_two_neighbours_at_most() -> None:
    field = AxisField.source().through(resize_read(5, 10, None, ResizeMode.LINEAR), 5, 10)
    assert [set(field.pixels(o)) for o in range(5)] == [{-1, 0}, {0, 1}, {0, 1}, {1, 2}, {1, 2}]
    read = resize_read(5, 10, None, ResizeMode.LINEAR)
    assert [read.reads(o, 5) for o in range(5)] == [(0,), (0, 1), (0, 1), (1, 2), (1, 2)]


def test_cubic_enlargement_by_an_odd_factor_reads_one_pixel_where_it_falls_on_it() -> None:
    field = AxisField.source().through(resize_read(5, 15, None, ResizeMode.CUBIC), 5, 15)
    assert (field.period, field.jump) == (3, Fraction(1, 3))
    assert [field.pixels(o) for o in range(3, 6)] == [(-1, 0, 1, 2), (1,), (0, 1, 2, 3)]


# Wang et al. 2018, "Understanding Convolution for Semantic Segmentation", arXiv:1702.08502.
@pytest.mark.parametrize(("dilations", "rf", "touched"), [((2, 2, 2), 13, 7), ((1, 2, 5), 17, 17), ((1, 2, 9), 25, 21)])
def test_dilations_with_a_common_factor_leave_a_grid_of_holes(
    dilations: tuple[int, ...], rf: int, touched: int
) -> None:
    field = chain(*(window(3, d=d) for d in dilations))
    assert (field.rf, field.touched) == (rf, touched)


# van den Oord et al. 2016 (WaveNet), arXiv:1609.03499: ten doublings see 1024 samples, three stacks 3070.
@pytest.mark.parametrize(("stacks", "rf"), [(1, 1024), (3, 3070)])
def test_wavenet_sees_every_sample_of_the_past_it_reaches(stacks: int, rf: int) -> None:
    field = chain(*(window(2, p=(2**i, 0), d=2**i) for _ in range(stacks) for i in range(10)))
    assert (field.rf, field.touched, field.pixels(0)[-1]) == (rf, rf, 0)


# Yu & Koltun 2016, "Multi-Scale Context Aggregation by Dilated Convolutions", arXiv:1511.07122, table 1.
def test_the_context_module_sees_3_5_9_17_33_65_67() -> None:
    field, seen = AxisField.source(), []
    for d in (1, 1, 2, 4, 8, 16, 1):
        field = through(field, window(3, p=d, d=d))
        seen.append(field.rf)
    assert seen == [3, 5, 9, 17, 33, 65, 67]


# Bai et al. 2018 (TCN), arXiv:1803.01271: two convolutions a block; 1 + 2(k-1)(2^n - 1).
def test_a_temporal_convolutional_network_sees_763_samples() -> None:
    assert chain(*(window(4, p=(3 * 2**i, 0), d=2**i) for i in range(7) for _ in range(2))).rf == 763


# Isola et al. 2017 (PatchGAN), arXiv:1611.07004: n convolutions 4/2, then two 4/1; 70 for n = 3.
@pytest.mark.parametrize(("n", "rf", "jump"), [(1, 16, 2), (2, 34, 4), (3, 70, 8), (4, 142, 16), (5, 286, 32)])
def test_patchgan_sees_patches_of_16_34_70_142_286(n: int, rf: int, jump: int) -> None:
    field = chain(*[window(4, 2, 1)] * n, *[window(4, 1, 1)] * 2)
    assert (field.rf, field.jump) == (rf, Fraction(jump))


CONV, POOL = window(3, p=1), window(2, 2)

# Araujo et al. 2019, "Computing Receptive Fields of Convolutional Neural Networks", table: rf, stride, padding.
VGG16 = {
    "conv1_1": ([CONV], 3, 1, 1),
    "pool1": ([CONV, POOL], 6, 2, 2),
    "conv2_1": ([CONV], 10, 2, 4),
    "pool2": ([CONV, POOL], 16, 4, 6),
    "conv3_1": ([CONV], 24, 4, 10),
    "pool3": ([CONV, CONV, POOL], 44, 8, 18),
    "pool4": ([CONV, CONV, CONV, POOL], 100, 16, 42),
    "pool5": ([CONV, CONV, CONV, POOL], 212, 32, 90),
}
ALEXNET = {  # as in TF-Slim v2
    "conv1": ([window(11, 4)], 11, 4, 0),
    "pool1": ([window(3, 2)], 19, 8, 0),
    "conv2": ([window(5, p=2)], 51, 8, 16),
    "conv5": ([window(3, 2), *[window(3, p=1)] * 3], 163, 16, 64),
    "pool5": ([window(3, 2)], 195, 32, 64),
}


@pytest.mark.parametrize("network", [VGG16, ALEXNET], ids=["vgg16", "alexnet"])
def test_the_published_chains_have_the_field_stride_and_padding_of_the_table(
    network: dict[str, tuple[list[AxisWindow], int, int, int]],
) -> None:
    field = AxisField.source()
    for windows, rf, jump, padding in network.values():
        field = through(field, *windows)
        assert field.start is not None
        assert (field.rf, field.jump, Fraction(field.rf, 2) - field.start) == (rf, Fraction(jump), Fraction(padding))


def unet(depth: int) -> AxisField:
    """Two 3x3 per level, 2x2 max-pools, 2x2 up-convolutions, skips concatenated (Ronneberger 2015, padded)."""
    field, skips = AxisField.source(), []
    for _ in range(depth):
        field = through(field, CONV, CONV)
        skips.append(field)
        field = through(field, POOL)
    field = through(field, CONV, CONV)
    assert depth != 4 or field.rf == 140
    for skip in reversed(skips):
        field = AxisField.merge([through(field, up(2, 2)), skip], [1, 1], HUGE)
        field = through(field, CONV, CONV)
    return field


def test_a_unet_of_depth_4_sees_188_or_204_pixels_as_the_phase_may_be() -> None:
    assert unet(4).extents == ((188, 4), (204, 12))
    assert (unet(4).jump, unet(4).period) == (Fraction(1), 16)


def test_a_unet_of_depth_2_sees_44_pixels_in_all_phases() -> None:
    assert unet(2).extents == ((44, 4),)


# ---------------------------------------------------------------- maps that are gone


def test_a_reduced_map_sees_the_union_clipped_to_the_input() -> None:
    field = chain(window(3, 2, 1), window(3, 2, 1)).reduce(3, 10)
    assert (field.rf, field.touched, field.jump, field.start, field.erf_sigma) == (10, 10, None, Fraction(5), None)
    assert field.reduced
    assert field.through(CONV, 1, 1) is field
    assert field.reduce(1, 10) is field


@settings(max_examples=300, deadline=None)
@given(st.lists(any_window(), max_size=3), st.integers(1, 40), st.integers(1, 60))
def test_reducing_joins_every_unit_of_the_map(windows: list[AxisWindow], units: int, pixels: int) -> None:
    field = chain(*windows)
    seen = set().union(*(field.pixels(o) for o in range(units)))
    reduced = field.reduce(units, pixels)
    assert list(reduced.pixels(0)) == sorted(pixel for pixel in seen if 0 <= pixel < pixels)
    whole = field.through(AxisWhole(), units, 5)
    assert set(whole.pixels(0)) == set(whole.pixels(4)) == seen


def test_a_merge_keeps_the_local_branches_and_leaves_out_what_all_units_see_alike() -> None:
    local = chain(CONV)
    gone = local.reduce(8, 8)
    enlarged = local.through(AxisWhole(), 1, 8)
    assert AxisField.merge([local, gone], [1, 1], 8) is local
    assert AxisField.merge([gone, local, local], [1, 1, 1], 8) is local
    assert AxisField.merge([enlarged, local], [1, 1], 8) is local
    assert AxisField.merge([gone, gone], [1, 1], 1) is gone


def test_reduced_branches_alone_join_their_pixels() -> None:
    head, tail = chain(window(2, 4)).reduce(2, 8), chain(window(1, 4, -3)).reduce(2, 8)
    assert AxisField.merge([head, tail], [1, 1], 1).pixels(0) == (0, 1, 3, 4, 5, 7)


# ---------------------------------------------------------------- influence


def influence(field_of: list[tuple[AxisWindow, ...]], unit: int) -> dict[int, Fraction]:
    """How a unit of influence is spread: every window averages the taps that see something, branches average."""
    total: dict[int, Fraction] = {}
    spreads = [spread for spread in (spread_of(windows, unit) for windows in field_of) if spread]
    for spread in spreads:
        for pixel, part in spread.items():
            total[pixel] = total.get(pixel, Fraction(0)) + part / len(spreads)
    return total


def spread_of(windows: tuple[AxisWindow, ...], unit: int) -> dict[int, Fraction]:
    if not windows:
        return {unit: Fraction(1)}
    *before, last = windows
    spreads = [spread_of(tuple(before), tap) for tap in last.taps(unit)]
    spreads = [spread for spread in spreads if spread]
    total: dict[int, Fraction] = {}
    for spread in spreads:
        for pixel, part in spread.items():
            total[pixel] = total.get(pixel, Fraction(0)) + part / len(spreads)
    return total


def sigma(spreads: list[dict[int, Fraction]]) -> float:
    variances = []
    for spread in spreads:
        if spread:
            mean = sum(part * pixel for pixel, part in spread.items())
            variances.append(sum(part * (pixel - mean) ** 2 for pixel, part in spread.items()))
    return sqrt(sum(variances, Fraction(0)) / len(variances))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(any_window(), min_size=1, max_size=3), min_size=1, max_size=1))
def test_erf_sigma_of_a_chain_is_the_deviation_of_its_influence(branches: list[list[AxisWindow]]) -> None:
    field = chain(*branches[0])
    spreads = [influence([tuple(branches[0])], unit) for unit in range(field.period)]
    if any(spreads):
        assert field.erf_sigma == pytest.approx(sigma(spreads), abs=1e-9)
    else:
        assert field.erf_sigma is None


@settings(max_examples=100, deadline=None)
@given(branch(), branch())
def test_erf_sigma_of_a_sum_is_the_deviation_of_the_mixture(one: list[AxisWindow], other: list[AxisWindow]) -> None:
    field = AxisField.merge([chain(*one), chain(*other)], [1, 1], HUGE)
    spreads = [influence([tuple(one), tuple(other)], unit) for unit in range(field.period)]
    assert any(spreads) or field.erf_sigma is None
    if any(spreads):
        assert field.erf_sigma == pytest.approx(sigma(spreads), abs=1e-9)


def test_a_concatenation_weighs_its_branches_by_channels() -> None:
    narrow, wide = chain(window(1)), chain(window(3, p=1))
    merged = AxisField.merge([narrow, wide], [1, 3], HUGE)
    assert merged.erf_sigma == pytest.approx((3 / 4 * 2 / 3) ** 0.5)


@pytest.mark.parametrize(("k", "variance"), [(3, 8), (7, 48), (11, 120)])
def test_a_box_of_k_taps_has_the_variance_of_a_uniform_distribution(k: int, variance: int) -> None:
    assert chain(window(k)).erf_sigma == (variance / 12) ** 0.5


def test_a_table_has_the_mean_variance_of_its_units() -> None:
    field = AxisField.source().through(adaptive_read(5, 3), 5, 3)  # 0..1, 1..3, 3..4
    assert field.erf_sigma == pytest.approx(((3 / 12 + 8 / 12 + 3 / 12) / 3) ** 0.5)


# ---------------------------------------------------------------- limits and speed


@pytest.mark.parametrize(
    "windows",
    [
        [window(2**24, d=2**24)],
        [window(2**24, 2**24), window(2**24, 2**24)],
        [AxisWindow.repeated(2**24)],
        [AxisWindow.repeated(2**10), window(2**24, d=2**5)],
        [window(1, 2**24)] * 3,
        [window(1, 2**13), window(2**16, d=2)],
    ],
)
def test_a_field_beyond_the_limit_is_refused_before_it_is_held(windows: list[AxisWindow]) -> None:
    tracemalloc.start()
    with pytest.raises(LayerError) as caught:
        chain(*windows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.code == "CNN902"
    assert peak < 2**20


def test_a_merge_beyond_the_limit_is_refused_before_it_is_held() -> None:
    one, other = (chain(window(1, s), AxisWindow.repeated(s)) for s in (2**19, 3**12))
    with pytest.raises(LayerError) as caught:
        AxisField.merge([one, other], [1, 1], HUGE)
    assert caught.value.code == "CNN902"


def test_identity_windows_return_the_very_field() -> None:
    field = chain(CONV)
    assert field.through(window(1), 5, 5) is field
    assert AxisField.merge([field, field], [1, 1], 5) is field


def test_a_run_without_holes_takes_no_memory() -> None:
    field = chain(*[window(3, 2, 1)] * 26)
    assert field.rf == 2**27 - 1
    assert field.holed is None
