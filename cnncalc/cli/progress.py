"""A line on standard error that says how far the work is, where it takes longer than a second."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")
PATIENCE = 1.0
"""Seconds before anything is shown."""
_CLEAR = "\r\x1b[K"


def watched(items: Sequence[Item]) -> Iterator[Item]:
    """The items; on a terminal the number done is shown from the first second on, and wiped away at the end."""
    if len(items) < 2 or not sys.stderr.isatty():  # noqa: PLR2004 - one item has no progress
        yield from items
        return
    began, shown = monotonic(), False
    try:
        for done, item in enumerate(items):
            if monotonic() - began > PATIENCE:
                sys.stderr.write(f"{_CLEAR}{done} of {len(items)}: {item}")
                sys.stderr.flush()
                shown = True
            yield item
    finally:
        if shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()


def watched_results(items: Sequence[Item], results: Iterator[Result]) -> Iterator[Result]:
    """The results, one for each item, however they are made; shown like `watched`."""
    for _ in watched(items):
        yield next(results)
    next(results, None)  # lets it clean up


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """While something takes long: on a terminal what it is and for how many seconds, wiped away at the end."""
    if not sys.stderr.isatty():
        yield
        return
    from threading import Event, Thread

    over = Event()
    began = monotonic()

    def tell() -> None:
        while not over.wait(PATIENCE):
            sys.stderr.write(f"{_CLEAR}{text}, {monotonic() - began:.0f} s")
            sys.stderr.flush()

    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
        if monotonic() - began > PATIENCE:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
