"""Constants made larger: repeated, padded, and indices as rows of zeros and a one."""

from __future__ import annotations

import operator
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.arithmetic import broadcast, spread
from cnncalc.importers.onnx.constants import integers, weights_in
from cnncalc.importers.onnx.contents import MAX_KEPT
from cnncalc.importers.onnx.moves import Move, Moved, numbers, picked
from cnncalc.importers.onnx.records import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.onnx.records import Node


def _expand(_: Node, given: Sequence[Tensor | None]) -> Moved:
    first, target = given[0], integers(given[1])
    if first is None or target is None:
        return None
    dims = broadcast(first.dims, target)
    if dims is None:
        return None
    values = tuple(spread(first, dims)) if first.values is not None and prod(dims) <= MAX_KEPT else None
    return Tensor(name=first.name, dims=dims, values=values, parts=weights_in([first]))


def _tile(_: Node, given: Sequence[Tensor | None]) -> Moved:
    first, times = given[0], integers(given[1])
    if first is None or times is None or len(times) != len(first.dims):
        return None
    dims = tuple(n * count for n, count in zip(first.dims, times, strict=True))
    places = lambda: ([i % n for i, n in zip(place, first.dims, strict=True)] for place in product(*map(range, dims)))  # noqa: E731
    return picked(first, places, dims)


def _pad(node: Node, given: Sequence[Tensor | None]) -> Moved:
    first, pads = given[0], numbers(node, given, 1, "pads")
    if first is None or pads is None:
        return None
    rank = len(first.dims)
    places = [axis % rank for axis in integers(given[3] if len(given) > 3 else None) or range(rank)]  # noqa: PLR2004
    starts, ends = [0] * rank, [0] * rank
    for place, start, end in zip(places, pads[: len(places)], pads[len(places) :], strict=True):
        starts[place], ends[place] = start, end
    dims = tuple(n + start + end for n, start, end in zip(first.dims, starts, ends, strict=True))
    fill = given[2].values[0] if len(given) > 2 and given[2] is not None and given[2].values else 0  # noqa: PLR2004
    made_of = weights_in([first])
    if first.values is None or prod(dims) > MAX_KEPT or node.attributes.get("mode", "constant") != "constant":
        return Tensor(name=node.outputs[0], dims=dims, parts=made_of)
    steps = [prod(first.dims[at + 1 :]) for at in range(rank)]
    values = []
    for spot in product(*map(range, dims)):
        at = [i - start for i, start in zip(spot, starts, strict=True)]
        inside = all(0 <= i < n for i, n in zip(at, first.dims, strict=True))
        values.append(first.values[sum(map(operator.mul, at, steps))] if inside else fill)
    return Tensor(name=node.outputs[0], dims=dims, values=tuple(values), parts=made_of)


def _one_hot(node: Node, given: Sequence[Tensor | None]) -> Moved:
    index, depth = given[0], integers(given[1])
    axis = node.attributes.get("axis", -1)
    if index is None or not depth or not isinstance(axis, int):
        return None
    place = axis + len(index.dims) + 1 if axis < 0 else axis
    dims = (*index.dims[:place], depth[0], *index.dims[place:])
    values, ends = integers(index), given[2]
    if values is None or ends is None or ends.values is None or prod(dims) > MAX_KEPT:
        return Tensor(dims=dims, parts=())
    steps = [prod(index.dims[at + 1 :]) for at in range(len(index.dims))]
    off, on = ends.values
    found = []
    for spot in product(*map(range, dims)):
        at = sum(map(operator.mul, (*spot[:place], *spot[place + 1 :]), steps))
        found.append(on if values[at] % depth[0] == spot[place] else off)
    return Tensor(dims=dims, values=tuple(found), parts=())


SPREADS: dict[str, Move] = {"Expand": _expand, "Tile": _tile, "OneHot": _one_hot, "Pad": _pad}
