"""Pictures of sets of pixels, read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.geometry.boxes import Box
from cnncalc.geometry.pixels import PixelSet
from cnncalc.render.draw import MOST_ROWS, picture

HALVES = {
    "\N{MIDDLE DOT}": (0, 0),
    "\N{LOWER HALF BLOCK}": (0, 1),
    "\N{UPPER HALF BLOCK}": (1, 0),
    "\N{FULL BLOCK}": (1, 1),
}


def box(*axes: set[int]) -> Box:
    return tuple(PixelSet.of_pixels(axis) for axis in axes)


def framed(text: str, number: int = 0) -> list[str]:
    """The lines inside a frame, without the frame."""
    frames: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if line[:1] in ("|", "\u2502"):
            frames[-1].append(line[1:-1])
        elif line[:1] in ("+", "\u250c", "\u2514"):
            inside = not inside
            if inside:
                frames.append([])
    return frames[number]


def plane(boxes: list[Box]) -> set[tuple[int, int]]:
    return {(row, column) for each in boxes for row in each[0].pixels() for column in each[1].pixels()}


sets = st.sets(st.integers(0, 19), min_size=1)


@given(st.lists(st.tuples(sets, sets), min_size=1, max_size=3))
def test_where_there_is_room_every_pixel_takes_two_characters(pairs: list[tuple[set[int], set[int]]]) -> None:
    boxes = [box(*pair) for pair in pairs]
    lines = framed(picture(boxes, (20, 20), width=60, unicode=False))
    shown = {(row, column) for row, line in enumerate(lines) for column in range(20) if line[2 * column] == "#"}
    assert shown == plane(boxes)


@given(st.lists(st.tuples(sets, sets), min_size=1, max_size=3))
def test_half_blocks_show_two_rows_in_one_line(pairs: list[tuple[set[int], set[int]]]) -> None:
    boxes = [box(*pair) for pair in pairs]
    lines = framed(picture(boxes, (20, 20), width=30))
    assert len(lines) == 10
    shown = {
        (2 * row + half, column)
        for row, line in enumerate(lines)
        for column, character in enumerate(line)
        for half in range(2)
        if HALVES[character][half]
    }
    assert shown == plane(boxes)


@pytest.mark.parametrize("width", [20, 33, 80, 200])
@pytest.mark.parametrize("sizes", [(7, 7), (224, 224), (32, 2048), (3000, 20), (16000,), (16, 64, 64)])
@pytest.mark.parametrize("unicode", [True, False])
def test_a_picture_fits_the_width_and_a_screen(width: int, sizes: tuple[int, ...], *, unicode: bool) -> None:
    boxes = [box(*({0, size // 2, size - 1} for size in sizes))]
    text = picture(boxes, sizes, width=width, unicode=unicode)
    lines = [line for line in text.splitlines() if line[:1] in "|+\u2502\u250c\u2514"]
    assert all(len(line) <= width for line in lines)
    assert len(framed(text)) <= MOST_ROWS
    assert unicode or text.isascii()


@given(st.integers(0, 499), st.integers(0, 499))
def test_a_single_pixel_is_never_lost(row: int, column: int) -> None:
    lines = framed(picture([box({row}, {column})], (500, 500), width=60, unicode=False))
    marked = [(at, place) for at, line in enumerate(lines) for place, character in enumerate(line) if character != "."]
    assert len(marked) == 1
    at, place = marked[0]
    down, across = -(-500 // len(lines)), -(-500 // len(lines[0]))
    assert abs(at - row // down) <= 1
    assert abs(place - column // across) <= 1


def test_holes_that_do_not_show_are_drawn_a_second_time() -> None:
    holed = [box(set(range(100, 110, 2)), set(range(100, 110, 2)))]
    text = picture(holed, (500, 500), width=60, unicode=False)
    assert "pixels 100..108, 100..108, one pixel a character" in text
    assert framed(text, 1)[0] == "##. ##. ##. ##. ##"
    full = [box(set(range(100, 110)), set(range(100, 110)))]
    assert picture(full, (500, 500), width=60, unicode=False).count("a character") == 1


def test_nothing_seen_is_an_empty_grid() -> None:
    assert framed(picture([], (2, 3), width=60, unicode=False)) == [". . . ", ". . . "]


def test_a_volume_is_cut_through_the_middle_of_what_is_seen() -> None:
    text = picture([box({4, 5, 6}, {1}, {1})], (9, 3, 3), width=60, unicode=False)
    assert text.splitlines()[0] == "9x3x3 input at depth 5, one pixel a character"
    assert framed(text)[1] == ". ##. "


def test_what_is_too_large_is_not_drawn() -> None:
    assert picture([], (2**20, 5), width=60) == "an input of 1048576x5 is too large to be drawn\n"
