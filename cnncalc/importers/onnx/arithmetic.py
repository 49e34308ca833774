"""Arithmetic of constants, element by element with broadcasting, and along axes."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx.constants import integers, numel, vector, weights_in
from cnncalc.importers.onnx.contents import MAX_KEPT
from cnncalc.importers.onnx.records import Tensor

if TYPE_CHECKING:
    from cnncalc.importers.onnx.protobuf import Number
    from cnncalc.importers.onnx.records import Node

_FLOATS, _BOOL = frozenset({1, 10, 11, 16}), 9
"""Of TensorProto.DataType."""
MAX_BITS = 64
MAX_INTEGER = 2 ** (MAX_BITS - 1)
Fold = Callable[["Node", Sequence[Tensor | None]], Tensor | None]


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...] | None:
    """The dimensions that these spread to by the rules of NumPy; None where they do not fit.

    >>> broadcast((3, 1, 5), (4, 1)), broadcast((2,), (3,))
    ((3, 4, 5), None)
    """
    rank = max(map(len, shapes), default=0)
    found = []
    for sizes in zip(*((1,) * (rank - len(shape)) + tuple(shape) for shape in shapes), strict=True):
        wide = [size for size in sizes if size != 1]
        if any(size != wide[0] for size in wide):
            return None
        found.append(wide[0] if wide else 1)
    return tuple(found)


def spread(tensor: Tensor, dims: Sequence[int]) -> Sequence[Number]:
    """The values of a constant, repeated to larger dimensions."""
    values = tensor.values or ()
    if tensor.dims == tuple(dims) or not values:
        return values
    if len(values) == 1:
        return values * prod(dims)
    own = (1,) * (len(dims) - len(tensor.dims)) + tensor.dims
    steps = [prod(own[at + 1 :]) if size > 1 else 0 for at, size in enumerate(own)]
    return [values[sum(map(operator.mul, place, steps))] for place in product(*map(range, dims))]


def _elementwise(of: Callable[..., Any]) -> Fold:
    def fold(node: Node, given: Sequence[Tensor | None]) -> Tensor | None:
        present = [one for one in given if one is not None]
        dims = broadcast(*(one.dims for one in present))
        if dims is None:
            return None
        made_of = weights_in(present)
        name = node.outputs[0] if made_of else ""
        if any(one.values is None for one in present) or prod(dims) > MAX_KEPT:
            return Tensor(name=name, dims=dims, parts=made_of)
        values = tuple(of(*parts) for parts in zip(*(spread(one, dims) for one in present), strict=True))
        return Tensor(name=name, dims=dims, values=_within(values), parts=made_of)

    return fold


def _within(values: tuple[Number, ...]) -> tuple[Number, ...]:
    """The values, if none is larger than 64 bits hold; OverflowError keeps hostile files from growing them."""
    if any(isinstance(one, int) and not -MAX_INTEGER <= one < MAX_INTEGER for one in values):
        raise OverflowError
    return values


def _power(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and not 0 <= b < MAX_BITS:
        return float(a) ** b
    return a**b


def _divided(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int):
        return int(Fraction(a, b))  # towards zero, as C does it
    return a / b


def _round(number: Number) -> Number:
    return float(round(number))  # to even, as the standard has it


def _cast(node: Node, given: Sequence[Tensor | None]) -> Tensor | None:
    first = given[0]
    if first is None or first.values is None:
        return first
    if node.op == "CastLike":
        like = given[1].values if given[1] is not None else None
        kind: type = type(like[0]) if like else float
    else:
        to = node.attributes.get("to")
        kind = float if to in _FLOATS else bool if to == _BOOL else int
    return Tensor(name=first.name, dims=first.dims, values=tuple(map(kind, first.values)), parts=first.parts)


def _where(node: Node, given: Sequence[Tensor | None]) -> Tensor | None:
    test, yes, no = given
    if test is None or yes is None or no is None:
        return None
    dims = broadcast(test.dims, yes.dims, no.dims)
    if dims is None:
        return None
    made_of = weights_in((yes, no))
    name = node.outputs[0] if made_of else ""
    if any(one.values is None for one in (test, yes, no)) or prod(dims) > MAX_KEPT:
        return Tensor(name=name, dims=dims, parts=made_of)
    picked = zip(spread(test, dims), spread(yes, dims), spread(no, dims), strict=True)
    return Tensor(name=name, dims=dims, values=tuple(a if flag else b for flag, a, b in picked), parts=made_of)


def _reduced(of: Callable[[Sequence[Number]], Number]) -> Fold:
    def fold(node: Node, given: Sequence[Tensor | None]) -> Tensor | None:
        first, over = given[0], given[1] if len(given) > 1 else None
        if first is None:
            return None
        asked = integers(over) if over is not None else node.attributes.get("axes")
        rank = len(first.dims)
        if not asked and node.attributes.get("noop_with_empty_axes"):
            return first
        places = {int(axis) % rank for axis in asked} if isinstance(asked, tuple) and asked else set(range(rank))
        keep = node.attributes.get("keepdims", 1)
        dims = tuple(1 if at in places else n for at, n in enumerate(first.dims) if keep or at not in places)
        made_of = weights_in([first])
        name = node.outputs[0] if made_of else ""
        if first.values is None:
            return Tensor(name=name, dims=dims, parts=made_of)
        groups: dict[tuple[int, ...], list[Number]] = {}
        for place, one in zip(product(*map(range, first.dims)), first.values, strict=True):
            groups.setdefault(tuple(i for at, i in enumerate(place) if at not in places), []).append(one)
        values = tuple(map(of, groups.values())) if groups else (of(()),) * prod(dims)
        return Tensor(name=name, dims=dims, values=_within(values), parts=made_of)

    return fold


def _range(_: Node, given: Sequence[Tensor | None]) -> Tensor | None:
    start, stop, step = ((one.values or (0,))[0] if one is not None else 0 for one in given)
    count = max(math.ceil((stop - start) / step), 0)
    return vector([start + at * step for at in range(count)]) if count <= MAX_KEPT else Tensor(dims=(count,))


def _shape(node: Node, given: Sequence[Tensor | None]) -> Tensor | None:
    first = given[0]
    if first is None:
        return None
    start, end = node.attributes.get("start"), node.attributes.get("end")
    return vector(first.dims[start if isinstance(start, int) else None : end if isinstance(end, int) else None])


def _size(_: Node, given: Sequence[Tensor | None]) -> Tensor | None:
    return Tensor(values=(numel(given[0]),)) if given[0] is not None else None


def _like(node: Node, given: Sequence[Tensor | None]) -> Tensor | None:
    dims = integers(given[0])
    if dims is None or any(size < 0 for size in dims):
        return None
    fill = node.attributes.get("value")
    number = (fill.values or (0,))[0] if isinstance(fill, Tensor) else 0.0
    values = (number,) * prod(dims) if prod(dims) <= MAX_KEPT else None
    if isinstance(number, float) and given[0] is not None and given[0].name:  # a size that is in the file: a weight
        return Tensor(name=node.outputs[0], dims=dims, values=values)
    return Tensor(dims=dims, values=values, parts=())


def _nonzero(_: Node, given: Sequence[Tensor | None]) -> Tensor | None:
    first = given[0]
    if first is None or first.values is None:
        return None
    found = [place for place, one in zip(product(*map(range, first.dims)), first.values, strict=True) if one]
    rank = len(first.dims)
    return Tensor(dims=(rank, len(found)), values=tuple(place[at] for at in range(rank) for place in found))


ARITHMETIC: dict[str, Fold] = {
    "Add": _elementwise(operator.add),
    "Sub": _elementwise(operator.sub),
    "Mul": _elementwise(operator.mul),
    "Div": _elementwise(_divided),
    "Mod": _elementwise(operator.mod),
    "Pow": _elementwise(_power),
    "Min": _elementwise(lambda *parts: min(parts)),
    "Max": _elementwise(lambda *parts: max(parts)),
    "Sum": _elementwise(lambda *parts: sum(parts)),
    "Equal": _elementwise(operator.eq),
    "Less": _elementwise(operator.lt),
    "LessOrEqual": _elementwise(operator.le),
    "Greater": _elementwise(operator.gt),
    "GreaterOrEqual": _elementwise(operator.ge),
    "And": _elementwise(lambda a, b: bool(a and b)),
    "Or": _elementwise(lambda a, b: bool(a or b)),
    "Xor": _elementwise(lambda a, b: bool(a) != bool(b)),
    "Not": _elementwise(operator.not_),
    "Abs": _elementwise(abs),
    "Neg": _elementwise(operator.neg),
    "Sign": _elementwise(lambda a: type(a)((a > 0) - (a < 0))),
    "Floor": _elementwise(lambda a: float(math.floor(a))),
    "Ceil": _elementwise(lambda a: float(math.ceil(a))),
    "Round": _elementwise(_round),
    "Sqrt": _elementwise(math.sqrt),
    "Reciprocal": _elementwise(lambda a: 1 / a),
    "Exp": _elementwise(math.exp),
    "Log": _elementwise(math.log),
    "Cast": _cast,
    "CastLike": _cast,
    "Where": _where,
    "Range": _range,
    "Shape": _shape,
    "Size": _size,
    "ConstantOfShape": _like,
    "NonZero": _nonzero,
    "ReduceProd": _reduced(prod),
    "ReduceSum": _reduced(sum),
    "ReduceMax": _reduced(max),
    "ReduceMin": _reduced(min),
    "ReduceMean": _reduced(lambda group: sum(group) / len(group)),
    "ReduceL2": _reduced(lambda group: math.sqrt(sum(one * one for one in group))),
    "ReduceL1": _reduced(lambda group: sum(map(abs, group))),
    "ReduceSumSquare": _reduced(lambda group: sum(one * one for one in group)),
}
