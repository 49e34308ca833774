"""Patches as channels, and padding, from PyTorch."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.layout import anyhow
from cnncalc.importers.pytorch.sliding import axes_option, put
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import as_map, pointwise, spread, text
from cnncalc.importers.tensors.axes import CHANNELS, REPEAT, SPACE, Atom
from cnncalc.importers.tensors.cutting import Stretch, cut
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.pytorch.call import Call


def im2col(call: Call) -> Held:
    """`im2col(x, kernel_size, dilation, padding, stride)`: the window's pixels as channels, positions in one row."""
    args = call.args
    name = as_map(call.trace, call.node, call.x)
    channels, *sizes = call.trace.shapes[name]
    kernel, dilation, padding, stride = (_pair(args[key]) for key in ("kernel_size", "dilation", "padding", "stride"))
    if (kernel, padding, dilation) == (stride, [0, 0], [1, 1]) and not any(
        n % k for n, k in zip(sizes, kernel, strict=True)
    ):
        batch, inner, *rest = call.trace.whole(name)
        parts = [axes.divided(Atom(at, n), n // k) for at, (n, k) in enumerate(zip(sizes, kernel, strict=True), SPACE)]
        outer, pixels = (tuple(part[each] for part in parts if part[each].size > 1) for each in (0, 1))
        return Held(layer=name, dims=(batch, (*inner, *pixels), outer))  # patches side by side are a view
    counts = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(sizes, kernel, dilation, padding, stride, strict=True)
    ]
    options = _declared_window((channels * prod(kernel), *counts), kernel, stride, [(p, p) for p in padding], dilation)
    made = call.emit("custom", (name,), (channels * prod(kernel), *counts), options)
    batch, inner, *rest = call.trace.whole(made.layer)
    return replace(made, dims=(batch, inner, axes.joined(atom for dim in rest for atom in dim)))


def unfold(call: Call) -> Held:
    """`x.unfold(dimension, size, step)`: windows along one axis, their pixels last."""
    trace, x = call.trace, call.x
    place = call.place("dimension")
    size, step = int(call.args["size"]), int(call.args["step"])
    shape = trace.shapes[x.layer]
    dim = x.dims[place]
    if len(dim) != 1 or dim[0].axis < SPACE or dim[0].size != shape[dim[0].axis - CHANNELS] or x.layer in trace.tokens:
        raise UnmappedError("windows along something else than an axis")
    axis = dim[0].axis
    if size == step and dim[0].size % size == 0:  # windows side by side are a view
        outer, inner = axes.divided(dim[0], dim[0].size // size)
        apart = tuple(
            (outer,) if at == place and outer.size > 1 else () if at == place else each
            for at, each in enumerate(x.dims)
        )
        return replace(x, dims=(*apart, (inner,) if size > 1 else ()))
    ndim = len(shape) - 1
    count = (dim[0].size - size) // step + 1
    after = [shape[0] * size, *shape[1:]]
    after[axis - CHANNELS] = count
    kernel, stride = [1] * ndim, [1] * ndim
    kernel[axis - SPACE], stride[axis - SPACE] = size, step
    rest = dim[0].size - ((count - 1) * step + size)
    pads = [(0, 0)] * ndim
    pads[axis - SPACE] = (0, -rest) if rest else (0, 0)
    made = call.emit("custom", (x.layer,), tuple(after), _declared_window(after, kernel, stride, pads, [1] * ndim))
    dims = [
        tuple(Atom(CHANNELS, a.size, a.stride * size) if a.axis == CHANNELS else a for a in each) for each in x.dims
    ]
    dims[place] = (Atom(axis, count),) if count > 1 else ()
    return replace(made, dims=(*dims, (Atom(CHANNELS, size),) if size > 1 else ()))


def _declared_window(
    shape: Any, kernel: list[int], stride: list[int], pads: list[tuple[int, int]], dilation: list[int]
) -> dict[str, Option]:
    ndim = len(kernel)
    options: dict[str, Option] = {"out": text(shape)}
    put(options, "kernel_size", axes_option(kernel, ndim))
    put(options, "stride", axes_option(stride, ndim, 1))
    if not any(after < 0 for _, after in pads):
        options["padding"] = pads[0][0] if len({each for pair in pads for each in pair}) == 1 else tuple(pads)
    put(options, "dilation", axes_option(dilation, ndim, 1))
    return {**options, "params": 0, "macs": 0}


def _pair(given: Any) -> list[int]:
    return [int(each) for each in given] if isinstance(given, (list, tuple)) else [int(given)] * 2


def pad(call: Call) -> Held:
    """`pad(x, (last before, last after, ...), mode, value)`; on channels-last tensors too."""
    trace, x = call.trace, call.x
    numbers = [int(each) for each in call.args["pad"]]
    mode = call.args.get("mode") or "constant"
    if not any(numbers):
        return x
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    pairs = {len(x.dims) - 1 - at // 2: (numbers[at], numbers[at + 1]) for at in range(0, len(numbers), 2)}
    for place, (before, after) in pairs.items():  # negative numbers cut off
        stretch = Stretch(start=max(-before, 0), end=axes.size_of(x.dims[place]) - max(-after, 0))
        x = cut(trace, call.node, x, place, stretch, "_crop")
    pairs = {place: (max(before, 0), max(after, 0)) for place, (before, after) in pairs.items()}
    pairs = {place: pair for place, pair in pairs.items() if pair != (0, 0)}
    if not pairs:
        return x
    shape = trace.shapes[x.layer]
    spots = {place: _axis(x, place, shape) for place in pairs}
    if any(axis is None for axis in spots.values()) or (x.layer in trace.tokens and CHANNELS not in spots.values()):
        return anyhow(call, [x])
    if CHANNELS in spots.values():
        return _padded_channels(call, x, pairs)
    sides = [(0, 0)] * (len(shape) - 1)
    for place, axis in spots.items():
        sides[(axis or SPACE) - SPACE] = pairs[place]
    padded = (shape[0], *(size + sum(pair) for size, pair in zip(shape[1:], sides, strict=True)))
    options: dict[str, Option] = {
        "padding": sides[0][0] if len({each for pair in sides for each in pair}) == 1 else tuple(sides)
    }
    if mode != "constant":
        options["padding_mode"] = mode
    made = call.emit("pad", (x.layer,), padded, options)
    fresh = trace.whole(made.layer)
    dims = [fresh[spots[place] or 0] if place in spots else dim for place, dim in enumerate(x.dims)]
    return replace(made, dims=tuple(dims))


def _axis(x: Held, place: int, shape: Shape) -> int | None:
    """The axis that a dimension is as a whole; None where it is none."""
    dim = x.dims[place]
    if len(dim) == 1 and dim[0].axis >= CHANNELS and dim[0].size == shape[dim[0].axis - CHANNELS]:
        return dim[0].axis
    ones = [axis for axis, size in enumerate(shape, CHANNELS) if size == 1]
    if not dim and place and len(ones) == sum(not each for each in x.dims[1:]):
        return ones[sum(not each for each in x.dims[1:place])]
    return None


def _padded_channels(call: Call, x: Held, pairs: dict[int, tuple[int, int]]) -> Held:
    if len(pairs) > 1:
        return anyhow(call, [x])
    ((place, pair),) = pairs.items()
    channels, *sizes = call.trace.shapes[x.layer]
    after = channels + sum(pair)
    made = call.emit("custom", (x.layer,), (after, *sizes), pointwise(len(sizes), after))
    return replace(made, dims=(*x.dims[:place], (Atom(CHANNELS, after),), *x.dims[place + 1 :]))
