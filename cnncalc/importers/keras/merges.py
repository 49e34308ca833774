"""Two tensors or more: sums, products, concatenations; Keras repeats axes of size 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.keras.call import VECTORS, Constant, in_front, in_place, shown, sizes_of, vectors
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.keras.call import Call
    from cnncalc.importers.layers import Option


def merge(op: str) -> Callable[[Call], Held]:
    """`Add` and its kin: elementwise; a tensor of fewer axes gets axes of size 1 behind the batch."""

    def merged(call: Call) -> Held:
        given = call.given
        if not given:
            raise UnmappedError("it has no input")
        rank = max(len(held.dims) for held in given)
        return joined(call, op, [_widened(held, rank) for held in given])

    return merged


def arithmetic(op: str) -> Callable[[Call], Held]:
    """Operations such as `+` on tensors; with a constant nothing is counted."""

    def computed(call: Call) -> Held:
        given = call.given
        if len(given) == 1:
            return with_constants(call)
        if len({len(held.dims) for held in given}) > 1:
            raise UnmappedError(f"{op} of tensors of {' and '.join(str(len(held.dims)) for held in given)} axes")
        return joined(call, op, given)

    return computed


def with_constants(call: Call) -> Held:
    """The tensor, where constants change no more than its values."""
    sizes = sizes_of(call.x.dims)
    for other in (*call.args, *call.kwargs.values()):
        shape = other.shape if isinstance(other, Constant) else _listed(other)
        ours = sizes[len(sizes) - len(shape) :] if len(shape) <= len(sizes) else ()
        if len(shape) > len(sizes) or any(n not in (1, m) for n, m in zip(shape, ours, strict=True)):
            raise UnmappedError(f"arithmetic with a constant of shape {shown(list(shape))}")
    return call.x


def _listed(found: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(found, (list, tuple)):
        shape.append(len(found))
        found = found[0] if found else None
    return tuple(shape)


def _widened(held: Held, rank: int) -> Held:
    missing = rank - len(held.dims)
    return replace(held, dims=(held.dims[0], *((),) * missing, *held.dims[1:])) if missing else held


def joined(call: Call, op: str, many: Sequence[Held], suffix: str = "") -> Held:
    """An elementwise merge of tensors of one rank."""
    if len(many) == 1:
        return many[0]
    alike = len({held.dims for held in many}) == 1 and len({call.tensor(held) for held in many}) == 1
    if alike:  # wherever the axes stand, they are the same
        made = call.layer(op, {}, *(call.whole(held.layer) for held in many), suffix=suffix)
        return replace(made, dims=many[0].dims)
    held, first = _aligned(call, many)
    try:
        made = call.layer(op, {}, *held, suffix=suffix)
    except UnmappedError:
        made = call.layer(op, {"align": "broadcast"}, *held, suffix=suffix)
    return replace(made, dims=made.dims[:2]) if len(many[0].dims) == VECTORS else in_place(made, first=first)


def _aligned(call: Call, many: Sequence[Held]) -> tuple[list[Held], bool]:
    """All tensors in one order, with the channels first or last: the one in which they stand already, if one is."""
    pooled = vectors(call, many)
    if pooled is not None:
        return list(pooled), call.first
    stands = {first: _stand(call, many, first=first) for first in (call.first, not call.first)}
    first = call.first if stands[call.first] or not stands[not call.first] else not call.first
    return _tokens(call, [call.plain(held, first=first) for held in many]), first


def _stand(call: Call, many: Sequence[Held], *, first: bool) -> bool:
    """Whether no tensor has to be rearranged."""
    return all(
        in_front(held.dims, first=first) == axes.whole((call.trace.samples, *call.trace.shapes[held.layer]))
        for held in many
    )


def _tokens(call: Call, many: list[Held]) -> list[Held]:
    """Tokens and maps of one axis are alike to Keras: the maps become tokens."""
    tensors = [call.tensor(held) for held in many]
    if len({tensor.tokens for tensor in tensors}) == 1 or any(tensor.ndim != 1 for tensor in tensors):
        return many
    return [
        held if tensor.tokens else call.layer("tokens", {}, held, suffix=":tokens")
        for held, tensor in zip(many, tensors, strict=True)
    ]


def concatenate(call: Call) -> Held:
    """Over the channels, or over positions, where no op says which output reads which input."""
    many = call.given
    if len(many) < 2:  # noqa: PLR2004 - nothing to join
        return call.x
    rank = len(many[0].dims)
    if any(len(held.dims) != rank for held in many):
        raise UnmappedError(f"tensors of {' and '.join(str(len(held.dims)) for held in many)} axes")
    (axis,) = call.axis("axis", rank, place=1)
    if axis == 0:
        raise UnmappedError("concatenation over the batch")
    first = rank > VECTORS and axis == 1 and (call.first or _stand(call, many, first=True))
    if rank == VECTORS or axis == (1 if first else rank - 1):
        pooled = vectors(call, many) if rank == VECTORS else None
        held = pooled or tuple(_tokens(call, [call.plain(one, first=first) for one in many]))
        made = call.layer("concat", {}, *held)
        return replace(made, dims=made.dims[:2]) if rank == VECTORS else in_place(made, first=first)
    sizes = [sizes_of(held.dims) for held in many]
    total = [*sizes[0]]
    total[axis] = sum(size[axis] for size in sizes)
    if any(n != m for size in sizes for at, (n, m) in enumerate(zip(size, total, strict=True)) if at != axis):
        raise UnmappedError(f"concatenation of {' and '.join('x'.join(map(str, size[1:])) for size in sizes)}")
    return declared(call, many, tuple(total[1:]), first=call.first)


def declared(call: Call, many: Sequence[Held], shape: tuple[int, ...], *, first: bool) -> Held:
    """A layer that costs nothing and of which every position may read all of its inputs; the shape as Keras has it."""
    held = [call.plain(one, first=first) for one in many]
    sizes = shape if first or len(shape) == 1 else (shape[-1], *shape[:-1])
    options: dict[str, Option] = {"out": "x".join(map(str, sizes)), "sees_all": True, "params": 0, "macs": 0}
    if len(sizes) == 2 and call.tensor(held[0]).tokens:  # noqa: PLR2004 - channels and one axis
        options["tokens"] = False
    return in_place(call.layer("custom", options, *held), first=first)


def dot(call: Call) -> Held:
    """`Dot` over one axis of each tensor."""
    many = call.given
    if len(many) != 2:  # noqa: PLR2004 - two sides
        raise UnmappedError(f"a product of {len(many)} tensors")
    if call.flag("normalize", default=False):
        raise UnmappedError("a normalized product")
    found = call.argument("axes")
    picked = list(found) if isinstance(found, (list, tuple)) else [found] * 2
    shapes = [sizes_of(held.dims) for held in many]
    if len(picked) != 2 or not all(  # noqa: PLR2004 - one of each
        type(at) is int and 0 < at % len(shape) < len(shape) for at, shape in zip(picked, shapes, strict=True)
    ):
        raise UnmappedError(f"axes is {shown(found)}")
    left, right = ([size for at, size in enumerate(shape) if at not in (0, one % len(shape))]
                   for one, shape in zip(picked, shapes, strict=True))  # fmt: skip
    inner = shapes[0][picked[0] % len(shapes[0])]
    if shapes[1][picked[1] % len(shapes[1])] != inner:
        raise UnmappedError(f"axes of {inner} and {shapes[1][picked[1] % len(shapes[1])]}")
    return product(call, many, (*left, *right) or (1,), inner)


def product(call: Call, many: Sequence[Held], shape: tuple[int, ...], inner: int) -> Held:
    """A product of two tensors as matrices; the shape as Keras has it, without the batch."""
    held = [call.plain(one, first=call.first) for one in many]
    sizes = shape if call.first or len(shape) == 1 else (shape[-1], *shape[:-1])
    options: dict[str, Option] = {"out": "x".join(map(str, sizes)), "inner": inner}
    if len(sizes) == 2 and call.tensor(held[0]).tokens:  # noqa: PLR2004 - channels and one axis
        options["tokens"] = False
    return in_place(call.layer("matmul", options, *held), first=call.first)
