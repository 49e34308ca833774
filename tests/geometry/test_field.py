"""Fields on all axes of an input: shared work, tokens, merges and the global flag."""

from __future__ import annotations

from itertools import product

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.field import Field
from cnncalc.geometry.resize import adaptive_read
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWhole, AxisWindow

CONV = AxisWindow(kernel_size=3, padding=(1, 1))
POOL = AxisWindow(kernel_size=2, stride=2)
SAME = AxisWindow(kernel_size=1)


def test_equal_axes_stay_one_object() -> None:
    field = Field.source(3).through([CONV, CONV, POOL], (8, 8, 8), (8, 8, 4))
    first, second, third = field.axes
    assert first is second
    assert third is not first
    merged = Field.merge([field, Field.source(3).through([CONV] * 3, (8,) * 3, (8,) * 3)], [1, 1], (8, 8, 4))
    assert merged.axes[0] is merged.axes[1]


def test_equal_fields_of_unequal_sizes_do_not_share_a_table() -> None:
    field = Field.source(2).through([adaptive_read(7, 3), adaptive_read(5, 3)], (7, 5), (3, 3))
    assert field.axes[0].pixels(2) == (4, 5, 6)
    assert field.axes[1].pixels(2) == (3, 4)


@pytest.mark.parametrize("reads", [None, (), (SAME, SAME)])
def test_the_identity_returns_the_very_field(reads: tuple[AxisWindow, ...] | None) -> None:
    field = Field.source(2).through([CONV, CONV], (8, 8), (8, 8))
    assert field.through(reads, (8, 8), (8, 8)) is field


def test_a_merge_of_one_field_with_itself_is_that_field() -> None:
    field = Field.source(2)
    assert Field.merge([field, field], [1, 1], (8, 8)) is field


def test_a_1x3_and_a_3x1_branch_see_three_pixels_on_each_axis() -> None:
    wide = Field.source(2).through([SAME, CONV], (8, 8), (8, 8))
    tall = Field.source(2).through([CONV, SAME], (8, 8), (8, 8))
    assert [(axis.rf, axis.touched) for axis in Field.merge([wide, tall], [1, 1], (8, 8)).axes] == [(3, 3), (3, 3)]


def test_reducing_a_map_makes_the_field_global_and_clips_it() -> None:
    field = Field.source(2).through([CONV, CONV], (8, 6), (8, 6)).reduce((8, 6), (8, 6))
    assert field.is_global
    assert [axis.rf for axis in field.axes] == [8, 6]
    assert field.reduce((), (8, 6)) == field
    assert field.through([SAME, CONV], (1, 1), (1, 1)) is field


def test_a_gate_leaves_the_local_field_and_makes_it_global() -> None:
    local = Field.source(2).through([CONV, CONV], (8, 8), (8, 8))
    gate = local.reduce((8, 8), (8, 8))
    gated = Field.merge([local, gate], [1, 1], (8, 8))
    assert gated.axes == local.axes
    assert gated.is_global
    assert gated.through([CONV, CONV], (8, 8), (8, 8)).is_global


def test_a_local_map_of_one_position_that_is_broadcast_counts_as_a_gate() -> None:
    local = Field.source(2)
    small = local.through([AxisWindow(kernel_size=8)] * 2, (8, 8), (1, 1))
    assert not small.is_global
    gate = small.through([AxisWhole()] * 2, (1, 1), (8, 8))
    assert gate.is_global
    gated = Field.merge([local, gate], [1, 1], (8, 8))
    assert (gated.axes, gated.is_global) == (local.axes, True)


def test_a_reduced_map_that_is_enlarged_again_is_left_out_of_a_concatenation() -> None:
    local = Field.source(1)
    pooled = local.reduce((8,), (8,)).through([AxisWindow.repeated(8)], (1,), (8,))
    joined = Field.merge([local, pooled], [4, 4], (8,))
    assert (joined.axes, joined.is_global) == (local.axes, True)


def test_reduced_branches_alone_stay_reduced() -> None:
    left = Field.source(1).through([POOL], (8,), (4,)).reduce((4,), (8,))
    right = Field.source(1).reduce((8,), (8,))
    joined = Field.merge([left, right], [1, 1], ())
    assert joined.axes[0].reduced
    assert joined.axes[0].pixels(0) == tuple(range(8))


# ---------------------------------------------------------------- tokens


def grid_field() -> Field:
    return Field.source(2).through([POOL, CONV], (6, 4), (3, 4))


