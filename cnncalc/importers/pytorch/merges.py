"""Two tensors become one; a tensor with a number, a parameter or a constant."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.weights import call_after, due, fresh, parts_of, take, weighted
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import arranged, laid, longer, pointwise, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom
from cnncalc.importers.tensors.joining import concatenated, merged
from cnncalc.importers.tensors.trace import Held, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.pytorch.call import Call

WORDS = {"add": "shift", "sub": "shift", "mul": "scale"}
"""What a parameter does by them."""


def merge(op: str) -> Callable[[Call], Held]:
    """The first two arguments, of which one is a tensor of the network."""

    def mapped(call: Call) -> Held:
        a, b = list(call.args.values())[:2]
        return joined(call, op, a, b)

    return mapped


def joined(call: Call, op: str, a: Any, b: Any) -> Held:
    """`a op b` for anything that stands in an expression."""
    if isinstance(a, Held) and isinstance(b, Held):
        return merged(call.trace, call.node, op, a, b)
    held, other = (a, b) if isinstance(a, Held) else (b, a)
    if not isinstance(held, Held):
        raise UnmappedError("no input of it comes from the network")
    if not isinstance(other, Weights):
        return held  # NB: a constant factor or offset; its few operations are not counted
    return with_constant(call, op, held, other)


def with_constant(call: Call, op: str, x: Held, other: Weights) -> Held:
    """A parameter of its own: a factor or offset, else a declared op with its parameters; a constant costs nothing."""
    trace = call.trace
    x = repeated(x, call.sizes())
    parts = parts_of([other])
    count = fresh(trace, parts)
    over = _over(call, x, other) if parts and op in WORDS and not axes.has(x.dims, REPEAT) else None
    if over is not None:
        call_after(call, parts)
        choices: list[dict[str, Option]] = [{"over": over}] if over != "channels" else [{}]
        return trace.like(weighted(call, WORDS[op], x.layer, trace.shapes[x.layer], choices, [other]), x)
    macs = due(trace, [other])
    if not count and not macs:
        return x
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    call_after(call, parts)
    frozen: dict[str, Option] = {"frozen": True} if parts and all(part.frozen for part in parts) else {}
    options = {**pointwise(len(trace.shapes[x.layer]) - 1, params=count, macs=macs), **frozen}
    made = call.same("custom", x, options)
    take(trace, parts, made.layer)
    return made


def _over(call: Call, x: Held, other: Weights) -> str | None:
    """What has a number of its own in a parameter: each channel, each element of a sample; None for anything else."""
    shape = call.trace.shapes[x.layer]
    learned = sum(part.count for part in parts_of([other]))
    if len(shape) > 1 and not other.products and learned == prod(other.shape) == prod(shape):
        return "all"
    padded = (1,) * (len(x.dims) - len(other.shape)) + other.shape
    places = [place for place, size in enumerate(padded) if size > 1]
    is_scale = len(places) == 1 and prod(other.shape) == shape[0] and axes.only(x.dims[places[0]], CHANNELS, shape[0])
    return "channels" if is_scale else None


def repeated(x: Held, sizes: Sequence[int]) -> Held:
    """With copies along the dimensions that have become larger."""
    dims: list[axes.Dim] = [()] * (len(sizes) - len(x.dims)) + list(x.dims)
    return replace(
        x,
        dims=tuple(
            (*dim, Atom(REPEAT, size // axes.size_of(dim))) if size > axes.size_of(dim) else dim
            for dim, size in zip(dims, sizes, strict=True)
        ),
    )


def fused(call: Call) -> Held:
    """`addcmul(x, a, b)`, `addcdiv`: x + a * b."""
    x, a, b = list(call.args.values())[:3]
    product: Any
    if isinstance(a, Held) or isinstance(b, Held):
        product = joined(call, "mul" if call.op == "addcmul" else "div", a, b)
    else:
        some = [each for each in (a, b) if isinstance(each, Weights)]
        parts = parts_of(some)
        shape = max((each.shape for each in some), key=prod)
        product = Weights(path=call.node.name, shape=shape, trained=bool(parts), parts=parts)
    return joined(call, "add", x, product)


def lerp(call: Call) -> Held:
    """`a + w * (b - a)`."""
    a, b, weight = list(call.args.values())[:3]
    moved = joined(call, "sub", b, a)
    return joined(call, "add", a, joined(call, "mul", moved, weight))


def where(call: Call) -> Held:
    """A choice between tensors: constants change no figure, two tensors of the network are declared."""
    held = [each for each in call.args.values() if isinstance(each, Held)]
    made = held[0]
    for other in held[1:]:
        made = merged(call.trace, call.node, "custom", made, other)
    made = repeated(made, call.sizes())
    for other in call.args.values():
        if isinstance(other, Weights) and other.trained:
            made = with_constant(call, "add", made, other)
    return made


def concat(call: Call) -> Held:
    """Parts along one dimension; learned ones before tokens are `prepend`."""
    parts = [part for part in call.first if isinstance(part, (Held, Weights)) and prod(_sizes(part)) > 0]
    rank = len(call.sizes())
    place = call.place(rank=rank)
    held = [part for part in parts if isinstance(part, Held)]
    if len(held) < len(parts):
        return _with_learned(call, parts, place)
    return concatenated(call.trace, call.node, held, place)


def _sizes(part: Held | Weights) -> tuple[int, ...]:
    return part.shape if isinstance(part, Weights) else tuple(axes.size_of(dim) for dim in part.dims)


def stack(call: Call) -> Held:
    """`cat` along a new dimension."""
    rank = len(call.sizes())
    place = call.place(rank=rank)
    parts = []
    for part in call.first:
        if not isinstance(part, Held):
            raise UnmappedError("stacked with a constant")
        parts.append(replace(part, dims=(*part.dims[:place], (), *part.dims[place:])))
    return concatenated(call.trace, call.node, parts, place)


def _with_learned(call: Call, parts: Sequence[Held | Weights], place: int) -> Held:
    trace = call.trace
    before: list[Weights] = []
    while isinstance(parts[0], Weights):
        before.append(parts[0])
        parts = parts[1:]
    held = [part for part in parts if isinstance(part, Held)]
    after = [part for part in parts if isinstance(part, Weights)]
    x = concatenated(trace, call.node, held, place)
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    if before and not after:
        made = _prepended(call, x, before, place)
        if made is not None:
            return made
    return _extended(call, x, [*before, *after], place)


def _prepended(call: Call, x: Held, before: Sequence[Weights], place: int) -> Held | None:
    """`prepend`, where the parts are learned tokens before tokens."""
    trace = call.trace
    channels = trace.shapes[x.layer][0]
    count = sum(part.shape[place] for part in before)
    others = [dim for at, dim in enumerate(x.dims) if at != place]
    if any(not axes.only(axes.without(dim, BATCH), CHANNELS, channels) for dim in others if axes.without(dim, BATCH)):
        return None
    parts = parts_of(before)
    if fresh(trace, parts) != count * channels or axes.has([x.dims[place]], CHANNELS):
        return None
    x = arranged(trace, call.node, x, (trace.whole(x.layer)[1], x.dims[place]), tokens=True)
    call_after(call, parts)
    total = count + axes.size_of(x.dims[place])
    frozen: dict[str, Option] = {"frozen": True} if all(part.frozen for part in parts) else {}
    made = call.emit("prepend", (x.layer,), (channels, total), {"count": count, **frozen})
    take(trace, parts, made.layer)
    macs = due(trace, before)
    if macs:
        made = call.same("custom", made, pointwise(1, macs=macs))
    dims = list(x.dims)
    dims[place] = (Atom(axes.SPACE, total),)
    return replace(made, dims=tuple(dims))


def _extended(call: Call, x: Held, given: Sequence[Weights], place: int) -> Held:
    """A declared op that adds constants: along the channels at its own position, else anywhere."""
    trace = call.trace
    sizes = call.sizes()
    parts = parts_of(given)
    count, macs = fresh(trace, parts), due(trace, given)
    call_after(call, parts)
    shape = trace.shapes[x.layer]
    dim = x.dims[place]
    if len(dim) <= 1 and axes.only(dim, CHANNELS, shape[0]):
        shape = (sizes[place], *shape[1:])
        made = call.emit("custom", (x.layer,), shape, pointwise(len(shape) - 1, sizes[place], params=count, macs=macs))
        dims = (*x.dims[:place], (Atom(CHANNELS, sizes[place]),), *x.dims[place + 1 :])
    else:
        channels = [at for at, each in enumerate(x.dims) if at and axes.has([each], CHANNELS)]
        found = longer(trace, x, place, sizes[place])
        shape, dims = found or laid(trace, sizes, channels[-1] if channels else len(sizes) - 1)
        options: dict[str, Option] = {"out": text(shape), "params": count, "macs": macs, "sees_all": True}
        if len(shape) == 2:  # noqa: PLR2004 - one axis
            options["tokens"] = True
        made = call.emit("custom", (x.layer,), shape, options)
    take(trace, parts, made.layer)
    return replace(made, dims=dims)
