"""Layers that nobody reads and that cost nothing, such as parts of a split, are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.tensors.infer import inferences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Layer
    from cnncalc.importers.tensors.trace import Trace


def pruned(trace: Trace, outputs: Sequence[str]) -> tuple[Layer, ...]:
    """The layers that an output depends on, or that have parameters or MACs."""
    needed = set(outputs)
    kept: list[Layer] = []
    for layer in reversed(trace.layers.values()):
        if layer.name in needed or _costs(trace, layer):
            needed.update(layer.inputs)
            if layer.shares:
                needed.add(layer.shares)
            kept.append(layer)
    return tuple(reversed(kept))


def _costs(trace: Trace, layer: Layer) -> bool:
    found = inferences(layer.op, [trace.tensor(name) for name in layer.inputs], layer.options)
    return any(each.macs or each.weights or each.unknown for each in found)