def pixels_of_token(token: int) -> list[tuple[int, ...]]:
    """Of token `row * 4 + column` of the grid above."""
    row, column = divmod(token, 4)
    return [(2 * row, 2 * row + 1), (column - 1, column, column + 1)]


def test_tokens_keep_the_field_of_each_axis_while_positions_are_not_mixed() -> None:
    tokens = grid_field().as_tokens((3, 4))
    assert tokens.grid == (3, 4)
    assert tokens.axes == grid_field().axes
    assert tokens.through([SAME], (12,), (12,)) is tokens
    assert tokens.as_tokens((12,)) is tokens


def test_tokens_of_a_line_are_the_line() -> None:
    line = Field.source(1).through([CONV], (8,), (8,))
    assert line.as_tokens((8,)) is line


def test_a_window_over_tokens_numbers_the_grid_row_by_row() -> None:
    mixed = grid_field().as_tokens((3, 4)).through([CONV], (12,), (12,))
    assert mixed.grid is None
    for token, at in product(range(12), range(2)):
        neighbours = [near for near in (token - 1, token, token + 1) if 0 <= near < 12]
        expected = set().union(*(pixels_of_token(near)[at] for near in neighbours))
        assert set(mixed.axes[at].pixels(token)) == expected


def test_after_a_window_over_tokens_further_windows_go_over_the_tokens_of_both_axes() -> None:
    mixed = grid_field().as_tokens((3, 4)).through([CONV], (12,), (12,)).through([POOL], (12,), (6,))
    for unit, at in product(range(6), range(2)):
        near = [token for token in range(2 * unit - 1, 2 * unit + 3) if 0 <= token < 12]
        assert set(mixed.axes[at].pixels(unit)) == set().union(*(pixels_of_token(token)[at] for token in near))


def test_merging_mixed_and_unmixed_tokens_numbers_the_unmixed_ones() -> None:
    tokens = grid_field().as_tokens((3, 4))
    mixed = tokens.through([CONV], (12,), (12,))
    joined = Field.merge([tokens, mixed], [1, 1], (12,))
    assert joined.grid is None
    assert [axis.pixels(5) for axis in joined.axes] == [axis.pixels(5) for axis in mixed.axes]


def test_merging_tokens_of_one_grid_keeps_the_grid() -> None:
    tokens = grid_field().as_tokens((3, 4))
    other = Field.source(2).through([POOL, SAME], (6, 4), (3, 4)).as_tokens((3, 4))
    joined = Field.merge([tokens, other], [1, 1], (12,))
    assert joined.grid == (3, 4)
    assert [axis.pixels(3) for axis in joined.axes] == [axis.pixels(3) for axis in tokens.axes]


def test_reducing_tokens_joins_the_grid() -> None:
    tokens = Field.source(2).through([POOL, POOL], (7, 5), (3, 2)).as_tokens((3, 2))
    assert [axis.pixels(0) for axis in tokens.reduce((6,), (7, 5)).axes] == [tuple(range(6)), tuple(range(4))]
    mixed = tokens.through([CONV], (6,), (6,))
    assert [axis.pixels(0) for axis in mixed.reduce((6,), (7, 5)).axes] == [tuple(range(6)), tuple(range(4))]


def test_numbering_more_tokens_than_a_field_may_have_is_refused() -> None:
    tokens = Field.source(2).as_tokens((2**15, 2**15))
    with pytest.raises(LayerError) as caught:
        tokens.through([CONV], (2**30,), (2**30,))
    assert caught.value.code == "CNN902"


def test_on_more_axes_than_the_input_has_all_positions_see_the_same() -> None:
    gone = Field.source(1).through([POOL], (8,), (4,)).reduce((4,), (8,))
    assert gone.through([CONV, CONV], (2, 2), (2, 2)) is gone
    other = Field.source(1).reduce((8,), (8,))
    joined = Field.merge([gone, other], [1, 1], (2, 2))
    assert joined.is_global
    assert [axis.pixels(0) for axis in joined.axes] == [tuple(range(8))]


def test_a_vector_has_no_axes() -> None:
    assert Field.source(0).axes == ()
    assert Field.source(0).reduce((), ()) == Field((), is_global=True)


def test_shapes_read_as_they_are_written() -> None:
    shape = TensorShape(64, (56, 28))
    assert (repr(shape), shape.ndim, shape.positions, shape.numel) == ("64x56x28", 2, 1568, 100352)
    assert tuple(shape) == (64, 56, 28)
    assert tuple(TensorShape(10)) == (10,)
