"""Ops that cut tensors or move their axes: slices become layers, views and transposes are kept in mind."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.constants import integers, vector
from cnncalc.importers.onnx.moves import numbers, resolved, split_sizes, stretch
from cnncalc.importers.onnx.records import Tensor
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import laid, pointwise, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom
from cnncalc.importers.tensors.cutting import Stretch, cut, selected
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.nodes import Call


def slices(call: Call) -> Held:
    """`Slice`: of channels, a crop, every n-th position, or backwards."""
    starts, ends = call.numbers("starts", 1), call.numbers("ends", 2)
    if starts is None or ends is None or len(starts) != len(ends):
        raise UnmappedError("its ends are missing")
    over, steps = call.numbers("axes", 3), call.numbers("steps", 4)
    x = call.x
    given = zip(starts, ends, over or range(len(starts)), steps or (1,) * len(starts), strict=True)
    for number, (start, end, axis, step) in enumerate(given):
        place = call.axis(axis)
        kept = stretch(axes.size_of(x.dims[place]), start, end, step)
        if not kept:
            raise UnmappedError("a slice that leaves nothing")
        suffix = f"_{number}" if number else ""
        if step < 0:
            x = picked(call, x, place, list(kept), suffix)
        else:
            x = cut(call.trace, call.node, x, place, Stretch(start=kept.start, end=kept[-1] + 1, step=step), suffix)
    return x


def split(call: Call) -> tuple[Held, ...]:
    """Slices one after the other."""
    x = call.x
    place = call.axis(call.integer("axis", 0))
    sizes = split_sizes(call.node, axes.size_of(x.dims[place]), numbers(call.node, call.given, 1, "split"))
    made, start = [], 0
    for number, size in enumerate(sizes):
        if call.is_read(number):
            whole = Stretch(start=start, end=start + size)
            made.append(cut(call.trace, call.node, x, place, whole, f"_{number}"))
        else:
            made.append(x)  # nobody will ask
        start += size
    return tuple(made)


def gather(call: Call) -> Held:
    """One index: its axis is gone; several: a stretch, or any choice. Of a weight it is an embedding."""
    if isinstance(call.given[0], Tensor):
        return _embedded(call)
    x = call.x
    place = call.axis(call.integer("axis", 0))
    index = call.weight(1)
    wanted = integers(index)
    size = axes.size_of(x.dims[place])
    if wanted is None or not wanted:
        raise UnmappedError("its indices are not in the file" if wanted is None else "it picks nothing")
    if any(not -size <= one < size for one in wanted):
        raise UnmappedError(f"an index beyond {size}")
    places = [one % size for one in wanted]
    if not index.dims:
        return selected(call.trace, call.node, x, place, places[0])
    made = picked(call, x, place, places, "")
    apart = axes.viewed((made.dims[place],), index.dims) if len(index.dims) != 1 else (made.dims[place],)
    if apart is None:
        raise UnmappedError("indices in a table")
    return replace(made, dims=(*made.dims[:place], *apart, *made.dims[place + 1 :]))


def picked(call: Call, x: Held, place: int, places: Sequence[int], suffix: str) -> Held:
    """These indices of a dimension, in this order."""
    steps = {after - before for before, after in pairwise(places)}
    if len(steps) <= 1 and min(steps, default=1) > 0:
        found = Stretch(start=places[0], end=places[-1] + 1, step=min(steps, default=1))
        return cut(call.trace, call.node, x, place, found, suffix)
    if axes.has([x.dims[place]], BATCH):
        raise UnmappedError("a choice of samples")
    if not axes.only(x.dims[place], CHANNELS, call.shape(x)[0]):
        if axes.has([x.dims[place]], CHANNELS) or axes.has([x.dims[place]], REPEAT):
            x = call.channels(x, place)
        else:
            return _positions(call, x, place, len(places), suffix)
    _, *sizes = call.shape(x)
    shape = (len(places), *sizes)
    options = pointwise(len(sizes), len(places))
    made = call.trace.emit(call.node, "custom", (x.layer,), shape, options, suffix=suffix)
    dim = (Atom(CHANNELS, len(places)),) if len(places) > 1 else ()
    return replace(made, dims=(*x.dims[:place], dim, *x.dims[place + 1 :]))


def _positions(call: Call, x: Held, place: int, count: int, suffix: str) -> Held:
    """Some positions in some order: which, is not said."""
    sizes = list(call.sizes(x))
    sizes[place] = count
    return reordered(call, x, sizes, suffix)


def reordered(call: Call, x: Held, sizes: Sequence[int], suffix: str = "") -> Held:
    """A tensor of these sizes in which everything may come from anywhere."""
    channels = [at for at, dim in enumerate(x.dims) if at and at < len(sizes) and axes.has([dim], CHANNELS)]
    shape, dims = laid(call.trace, sizes, channels[-1] if channels else min(1, len(sizes) - 1))
    same = prod(shape) == prod(call.shape(x))
    options: dict[str, Option] = {"out": text(shape)}
    if not same:
        options.update(params=0, macs=0, sees_all=True)
    made = call.trace.emit(call.node, "rearrange" if same else "custom", (x.layer,), shape, options, suffix=suffix)
    return replace(made, dims=dims)


def _embedded(call: Call) -> Held:
    """`Gather(weight, indices)`: a vector of the weight for every index."""
    weight, index = call.weight(0), call.held(1)
    if call.integer("axis", 0) != 0 or len(weight.dims) != 2 or len(index.dims) != 2:  # noqa: PLR2004 - a table
        raise UnmappedError("picking from a weight by indices that are computed")
    out = text((weight.dims[1], axes.size_of(index.dims[1])))
    options: dict[str, Option] = {
        "out": out, "params": prod(weight.dims), "macs": 0, "sees_all": True, "tokens": True,
    }  # fmt: skip
    made = call.layer("custom", [index], options)
    batch, channels, positions = made.dims
    return replace(made, dims=(batch, positions, channels))


def shape(call: Call) -> Tensor:
    """The sizes as a constant."""
    sizes = call.sizes(call.x)
    start, end = call.integer("start"), call.node.attributes.get("end")
    return vector(sizes[slice(start, end if isinstance(end, int) else None)])


def size(call: Call) -> Tensor:
    """The number of elements as a constant."""
    return Tensor(values=(prod(call.sizes(call.x)),))


def like(call: Call) -> Tensor:
    """A constant of the sizes of a tensor: which numbers it holds does not matter."""
    return Tensor(dims=call.sizes(call.x), parts=())


def reshape(call: Call) -> Held:
    """The same elements in the same order."""
    x = call.x
    target = call.numbers("shape", 1)
    if target is None:
        raise UnmappedError("its shape is missing")
    sizes = resolved(call.sizes(x), target, zero_copies=not call.integer("allowzero"))
    if sizes is None:
        found = text(call.sizes(x))
        raise UnmappedError(f"a reshape of {found} to {list(target)}, which holds another number of elements")
    return viewed(call, x, sizes)


def viewed(call: Call, x: Held, sizes: tuple[int, ...]) -> Held:
    """The tensor under other dimensions, batch first; where that cuts across axes, as a rearranged layer."""
    found = axes.viewed(x.dims, sizes)
    if found is not None:
        return replace(x, dims=found)
    samples = call.trace.samples
    if (
        not sizes
        or sizes[0] % samples
        or (samples > 1 and [atom.axis for dim in x.dims for atom in dim][:1] != [BATCH])
    ):
        raise UnmappedError(f"a reshape to {list(sizes)}, which moves the batch")
    return reordered(call, x, sizes)


def flatten(call: Call) -> Held:
    """`Flatten`: all before an axis in one, all behind it in another."""
    x = call.x
    axis = call.integer("axis", 1)
    at = axis + len(x.dims) if axis < 0 else axis
    if not 0 <= at <= len(x.dims):
        raise UnmappedError(f"axis {axis} of {len(x.dims)}")
    sizes = call.sizes(x)
    return viewed(call, x, (prod(sizes[:at]), prod(sizes[at:])))


def squeeze(call: Call) -> Held:
    """Axes of size 1 go."""
    x = call.x
    over = call.numbers("axes", 1)
    places = {call.axis(axis) for axis in over} if over is not None else None
    if places is None:
        places = {at for at, dim in enumerate(x.dims) if dim == ()}
    if any(x.dims[place] != () for place in places):
        raise UnmappedError("squeezing of an axis that is larger than 1")
    return replace(x, dims=tuple(dim for at, dim in enumerate(x.dims) if at not in places))


def unsqueeze(call: Call) -> Held:
    """Axes of size 1 come."""
    over = call.numbers("axes", 1)
    if over is None:
        raise UnmappedError("its axes are missing")
    dims = list(call.x.dims)
    rank = len(dims) + len(over)
    for axis in sorted(call.axis(axis, rank) for axis in over):
        dims.insert(axis, ())
    return replace(call.x, dims=tuple(dims))


def transpose(call: Call) -> Held:
    """Other places for the same axes."""
    x = call.x
    order = call.ints("perm", tuple(reversed(range(len(x.dims))))) or ()
    if sorted(order) != list(range(len(x.dims))):
        raise UnmappedError(f"perm {order} for {len(x.dims)} axes")
    return replace(x, dims=tuple(x.dims[place] for place in order))


def shuffle(op: str, option: str) -> Callable[[Call], Held]:
    """`DepthToSpace` and `SpaceToDepth`; in which order the channels come changes no figure."""

    def mapped(call: Call) -> Held:
        return call.layer(op, [call.map(call.x)], {option: call.integer("blocksize", 1)})

    return mapped
