"""The inputs of a Keras model: what the file says of their shapes, and what the user gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.errors import UsageError
from cnncalc.importers.keras.call import shown
from cnncalc.importers.keras.config import bad

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.importers.layers import Shape

MAX_AXES = 3
MAX_SIZE = 2**31


def input_shape(name: str, stated: Any, given: Shape | None, *, first: bool) -> Shape:
    """Channels first, without the batch; UsageError where a size is free and not given, or given otherwise."""
    sizes = _sizes(name, stated, first=first)
    if given is not None:
        if sizes is not None and (len(given) != len(sizes) or sizes[0] not in (None, given[0])):
            raise UsageError(f"input {'x'.join(map(str, given))} for `{name}`, which takes {_text(sizes)}")
        return given
    if sizes is None or any(size is None for size in sizes):
        free = _text(sizes or (None, None, None))
        raise UsageError(f"the sizes of input `{name}` are free ({free}): give them, as in -i 3x224x224")
    return tuple(size for size in sizes if size is not None)


def _sizes(name: str, stated: Any, *, first: bool) -> tuple[int | None, ...] | None:
    """As the file says; None where it says nothing."""
    if stated is None:
        return None
    if not isinstance(stated, (list, tuple)):
        raise bad(f"input `{name}` of shape {shown(stated)}: batch, sizes and channels were expected")
    sizes = stated[1:]
    if not 1 <= len(sizes) <= 1 + MAX_AXES or not all(
        size is None or (type(size) is int and 0 < size <= MAX_SIZE) for size in sizes
    ):
        raise bad(f"input `{name}` of shape {shown(stated)}: batch, sizes and channels were expected")
    return tuple(sizes) if first else (*sizes[-1:], *sizes[:-1])


def _text(sizes: tuple[int | None, ...]) -> str:
    return "x".join("?" if size is None else str(size) for size in sizes)


def given_for(name: str, given: Mapping[str, Shape]) -> Shape | None:
    """What the user gives for an input, by its name or for the only one."""
    return given.get(name) or given.get("input")
