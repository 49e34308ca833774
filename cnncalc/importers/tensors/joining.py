"""Several tensors become one: merges with broadcasting, concatenation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import arranged, laid, longer, plan, pointwise, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom, Dim, Dims
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option


UNFIT = 4
"""Costs more than any plan."""


def merged(trace: Trace, node: Any, op: str, a: Held, b: Held) -> Held:
    """`a op b`, each repeated along the dimensions in which it has size 1."""
    rank = max(len(a.dims), len(b.dims))
    a, b, copies = _uncopied(trace, node, _padded(a, rank), _padded(b, rank))
    made = _merged(trace, node, op, a, b)
    return replace(made, dims=tuple(copies.get(place, dim) for place, dim in enumerate(made.dims)))


def _uncopied(trace: Trace, node: Any, a: Held, b: Held) -> tuple[Held, Held, dict[int, Dim]]:
    """Without the copies that the result has, too; other copies that no other tensor stands against are made."""
    copies: dict[int, Dim] = {}
    for place, (x, y) in enumerate(zip(a.dims, b.dims, strict=True)):
        alone = [dim for dim in (x, y) if dim and all(atom.axis == REPEAT for atom in dim)]
        if alone and all(dim in ((), alone[0]) for dim in (x, y)):
            copies[place] = alone[0]
    bare = [
        replace(held, dims=tuple(() if place in copies else dim for place, dim in enumerate(held.dims)))
        for held in (a, b)
    ]
    made = []
    for held, other in zip(bare, reversed(bare), strict=True):
        needed = any(
            axes.has([x], REPEAT) and (not y or axes.has([y], REPEAT))
            for x, y in zip(held.dims, other.dims, strict=True)
        )
        made.append(spread(trace, node, held) if needed else held)
    return made[0], made[1], copies


def _merged(trace: Trace, node: Any, op: str, a: Held, b: Held) -> Held:
    pairs = [(ref, other) for ref, other in ((a, b), (b, a)) if _covers(ref, other)]
    if not pairs:
        return _crossed(trace, node, op, a, b)
    ref, other = min(pairs, key=lambda pair: (_cost(trace, *pair), trace.shapes[pair[0].layer][0] == 1))
    is_first = ref is a
    target = _over(trace, ref.layer, ref.dims, other.dims)
    if target is None:
        other = spread(trace, node, _completed(trace, ref, other))
        target = _over(trace, ref.layer, ref.dims, other.dims)
        if target is None:
            return _crossed(trace, node, op, a, b)
    moved = arranged(trace, node, _bare(other), target, tokens=ref.layer in trace.tokens)
    return _joined(trace, node, op, (ref, moved) if is_first or op == "custom" else (moved, ref), ref)


def _cost(trace: Trace, ref: Held, other: Held) -> int:
    """How much is lost where a tensor is brought over the axes of the layer of another one."""
    target = _over(trace, ref.layer, ref.dims, other.dims)
    if target is None:
        return UNFIT
    found = plan(trace, other.layer, target, tokens=ref.layer in trace.tokens)
    return found.cost if found else 0


def _completed(trace: Trace, ref: Held, other: Held) -> Held:
    """With copies along the axes of a layer of which it has a part alone."""
    partial = {
        axis
        for axis in range(CHANNELS, CHANNELS + len(trace.shapes[ref.layer]))
        if len({bool(y) for x, y in zip(ref.dims, other.dims, strict=True) if axes.has([x], axis)}) > 1
    }
    dims = [
        (Atom(REPEAT, axes.size_of(x)),) if not y and any(axes.has([x], axis) for axis in partial) else y
        for x, y in zip(ref.dims, other.dims, strict=True)
    ]
    return replace(other, dims=tuple(dims))


def _joined(trace: Trace, node: Any, op: str, given: tuple[Held, Held], ref: Held) -> Held:
    shapes = [trace.shapes[held.layer] for held in given]
    options: dict[str, Option] = {}
    if op == "custom":
        options = pointwise(len(shapes[0]) - 1)
        if any(least < most for least, most in zip(*shapes, strict=True)):
            options = {**options, "out": text([max(sizes) for sizes in zip(*shapes, strict=True)]), "sees_all": True}
    elif shapes[0] != shapes[1] and not (op == "mul" and _gates(*shapes)):
        options["align"] = "broadcast"
    inputs = tuple(held.layer for held in given)
    shape = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
    return trace.like(trace.emit(node, op, inputs, shape, options), ref)


def _gates(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether one is a gate of the other: Cx1x1 or 1xHxW."""
    small, big = sorted((a, b))
    channels = small[0] == big[0] and set(small[1:]) == {1}
    return len(small) > 1 and (channels or (small[0] == 1 and small[1:] == big[1:]))


