"""The totals of a graph that need no receptive field: cheap enough for every candidate of a search or a sweep.

They are those of `Report.totals`, which also has fields, rows and the moments of training.
"""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from cnncalc.ops.base import FlopClass
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.graph import Graph


@value
class Figures:
    """Sums over a graph, for one sample; parameters and buffers once."""

    params: int
    buffers: int
    macs: int
    flops: int
    activations: int
    unknown: frozenset[str]
    """Figures that a `custom` op leaves undeclared."""


def figures(graph: Graph) -> Figures:
    """`params = sum of prod(weight)` over layers that share none; `flops = 2 macs + all other arithmetic`."""
    params = buffers = macs = activations = 0
    arithmetic = Counter[FlopClass]()
    unknown: set[str] = set()
    for node in graph.nodes:
        inference = node.inference
        if node.shares is None:
            params += sum(prod(weight.shape) for weight in inference.weights)
            buffers += inference.buffers
        macs += inference.macs
        activations += inference.activations
        if inference.arithmetic:
            arithmetic.update(inference.arithmetic)
        if inference.unknown:
            unknown |= inference.unknown
    return Figures(
        params=params,
        buffers=buffers,
        macs=macs,
        flops=2 * macs + sum(arithmetic.values()),
        activations=activations,
        unknown=frozenset(unknown),
    )
