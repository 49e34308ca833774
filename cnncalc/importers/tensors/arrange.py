"""Layers that move axes: the op of the language that does just that, else `rearrange`, which loses where things are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors import axes, shuffles
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom, Dim
from cnncalc.importers.tensors.lifting import lift, lifted
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option, Shape

MAX_AXES = 3
PAIR = 2
"""Numbers in a shape of channels and one axis."""
LIFT = "lift"
"""No layer: linear layers on a vector become 1x1 convolutions."""
COSTS = {"custom": 2, "rearrange": 3}
"""How much is lost; 1 for the others."""


@value
class Plan:
    """The layer that brings another one into an arrangement."""

    op: str
    options: dict[str, Option]
    suffix: str

    @property
    def cost(self) -> int:
        """How much is lost of where things are."""
        return COSTS.get(self.op, 1)


def text(shape: Sequence[int]) -> str:
    """A shape as options have it."""
    return "x".join(map(str, shape))


def pointwise(ndim: int, channels: int | None = None, params: int = 0, macs: int = 0) -> dict[str, Option]:
    """Options of a declared op that reads its own position."""
    out = "x".join(["?" if channels is None else str(channels), *"?" * ndim])
    return {"out": out, "params": params, "macs": macs}


def plan(trace: Trace, name: str, target: tuple[Dim, ...], *, tokens: bool | None = None) -> Plan | None:
    """What makes channels and positions of these parts of a layer's axes; None where they are that already.

    `tokens`: whether a single axis has to be tokens, or a map; None where it may be either.
    """
    target = tuple(axes.joined(dim) for dim in target)
    plain = trace.whole(name)[1:]
    right = tokens is None or len(target) != PAIR or tokens is (name in trace.tokens)
    if target == plain and right:
        return None
    found = _flat(trace, name, target, tokens=tokens)
    if found is None and name not in trace.tokens:
        shuffle = shuffles.shuffle(trace.shapes[name], target)
        found = shuffle and Plan(op=shuffle[0], options=shuffle[1], suffix=".shuffle")
    if found is None and target[1:] == plain[1:] and right:
        found = Plan(op="custom", options=pointwise(len(plain) - 1), suffix=".permute")
    return found or _anyhow(trace, name, target, tokens=tokens)


def _flat(trace: Trace, name: str, target: tuple[Dim, ...], *, tokens: bool | None) -> Plan | None:
    """Axes in the order in which they are: a vector, tokens, or a vector that keeps axes of size 1."""
    plain = trace.whole(name)[1:]
    if target == (tuple(atom for dim in plain for atom in dim),) and len(plain) > 1:
        return Plan(op="flatten", options={}, suffix=".flatten")
    if len(plain) == 1 and target[0] == plain[0] and not any(target[1:]) and lifted(trace, name, len(target) - 1):
        return Plan(op=LIFT, options={}, suffix="")
    if tokens is not False and len(plain) > 1 and target == (plain[0], axes.joined(a for d in plain[1:] for a in d)):
        return Plan(op="tokens", options={}, suffix=".tokens")
    return None


def _anyhow(trace: Trace, name: str, target: tuple[Dim, ...], *, tokens: bool | None) -> Plan:
    options: dict[str, Option] = {"out": text([axes.size_of(dim) for dim in target])}
    stays = name in trace.tokens and len(trace.shapes[name]) == PAIR
    if len(target) == PAIR and tokens is not None and tokens is not stays:
        options["tokens"] = tokens
    return Plan(op="rearrange", options=options, suffix=".rearrange")


def arranged(trace: Trace, node: Any, held: Held, target: tuple[Dim, ...], *, tokens: bool | None = None) -> Held:
    """The tensor over a layer whose channels and positions are made of these parts, which must be all there are."""
    moved = axes.relocated(held.dims, target)
    if moved is None or len(target) > 1 + MAX_AXES:
        raise UnmappedError(f"the axes of {text(trace.shapes[held.layer])} are rearranged in a way that no layer has")
    found = plan(trace, held.layer, target, tokens=tokens)
    if found is None:
        return replace(held, dims=moved)
    if found.op == LIFT:
        lift(trace, held.layer, len(target) - 1)
        return replace(held, dims=moved)
    shape = tuple(axes.size_of(dim) for dim in target)
    made = trace.emit(node, found.op, (held.layer,), shape, found.options, suffix=found.suffix)
    return replace(made, dims=moved)


def as_map(trace: Trace, node: Any, held: Held) -> str:
    """The layer whose output is the tensor as it stands, with a grid."""
    name = trace.plain(node, held)
    if name not in trace.tokens:
        return name
    fresh = Held(layer=name, dims=trace.whole(name))
    return arranged(trace, node, fresh, fresh.dims[1:], tokens=False).layer


def as_channels(trace: Trace, node: Any, held: Held, places: Sequence[int]) -> Held:
    """The tensor over a layer whose channels are these dimensions and nothing else."""
    wanted = axes.joined(atom for place in places for atom in held.dims[place])
    if axes.has([wanted], BATCH):
        raise UnmappedError("the batch is mixed with another axis")
    if axes.has([wanted], REPEAT):
        held = spread(trace, node, held)
        wanted = axes.joined(atom for place in places for atom in held.dims[place])
    shape = trace.shapes[held.layer]
    if axes.only(wanted, CHANNELS, shape[0]):
        return held
    if all(atom.axis == CHANNELS for atom in wanted) and axes.size_of(wanted) == shape[0]:
        return arranged(trace, node, held, (wanted, *trace.whole(held.layer)[2:]))
    rest = [axes.without(dim, BATCH, REPEAT) for place, dim in enumerate(held.dims) if place not in places]
    positions = [atom for dim in trace.whole(held.layer)[2:] for atom in dim]
    moved = arranged(trace, node, held, (wanted, *fitted(rest)), tokens=True)
    if axes.size_of(atom for atom in wanted if atom.axis != CHANNELS) == axes.size_of(positions):
        trace.bounds.discard(moved.layer)  # what comes next does mix all positions
    return moved


def is_channel_part(trace: Trace, held: Held, place: int) -> bool:
    """Whether a dimension is part of the channels, at one position of many."""
    dim = held.dims[place]
    shape = trace.shapes[held.layer]
    return bool(dim) and all(atom.axis == CHANNELS for atom in dim) and any(size > 1 for size in shape[1:])


def fitted(dims: Sequence[Dim]) -> list[Dim]:
    """As many axes as a map may have: those without size are left out, the first ones put together.

    >>> [len(dim) for dim in fitted([(Atom(2, 2),), (), (Atom(3, 2),), (Atom(4, 2),), (Atom(1, 2),)])]
    [2, 1, 1]
    """
    some = [dim for dim in dims if dim]
    while len(some) > MAX_AXES:
        some[:2] = [(*some[0], *some[1])]
    return some


def spread(trace: Trace, node: Any, held: Held) -> Held:
    """The tensor with its copies made: a map of size 1 is enlarged, all else becomes channels."""
    shape = trace.shapes[held.layer]
    dims = list(held.dims)
    alone = [place for place, dim in enumerate(dims) if dim and all(atom.axis == REPEAT for atom in dim)]
    ones = [axis for axis, size in enumerate(shape) if axis and size == 1]
    if alone and len(alone) == len(ones) and held.layer not in trace.tokens:
        sizes = list(shape)
        for place, axis in zip(alone, ones, strict=True):
            sizes[axis] = axes.size_of(dims[place])
            dims[place] = (Atom(axis + CHANNELS, sizes[axis]),)
        size = sizes[1] if len(set(sizes[1:])) == 1 else tuple(sizes[1:])
        made = trace.emit(node, "upsample", (held.layer,), tuple(sizes), {"size": size}, suffix=".expand")
        held = replace(made, dims=tuple(dims))
    copies = axes.size_of(atom for dim in held.dims for atom in dim if atom.axis == REPEAT)
    if copies == 1:
        return held
    channels, *rest = trace.shapes[held.layer]
    options = pointwise(len(rest), channels * copies)
    made = trace.emit(node, "custom", (held.layer,), (channels * copies, *rest), options, suffix=".expand")
    stride = channels * copies
    moved = []
    for dim in held.dims:
        atoms = []
        for atom in dim:
            if atom.axis == REPEAT:
                stride //= atom.size
                atoms.append(Atom(CHANNELS, atom.size, stride))
            else:
                atoms.append(atom)
        moved.append(axes.joined(atoms))
    return replace(made, dims=tuple(moved))


def laid(trace: Trace, sizes: Sequence[int], channels: int) -> tuple[Shape, tuple[Dim, ...]]:
    """A shape for a tensor of these sizes, batch first, one of its dimensions the channels; where its axes then stand.

    >>> shape, dims = laid(Trace(names={}), (8, 49, 96), 2)
    >>> shape, dims[0]
    ((96, 4, 49), (Atom(axis=0, size=2, stride=1), Atom(axis=2, size=4, stride=1)))
    """
    windows, rest = divmod(sizes[0], trace.samples)
    if rest:
        raise UnmappedError("the batch is mixed with another axis")
    fresh = [(Atom(axis, size),) if size > 1 else () for axis, size in enumerate(sizes)]
    fresh[0] = (Atom(0, windows),) if windows > 1 else ()  # of the tensor itself, numbered by dimension
    others = [dim for place, dim in enumerate(fresh) if place != channels]
    target = [fresh[channels], *fitted(others)]
    places: dict[int, Atom] = {}
    for axis, dim in enumerate(target, CHANNELS):
        stride = axes.size_of(dim)
        for atom in dim:
            stride //= atom.size
            places[atom.axis] = Atom(axis, atom.size, stride)
    dims = [(places[place],) if place in places else () for place in range(len(sizes))]
    if trace.samples > 1:
        dims[0] = (Atom(BATCH, trace.samples), *dims[0])
    return tuple(axes.size_of(dim) for dim in target), tuple(dims)


def longer(trace: Trace, held: Held, place: int, size: int) -> tuple[Shape, tuple[Dim, ...]] | None:
    """A shape for a tensor with more positions along one dimension, its channels as they are; None where it has none.

    Positions of the other dimensions become axes.
    """
    if axes.has([held.dims[place]], CHANNELS) or axes.has([held.dims[place]], BATCH) or axes.has(held.dims, REPEAT):
        return None
    target: list[Dim] = []
    for at, dim in enumerate(held.dims):
        rest = axes.without(dim, BATCH, CHANNELS)
        if rest and at != place:
            target.append(rest)
    if len(target) >= MAX_AXES:
        return None
    moved = axes.relocated(
        tuple(() if at == place else dim for at, dim in enumerate(held.dims)),
        (trace.whole(held.layer)[1], (), *target),
    )
    if moved is None:
        return None
    shape = (trace.shapes[held.layer][0], size, *(axes.size_of(dim) for dim in target))
    grown = (Atom(axes.SPACE, size),) if size > 1 else ()
    return shape, (*moved[:place], grown, *moved[place + 1 :])
