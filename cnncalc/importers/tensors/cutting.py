"""Slices: of channels `slice`, of positions `crop`, with a step a pool of one pixel; what is left is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import arranged, as_channels, fitted, plan, pointwise, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option
    from cnncalc.importers.tensors.axes import Dim, Dims


@value
class Stretch:
    """What is kept of a dimension."""

    start: int
    end: int
    step: int = 1

    @property
    def count(self) -> int:
        """How many indices are kept."""
        return -(-(self.end - self.start) // self.step)


@value
class Site:
    """Where slices are made: the node that asks for them, and what their names end with."""

    trace: Trace
    node: Any
    suffix: str

    def emit(self, op: str, source: str, shape: tuple[int, ...], options: dict[str, Option]) -> Held:
        """Add a layer."""
        return self.trace.emit(self.node, op, (source,), shape, options, suffix=self.suffix)


def cut(trace: Trace, node: Any, x: Held, place: int, stretch: Stretch, suffix: str = "") -> Held:  # noqa: PLR0913 - what, where, how much
    """The part of a tensor that a slice keeps; ends are within the dimension."""
    return _cut(Site(trace=trace, node=node, suffix=suffix), x, place, stretch)


def selected(trace: Trace, node: Any, x: Held, place: int, index: int, suffix: str = "") -> Held:  # noqa: PLR0913 - what, where, which
    """One index of a dimension, which is gone then."""
    made = cut(trace, node, x, place, Stretch(start=index, end=index + 1), suffix)
    return replace(made, dims=(*made.dims[:place], *made.dims[place + 1 :]))


def _cut(site: Site, x: Held, place: int, stretch: Stretch) -> Held:
    dim = x.dims[place]
    if (stretch.start, stretch.count) == (0, axes.size_of(dim)):
        return x
    if axes.has([dim], BATCH) or stretch.count < 1:
        raise UnmappedError("a slice of the batch" if stretch.count > 0 else "a slice that leaves nothing")
    if axes.has([dim], REPEAT):
        if len(dim) == 1:
            return _with(x, place, (Atom(REPEAT, stretch.count),) if stretch.count > 1 else ())
        x = spread(site.trace, site.node, x)
        dim = x.dims[place]
    if len(dim) > 1:
        return _of_several(site, x, place, stretch)
    if dim[0].axis == CHANNELS:
        return _of_channels(site, x, dim[0], stretch)
    return _of_positions(site, x, place, stretch)


def _with(x: Held, place: int, dim: Dim) -> Held:
    return replace(x, dims=(*x.dims[:place], dim, *x.dims[place + 1 :]))


def _of_several(site: Site, x: Held, place: int, stretch: Stretch) -> Held:
    """Whole blocks of the slowest part, or a part of one block; else the dimension becomes an axis of its own."""
    dim = x.dims[place]
    if _is_shuffle(site.trace, x, place):
        return _cut(site, as_channels(site.trace, site.node, x, [place]), place, stretch)
    slow, inner = dim[0], axes.size_of(dim[1:])
    start, end = stretch.start, stretch.end
    blocks = Stretch(start=start // inner, end=-(-end // inner))
    if stretch.step == 1 and (blocks.count == 1 or start % inner == end % inner == 0):
        apart = replace(x, dims=(*x.dims[:place], (slow,), dim[1:], *x.dims[place + 1 :]))
        made = _cut(site, apart, place, blocks)
        if blocks.count == 1:
            rest = Stretch(start=start - blocks.start * inner, end=end - blocks.start * inner)
            made = _cut(site, made, place + 1, rest)
        both = axes.joined((*made.dims[place], *made.dims[place + 1]))
        return replace(made, dims=(*made.dims[:place], both, *made.dims[place + 2 :]))
    return _cut(site, _as_axis(site, x, place), place, stretch)


def _is_shuffle(trace: Trace, x: Held, place: int) -> bool:
    """Whether a channel shuffle puts the dimension in one piece."""
    found = plan(trace, x.layer, (x.dims[place], *trace.whole(x.layer)[2:]))
    return found is not None and found.op == "channelshuffle"


def _as_axis(site: Site, x: Held, place: int) -> Held:
    """The tensor with this dimension in one piece: an axis of its own, or the channels."""
    dim = x.dims[place]
    if axes.has([dim], CHANNELS):
        return as_channels(site.trace, site.node, x, [place])
    channels = site.trace.whole(x.layer)[1]
    others = [axes.without(each, BATCH, CHANNELS, REPEAT) for at, each in enumerate(x.dims) if at != place]
    return arranged(site.trace, site.node, x, (channels, *fitted([*others, dim])), tokens=True)


def _of_channels(site: Site, x: Held, atom: Atom, stretch: Stretch) -> Held:
    channels, *sizes = site.trace.shapes[x.layer]
    left = channels // atom.size * stretch.count
    if stretch.step == 1 and atom.stride * atom.size == channels:
        options: dict[str, Option] = {"channels": f"{stretch.start * atom.stride}:{stretch.end * atom.stride}"}
        made = site.emit("slice", x.layer, (left, *sizes), options)
    else:
        made = site.emit("custom", x.layer, (left, *sizes), pointwise(len(sizes), left))
    return replace(made, dims=shrunk(x.dims, atom, stretch.count))


def _of_positions(site: Site, x: Held, place: int, stretch: Stretch) -> Held:
    trace = site.trace
    (atom,) = x.dims[place]
    size = trace.shapes[x.layer][atom.axis - CHANNELS]
    is_outer = atom.stride * atom.size == size
    if x.layer in trace.tokens and (stretch.step > 1 or not is_outer):
        return _picked(site, x, atom, stretch)
    if is_outer and (stretch.step == 1 or atom.stride == 1):
        sides = stretch.start * atom.stride, (atom.size - stretch.end) * atom.stride
        made = _sampled(site, x.layer, atom.axis, sides, stretch.step)
    elif atom.stride == 1 and stretch.count == 1:  # the same pixel of every window
        made = _sampled(site, x.layer, atom.axis, (stretch.start, 0), atom.size)
    else:
        return _cut(site, _as_axis(site, x, place), place, stretch)
    return Held(layer=made, dims=shrunk(x.dims, atom, stretch.count))


def _sampled(site: Site, name: str, axis: int, sides: tuple[int, int], step: int) -> str:
    """Positions cut off on both sides of an axis, then every `step`-th: a crop and a pool of one pixel.

    Where the layer is made like that on other axes, it is done on all of them at once.
    """
    trace = site.trace
    at = axis - axes.SPACE
    base, crops, strides = _sampling(trace, name, at)
    crops[at] = (crops[at][0] + sides[0], crops[at][1] + sides[1])
    strides[at] *= step
    channels, *sizes = trace.shapes[base]
    made = base
    sizes = [size - sum(pair) for size, pair in zip(sizes, crops, strict=True)]
    if any(pair != (0, 0) for pair in crops):
        made = site.emit("crop", made, (channels, *sizes), {"cropping": tuple(crops)}).layer
    if any(stride > 1 for stride in strides):
        sizes = [-(-size // stride) for size, stride in zip(sizes, strides, strict=True)]
        options: dict[str, Option] = {
            "kernel_size": 1,
            "stride": strides[0] if len(set(strides)) == 1 else tuple(strides),
        }
        made = site.emit("maxpool", made, (channels, *sizes), options).layer
    return made


def _sampling(trace: Trace, name: str, at: int) -> tuple[str, list[tuple[int, int]], list[int]]:
    """What a layer was sampled from, if not with a step along this axis: that layer, crops and steps."""
    ndim = len(trace.shapes[name]) - 1
    none = name, [(0, 0)] * ndim, [1] * ndim
    base, crops, strides = none
    layer = trace.layers.get(base)
    if layer is not None and layer.op == "maxpool" and layer.options["kernel_size"] == 1:
        found = layer.options["stride"]
        strides = [int(each) for each in found] if isinstance(found, tuple) else [int(found)] * ndim  # type: ignore[arg-type]
        base = layer.inputs[0]
        layer = trace.layers.get(base)
        if strides[at] > 1:
            return none
    cropping = layer.options.get("cropping") if layer is not None and layer.op == "crop" else None
    if layer is not None and isinstance(cropping, tuple):
        crops = [(pair[0], pair[1]) for pair in cropping]  # type: ignore[index,misc]
        base = layer.inputs[0]
    return base, crops, strides


def _picked(site: Site, x: Held, atom: Atom, stretch: Stretch) -> Held:
    """Some of the tokens."""
    channels, count = site.trace.shapes[x.layer]
    shape = (channels, count // atom.size * stretch.count)
    options: dict[str, Option] = {"out": text(shape), "params": 0, "macs": 0, "sees_all": True}
    return replace(site.emit("custom", x.layer, shape, options), dims=shrunk(x.dims, atom, stretch.count))


def shrunk(dims: Dims, cut_atom: Atom, count: int) -> Dims:
    """The dimensions where one part of an axis has fewer indices than before, or more.

    >>> shrunk(((Atom(1, 2, 6),), (Atom(1, 3, 2), Atom(1, 2)),), Atom(1, 3, 2), 1)
    ((Atom(axis=1, size=2, stride=2),), (Atom(axis=1, size=2, stride=1),))
    """
    made = []
    for dim in dims:
        atoms = []
        for atom in dim:
            if atom == cut_atom:
                if count > 1:
                    atoms.append(Atom(atom.axis, count, atom.stride))
            elif atom.axis == cut_atom.axis and atom.stride > cut_atom.stride:
                atoms.append(Atom(atom.axis, atom.size, atom.stride // cut_atom.size * count))
            else:
                atoms.append(atom)
        made.append(axes.joined(atoms))
    return tuple(made)
