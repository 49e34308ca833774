"""Vectors seen as C x 1 x 1: their linear layers become 1x1 convolutions of the pooled map before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.tensors.trace import Trace

UNCHANGED = frozenset({
    "dropout", "identity", "bn", "ln", "rms", "scale", "softmax", "prelu", "slice", "add", "sub", "mul", "div", "max",
    "min", "concat",
})  # fmt: skip
"""Ops that take a vector and a map of one position alike; activations are others."""


def lifted(trace: Trace, name: str, ndim: int) -> set[str] | None:
    """The layers that would have to change for a vector to keep axes of size 1; None where that is not possible."""
    found: set[str] = set()
    if ndim < 1 or not _collect(trace, name, ndim, found):
        return None
    for layer in trace.layers.values():  # whoever reads a vector must not find a map
        if layer.name not in found and layer.op != "linear" and found.intersection(layer.inputs):
            return None
        if layer.shares is not None and (layer.name in found) is not (layer.shares in found):
            owner = trace.layers.get(layer.shares)
            if layer.name not in found or owner is None or owner.op == "linear":
                return None
    return found


def _collect(trace: Trace, name: str, ndim: int, found: set[str]) -> bool:
    shape = trace.shapes[name]
    if name in found or (len(shape) == ndim + 1 and all(size == 1 for size in shape[1:])):
        return True
    layer = trace.layers.get(name)
    if layer is None or len(shape) != 1:
        return False
    if layer.op == "flatten":
        if trace.shapes[layer.inputs[0]][1:] != (1,) * ndim:
            return False
    elif layer.op not in UNCHANGED | {"linear"} and not _is_activation(layer.op):
        return False
    found.add(name)
    return all(_collect(trace, source, ndim, found) for source in layer.inputs)


def _is_activation(op: str) -> bool:
    from cnncalc.ops.activation import FACTS

    return op in FACTS


def lift(trace: Trace, name: str, ndim: int) -> None:
    """Give a vector axes of size 1, and whatever it is made of."""
    for each in lifted(trace, name, ndim) or ():
        layer = trace.layers[each]
        shape = (*trace.shapes[each], *(1,) * ndim)
        if layer.op == "linear":
            layer = replace(layer, op="conv", options={**layer.options, "kernel_size": 1})
        elif layer.op == "flatten":
            layer = replace(layer, op="identity")
        trace.layers[each] = replace(layer, shape=shape)
        trace.shapes[each] = shape
