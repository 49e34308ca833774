"""Rows at the end of a map that no window reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.geometry.window import AxisWindow

if TYPE_CHECKING:
    from cnncalc.geometry.window import AxisRead


def unread_rows(window: AxisWindow, n: int, out: int) -> int:
    """Rows after the last window, beyond the gap that a stride larger than the window leaves everywhere.

    >>> unread_rows(AxisWindow(kernel_size=3, stride=2), 8, 3)
    1
    """
    reach = window.effective_kernel_size
    end = (out - 1) * window.stride - window.padding[0] + reach
    return max(n - end - max(window.stride - reach, 0), 0)


def window_unread(read: AxisRead, n: int, out: int) -> bool:
    """Whether rows at the end of the map are left unread by strides that do not come out even."""
    if not isinstance(read, AxisWindow) or read.stride == 1 or read.input_dilation > 1:
        return False
    return unread_rows(read, n, out) > 0