def _padded(held: Held, rank: int) -> Held:
    return replace(held, dims=((),) * (rank - len(held.dims)) + held.dims)


def _bare(held: Held) -> Held:
    """Without the copies, which broadcasting makes."""
    return replace(held, dims=tuple(axes.without(dim, REPEAT) for dim in held.dims))


def _covers(a: Held, b: Held) -> bool:
    """Whether `a` has all elements of the result: nothing of it is repeated."""
    return all(
        not axes.has([x], REPEAT) and (len(x) > 0 or axes.size_of(y) == 1) for x, y in zip(a.dims, b.dims, strict=True)
    )


def _over(trace: Trace, layer: str, dims: Dims, other: Dims) -> tuple[Dim, ...] | None:
    """What another tensor has along each axis of a layer, () where it is repeated; None where only partly."""
    by_axis: dict[int, list[tuple[int, Atom | None]]] = {}
    for a, b in zip(dims, other, strict=True):
        if axes.has([a], BATCH) is not axes.has([b], BATCH):
            raise UnmappedError("the batch is mixed with another axis")
        mine, theirs = axes.without(a, BATCH), axes.without(b, BATCH)
        pairs = axes.paired(mine, theirs) if theirs else [(atom, None) for atom in mine]
        if pairs is None:
            return None
        for x, y in pairs:
            copies = y is None or y.axis == REPEAT
            by_axis.setdefault(x.axis, []).append((x.stride, None if copies else y))
    target = []
    for axis in range(CHANNELS, CHANNELS + len(trace.shapes[layer])):
        atoms = [atom for _, atom in sorted(by_axis.get(axis, ()), key=lambda each: -each[0])]
        some = [atom for atom in atoms if atom is not None]
        if some and len(some) != len(atoms):
            return None
        target.append(axes.joined(some))
    return tuple(target)


def _crossed(trace: Trace, node: Any, op: str, a: Held, b: Held) -> Held:
    """Each is repeated along another dimension, or their axes do not match: both are laid out by dimension."""
    sizes = [max(axes.size_of(x), axes.size_of(y)) for x, y in zip(a.dims, b.dims, strict=True)]
    place = _channel_place(a)
    some = [at for at, size in enumerate(sizes) if at and at != place and size > 1]
    if len(some) > 3 or any(axes.without(dim, BATCH, REPEAT) for held in (a, b) for dim in held.dims[:1]):  # noqa: PLR2004
        a, b = (_stretched(trace, node, held, sizes) for held in (a, b))
        shape, dims = laid(trace, sizes, place)
        moved = [_to(trace, node, held, dims, len(shape)) for held in (a, b)]
        return replace(_joined(trace, node, op, (moved[0], moved[1]), moved[0]), dims=dims)
    order = [place, *some]
    shape = tuple(sizes[at] for at in order)
    laid_out = []
    for held in (a, b):
        bare = _bare(held)
        target = tuple(axes.without(bare.dims[at], BATCH) for at in order)
        laid_out.append(arranged(trace, node, bare, target, tokens=len(order) == 2))  # noqa: PLR2004 - one axis
    made = _joined(trace, node, op, (laid_out[0], laid_out[1]), laid_out[0])
    fresh = trace.whole(made.layer)
    dims = tuple(fresh[order.index(at) + 1] if at in order else () for at in range(len(sizes)))
    return replace(made, dims=(fresh[0], *dims[1:]))


def _channel_place(held: Held) -> int:
    """The last dimension with channels in it; else the last one."""
    found = [place for place, dim in enumerate(held.dims) if place and axes.has([dim], CHANNELS)]
    return found[-1] if found else len(held.dims) - 1


