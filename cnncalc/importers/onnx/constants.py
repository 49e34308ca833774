"""Shape arithmetic of an ONNX graph: what exporters compute from constants and sizes, computed here as well."""

from __future__ import annotations

import operator
from fractions import Fraction
from itertools import product
from math import ceil, floor, prod
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.wire import MAX_KEPT, Node, Number, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cnncalc.importers.onnx.wire import Attribute


def vector(values: Sequence[Number]) -> Tensor:
    """A constant of one axis."""
    return Tensor(dims=(len(values),), values=tuple(values))


def integers(tensor: object) -> tuple[int, ...] | None:
    """The values of a constant as integers; None where they are not known."""
    if not isinstance(tensor, Tensor) or tensor.values is None:
        return None
    return tuple(int(one) for one in tensor.values if one == one and abs(one) != float("inf"))  # noqa: PLR0124 - no NaN


def constant_of(attributes: Mapping[str, Attribute]) -> Tensor | None:
    """What a Constant node holds."""
    for name in ("value", "value_int", "value_float", "value_ints", "value_floats"):
        found = attributes.get(name)
        if isinstance(found, Tensor):
            return found
        if isinstance(found, tuple):
            return vector(found)
        if isinstance(found, (int, float)):
            return Tensor(values=(found,))
    return None


def folded(node: Node, given: Sequence[Tensor | None]) -> Tensor | None:
    """The result of a node whose inputs are all constants; None where it is not arithmetic of shapes.

    Constants of unknown values keep their dimensions.
    """
    present = [one for one in given if one is not None]
    if not present:
        return None
    if any(one.values is None for one in present[:1]) or any(one.values is None for one in present[1:]):
        return _weights(node, present)
    fold = _FOLDS.get(node.op)
    if fold is None:
        return None
    try:
        made = fold(node, present)
    except (ValueError, IndexError, ZeroDivisionError, OverflowError, TypeError):
        return None
    return made if made is None or made.values is None or len(made.values) <= MAX_KEPT else None


def _weights(node: Node, given: Sequence[Tensor]) -> Tensor | None:  # noqa: PLR0911 - a case for each op
    """Weights that are handed on under another shape or type."""
    first = given[0]
    if node.op == "Transpose":
        order = node.attributes.get("perm") or tuple(reversed(range(len(first.dims))))
        if not isinstance(order, tuple) or sorted(order) != list(range(len(first.dims))):
            return None
        return Tensor(name=first.name, dims=tuple(first.dims[int(axis)] for axis in order))
    if node.op == "Reshape":
        target = integers(given[1]) if len(given) > 1 else None
        if target is None:
            return None
        dims = resolved(first.dims, target, zero_copies=not node.attributes.get("allowzero"))
        return Tensor(name=first.name, dims=dims) if dims else None
    if node.op in ("Identity", "Cast", "DequantizeLinear", "QuantizeLinear", "Neg", "Sqrt", "Reciprocal"):
        return Tensor(name=first.name, dims=first.dims)
    if node.op in ("Unsqueeze", "Squeeze"):
        axes = integers(given[1]) if len(given) > 1 else node.attributes.get("axes")
        return _placed(node.op, Tensor(name=first.name, dims=first.dims), axes)
    if node.op in ("Add", "Sub", "Mul", "Div", "Pow"):
        widest = max(given, key=lambda one: (len(one.dims), prod(one.dims)))
        return Tensor(name=widest.name, dims=widest.dims)
    return None


def resolved(dims: Sequence[int], target: Sequence[int], *, zero_copies: bool = True) -> tuple[int, ...] | None:
    """The sizes that a Reshape to `target` gives; None where they do not fit.

    >>> resolved((2, 3, 4), (0, -1))
    (2, 12)
    >>> resolved((2, 3), (4, -1)) is None
    True
    """
    sizes = [dims[at] if one == 0 and zero_copies and at < len(dims) else one for at, one in enumerate(target)]
    total = prod(dims)
    if sizes.count(-1) > 1 or any(size < -1 for size in sizes):
        return None
    if -1 in sizes:
        others = prod(size for size in sizes if size != -1)
        if not others or total % others:
            return None
        sizes[sizes.index(-1)] = total // others
    return tuple(sizes) if prod(sizes) == total else None


def _placed(op: str, tensor: Tensor, axes: object) -> Tensor | None:
    dims = list(tensor.dims)
    if op == "Squeeze":
        wanted = {int(axis) % len(dims) for axis in axes} if isinstance(axes, tuple) and dims else None
        dims = [n for at, n in enumerate(dims) if (at not in wanted if wanted is not None else n != 1)]
    elif isinstance(axes, tuple):
        rank = len(dims) + len(axes)
        for axis in sorted(int(axis) % rank for axis in axes):
            dims.insert(axis, 1)
    else:
        return None
    return Tensor(name=tensor.name, dims=tuple(dims), values=tensor.values)


def _elementwise(of: Callable[[Number, Number], Number]) -> Callable[[Node, Sequence[Tensor]], Tensor | None]:
    def fold(_: Node, given: Sequence[Tensor]) -> Tensor | None:
        left, right = given
        a, b = left.values or (), right.values or ()
        if len(a) != len(b) and 1 not in (len(a), len(b)):
            return None
        dims = left.dims if (len(a), len(left.dims)) >= (len(b), len(right.dims)) else right.dims
        count = max(len(a), len(b))
        long = (list(one) * count if len(one) == 1 else list(one) for one in (a, b))
        return Tensor(dims=dims, values=tuple(of(x, y) for x, y in zip(*long, strict=True)))

    return fold


