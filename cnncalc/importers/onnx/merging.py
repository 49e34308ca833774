"""Several tensors become one: arithmetic with broadcasting, with constants, concatenation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx.absorbing import absorbed
from cnncalc.importers.onnx.constants import numel, weights_in
from cnncalc.importers.onnx.contents import is_mask
from cnncalc.importers.onnx.nodes import learned
from cnncalc.importers.onnx.records import Tensor
from cnncalc.importers.pytorch.weights import due, fresh, parts_of, take
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import arranged, laid, pointwise, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, SPACE, Atom
from cnncalc.importers.tensors.joining import concatenated, merged
from cnncalc.importers.tensors.reducing import covered
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.nodes import Call


_OLD = 6
"""Up to this operator set it is said where a smaller tensor stands."""


def merge(op: str) -> Callable[[Call], Held]:
    """`a op b op ...`, of which one at least is a tensor of the network."""

    def mapped(call: Call) -> Held:
        given = [_placed(call, one) for one in call.given if one is not None]
        held = [one for one in given if isinstance(one, Held)]
        first = held[0]
        if len(held) > 1 and len({(one.dims, call.trace.tensor(one.layer)) for one in held}) == 1:  # one layer for all
            made = call.trace.like(call.layer(op, held), first)
            rest = [one for one in given if not isinstance(one, Held)]
            return _all(call, op, [made, *rest])
        return _all(call, op, given)

    return mapped


def _placed(call: Call, one: Any) -> Any:
    """Before operator set 7, the second tensor stood at an axis of the first one, with fewer dimensions."""
    axis = call.node.attributes.get("axis")
    if call.opset > _OLD or not isinstance(axis, int) or one is call.given[0]:
        return one
    more = len(call.x.dims) - call.axis(axis) - len(one.dims)
    if isinstance(one, Tensor):
        return replace(one, dims=(*one.dims, *(1,) * more))
    return replace(one, dims=(*one.dims, *((),) * more))


def _all(call: Call, op: str, given: Sequence[Any]) -> Held:
    made = given[0]
    for one in given[1:]:
        made = joined(call, op, made, one)
    return made  # type: ignore[no-any-return]


def joined(call: Call, op: str, a: Any, b: Any) -> Held:
    """`a op b` for tensors of the network and constants."""
    if isinstance(a, Held) and isinstance(b, Held):
        return merged(call.trace, call.node, op, a, b)
    if isinstance(a, Held):
        return with_constant(call, op, a, b)
    if op == "div":
        b = call.declared(b)
    return with_constant(call, "mul" if op == "div" else op, b, a)


def declared(call: Call) -> Held:
    """A function of several tensors, element by element, that the language has no word for."""
    return _all(call, "custom", [one for one in call.given if one is not None])


def scatter(call: Call) -> Held:
    """`ScatterND`, `ScatterElements`: elements of a tensor replaced by others, wherever they are."""
    data, updates = call.given[0], call.given[2]
    if not isinstance(data, Held):
        raise UnmappedError("elements of the network put into a constant")
    parts = parts_of([learned(updates)]) if isinstance(updates, Tensor) and weights_in([updates]) else ()
    options = {**pointwise(len(call.shape(data)) - 1, params=fresh(call.trace, parts)), "sees_all": True}
    inputs = [data, *([updates] if isinstance(updates, Held) and updates.layer != data.layer else [])]
    made = call.layer("custom", inputs, options)
    take(call.trace, parts, made.layer)
    return call.trace.like(made, data)


def with_constant(call: Call, op: str, x: Held, constant: Tensor) -> Held:
    """A number changes no figure; a weight per channel is a bias, part of a norm or a scale, any other is declared."""
    trace = call.trace
    x = repeated(x, _unbatched(call, constant))
    if numel(constant) <= 1 or not weights_in([constant]) or is_mask(constant):
        return x  # NB: a constant factor or offset; its operations are not counted
    found = absorbed(call, op, x, constant) if not constant.work else None
    if found is not None:
        return found
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    word = {"mul": "scale", "div": "scale", "add": "shift", "sub": "shift"}.get(op)
    choice = _over(call, x, constant) if word else None
    if word and choice is not None:
        return trace.like(call.weighted(word, x, [choice], [constant]), x)
    weight = learned(constant)
    parts = parts_of([weight])
    options = pointwise(len(call.shape(x)) - 1, params=fresh(trace, parts), macs=due(trace, [weight]))
    made = call.same("custom", x, options)
    take(trace, parts, made.layer)
    return made


def _over(call: Call, x: Held, constant: Tensor) -> dict[str, Option] | None:
    """What has a weight of its own, as options of `scale` and `shift`; None: neither channels, positions nor all."""
    whole = _unbatched(call, constant)
    places = [at for at, size in enumerate((1,) * (len(x.dims) - len(whole)) + whole) if size > 1]
    if axes.has([x.dims[place] for place in places], BATCH):
        return None
    found = covered(call.trace, x, places)
    shape = call.shape(x)
    spatial = {axis for axis, size in enumerate(shape[1:], SPACE) if size > 1}
    if found == {CHANNELS}:
        return {}
    if found == spatial and spatial:
        return {"over": "positions"}
    return {"over": "all"} if found == spatial | {CHANNELS} else None


def _unbatched(call: Call, constant: Tensor) -> tuple[int, ...]:
    """The dimensions of a constant, without the batch along which exporters repeat it."""
    if constant.batched and constant.dims[0] == call.trace.samples:
        return (1, *constant.dims[1:])
    return constant.dims


def repeated(x: Held, sizes: Sequence[int]) -> Held:
    """With copies along the dimensions of size 1 in which another tensor is larger."""
    rank = max(len(sizes), len(x.dims))
    dims = ((),) * (rank - len(x.dims)) + x.dims
    sizes = (1,) * (rank - len(sizes)) + tuple(sizes)
    made = []
    for dim, size in zip(dims, sizes, strict=True):
        if axes.size_of(dim) not in (1, size) and size != 1:
            raise UnmappedError(f"a tensor of {tuple(map(axes.size_of, x.dims))} and a constant of {tuple(sizes)}")
        made.append((*dim, Atom(REPEAT, size)) if axes.size_of(dim) < size else dim)
    return replace(x, dims=tuple(made))


def concat(call: Call) -> Held:
    """Along one dimension; learned parts before tokens are `prepend`."""
    parts = [one for one in call.given if isinstance(one, (Held, Tensor))]
    parts = [one for one in parts if isinstance(one, Held) or numel(one)]
    held = [one for one in parts if isinstance(one, Held)]
    place = call.axis(call.integer("axis", 1), len(held[0].dims))
    if axes.has([one.dims[place] for one in held], BATCH):
        raise UnmappedError("concatenation along the batch")
    if len(held) == len(parts):
        return concatenated(call.trace, call.node, held, place)
    return _with_learned(call, parts, place)


def _with_learned(call: Call, parts: Sequence[Held | Tensor], place: int) -> Held:
    held = [one for one in parts if isinstance(one, Held)]
    constants = [one for one in parts if isinstance(one, Tensor)]
    x = concatenated(call.trace, call.node, held, place)
    if axes.has(x.dims, REPEAT):
        x = spread(call.trace, call.node, x)
    is_first = all(isinstance(one, Tensor) for one in parts[: len(constants)])
    return (_prepended(call, x, constants, place) if is_first else None) or _extended(call, x, constants, place)


def _prepended(call: Call, x: Held, before: Sequence[Tensor], place: int) -> Held | None:
    """`prepend`, where the parts are learned tokens before tokens."""
    trace = call.trace
    channels = call.shape(x)[0]
    others = [axes.without(dim, BATCH) for at, dim in enumerate(x.dims) if at != place]
    if any(dim and not axes.only(dim, CHANNELS, channels) for dim in others):
        return None
    count = sum(one.dims[place] for one in before)
    parts = parts_of(map(learned, before))
    if fresh(trace, parts) != count * channels or axes.has([x.dims[place]], CHANNELS):
        return None
    x = arranged(trace, call.node, x, (trace.whole(x.layer)[1], x.dims[place]), tokens=True)
    total = count + axes.size_of(x.dims[place])
    made = trace.emit(call.node, "prepend", (x.layer,), (channels, total), {"count": count})
    take(trace, parts, made.layer)
    return replace(made, dims=(*x.dims[:place], (Atom(SPACE, total),), *x.dims[place + 1 :]))


def _extended(call: Call, x: Held, given: Sequence[Tensor], place: int) -> Held:
    """A declared op that adds constants: along the channels at its own position, else anywhere."""
    trace = call.trace
    parts = parts_of(map(learned, given))
    count = fresh(trace, parts)
    sizes = list(call.sizes(x))
    sizes[place] += sum(one.dims[place] for one in given)
    shape = call.shape(x)
    if axes.only(x.dims[place], CHANNELS, shape[0]):
        made_shape = (sizes[place], *shape[1:])
        options = pointwise(len(shape) - 1, sizes[place], params=count)
        made = trace.emit(call.node, "custom", (x.layer,), made_shape, options)
        dims: axes.Dims = (*x.dims[:place], (Atom(CHANNELS, sizes[place]),), *x.dims[place + 1 :])
    else:
        channels = [at for at, dim in enumerate(x.dims) if at and axes.has([dim], CHANNELS)]
        made_shape, dims = laid(trace, sizes, channels[-1] if channels else len(sizes) - 1)
        given_: dict[str, Option] = {"out": text(made_shape), "params": count, "macs": 0, "sees_all": True}
        if len(made_shape) == 2:  # noqa: PLR2004 - channels and one axis
            given_["tokens"] = True
        made = trace.emit(call.node, "custom", (x.layer,), made_shape, given_)
    take(trace, parts, made.layer)
    return replace(made, dims=dims)


def expand(call: Call) -> Held:
    """`Expand`: dimensions of size 1 repeated."""
    target = call.numbers("shape", 1)
    if target is None:
        raise UnmappedError("its shape is missing")
    return repeated(call.x, target)


def tile(call: Call) -> Held:
    """`Tile`: the whole, again and again."""
    times = call.numbers("repeats", 1)
    x = call.x
    if times is None or len(times) != len(x.dims):
        raise UnmappedError("its repeats do not fit its axes")
    if min(times) < 1:
        raise UnmappedError("a tensor without elements")
    if any(count > 1 and axes.has([dim], BATCH) for dim, count in zip(x.dims, times, strict=True)):
        raise UnmappedError("samples that are repeated")
    dims = tuple((Atom(REPEAT, count), *dim) if count > 1 else dim for dim, count in zip(x.dims, times, strict=True))
    return replace(x, dims=dims)
