"""Lattice points below a line, counted without listing them."""

from __future__ import annotations


def floor_sum(count: int, divisor: int, slope: int, offset: int) -> int:
    """`sum(floor((slope*i + offset) / divisor) for i in range(count))`, by Euclid's algorithm; offset at least 0.

    >>> floor_sum(4, 3, 2, 1)
    4
    """
    total = 0
    while count > 0:
        total += slope // divisor * (count * (count - 1) // 2) + offset // divisor * count
        slope, offset = slope % divisor, offset % divisor
        top = slope * count + offset
        if top < divisor:
            break
        # Count the same points by rows instead of columns.
        count, offset = divmod(top, divisor)
        divisor, slope = slope, divisor
    return total


def pairs_up_to(limit: int, p: int, q: int, columns: int, rows: int) -> int:
    """`#{(x, y): 0 <= x < columns, 0 <= y < rows, p*x + q*y <= limit}`, p and q positive.

    >>> pairs_up_to(4, 2, 3, 9, 9)
    4
    """
    full = min(max((limit - q * (rows - 1)) // p + 1, 0), columns)
    some = min(max(limit // p + 1, 0), columns)
    partial = some - full
    return full * rows + partial + floor_sum(partial, q, p, limit - p * (some - 1))
