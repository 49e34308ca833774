"""Long work: a bar on standard error from the first second on, and garbage that is collected again.

A short run never collects (see `__main__`); thousands of networks built one after the other would fill the memory.
"""

from __future__ import annotations

import gc
import sys
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE = 1.0
"""Seconds before anything is shown."""
_EVERY = 0.1
_WIDTH = 24
_CLEAR = "\r\x1b[K"


class Bar:
    """Call it with what is done and what there is in all; it wipes itself away when it is left."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.began = self.drawn = monotonic()
        self.wanted = sys.stderr.isatty()
        self.shown = False
        self.collected = gc.isenabled()

    def __enter__(self) -> Bar:  # noqa: PYI034 - Self needs Python 3.11, and nothing derives from it
        gc.enable()
        return self

    def __call__(self, done: int, total: int) -> None:
        """Draw the bar, ten times a second at most."""
        now = monotonic()
        if not self.wanted or now - self.began < PATIENCE or now - self.drawn < _EVERY:
            return
        self.drawn, self.shown = now, True
        sys.stderr.write(_CLEAR + bar(done, total, now - self.began, self.what))
        sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.collected:
            gc.disable()
        if self.shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()


def bar(done: int, total: int, seconds: float, what: str) -> str:
    """What is drawn, with the time that is left if it goes on like this.

    >>> bar(250, 1000, 2.0, "combinations")
    '[######------------------] 250 of 1,000 combinations, 6 s left'
    """
    part = min(done / total, 1) if total else 1.0
    filled = round(part * _WIDTH)
    left = f", {round(seconds / part - seconds)} s left" if part else ""
    return f"[{'#' * filled}{'-' * (_WIDTH - filled)}] {done:,} of {total:,} {what}{left}"
