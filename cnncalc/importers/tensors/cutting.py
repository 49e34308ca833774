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


def cut(trace: Trace, node: Any, x: Held, place: int, stretch: Stretch, suffix: str = "") -> Held:
    """The part of a tensor that a slice keeps; ends are within the dimension."""
    dim = x.dims[place]
    if (stretch.start, stretch.count) == (0, axes.size_of(dim)):
        return x
    if axes.has([dim], BATCH) or stretch.count < 1:
        raise UnmappedError("a slice of the batch" if stretch.count > 0 else "a slice that leaves nothing")
    if axes.has([dim], REPEAT):
        if dim[0].axis == REPEAT and len(dim) == 1:
            return _with(x, place, (Atom(REPEAT, stretch.count),) if stretch.count > 1 else ())
        x = spread(trace, node, x)
        dim = x.dims[place]
    if len(dim) > 1:
        return _of_several(trace, node, x, place, stretch, suffix)
    if dim[0].axis == CHANNELS:
        return _of_channels(trace, node, x, place, stretch, suffix)
    return _of_positions(trace, node, x, place, stretch, suffix)


def _with(x: Held, place: int, dim: Dim) -> Held:
    return replace(x, dims=(*x.dims[:place], dim, *x.dims[place + 1 :]))


def _of_several(trace: Trace, node: Any, x: Held, place: int, stretch: Stretch, suffix: str) -> Held:
    """Whole blocks of the slowest part, or a part of one block; else the dimension becomes an axis of its own."""
    dim = x.dims[place]
    if _is_shuffle(trace, x, place):
        return cut(trace, node, as_channels(trace, node, x, [place]), place, stretch, suffix)
    slow, inner = dim[0], axes.size_of(dim[1:])
    start, end = stretch.start, stretch.end
    blocks = Stretch(start=start // inner, end=-(-end // inner))
    if stretch.step == 1 and (blocks.count == 1 or start % inner == end % inner == 0):
        apart = replace(x, dims=(*x.dims[:place], (slow,), dim[1:], *x.dims[place + 1 :]))
        made = cut(trace, node, apart, place, blocks, suffix)
        if blocks.count == 1:
            rest = Stretch(start=start - blocks.start * inner, end=end - blocks.start * inner)
            made = cut(trace, node, made, place + 1, rest, suffix)
        both = axes.joined((*made.dims[place], *made.dims[place + 1]))
        return replace(made, dims=(*made.dims[:place], both, *made.dims[place + 2 :]))
    return cut(trace, node, _as_axis(trace, node, x, place), place, stretch, suffix)


def _is_shuffle(trace: Trace, x: Held, place: int) -> bool:
    """Whether a channel shuffle puts the dimension in one piece."""
    found = plan(trace, x.layer, (x.dims[place], *trace.whole(x.layer)[2:]))
    return found is not None and found.op == "channelshuffle"


def _as_axis(trace: Trace, node: Any, x: Held, place: int) -> Held:
    """The tensor with this dimension in one piece: an axis of its own, or the channels."""
    dim = x.dims[place]
    if axes.has([dim], CHANNELS):
        return as_channels(trace, node, x, [place])
    channels = trace.whole(x.layer)[1]
    others = [axes.without(each, BATCH, CHANNELS, REPEAT) for at, each in enumerate(x.dims) if at != place]
    target = (channels, *fitted([*others, dim]))
    return arranged(trace, node, x, target, tokens=True)


def _of_channels(trace: Trace, node: Any, x: Held, place: int, stretch: Stretch, suffix: str) -> Held:
    channels, *sizes = trace.shapes[x.layer]
    (atom,) = x.dims[place]
    left = channels // atom.size * stretch.count
    if stretch.step == 1 and atom.stride * atom.size == channels:
        options: dict[str, Option] = {"channels": f"{stretch.start * atom.stride}:{stretch.end * atom.stride}"}
        made = trace.emit(node, "slice", (x.layer,), (left, *sizes), options, suffix=suffix)
    else:
        options = pointwise(len(sizes), left)
        made = trace.emit(node, "custom", (x.layer,), (left, *sizes), options, suffix=suffix)
    return replace(made, dims=shrunk(x.dims, atom, stretch.count))


def _of_positions(trace: Trace, node: Any, x: Held, place: int, stretch: Stretch, suffix: str) -> Held:
    shape = trace.shapes[x.layer]
    (atom,) = x.dims[place]
    size = shape[atom.axis - CHANNELS]
    if x.layer in trace.tokens and (stretch.step > 1 or atom.stride * atom.size != size):
        return _picked(trace, node, x, place, stretch, suffix)
    if atom.stride * atom.size == size:
        before, after = stretch.start * atom.stride, (atom.size - stretch.end) * atom.stride
        if stretch.step > 1 and atom.stride > 1:
            return cut(trace, node, _as_axis(trace, node, x, place), place, stretch, suffix)
        x = _cropped(trace, node, x, atom.axis, (before, after), suffix)
        x = replace(x, dims=shrunk(x.dims, atom, stretch.end - stretch.start))
        return _stepped(trace, node, x, x.dims[place], stretch.step, suffix)
    if atom.stride == 1 and stretch.count == 1:
        x = _cropped(trace, node, x, atom.axis, (stretch.start, 0), suffix)
        made = _pooled(trace, node, x, atom.axis, atom.size, suffix)
        return replace(made, dims=shrunk(x.dims, atom, 1))
    return cut(trace, node, _as_axis(trace, node, x, place), place, stretch, suffix)


def _cropped(trace: Trace, node: Any, x: Held, axis: int, sides: tuple[int, int], suffix: str) -> Held:  # noqa: PLR0913 - as many as it takes
    if sides == (0, 0):
        return x
    shape = list(trace.shapes[x.layer])
    pairs = [(0, 0)] * (len(shape) - 1)
    pairs[axis - axes.SPACE] = sides
    shape[axis - CHANNELS] -= sum(sides)
    made = trace.emit(node, "crop", (x.layer,), tuple(shape), {"cropping": tuple(pairs)}, suffix=suffix)
    return replace(made, dims=x.dims)


def _stepped(trace: Trace, node: Any, x: Held, dim: Dim, step: int, suffix: str) -> Held:  # noqa: PLR0913 - as many as it takes
    if step == 1:
        return x
    (atom,) = dim
    made = _pooled(trace, node, x, atom.axis, step, suffix)
    return replace(made, dims=shrunk(x.dims, atom, -(-atom.size // step)))


def _pooled(trace: Trace, node: Any, x: Held, axis: int, step: int, suffix: str) -> Held:  # noqa: PLR0913 - as many as it takes
    """Every `step`-th position along an axis, by a pool of one pixel."""
    shape = list(trace.shapes[x.layer])
    strides = [1] * (len(shape) - 1)
    strides[axis - axes.SPACE] = step
    shape[axis - CHANNELS] = -(-shape[axis - CHANNELS] // step)
    options: dict[str, Option] = {"kernel_size": 1, "stride": strides[0] if len(set(strides)) == 1 else tuple(strides)}
    return trace.emit(node, "avgpool", (x.layer,), tuple(shape), options, suffix=suffix)


def _picked(trace: Trace, node: Any, x: Held, place: int, stretch: Stretch, suffix: str) -> Held:  # noqa: PLR0913 - as many as it takes
    """Some of the tokens."""
    (atom,) = x.dims[place]
    channels, count = trace.shapes[x.layer]
    shape = (channels, count // atom.size * stretch.count)
    options: dict[str, Option] = {"out": text(shape), "params": 0, "macs": 0, "sees_all": True}
    made = trace.emit(node, "custom", (x.layer,), shape, options, suffix=suffix)
    return replace(made, dims=shrunk(x.dims, atom, stretch.count))


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


def selected(trace: Trace, node: Any, x: Held, place: int, index: int, suffix: str = "") -> Held:  # noqa: PLR0913 - as many as it takes
    """One index of a dimension, which is gone then."""
    made = cut(trace, node, x, place, Stretch(start=index, end=index + 1), suffix)
    return replace(made, dims=(*made.dims[:place], *made.dims[place + 1 :]))
