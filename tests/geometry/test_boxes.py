"""Unions of boxes against the positions in them, listed."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.errors import LayerError
from cnncalc.geometry.boxes import MOST, Box, added, placed, shadow
from cnncalc.geometry.pixels import EMPTY, PixelSet, union_all


def positions(boxes: tuple[Box, ...]) -> set[tuple[int, ...]]:
    return {place for box in boxes for place in product(*(axis.pixels() for axis in box))}


some_pixels = st.sets(st.integers(0, 4), min_size=1)


@given(st.integers(1, 3).flatmap(lambda ndim: st.lists(st.tuples(*[some_pixels] * ndim), min_size=1, max_size=6)))
def test_adding_boxes_neither_loses_nor_gains_positions(sets: list[tuple[set[int], ...]]) -> None:
    boxes: tuple[Box, ...] = ()
    expected: set[tuple[int, ...]] = set()
    for each in sets:
        boxes = added(boxes, tuple(PixelSet.of_pixels(pixels) for pixels in each))
        expected |= set(product(*each))
    assert positions(boxes) == expected
    for axis in range(len(sets[0])):
        assert set(shadow(boxes, axis).pixels()) == {place[axis] for place in expected}


def test_a_box_within_another_and_boxes_side_by_side_become_one() -> None:
    one = added((), (PixelSet(0, 4), PixelSet(0, 2)))
    assert added(one, (PixelSet(1, 2), PixelSet(0, 1))) == one
    assert added(one, (PixelSet(0, 4), PixelSet(2, 5))) == ((PixelSet(0, 4), PixelSet(0, 5)),)


def test_a_cross_stays_two_boxes() -> None:
    cross = added(added((), (PixelSet(0, 3), PixelSet(1, 2))), (PixelSet(1, 2), PixelSet(0, 3)))
    assert len(cross) == 2
    assert len(positions(cross)) == 5


def test_more_boxes_than_can_be_compared_are_refused() -> None:
    boxes = tuple((PixelSet(2 * at, 2 * at + 1), PixelSet(2 * at, 2 * at + 1)) for at in range(MOST))
    with pytest.raises(LayerError) as caught:
        added(boxes, (PixelSet(9999, 10000), PixelSet(9999, 10000)))
    assert caught.value.code == "CNN902"


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.data())
def test_tokens_are_placed_row_by_row(grid: list[int], data: st.DataObject) -> None:
    everywhere = list(product(*map(range, grid)))
    tokens = data.draw(st.sets(st.integers(0, len(everywhere) - 1), min_size=1))
    assert positions(placed(PixelSet.of_pixels(tokens), grid)) == {everywhere[token] for token in tokens}


@given(st.lists(st.sets(st.integers(-5, 20)), max_size=5))
def test_a_union_of_sets_has_the_pixels_of_each(sets: list[set[int]]) -> None:
    joined = union_all([PixelSet.of_pixels(each) for each in sets])
    assert joined == PixelSet.of_pixels(set().union(*sets))
    assert list(joined.pixels()) == sorted(set().union(*sets))
    assert joined.touched == len(set().union(*sets))


@given(st.sets(st.integers(-5, 20)), st.integers(0, 15))
def test_clipping_keeps_the_pixels_from_0_to_n(pixels: set[int], n: int) -> None:
    expected = {pixel for pixel in pixels if 0 <= pixel < n}
    assert PixelSet.of_pixels(pixels).clipped(n) == PixelSet.of_pixels(expected)


@given(st.sets(st.integers(-5, 20)), st.integers(1, 9), st.integers(0, 9))
def test_repeating_joins_shifted_copies(pixels: set[int], count: int, step: int) -> None:
    expected = {pixel + step * turn for pixel in pixels for turn in range(count)}
    assert PixelSet.of_pixels(pixels).repeated(count, step) == PixelSet.of_pixels(expected)


def test_no_pixels_are_the_empty_set() -> None:
    assert PixelSet.of_pixels([]) == PixelSet.of_mask(7, 0) == EMPTY
    assert union_all([]) == EMPTY
