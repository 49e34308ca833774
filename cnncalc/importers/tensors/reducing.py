"""Means, sums, maxima and norms along dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import as_channels
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, SPACE
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

LETTERS = {1: "l", 2: "hw", 3: "dhw"}


def reduced(trace: Trace, node: Any, x: Held, kind: str, places: Sequence[int], *, keep: bool) -> Held:  # noqa: PLR0913 - as many as it takes
    """`kind` (mean, max, min, sum, norm) along dimensions, which stay with size 1 or go."""
    if any(axes.has([x.dims[place]], BATCH) for place in places):
        raise UnmappedError(f"a {kind} over the batch")
    x = replace(
        x, dims=tuple(axes.without(dim, REPEAT) if place in places else dim for place, dim in enumerate(x.dims))
    )
    over = covered(trace, x, places)
    if over is None:
        x = as_channels(trace, node, x, places)
        over = {CHANNELS}
    made = x.layer
    spatial = {axis for axis, size in enumerate(trace.shapes[made][1:], SPACE) if size > 1}
    if spatial and spatial <= over:
        made = _emitted(trace, node, made, kind, "positions")
        over -= spatial
    for axis in sorted(over, reverse=True):
        letter = "channels" if axis == CHANNELS else LETTERS[len(trace.shapes[made]) - 1][axis - SPACE]
        made = _emitted(trace, node, made, kind, letter)
    dims = [() if place in places else dim for place, dim in enumerate(x.dims) if keep or place not in places]
    return Held(layer=made, dims=tuple(dims))


def covered(trace: Trace, x: Held, places: Sequence[int]) -> set[int] | None:
    """The axes of the layer that these dimensions are; None where they are parts of axes."""
    sizes: dict[int, int] = {}
    for place in places:
        for atom in x.dims[place]:
            sizes[atom.axis] = sizes.get(atom.axis, 1) * atom.size
    shape = trace.shapes[x.layer]
    return set(sizes) if all(shape[axis - CHANNELS] == size for axis, size in sizes.items()) else None


def _emitted(trace: Trace, node: Any, name: str, kind: str, over: str) -> str:
    channels, *sizes = trace.shapes[name]
    if over == "channels":
        shape = (1, *sizes)
    elif over == "positions":
        shape = (channels, *(1 for _ in sizes))
        if kind in ("mean", "max"):
            return trace.emit(node, {"mean": "gap", "max": "gmp"}[kind], (name,), shape).layer
    else:
        at = LETTERS[len(sizes)].index(over)
        shape = (channels, *(1 if axis == at else size for axis, size in enumerate(sizes)))
    return trace.emit(node, "reduce", (name,), shape, {"kind": kind, "over": over}).layer
