"""Ops that cut tensors or move their axes: slices become layers, views and permutations are kept in mind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.nodes import op_name
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import CHANNELS, SPACE, Atom
from cnncalc.importers.tensors.trace import SAMPLES, Held, Trace, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option


def slices(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
    """`slice(x, dim, start, end, step)`: of channels, or a crop."""
    defaults: tuple[Any, ...] = (None, 0, None, None, 1)
    x, dim, start, end, step = (*args, *defaults[len(args) :])
    return _cut(trace, node, _settled(trace, node, x, dim), dim, start or 0, end, step)


def _settled(trace: Trace, node: Any, x: Held, dim: int) -> Held:
    """The tensor with the axes that are to be cut in one piece, where a layer can do that."""
    if len(x.dims[dim]) < 2:  # noqa: PLR2004 - one piece
        return x
    name = trace.plain(node, x)
    return Held(layer=name, dims=axes.whole((SAMPLES, *trace.shapes[name])))


def _cut(  # noqa: PLR0913 - a slice has this many parts
    trace: Trace, node: Any, x: Held, dim: int, start: int, end: int | None, step: int = 1, suffix: str = ""
) -> Held:
    size = axes.size_of(x.dims[dim])
    start = start + size if start < 0 else min(start, size)
    end = size if end is None else end + size if end < 0 else min(end, size)
    if (start, end, step) == (0, size, 1):
        return x
    shape = trace.shapes[x.layer]
    found = x.dims[dim]
    if step != 1 or len(found) != 1 or found[0].axis == 0:
        raise UnmappedError("slicing with a step, or of the batch" if step != 1 else "slicing of rearranged axes")
    axis = found[0].axis
    if found[0] != axes.whole((SAMPLES, *shape))[axis][0]:
        return _groups_cut(trace, node, x, dim, (start, end), suffix)
    if axis == CHANNELS:
        made = trace.emit(
            node, "slice", (x.layer,), (end - start, *shape[1:]), {"channels": f"{start}:{end}"}, suffix=suffix
        )
    else:
        pairs = [(0, 0)] * (len(shape) - 1)
        pairs[axis - SPACE] = (start, size - end)
        sizes = list(shape)
        sizes[axis - 1] = end - start
        made = trace.emit(node, "crop", (x.layer,), tuple(sizes), {"cropping": tuple(pairs)}, suffix=suffix)
    dims = list(x.dims)
    dims[dim] = (Atom(axis, end - start),) if end - start > 1 else ()
    return replace(made, dims=tuple(dims))


def _groups_cut(  # noqa: PLR0913 - a slice has this many parts
    trace: Trace, node: Any, x: Held, dim: int, ends: tuple[int, int], suffix: str
) -> Held:
    """Whole groups of channels, where the channels were split into groups and these are cut."""
    channels, *sizes = trace.shapes[x.layer]
    (atom,) = x.dims[dim]
    if atom.axis != CHANNELS or atom.stride * atom.size != channels:
        raise UnmappedError("slicing of part of an axis")
    start, end = (each * atom.stride for each in ends)
    options: dict[str, Option] = {"channels": f"{start}:{end}"}
    made = trace.emit(node, "slice", (x.layer,), (end - start, *sizes), options, suffix=suffix)
    dims = list(x.dims)
    dims[dim] = (Atom(CHANNELS, ends[1] - ends[0], atom.stride),) if ends[1] - ends[0] > 1 else ()
    return replace(made, dims=tuple(dims))


def split(trace: Trace, node: Any, args: Sequence[Any]) -> tuple[Held, ...]:
    """Slices one after the other."""
    x, dim = args[0], args[2] if len(args) > 2 else 0  # noqa: PLR2004 - sizes or their number are second
    x = _settled(trace, node, x, dim)
    sizes = [int(each.shape[dim]) for each in node.meta["val"]]
    made, start = [], 0
    for number, size in enumerate(sizes):
        made.append(_cut(trace, node, x, dim, start, start + size, suffix=f"_{number}"))
        start += size
    return tuple(made)


def select(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """`select(x, dim, index)`: a slice of one, and its axis is gone."""
    x, dim, index = args
    cut = _cut(trace, node, x, dim, index, index + 1 if index != -1 else None)
    dims = list(cut.dims)
    del dims[dim]
    return replace(cut, dims=tuple(dims))


def view(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
    """`view`, `reshape`, `flatten`, `unflatten`: the same elements in the same order."""
    x = args[0]
    if not isinstance(x, Held):
        return x
    sizes = tuple(int(size) for size in node.meta["val"].shape)
    found = axes.viewed(x.dims, sizes)
    if found is None:
        name = trace.plain(node, x)
        found = axes.viewed(axes.whole((SAMPLES, *trace.shapes[name])), sizes)
        if found is None:
            raise UnmappedError(f"a view as {'x'.join(map(str, sizes[1:]))}, which cuts across axes")
        return Held(layer=name, dims=found)
    return replace(x, dims=found)


def permute(trace: Trace, node: Any, args: Sequence[Any]) -> Any:  # noqa: ARG001 - one signature for all
    """`permute`, `transpose`, `t`: other places for the same axes."""
    x = args[0]
    if not isinstance(x, Held):
        return x
    order = list(range(len(x.dims)))
    if op_name(node) == "permute":
        order = [place % len(order) for place in args[1]]
    else:
        a, b = args[1:3]
        order[a], order[b] = order[b], order[a]
    return replace(x, dims=tuple(x.dims[place] for place in order))


def unbind(trace: Trace, node: Any, args: Sequence[Any]) -> tuple[Held, ...]:
    """`unbind(x, dim)`: slices of one, and their axis is gone."""
    x, dim = args[0], args[1] if len(args) > 1 else 0
    made = []
    for index in range(axes.size_of(x.dims[dim])):
        cut = _cut(trace, node, x, dim, index, index + 1, suffix=f"_{index}")
        dims = list(cut.dims)
        del dims[dim]
        made.append(replace(cut, dims=tuple(dims)))
    return tuple(made)
