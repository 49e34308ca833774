"""Constants cut, joined, repeated and under other dimensions: what moves elements and computes none."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, product
from math import prod
from typing import TYPE_CHECKING, Union

from cnncalc.importers.onnx.constants import integers, weights_in
from cnncalc.importers.onnx.contents import MAX_KEPT
from cnncalc.importers.onnx.records import Tensor
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.onnx.records import Node

Moved = Union[Tensor, "tuple[Tensor, ...]", None]
Move = Callable[["Node", Sequence[Tensor | None]], Moved]
AXES_AS_INPUT = 13
"""From this version on Squeeze, Unsqueeze and Split take as inputs what were attributes."""


def numbers(node: Node, given: Sequence[object], at: int, name: str) -> tuple[int, ...] | None:
    """Integers that are an attribute in old operator sets and an input in new ones."""
    found = node.attributes.get(name)
    if isinstance(found, tuple):
        return tuple(int(one) for one in found)
    return integers(given[at]) if len(given) > at else None


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


def picked(
    tensor: Tensor, places: Callable[[], Iterable[Sequence[int]]], dims: Sequence[int], piece: str = ""
) -> Tensor:
    """The elements at these places under new dimensions; listed only where values are known and few."""
    values = None
    if tensor.values is not None and prod(dims) <= MAX_KEPT:
        steps = [prod(tensor.dims[axis + 1 :]) for axis in range(len(tensor.dims))]
        values = tuple(tensor.values[sum(map(operator.mul, place, steps))] for place in places())
    made_of = weights_in([tensor])
    if len(made_of) == 1 and prod(dims) < made_of[0].count:  # a piece of a weight
        made_of = (replace(made_of[0], piece=f"{made_of[0].piece}{piece}", count=prod(dims)),)
    return Tensor(name=f"{tensor.name}{piece}" if tensor.name else "", dims=tuple(dims), values=values, parts=made_of)


def _under(tensor: Tensor, dims: Sequence[int] | None) -> Tensor | None:
    """The same elements in the same order: still the same weight."""
    return replace(tensor, dims=tuple(dims)) if dims is not None else None


def _reshape(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first, target = given[0], numbers(node, given, 1, "shape")
    if first is None or target is None:
        return None
    return _under(first, resolved(first.dims, target, zero_copies=not node.attributes.get("allowzero")))


def _flatten(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first = given[0]
    axis = node.attributes.get("axis", 1)
    if first is None or not isinstance(axis, int):
        return None
    axis = axis + len(first.dims) if axis < 0 else axis
    return _under(first, (prod(first.dims[:axis]), prod(first.dims[axis:])))


def _squeeze(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first, axes = given[0], numbers(node, given, 1, "axes")
    if first is None:
        return None
    wanted = {axis % len(first.dims) for axis in axes} if axes is not None else None
    return _under(first, [n for at, n in enumerate(first.dims) if (at not in wanted if wanted is not None else n != 1)])


def _unsqueeze(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first, axes = given[0], numbers(node, given, 1, "axes")
    if first is None or axes is None:
        return None
    dims = list(first.dims)
    rank = len(dims) + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        dims.insert(axis, 1)
    return _under(first, dims)


def _transpose(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first = given[0]
    if first is None:
        return None
    rank = len(first.dims)
    order = node.attributes.get("perm") or tuple(reversed(range(rank)))
    if not isinstance(order, tuple) or sorted(order) != list(range(rank)):
        return None
    axes = [int(axis) for axis in order]
    back = [axes.index(axis) for axis in range(rank)]
    dims = [first.dims[axis] for axis in axes]
    moved = picked(first, lambda: ([place[at] for at in back] for place in product(*map(range, dims))), dims)
    return replace(moved, parts=first.parts)  # the same weight as before


def _gather(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first, index = given
    axis = node.attributes.get("axis", 0)
    if first is None or index is None or not isinstance(axis, int):
        return None
    axis %= len(first.dims)
    before, size, after = first.dims[:axis], first.dims[axis], first.dims[axis + 1 :]
    picks = integers(index)
    dims = (*before, *index.dims, *after)
    if picks is None:
        return Tensor(name=node.outputs[0], dims=dims, parts=weights_in([first]))
    if any(not -size <= pick < size for pick in picks):
        return None

    def places() -> Iterable[Sequence[int]]:
        for head in product(*map(range, before)):
            for pick in picks:
                for tail in product(*map(range, after)):
                    yield (*head, pick % size, *tail)

    piece = f"[{axis}:{picks}]" if len(picks) <= MAX_NAMED else f"[{node.outputs[0]}]"
    return picked(first, places, dims, piece)


MAX_NAMED = 4
"""Indices that make up the name of a piece of a weight."""


def _slice(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first = given[0]
    starts, ends = numbers(node, given, 1, "starts"), numbers(node, given, 2, "ends")
    if first is None or starts is None or ends is None:
        return None
    over = numbers(node, given, 3, "axes") or tuple(range(len(starts)))
    steps = numbers(node, given, 4, "steps") or (1,) * len(starts)
    kept = [range(size) for size in first.dims]
    for start, end, axis, step in zip(starts, ends, over, steps, strict=True):
        kept[axis] = stretch(first.dims[axis], start, end, step)
    piece = str([(each.start, each.stop, each.step) for each in kept])
    return picked(first, lambda: product(*kept), [len(each) for each in kept], piece)


def stretch(size: int, start: int, end: int, step: int) -> range:
    """The indices that a Slice takes of an axis.

    >>> stretch(5, -2, 99, 1), list(stretch(5, -1, -99, -2))
    (range(3, 5), [4, 2, 0])
    """
    if step < 0 and end < -size:
        return range(size)[start::step]
    return range(size)[start:end:step]


def _split(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first, axis = given[0], node.attributes.get("axis", 0)
    if first is None or not isinstance(axis, int):
        return None
    axis %= len(first.dims)
    sizes = split_sizes(node, first.dims[axis], numbers(node, given, 1, "split"))
    ends = list(accumulate(sizes))
    made = []
    for end, size in zip(ends, sizes, strict=True):
        kept = [range(n) for n in first.dims]
        kept[axis] = range(end - size, end)
        piece = str([(each.start, each.stop, each.step) for each in kept])
        made.append(picked(first, lambda kept=kept: product(*kept), [len(each) for each in kept], piece))  # type: ignore[misc]
    return tuple(made)


def split_sizes(node: Node, size: int, given: Sequence[int] | None) -> tuple[int, ...]:
    """The sizes of the parts of a Split; the last one may be smaller where they are not given. ValueError: no fit."""
    count = node.attributes.get("num_outputs", len(node.outputs))
    if given is None:
        if not isinstance(count, int) or not 0 < count <= size:
            raise ValueError(f"{count} parts of {size}")
        each = -(-size // count)
        given = [min(each, size - each * at) for at in range(count)]
    if sum(given) != size or min(given) < 0:
        raise ValueError(f"a split of {size} into {tuple(given)}")
    return tuple(given)


def _concat(node: Node, given: Sequence[Tensor | None]) -> Moved:
    parts = [one for one in given if one is not None]
    axis = node.attributes.get("axis", 1)
    if not parts or not isinstance(axis, int) or len({len(one.dims) for one in parts}) > 1:
        return None
    axis %= len(parts[0].dims)
    before, after = parts[0].dims[:axis], parts[0].dims[axis + 1 :]
    if any(one.dims[:axis] != before or one.dims[axis + 1 :] != after for one in parts):
        return None
    dims = (*before, sum(one.dims[axis] for one in parts), *after)
    made_of = weights_in(parts)
    name = node.outputs[0] if made_of else ""
    if any(one.values is None for one in parts) or prod(dims) > MAX_KEPT:
        return Tensor(name=name, dims=dims, parts=made_of)
    rows = prod(before)
    runs = [(one.values or (), prod(one.dims[axis:])) for one in parts]
    values = tuple(each for row in range(rows) for found, run in runs for each in found[row * run : (row + 1) * run])
    return Tensor(name=name, dims=dims, values=values, parts=made_of)


def _same(_: Node, given: Sequence[Tensor | None]) -> Moved:
    return given[0]


MOVES: dict[str, Move] = {
    "Identity": _same,
    "QuantizeLinear": _same,
    "DequantizeLinear": _same,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Gather": _gather,
    "Slice": _slice,
    "Split": _split,
    "Concat": _concat,
}
