"""Peak memory of inference: the largest sum of tensors that are alive at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.memory.tensors import Tensors, row_name, tensors
from cnncalc.ops.base import Storage
from cnncalc.report import Peak

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.graph import Graph

Overwritten = tuple[int, ...]
"""Per node the tensor whose storage its output takes over, -1 for none."""


def peaks(graph: Graph, *, batch: int, element_bytes: int) -> dict[str, Peak]:
    """Max over nodes of the bytes alive while the node runs, in execution order, in three variants.

    A tensor is alive from the node that makes it to its last reader, a network output to the end, a network input from
    the start. Weights are not counted, views share storage. The variants differ in who overwrites an input:

    - `not_in_place`: nobody.
    - `in_place`: activations and adds, an input of the output's size that nobody reads later.
    - `fused`: a norm, relu, relu6, silu or hswish, its input where nobody else reads it.

    A network without nodes has no peaks.
    """
    return peaks_of(graph, tensors(graph, unit=batch * element_bytes))


def peaks_of(graph: Graph, facts: Tensors) -> dict[str, Peak]:
    """`peaks`, of tensors that are known already."""
    if not graph.nodes:
        return {}
    dying = facts.dying()
    return {name: _peak(graph, facts, overwritten(graph, facts), dying) for name, overwritten in VARIANTS.items()}


def fused_sum(graph: Graph, *, batch: int, element_bytes: int) -> int:
    """Sum of the bytes of all outputs where fused ones share the storage of their input, and views too."""
    facts = tensors(graph, unit=batch * element_bytes)
    overwritten = _fused(graph, facts)
    return sum(
        facts.sizes[index]
        for index, node in enumerate(graph.nodes)
        if node.op is not None and facts.owner[index] == index and overwritten[index] < 0
    )


def _nobody(graph: Graph, facts: Tensors) -> Overwritten:  # noqa: ARG001 - one signature for all variants
    return (-1,) * len(graph.nodes)


def _in_place(graph: Graph, facts: Tensors) -> Overwritten:
    owner, sizes, last = facts.owner, facts.sizes, facts.last
    result = [-1] * len(graph.nodes)
    for index, node in enumerate(graph.nodes):
        if node.inference.storage is Storage.IN_PLACE:
            for source in node.inputs:
                tensor = owner[source]
                if last[tensor] == index and sizes[tensor] == sizes[index]:
                    result[index] = tensor
                    break
    return tuple(result)


def _fused(graph: Graph, facts: Tensors) -> Overwritten:
    owner, sizes, readers = facts.owner, facts.sizes, facts.readers
    result = [-1] * len(graph.nodes)
    for index, node in enumerate(graph.nodes):
        if node.inference.fusable and node.inputs:
            tensor = owner[node.inputs[0]]
            if readers[tensor] == 1 and sizes[tensor] == sizes[index]:
                result[index] = tensor
    return tuple(result)


VARIANTS: dict[str, Callable[[Graph, Tensors], Overwritten]] = {
    "not_in_place": _nobody,
    "in_place": _in_place,
    "fused": _fused,
}


def _peak(graph: Graph, facts: Tensors, overwritten: Overwritten, dying: list[list[int]]) -> Peak:
    nodes, sizes, owner = graph.nodes, facts.sizes, facts.owner
    inputs = {index for index, node in enumerate(nodes) if node.op is None}
    given = alive = sum(sizes[index] for index in inputs)
    most, moment = 0, -1
    for index, over in enumerate(overwritten):
        if index not in inputs:
            if over < 0 and owner[index] == index:
                alive += sizes[index]
            if alive > most:
                most, moment = alive, index
        for tensor in dying[index]:
            if tensor != over:
                alive -= sizes[tensor]
    if moment < 0:
        # There is no layer: the inputs are all there is.
        most, moment = given, 0
    held = [
        tensor
        for tensor, last in enumerate(facts.last)
        if owner[tensor] == tensor
        and (tensor <= moment or tensor in inputs)
        and (last >= moment or tensor == moment)
        and tensor != overwritten[moment]
    ]
    held.sort(key=lambda tensor: -sizes[tensor])
    return Peak(
        bytes=most,
        layer=row_name(graph, moment),
        alive=tuple((_tensor_name(graph, tensor), sizes[tensor]) for tensor in held),
    )


def _tensor_name(graph: Graph, index: int) -> str:
    """The row's name for what it hands on, the full name for a tensor inside of a composite."""
    node = graph.nodes[index]
    return row_name(graph, index) if node.layer < 0 or graph.layers[node.layer].nodes[-1] == index else node.name
