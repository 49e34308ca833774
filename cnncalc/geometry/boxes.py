"""Sets of positions on several axes as unions of boxes, a box being the product of one set per axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.errors import LayerError
from cnncalc.geometry.pixels import PixelSet, union, union_all

if TYPE_CHECKING:
    from collections.abc import Sequence

Box = tuple[PixelSet, ...]
MOST = 2000
"""Boxes in one union; each new one is compared with all."""


def added(boxes: tuple[Box, ...], box: Box) -> tuple[Box, ...]:
    """The boxes and one more: what lies in another is dropped, boxes that differ on one axis only become one."""
    for known in boxes:
        joined = tuple(map(union, known, box))
        if joined == known:
            return boxes
        differing = sum(mine != theirs for mine, theirs in zip(known, box, strict=True))
        if joined == box or differing <= 1:
            return added(tuple(other for other in boxes if other is not known), joined)
    if len(boxes) == MOST:
        raise LayerError("CNN902", f"what is seen falls into more than {MOST} boxes")
    return (*boxes, box)


def placed(tokens: PixelSet, grid: Sequence[int]) -> tuple[Box, ...]:
    """Where tokens lie on the grid that they number row by row.

    >>> [[list(axis.pixels()) for axis in box] for box in placed(PixelSet(2, 5), (2, 3))]
    [[[0], [2]], [[1], [0, 1]]]
    """
    if len(grid) == 1:
        return ((tokens,),)
    if tokens == PixelSet(0, prod(grid)):
        return (tuple(PixelSet(0, size) for size in grid),)
    inner = prod(grid[1:])
    rows: dict[int, list[int]] = {}
    for token in tokens.pixels():
        rows.setdefault(token // inner, []).append(token % inner)
    boxes: tuple[Box, ...] = ()
    for row, places in rows.items():
        for box in placed(PixelSet.of_pixels(places), grid[1:]):
            boxes = added(boxes, (PixelSet(row, row + 1), *box))
    return boxes


def shadow(boxes: Sequence[Box], axis: int) -> PixelSet:
    """The projection onto one axis."""
    return union_all([box[axis] for box in boxes])
