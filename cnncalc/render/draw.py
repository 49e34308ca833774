"""A set of pixels as a picture for the terminal: every pixel where there is room, else shares of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.geometry.boxes import shadow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.geometry.boxes import Box

MOST_ROWS = 40
MOST_PIXELS = 2**17
"""On one axis."""
_UNICODE = "\N{MIDDLE DOT}\N{LIGHT SHADE}\N{MEDIUM SHADE}\N{DARK SHADE}\N{FULL BLOCK}"
_ASCII = ".-+*#"
_HALVES = ("\N{MIDDLE DOT}", "\N{LOWER HALF BLOCK}", "\N{UPPER HALF BLOCK}", "\N{FULL BLOCK}")
_FRAME = ("\u250c\u2500\u2510", "\u2502 \u2502", "\u2514\u2500\u2518")
_PLAIN_FRAME = ("+-+", "| |", "+-+")


def picture(boxes: Sequence[Box], sizes: Sequence[int], *, width: int, unicode: bool = True) -> str:
    """The input grid with the pixels of the boxes in it; where single pixels do not show, the region a second time.

    A network with one axis is drawn as one row, one with three axes in the plane through the middle of what is seen.
    """
    plane, grid, notes = _plane(boxes, sizes)
    if grid[0] > MOST_PIXELS or grid[1] > MOST_PIXELS:
        return f"an input of {'x'.join(map(str, sizes))} is too large to be drawn\n"
    room = max(width - 2, 8)
    lines, scale = _drawn(plane, (0, grid[0]), (0, grid[1]), room, unicode=unicode)
    pixels = f"{scale[1]}x{scale[0]} pixels" if max(scale) > 1 else "one pixel"
    inside = [f"{'x'.join(map(str, sizes))} input{notes}, {pixels} a character", *lines]
    if max(scale) > 1 and plane:
        rows, columns = (shadow(plane, axis) for axis in range(2))
        masks = _masks(plane, (rows.lo, rows.hi), (columns.lo, columns.hi))
        if all(mask == masks[0] and not mask & (mask + 1) for mask in masks):
            return "\n".join(inside) + "\n"  # a full rectangle needs no second look
        close, zoom = _drawn(plane, (rows.lo, rows.hi), (columns.lo, columns.hi), room, unicode=unicode)
        if max(zoom) < max(scale):
            spans = f"{rows.lo}..{rows.hi - 1}, " if len(sizes) > 1 else ""
            each = f"{zoom[1]}x{zoom[0]} pixels" if max(zoom) > 1 else "one pixel"
            inside += ["", f"pixels {spans}{columns.lo}..{columns.hi - 1}, {each} a character", *close]
    return "\n".join(inside) + "\n"


def _plane(boxes: Sequence[Box], sizes: Sequence[int]) -> tuple[tuple[Box, ...], tuple[int, int], str]:
    """Boxes with two axes, the size of the plane, and which plane it is."""
    from cnncalc.geometry.pixels import PixelSet

    if len(sizes) == 1:
        return tuple((PixelSet(0, 1), box[0]) for box in boxes), (1, sizes[0]), ""
    if len(sizes) == 2:  # noqa: PLR2004 - a plane
        return tuple(boxes), (sizes[0], sizes[1]), ""
    seen = shadow(boxes, 0).pixels()
    middle = seen[len(seen) // 2] if seen else sizes[0] // 2
    cut = tuple(box[1:] for box in boxes if (box[0].mask >> (middle - box[0].lo)) & 1 and middle >= box[0].lo)
    return cut, (sizes[1], sizes[2]), f" at depth {middle}"


def _drawn(
    boxes: Sequence[Box], rows: tuple[int, int], columns: tuple[int, int], room: int, *, unicode: bool
) -> tuple[list[str], tuple[int, int]]:
    """Framed lines, and how many rows and columns of pixels a character stands for."""
    height, wide = rows[1] - rows[0], columns[1] - columns[0]
    if 2 * wide <= room and height <= MOST_ROWS:
        text = _exact(boxes, rows, columns, 2, unicode=unicode)
        scale = (1, 1)
    elif unicode and wide <= room and height <= 2 * MOST_ROWS and height > 1:
        text, scale = _halves(boxes, rows, columns), (1, 1)
    elif wide <= room and height <= MOST_ROWS:
        text, scale = _exact(boxes, rows, columns, 1, unicode=unicode), (1, 1)
    else:
        across = max(-(-wide // room), -(-height // (2 * MOST_ROWS)), 1)
        scale = (min(2 * across, height), across)
        text = _shaded(boxes, rows, columns, scale, unicode=unicode)
    top, side, bottom = _FRAME if unicode else _PLAIN_FRAME
    length = max(map(len, text), default=0)
    return [
        top[0] + top[1] * length + top[2],
        *(side[0] + line.ljust(length) + side[2] for line in text),
        bottom[0] + bottom[1] * length + bottom[2],
    ], scale


def _masks(boxes: Sequence[Box], rows: tuple[int, int], columns: tuple[int, int]) -> list[int]:
    """Per row the pixels seen, bit 0 for the first column."""
    first, last = columns
    window = (1 << (last - first)) - 1
    spans = [
        (box[0], (box[1].mask << box[1].lo) >> first & window) for box in boxes
    ]  # the plane's own columns start at 0
    known: dict[tuple[int, ...], int] = {}
    made = []
    for row in range(*rows):
        hit = tuple(
            at for at, (each, _) in enumerate(spans) if each.lo <= row < each.hi and each.mask >> (row - each.lo) & 1
        )
        if hit not in known:
            mask = 0
            for at in hit:
                mask |= spans[at][1]
            known[hit] = mask
        made.append(known[hit])
    return made


def _exact(
    boxes: Sequence[Box], rows: tuple[int, int], columns: tuple[int, int], each: int, *, unicode: bool
) -> list[str]:
    shades = _UNICODE if unicode else _ASCII
    none, full = shades[0], shades[-1]
    wide = columns[1] - columns[0]
    blank = none + " " * (each - 1)
    return [
        "".join(full * each if mask >> column & 1 else blank for column in range(wide))
        for mask in _masks(boxes, rows, columns)
    ]


def _halves(boxes: Sequence[Box], rows: tuple[int, int], columns: tuple[int, int]) -> list[str]:
    """Two rows of pixels to a line."""
    masks = _masks(boxes, rows, columns)
    masks += [0] * (len(masks) % 2)
    wide = columns[1] - columns[0]
    return [
        "".join(_HALVES[2 * (upper >> column & 1) + (lower >> column & 1)] for column in range(wide))
        for upper, lower in zip(masks[::2], masks[1::2], strict=True)
    ]


def _shaded(
    boxes: Sequence[Box], rows: tuple[int, int], columns: tuple[int, int], scale: tuple[int, int], *, unicode: bool
) -> list[str]:
    """Each block of pixels by the share of it that is seen; what is not nothing is never shown as nothing."""
    shades = _UNICODE if unicode else _ASCII
    masks = _masks(boxes, rows, columns)
    wide = columns[1] - columns[0]
    down, across = scale
    lines = []
    for top in range(0, len(masks), down):
        block = masks[top : top + down]
        line = ""
        for left in range(0, wide, across):
            span = min(across, wide - left)
            seen = sum((mask >> left & ((1 << span) - 1)).bit_count() for mask in block)
            line += shades[-(-seen * 4 // (span * len(block)))]
        lines.append(line)
    return lines
