"""Means, sums, maxima and norms along dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import as_channels, pointwise
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, SPACE
from cnncalc.importers.tensors.cutting import shrunk
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

FEW = 4
"""Groups of channels that are merged one by one."""
POOLS = {"mean": "avgpool", "sum": "avgpool", "max": "maxpool"}
"""What neighbours become by; a sum is a mean but for a factor."""
LETTERS = {1: "l", 2: "hw", 3: "dhw"}


def reduced(trace: Trace, node: Any, x: Held, kind: str, places: Sequence[int], *, keep: bool) -> Held:  # noqa: PLR0913 - as many as it takes
    """`kind` (mean, max, min, sum, norm) along dimensions, which stay with size 1 or go."""
    if any(axes.has([x.dims[place]], BATCH) for place in places):
        raise UnmappedError(f"a {kind} over the batch")
    x = replace(
        x, dims=tuple(axes.without(dim, REPEAT) if place in places else dim for place, dim in enumerate(x.dims))
    )
    over = covered(trace, x, places)
    if over is None and kind in POOLS:
        pooled = _pooled(trace, node, x, kind, places, keep=keep)
        if pooled is not None:
            return pooled
    if over is None and is_part_of_channels(trace, x, places):
        return _of_part(trace, node, x, kind, places, keep=keep)
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


def _pooled(trace: Trace, node: Any, x: Held, kind: str, places: Sequence[int], *, keep: bool) -> Held | None:  # noqa: PLR0913 - as many as it takes
    """Neighbours on a grid that stand in dimensions of their own: a pool; None where they are no neighbours."""
    shape = trace.shapes[x.layer]
    atoms = [atom for place in places for atom in x.dims[place]]
    kernel = [1] * (len(shape) - 1)
    dims = x.dims
    for atom in sorted(atoms, key=lambda each: each.stride):
        if atom.axis < SPACE or x.layer in trace.tokens or atom.stride != kernel[atom.axis - SPACE]:
            return None
        kernel[atom.axis - SPACE] *= atom.size
    for atom in sorted(atoms, key=lambda each: -each.stride):
        dims = shrunk(dims, atom, 1)
    after = (shape[0], *(size // window for size, window in zip(shape[1:], kernel, strict=True)))
    window = kernel[0] if len(set(kernel)) == 1 else tuple(kernel)
    made = trace.emit(node, POOLS[kind], (x.layer,), after, {"kernel_size": window})
    kept = tuple(dim for place, dim in enumerate(dims) if keep or place not in places)
    return replace(made, dims=kept)


def is_part_of_channels(trace: Trace, x: Held, places: Sequence[int]) -> bool:
    """Whether these dimensions are part of the channels, at one position of many."""
    atoms = [atom for place in places for atom in x.dims[place]]
    return all(atom.axis == CHANNELS for atom in atoms) and any(size > 1 for size in trace.shapes[x.layer][1:])


def _of_part(trace: Trace, node: Any, x: Held, kind: str, places: Sequence[int], *, keep: bool) -> Held:  # noqa: PLR0913 - as many as it takes
    """Few groups of channels are merged; else it is declared, so that what stays at its position stays local."""
    atoms = [atom for place in places for atom in x.dims[place]]
    channels, *sizes = trace.shapes[x.layer]
    left = channels // axes.size_of(atoms)
    merge = {"sum": "add", "mean": "add", "max": "max", "min": "min"}.get(kind)
    is_outer = len(atoms) == 1 and atoms[0].stride * atoms[0].size == channels
    dims = x.dims
    for atom in atoms:
        dims = shrunk(dims, atom, 1)
    if merge and is_outer and atoms[0].size <= FEW:
        inputs = _groups(trace, node, x.layer, atoms[0].size)
        made = trace.emit(node, merge, inputs, (left, *sizes)).layer
    else:
        made = trace.emit(node, "custom", (x.layer,), (left, *sizes), pointwise(len(sizes), left)).layer
    kept = tuple(dim for place, dim in enumerate(dims) if keep or place not in places)
    return Held(layer=made, dims=kept)


def _groups(trace: Trace, node: Any, name: str, count: int) -> tuple[str, ...]:
    """Groups of channels: what was concatenated, or slices."""
    layer = trace.layers.get(name)
    channels, *sizes = trace.shapes[name]
    part = channels // count
    if layer is not None and layer.op == "concat" and all(trace.shapes[each][0] == part for each in layer.inputs):
        return layer.inputs
    return tuple(
        trace.emit(
            node, "slice", (name,), (part, *sizes), {"channels": f"{at * part}:{(at + 1) * part}"}, suffix=f"_{at}"
        ).layer
        for at in range(count)
    )


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
