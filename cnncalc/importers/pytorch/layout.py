"""Ops that cut tensors or move their axes: slices become layers, views and permutations are kept in mind."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.pytorch.merges import repeated
from cnncalc.importers.pytorch.sight import channels_after
from cnncalc.importers.pytorch.weights import fresh, parts_of, take
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import laid, pointwise, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom
from cnncalc.importers.tensors.cutting import Stretch, cut, selected
from cnncalc.importers.tensors.trace import Held, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.pytorch.call import Call


def slices(call: Call) -> Held | Weights:
    """`slice(x, dim, start, end, step)`; what has no elements is a constant."""
    x, place = call.x, call.place()
    size = axes.size_of(x.dims[place])
    start, end, step = slice(call.args["start"], call.args["end"], call.args["step"]).indices(size)
    if start >= end:
        return Weights(path=call.node.name, shape=call.sizes(), trained=False)
    return cut(call.trace, call.node, x, place, Stretch(start=start, end=end, step=step))


def narrow(call: Call) -> Held:
    """`narrow(x, dim, start, length)`."""
    start = int(call.args["start"])
    return cut(call.trace, call.node, call.x, call.place(), Stretch(start=start, end=start + int(call.args["length"])))


def split(call: Call) -> tuple[Held | None, ...]:
    """Slices one after the other; those that nobody reads are left out."""
    x, place = call.x, call.place()
    used = _used(call)
    made: list[Held | None] = []
    start = 0
    for number in range(len(call.results)):
        size = call.sizes(number)[place]
        stretch = Stretch(start=start, end=start + size)
        part = cut(call.trace, call.node, x, place, stretch, f"_{number}") if number in used and size else None
        made.append(part)
        start += size
    return tuple(made)


def unbind(call: Call) -> tuple[Held | None, ...]:
    """`unbind(x, dim)`: slices of one, and their axis is gone."""
    x, place = call.x, call.place()
    used = _used(call)
    return tuple(
        selected(call.trace, call.node, x, place, index, f"_{index}") if index in used else None
        for index in range(axes.size_of(x.dims[place]))
    )


def _used(call: Call) -> set[int]:
    """Which results somebody reads."""
    return {int(user.args[1]) for user in call.node.users if user.users}


def select(call: Call) -> Held:
    """`select(x, dim, index)`: a slice of one, and its axis is gone."""
    x, place = call.x, call.place()
    return selected(call.trace, call.node, x, place, int(call.args["index"]) % axes.size_of(x.dims[place]))


def view(call: Call) -> Held:
    """`view`, `reshape`, `flatten`, `squeeze`: the same elements in the same order."""
    x, sizes = call.x, call.sizes()
    found = axes.viewed(x.dims, sizes)
    if found is not None:
        return replace(x, dims=found)
    return _cut_across(call, x, sizes)


def _cut_across(call: Call, x: Held, sizes: tuple[int, ...]) -> Held:
    """A view that cuts across axes: the elements in a new arrangement."""
    trace = call.trace
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    if x.dims[0][:1] != ((Atom(BATCH, trace.samples),) if trace.samples > 1 else ()):
        raise UnmappedError(f"a view as {text(sizes[1:])}, which cuts across the batch")
    shape, dims = laid(trace, sizes, channels_after(call.node, len(sizes)))
    options: dict[str, Option] = {"out": text(shape)}
    if len(shape) == 2 and x.layer not in trace.tokens:  # noqa: PLR2004 - one axis
        options["tokens"] = True
    return replace(call.emit("rearrange", (x.layer,), shape, options), dims=dims)


def permute(call: Call) -> Held:
    """`permute(x, dims)`."""
    rank = len(call.x.dims)
    return _permuted(call.x, [int(each) % rank for each in call.args["dims"]])


def transpose(call: Call) -> Held:
    """`transpose(x, dim0, dim1)`, `t`, `mT`: two axes change places."""
    rank = len(call.x.dims)
    order = list(range(rank))
    a, b = (int(each) % rank for each in [*list(call.args.values())[1:3], -2, -1][:2])
    order[a], order[b] = order[b], order[a]
    return _permuted(call.x, order)


def movedim(call: Call) -> Held:
    """`movedim(x, source, destination)`."""
    rank = len(call.x.dims)
    sources, targets = (
        [int(each) % rank for each in (found if isinstance(found, list) else [found])]
        for found in (call.args["source"], call.args["destination"])
    )
    rest = iter(at for at in range(rank) if at not in sources)
    moved = dict(zip(targets, sources, strict=True))
    return _permuted(call.x, [moved[at] if at in moved else next(rest) for at in range(rank)])


def _permuted(x: Held, order: Sequence[int]) -> Held:
    return replace(x, dims=tuple(x.dims[place] for place in order))


def expand(call: Call) -> Held:
    """`expand`, `expand_as`: copies are kept in mind."""
    return repeated(call.x, call.sizes())


def repeat(call: Call) -> Held:
    """`repeat`, `tile`: copies of the whole, one after the other."""
    x, sizes = call.x, call.sizes()
    dims = ((),) * (len(sizes) - len(x.dims)) + x.dims
    made = []
    for dim, size in zip(dims, sizes, strict=True):
        copies = size // axes.size_of(dim)
        if copies > 1 and axes.has([dim], BATCH):
            raise UnmappedError("copies of the batch")
        made.append((Atom(REPEAT, copies), *dim) if copies > 1 else dim)
    return replace(x, dims=tuple(made))


def repeat_interleave(call: Call) -> Held:
    """`repeat_interleave(x, repeats, dim)`: each index several times."""
    x, sizes, place = call.x, call.sizes(), call.place()
    copies = sizes[place] // axes.size_of(x.dims[place])
    dim = (*x.dims[place], Atom(REPEAT, copies)) if copies > 1 else x.dims[place]
    return replace(x, dims=(*x.dims[:place], dim, *x.dims[place + 1 :]))


def moved(call: Call) -> Held:
    """`roll`, `flip`: of positions a rearrangement, of channels declared."""
    trace, x = call.trace, call.x
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    shape = trace.shapes[x.layer]
    dims = [x.dims[place] for place in call.places("dims")]
    if axes.has(dims, BATCH):
        raise UnmappedError(f"{call.op} of the batch")
    if all(atom.axis == CHANNELS for dim in dims for atom in dim):
        return call.same("custom", x, pointwise(len(shape) - 1))
    return call.same("rearrange", x, {"out": "x".join("?" * len(shape))})


def index(call: Call) -> Held:
    """`x[:, numbers]`: of channels declared at their own position, of positions anywhere."""
    given = call.args.get("indices", call.args.get("index"))
    numbers = given if isinstance(given, list) else [given]
    if any(isinstance(each, Held) for each in numbers):
        raise UnmappedError("indices that are computed from the input")
    if any(isinstance(each, Weights) and str(each.path).endswith("bool") for each in numbers):
        raise UnmappedError("a mask as an index")
    x = call.x
    place = call.place() if "dim" in call.args else next(at for at, each in enumerate(numbers) if each is not None)
    channels = call.trace.shapes[x.layer][0]
    alone = len([each for each in numbers if each is not None]) == 1
    if alone and axes.only(x.dims[place], CHANNELS, channels):
        sizes = call.sizes()
        rank = len(sizes) - len(x.dims) + 1
        stride = count = prod(sizes[place : place + rank])
        dims: list[axes.Dim] = []
        for size in sizes[place : place + rank]:
            stride //= size
            dims.append((Atom(CHANNELS, size, stride),) if size > 1 else ())
        rest = call.trace.shapes[x.layer][1:]
        made = call.emit("custom", (x.layer,), (count, *rest), pointwise(len(rest), count))
        return replace(made, dims=(*x.dims[:place], *dims, *x.dims[place + 1 :]))
    return anyhow(call, [x])


def gather(call: Call) -> Held:
    """`gather(x, dim, index)` with constant numbers."""
    if isinstance(call.args["index"], Held):
        raise UnmappedError("indices that are computed from the input")
    return anyhow(call, [call.x])


def col2im(call: Call) -> Held:
    """Overlapping patches added up."""
    return anyhow(call, [call.x], channels=1)


def anyhow(call: Call, given: Sequence[Held], channels: int | None = None) -> Held:
    """A declared op without parameters and MACs, every position of which may depend on anything."""
    trace = call.trace
    sizes = call.sizes()
    place = channels if channels is not None else channels_after(call.node, len(sizes))
    shape, dims = laid(trace, sizes, place)
    options: dict[str, Option] = {"out": text(shape), "params": 0, "macs": 0, "sees_all": True}
    if len(shape) == 2:  # noqa: PLR2004 - one axis
        options["tokens"] = True
    return replace(call.emit("custom", tuple(held.layer for held in given), shape, options), dims=dims)


def shuffle(op: str, option: str) -> Callable[[Call], Held]:
    """Ops that shuffle channels, or channels and space."""

    def mapped(call: Call) -> Held:
        factor = next(each for each in list(call.args.values())[1:] if isinstance(each, int))
        return call.emit(op, (call.plain(call.x),), call.shape(), {option: factor})

    return mapped


def scattered(call: Call) -> Held:
    """`slice_scatter`, `select_scatter`, `index_put`: some positions of one tensor from another."""
    given = [each for each in call.args.values() if isinstance(each, (Held, Weights))]
    held = [each for each in given if isinstance(each, Held)]
    made = anyhow(call, held)
    parts = parts_of(given)
    count = fresh(call.trace, parts)
    if count:
        made = call.same("custom", made, pointwise(len(call.trace.shapes[made.layer]) - 1, params=count))
        take(call.trace, parts, made.layer)
    return made