def _unary(of: Callable[[Number], Number]) -> Callable[[Node, Sequence[Tensor]], Tensor | None]:
    return lambda _, given: Tensor(dims=given[0].dims, values=tuple(map(of, given[0].values or ())))


def _divided(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int):
        return int(Fraction(a, b))  # towards zero, as C does it
    return a / b


def _gather(node: Node, given: Sequence[Tensor]) -> Tensor | None:
    source, index = given
    if len(source.dims) != 1 or node.attributes.get("axis", 0) not in (0, -1):
        return None
    values = source.values or ()
    return Tensor(dims=index.dims, values=tuple(values[int(at)] for at in index.values or ()))


def _concat(_: Node, given: Sequence[Tensor]) -> Tensor | None:
    if any(len(one.dims) > 1 for one in given):
        return None
    return vector([each for one in given for each in one.values or ()])


def _slice(node: Node, given: Sequence[Tensor]) -> Tensor | None:
    source = given[0]
    if len(source.dims) != 1:
        return None
    if len(given) > 1:
        start, stop = (int((one.values or (0,))[0]) for one in given[1:3])
        step = int((given[4].values or (1,))[0]) if len(given) > 4 else 1  # noqa: PLR2004 - the fifth input
    else:
        ends = node.attributes
        start, stop = (int(end[0]) for end in (ends.get("starts"), ends.get("ends")) if isinstance(end, tuple))
        step = 1
    values = source.values or ()
    if step < 0:
        stop = None if stop <= -len(values) - 1 else stop  # type: ignore[assignment]
    return vector(values[start:stop:step])


def _like(node: Node, given: Sequence[Tensor]) -> Tensor | None:
    dims = integers(given[0]) or ()
    if any(size < 0 for size in dims):
        return None
    fill = node.attributes.get("value")
    number = (fill.values or (0,))[0] if isinstance(fill, Tensor) else 0.0
    count = prod(dims)
    return Tensor(dims=dims, values=(number,) * count if count <= MAX_KEPT else None)


def _reshape(node: Node, given: Sequence[Tensor]) -> Tensor | None:
    zero_copies = not node.attributes.get("allowzero")
    dims = resolved(given[0].dims, integers(given[1]) or (), zero_copies=zero_copies)
    return Tensor(name=given[0].name, dims=dims, values=given[0].values) if dims is not None else None


def _place(node: Node, given: Sequence[Tensor]) -> Tensor | None:
    return _placed(node.op, given[0], integers(given[1]) if len(given) > 1 else node.attributes.get("axes"))


def _transpose(node: Node, given: Sequence[Tensor]) -> Tensor | None:
    (source,) = given
    order = node.attributes.get("perm") or tuple(reversed(range(len(source.dims))))
    if not isinstance(order, tuple) or sorted(order) != list(range(len(source.dims))):
        return None
    axes = [int(axis) for axis in order]
    strides = [prod(source.dims[at + 1 :]) for at in range(len(source.dims))]
    values = source.values or ()
    places = product(*(range(source.dims[axis]) for axis in axes))
    moved = tuple(values[sum(at * strides[axis] for at, axis in zip(place, axes, strict=True))] for place in places)
    return Tensor(name=source.name, dims=tuple(source.dims[axis] for axis in axes), values=moved)


def _where(_: Node, given: Sequence[Tensor]) -> Tensor | None:
    count = max(len(one.values or ()) for one in given)
    long = [list(one.values or ()) * (count if len(one.values or ()) == 1 else 1) for one in given]
    return vector([yes if test else no for test, yes, no in zip(*long, strict=True)])


def _same(_: Node, given: Sequence[Tensor]) -> Tensor | None:
    return given[0]


def _cast(node: Node, given: Sequence[Tensor]) -> Tensor | None:
    to_float = node.attributes.get("to") in (1, 10, 11, 16)
    return _unary(float if to_float else int)(node, given)


def _product(_: Node, given: Sequence[Tensor]) -> Tensor | None:
    return Tensor(values=(prod(given[0].values or ()),))


_FOLDS: dict[str, Callable[[Node, Sequence[Tensor]], Tensor | None]] = {
    "Add": _elementwise(operator.add),
    "Sub": _elementwise(operator.sub),
    "Mul": _elementwise(operator.mul),
    "Div": _elementwise(_divided),
    "Mod": _elementwise(operator.mod),
    "Min": _elementwise(min),
    "Max": _elementwise(max),
    "Equal": _elementwise(lambda a, b: int(a == b)),
    "Floor": _unary(floor),
    "Ceil": _unary(ceil),
    "Neg": _unary(operator.neg),
    "Cast": _cast,
    "Gather": _gather,
    "Concat": _concat,
    "Slice": _slice,
    "ConstantOfShape": _like,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Unsqueeze": _place,
    "Squeeze": _place,
    "Where": _where,
    "ReduceProd": _product,
    "Identity": _same,
    "DequantizeLinear": _same,
    "QuantizeLinear": _same,
}
