"""Layers and operations that move axes, or take parts of them."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.keras.call import VECTORS, in_place, shown, sizes_of
from cnncalc.importers.keras.merges import declared
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.keras.call import Call
    from cnncalc.importers.layers import Option


@value
class Stretch:
    """A slice, as files have it."""

    start: int | None = None
    stop: int | None = None
    step: int | None = None


def flatten(call: Call) -> Held:
    """All positions and channels in one axis; their order changes no figure."""
    x = call.x
    return x if len(x.dims) == VECTORS else call.layer("flatten", {}, call.whole(x.layer))


def reshape(call: Call) -> Held:
    """`Reshape`, whose sizes are those of a sample, and the operation, whose sizes have the batch in front."""
    x = call.x
    target = call.argument("target_shape")
    if target is None:
        target = call.argument("newshape", 1)
        if not isinstance(target, (list, tuple)) or not target or target[0] not in (-1, None, call.trace.samples):
            raise UnmappedError(f"a reshape to {shown(target)}, with the batch in front")
        target = target[1:]
    if not isinstance(target, (list, tuple)) or not all(type(one) is int for one in target):
        raise UnmappedError(f"a reshape to {shown(target)}")
    count = prod(sizes_of(x.dims[1:]))
    sizes = list(target)
    known = prod(size for size in sizes if size != -1)
    if sizes.count(-1) == 1 and known > 0:
        sizes[sizes.index(-1)] = count // known
    if not sizes or min(sizes) < 1 or prod(sizes) != count:
        raise UnmappedError(f"a reshape of {'x'.join(map(str, sizes_of(x.dims[1:])))} to {shown(list(target))}")
    return viewed(call, x, tuple(sizes))


def viewed(call: Call, x: Held, sizes: tuple[int, ...]) -> Held:
    """The elements of a tensor, in their order, in other axes."""
    if len(sizes) == 1 and len(x.dims) > VECTORS and len(x.dims) - x.dims.count(()) > VECTORS:
        return call.layer("flatten", {}, call.whole(x.layer))
    found = axes.viewed(x.dims, (call.trace.samples, *sizes))
    if found is not None:
        return replace(x, dims=found)
    first = call.first
    shape = sizes if first or len(sizes) == 1 else (sizes[-1], *sizes[:-1])
    return in_place(call.rearranged(x.layer, shape), first=first)


def permute(call: Call) -> Held:
    """`Permute`, whose axes count from 1 behind the batch, and `transpose`."""
    x = call.x
    rank = len(x.dims)
    order = [0, *dims] if isinstance(dims := call.argument("dims"), (list, tuple)) else call.argument("axes", 1)
    if order is None:
        raise UnmappedError("the batch is moved")
    if not isinstance(order, (list, tuple)) or not all(type(one) is int for one in order):
        raise UnmappedError(f"axes in the order {shown(order)}")
    order = [one % rank for one in order]
    if sorted(order) != list(range(rank)) or order[0] != 0:
        raise UnmappedError(f"axes in the order {shown(order)}")
    return replace(x, dims=tuple(x.dims[at] for at in order))


def swap(call: Call) -> Held:
    """`swapaxes` of two axes."""
    x = call.x
    one, other = (call.axis(name, len(x.dims), place=place)[0] for name, place in (("axis1", 1), ("axis2", 2)))
    dims = list(x.dims)
    dims[one], dims[other] = dims[other], dims[one]
    if 0 in (one, other):
        raise UnmappedError("the batch is moved")
    return replace(x, dims=tuple(dims))


def expand(call: Call) -> Held:
    """Axes of size 1."""
    x = call.x
    dims = list(x.dims)
    found = call.argument("axis", 1)
    for at in sorted(found) if isinstance(found, (list, tuple)) else [found]:
        if type(at) is not int or not -len(dims) - 1 <= at <= len(dims) or at % (len(dims) + 1) == 0:
            raise UnmappedError(f"axis is {shown(found)}")
        dims.insert(at % (len(dims) + 1), ())
    return replace(x, dims=tuple(dims))


def squeeze(call: Call) -> Held:
    """Without axes of size 1."""
    x = call.x
    found = call.argument("axis", 1)
    picked = call.axis("axis", len(x.dims), place=1) if found is not None else range(1, len(x.dims))
    gone = {at for at in picked if not x.dims[at]}
    if found is not None and len(gone) != len(list(picked)):
        raise UnmappedError(f"axis {shown(found)} does not have size 1")
    return replace(x, dims=tuple(dim for at, dim in enumerate(x.dims) if at not in gone))


def repeat_vector(call: Call) -> Held:
    """`RepeatVector`: a vector at every position."""
    x = call.plain(call.x, first=False)
    tensor = call.tensor(x)
    if tensor.ndim:
        raise UnmappedError(f"it repeats vectors, found {tensor}")
    return declared(call, [x], (call.number("n"), tensor.channels), first=False)


def item(call: Call) -> Held:
    """`x[...]`: stretches of axes, single places, new axes."""
    keys = call.argument("key", 1)
    keys = list(keys) if isinstance(keys, (list, tuple)) else [keys]
    return cut(call, call.x, keys)


def cut(call: Call, x: Held, keys: Sequence[Any]) -> Held:
    """A stretch of every axis: `slice` for channels, `crop` for positions, a window where positions are skipped."""
    if any(isinstance(key, (list, tuple, Held)) for key in keys):
        raise UnmappedError("places that are picked by a list or a tensor")
    x, dims = _picked(call, x, [key for key in keys if key is not None])
    made: list[axes.Dim] = []
    left = list(dims)
    for key in keys:  # an axis for every `None`, none for a single place
        if key is None:
            made.append(())
        elif key == "Ellipsis":
            rest = sum(other is not None and other != "Ellipsis" for other in keys)
            made += [left.pop(0) for _ in range(len(dims) - rest)]
        else:
            dim = left.pop(0)
            made += [] if type(key) is int else [dim]
    return replace(x, dims=(*made, *left))


def _picked(call: Call, x: Held, keys: list[Any]) -> tuple[Held, axes.Dims]:
    """The stretches that the keys mean, with all axes still there."""
    rank = len(x.dims)
    if "Ellipsis" in keys:
        at = keys.index("Ellipsis")
        keys[at : at + 1] = [Stretch()] * (rank - len(keys) + 1)
    if len(keys) > rank:
        raise UnmappedError(f"{len(keys)} places of a tensor of {rank} axes")
    sizes = sizes_of(x.dims)
    ranges = [_range(key, size) for key, size in zip(keys, sizes, strict=False)]
    ranges += [range(size) for size in sizes[len(ranges) :]]
    if ranges[0] != range(call.trace.samples):
        raise UnmappedError("a part of the batch")
    if all(one == range(size) for one, size in zip(ranges, sizes, strict=True)):
        return x, x.dims
    first = call.first
    held = call.plain(x, first=first)
    channels, *spans = ranges[1:] if first or rank == VECTORS else (ranges[-1], *ranges[1:-1])
    held = _channels(call, held, channels)
    held = in_place(_positions(call, held, spans), first=first)
    return held, held.dims if rank > VECTORS else held.dims[:2]


def _range(key: Any, size: int) -> range:
    if type(key) is int and -size <= key < size:
        return range(key % size, key % size + 1)
    if not isinstance(key, Stretch) or (key.step or 1) < 1:
        raise UnmappedError(f"the places {shown(key)} of {size}")
    found = range(size)[slice(key.start, key.stop, key.step)]
    if not found:
        raise UnmappedError(f"no place of {size} is taken")
    return found


def _channels(call: Call, held: Held, picked: range) -> Held:
    count = call.tensor(held).channels
    if picked == range(count):
        return held
    if picked.step > 1 and len(picked) > 1:
        raise UnmappedError(f"every {picked.step}th channel")
    return call.layer("slice", {"channels": f"{picked[0]}:{picked[-1] + 1}"}, held, suffix=":slice")


def _positions(call: Call, held: Held, spans: Sequence[range]) -> Held:
    tensor = call.tensor(held)
    pairs = tuple((span[0], size - 1 - span[-1]) for span, size in zip(spans, tensor.sizes, strict=True))
    steps = [span.step if len(span) > 1 else 1 for span in spans]
    if any(map(any, pairs)):
        flat: Option = pairs if any(a != b for a, b in pairs) or len(set(pairs)) > 1 else pairs[0][0]
        held = call.layer("crop", {"cropping": flat}, held, suffix=":crop")
    if all(step == 1 for step in steps):
        return held
    if tensor.tokens:
        held = call.rearranged(held.layer, tuple(call.tensor(held)))
    taken = "x".join(map(str, (tensor.channels, *(len(span) for span in spans))))
    options: dict[str, Option] = {"out": taken, "kernel_size": 1, "stride": tuple(steps), "params": 0, "macs": 0}
    return call.layer("custom", options, held, suffix=":steps")


def split(call: Call) -> list[Held]:
    """Parts of one axis, one after the other."""
    x = call.x
    sizes = sizes_of(x.dims)
    (axis,) = call.axis("axis", len(sizes), 0, place=2)
    found = call.argument("indices_or_sections", 1)
    if type(found) is int and found > 0 and sizes[axis] % found == 0:
        ends = [sizes[axis] // found * part for part in range(found + 1)]
    elif isinstance(found, (list, tuple)) and all(type(one) is int for one in found):
        ends = [0, *found, sizes[axis]]
    else:
        raise UnmappedError(f"a split of {sizes[axis]} into {shown(found)}")
    return [
        cut(call, x, [*(Stretch() for _ in range(axis)), Stretch(start=start, stop=stop)])
        for start, stop in pairwise(ends)
    ]


def stack(call: Call) -> Held:
    """Tensors beside each other on a new axis."""
    many = call.given
    rank = len(many[0].dims) + 1
    (axis,) = call.axis("axis", rank, 0, place=1)
    sizes = sizes_of(many[0].dims)
    if axis == 0 or any(sizes_of(held.dims) != sizes for held in many):
        raise UnmappedError(f"tensors beside each other on axis {axis}")
    shape = (*sizes[:axis], len(many), *sizes[axis:])
    if rank > 5:  # noqa: PLR2004 - batch, channels and three axes
        raise UnmappedError(f"a tensor of {rank} axes")
    return declared(call, many, shape[1:], first=call.first)


def shuffle(call: Call) -> Held:
    """`depth_to_space` and `space_to_depth`."""
    x = call.map(call.x, first=call.channels_first)
    size = call.argument("block_size", 1)
    if type(size) is not int:
        raise UnmappedError(f"block_size is {shown(size)}")
    op, option = "pixelunshuffle", "downscale_factor"
    if call.kind == "DepthToSpace":
        op, option = "pixelshuffle", "upscale_factor"
    return in_place(call.layer(op, {option: size}, x), first=call.channels_first)


def pad(call: Call) -> Held:
    """`pad` of positions, with zeros or with what stands beside them."""
    x = call.x
    found = call.argument("pad_width", 1)
    widths: list[Any] = [found] * len(x.dims) if type(found) is int else list(found)
    pairs = [(one, one) if type(one) is int else (one[0], one[-1]) for one in widths]
    if len(pairs) != len(x.dims) or any(pairs[0]) or not all(type(one) is int for pair in pairs for one in pair):
        raise UnmappedError(f"pad_width is {shown(found)}")
    modes = {"constant": None, "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    mode = call.argument("mode", 2, "constant")
    channels, *rest = pairs[1:] if call.first else (pairs[-1], *pairs[1:-1])
    if any(channels) or mode not in modes:
        raise UnmappedError(f"padding of the channels, or mode {shown(mode)}")
    options: dict[str, Option] = {"padding": tuple(rest)}
    if modes[mode]:
        options["padding_mode"] = str(modes[mode])
    return in_place(call.layer("pad", options, call.map(x, first=call.first)), first=call.first)