def _stretched(trace: Trace, node: Any, held: Held, sizes: Sequence[int]) -> Held:
    """With all its copies made."""
    dims = [
        (*dim, Atom(REPEAT, size // axes.size_of(dim))) if size > axes.size_of(dim) else dim
        for dim, size in zip(held.dims, sizes, strict=True)
    ]
    return spread(trace, node, replace(held, dims=tuple(dims)))


def _to(trace: Trace, node: Any, held: Held, dims: Dims, count: int) -> Held:
    """Brought to an arrangement that is given as the dimensions of a fresh layer."""
    by_axis: dict[int, list[tuple[int, Atom]]] = {}
    for a, b in zip(dims, held.dims, strict=True):
        pairs = axes.paired(axes.without(a, BATCH), axes.without(b, BATCH))
        if pairs is None:
            raise UnmappedError("axes are cut in two ways that do not fit")
        for x, y in pairs:
            by_axis.setdefault(x.axis, []).append((x.stride, y))
    target = tuple(
        axes.joined(atom for _, atom in sorted(by_axis.get(axis, ()), key=lambda each: -each[0]))
        for axis in range(CHANNELS, CHANNELS + count)
    )
    return arranged(trace, node, held, target, tokens=count == 2)  # noqa: PLR2004 - one axis


def concatenated(trace: Trace, node: Any, parts: Sequence[Held], place: int) -> Held:
    """Parts along one dimension: a `concat` of channels where they can be made so, else a declared op."""
    first = parts[0]
    if len(parts) == 1:
        return first
    parts = [spread(trace, node, part) if axes.has(part.dims, REPEAT) else part for part in parts]
    stride = _channel_stride(trace, parts[0], place)
    if stride is None or any(_channel_stride(trace, part, place) != stride for part in parts):
        found = [part.dims[place] for part in parts]
        if all(
            dim and axes.size_of(dim) == axes.size_of(found[0]) and all(a.axis == CHANNELS for a in dim)
            for dim in found
        ):
            return _stacked(trace, node, parts, place)
        return _declared(trace, node, parts, place)
    first = parts[0]
    moved = [first]
    for part in parts[1:]:
        beside = _beside(trace, node, first, part, place, stride)
        if beside is None:
            return _declared(trace, node, parts, place)
        moved.append(beside)
    total = sum(axes.size_of(part.dims[place]) for part in parts)
    shape = (total * stride, *trace.shapes[first.layer][1:])
    made = trace.emit(node, "concat", tuple(held.layer for held in moved), shape)
    dims = list(moved[0].dims)
    dims[place] = (Atom(CHANNELS, total, stride),) if total > 1 else ()
    return replace(made, dims=tuple(dims))


def _stacked(trace: Trace, node: Any, parts: Sequence[Held], place: int) -> Held:
    """Parts of one length inside of the channels, as in every head: a `concat` whose channels stand otherwise."""
    apart = [replace(part, dims=(*part.dims[:place], (), *part.dims[place:])) for part in parts]
    made = concatenated(trace, node, apart, place)
    both = axes.joined((*made.dims[place], *made.dims[place + 1]))
    return replace(made, dims=(*made.dims[:place], both, *made.dims[place + 2 :]))


def _channel_stride(trace: Trace, held: Held, place: int) -> int | None:
    """How many channels lie inside of this dimension, where it is the outermost part of the channels."""
    channels = trace.shapes[held.layer][0]
    dim = held.dims[place]
    if not dim:
        return channels
    if len(dim) == 1 and dim[0].axis == CHANNELS and dim[0].size * dim[0].stride == channels:
        return dim[0].stride
    return None


def _beside(trace: Trace, node: Any, ref: Held, held: Held, place: int, stride: int) -> Held | None:  # noqa: PLR0913 - what, beside what, where
    """A part over the axes of the first one, but for its own length along one; None where they do not fit."""
    count = axes.size_of(held.dims[place])
    channels = (Atom(CHANNELS, count, stride),) if count > 1 else ()
    dims = tuple(channels if at == place else dim for at, dim in enumerate(ref.dims))
    target = _over(trace, ref.layer, dims, held.dims)
    if target is None:
        return None
    return arranged(trace, node, held, target, tokens=ref.layer in trace.tokens)


def _declared(trace: Trace, node: Any, parts: Sequence[Held], place: int) -> Held:
    """Along positions: every position of the result may be of any part."""
    sizes = [axes.size_of(dim) for dim in parts[0].dims]
    sizes[place] = sum(axes.size_of(part.dims[place]) for part in parts)
    channels = next((at for at in (_channel_place(part) for part in parts) if at != place), _channel_place(parts[0]))
    shape, dims = longer(trace, parts[0], place, sizes[place]) or laid(trace, sizes, channels)
    options: dict[str, Option] = {"out": text(shape), "params": 0, "macs": 0, "sees_all": True}
    if len(shape) == 2:  # noqa: PLR2004 - one axis
        options["tokens"] = True
    return replace(trace.emit(node, "custom", tuple(part.layer for part in parts), shape, options), dims=dims)
