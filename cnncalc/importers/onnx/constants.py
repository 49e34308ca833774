"""Constants of a graph: what exporters compute from sizes and weights, computed here as well.

Values are known of small constants; of all others, the dimensions and what they were computed from.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.contents import MAX_KEPT
from cnncalc.importers.onnx.records import Tensor
from cnncalc.importers.tensors.trace import Part
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.importers.onnx.protobuf import Number
    from cnncalc.importers.onnx.records import Attribute, Node


def vector(values: Sequence[Number]) -> Tensor:
    """A constant of one axis."""
    return Tensor(dims=(len(values),), values=tuple(values))


def integers(tensor: object) -> tuple[int, ...] | None:
    """The values of a constant as integers; None where they are not known or not finite."""
    if not isinstance(tensor, Tensor) or tensor.values is None:
        return None
    try:
        return tuple(int(one) for one in tensor.values)
    except (ValueError, OverflowError):
        return None


def numel(tensor: Tensor) -> int:
    """Elements of a constant."""
    return prod(tensor.dims)


def weights_in(tensors: Sequence[Tensor | None]) -> tuple[Part, ...]:
    """The weights of more than one element that these are, or were computed from."""
    found: dict[Part, None] = {}
    for tensor in tensors:
        if tensor is None:
            continue
        if tensor.parts is not None:
            found.update(dict.fromkeys(tensor.parts))
        elif tensor.name and numel(tensor) > 1 and (tensor.values is None or isinstance(tensor.values[0], float)):
            found[Part(path=tensor.name, count=numel(tensor))] = None
    return tuple(found)


def constant_of(attributes: Mapping[str, Attribute]) -> Tensor | None:
    """What a Constant node holds."""
    for name in ("value", "value_int", "value_float", "value_ints", "value_floats", "sparse_value"):
        found = attributes.get(name)
        if isinstance(found, Tensor):
            return found
        if isinstance(found, tuple):
            return vector(found)
        if isinstance(found, (int, float)):
            return Tensor(values=(found,))
    return None


def folded(node: Node, given: Sequence[Tensor | None], samples: int) -> tuple[Tensor, ...] | None:
    """The results of a node whose inputs are all constants; None where the node is not understood.

    `samples`: the size of the batch, along which exporters repeat constants.
    """
    from cnncalc.importers.onnx.arithmetic import ARITHMETIC
    from cnncalc.importers.onnx.composed import composed
    from cnncalc.importers.onnx.moves import MOVES
    from cnncalc.importers.onnx.spreading import SPREADS

    made: Tensor | tuple[Tensor, ...] | None
    try:
        if node.op in ARITHMETIC:
            made = ARITHMETIC[node.op](node, given)
        elif node.op in MOVES or node.op in SPREADS:
            made = (MOVES.get(node.op) or SPREADS[node.op])(node, given)
        else:
            made = composed(node, given, samples)
    except (ValueError, IndexError, ZeroDivisionError, OverflowError, TypeError, AttributeError):
        return None
    if made is None:
        return None
    results = made if isinstance(made, tuple) else (made,)
    work = tuple(dict.fromkeys(each for one in given if one is not None for each in one.work))
    repeats = node.op in _REPEATING and given[0] is not None and given[0].dims[:1] != (samples,)
    batched = samples > 1 and (repeats or any(one is not None and one.batched for one in given))
    made_of = [replace(one, work=(*work, *one.work)) if work else one for one in results]
    return tuple(
        _limited(replace(one, batched=True) if batched and one.dims and one.dims[0] % samples == 0 else one)
        for one in made_of
    )


_REPEATING = frozenset({"Expand", "Tile"})


def _limited(tensor: Tensor) -> Tensor:
    return tensor if tensor.values is None or len(tensor.values) <= MAX_KEPT else replace(tensor, values=None)
