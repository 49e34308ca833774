"""What autograd keeps of a forward pass for the backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.memory.tensors import Tensors, tensors
from cnncalc.ops.base import Merge, Saved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.graph import Graph, Node


class Kept(NamedTuple):
    """One tensor that waits for the backward pass."""

    bytes: int
    needed_by: int
    """The first node that needs it: the last to use it on the way back."""


def saved_bytes(graph: Graph, *, batch: int, element_bytes: int) -> int:
    """Sum of the tensors that training keeps for the backward pass: each storage once, parameters not.

    What a layer keeps is its `Inference.saved`; see `kept`.
    """
    facts = tensors(graph, unit=batch * element_bytes, training=True)
    return sum(entry.bytes for entry in kept(graph, facts, trained(graph), batch=batch, element_bytes=element_bytes))


def trained(graph: Graph) -> list[bool]:
    """Per node: a gradient passes it, on its way from an output to weights that are trained."""
    nodes = graph.nodes
    result: list[bool] = []
    for node in nodes:
        passes = False
        for source in node.inputs:
            passes = passes or result[source]
        result.append(passes or learns(graph, node))
    leads = [False] * len(nodes)
    for output in graph.outputs.values():
        leads[output] = True
    for index in range(len(nodes) - 1, -1, -1):
        if leads[index]:
            for source in nodes[index].inputs:
                leads[source] = True
        else:
            result[index] = False
    return result


def learns(graph: Graph, node: Node) -> bool:
    """It has weights, its own or shared ones, that are not frozen; a `custom` op that does not say may have some."""
    inference = node.inference
    if not inference.weights and "params" not in inference.unknown:
        return False
    holder = node if node.shares is None else graph.nodes[node.shares]
    return not getattr(node.op, "frozen", False) and not getattr(holder.op, "frozen", False)


def kept(graph: Graph, facts: Tensors, trains: list[bool], *, batch: int, element_bytes: int) -> list[Kept]:
    """Every kept tensor, once.

    A tensor is kept whole where a view of it is. An activation that keeps its output keeps the tensor that the next
    layer keeps as its input, be it computed in place or not. A node that no gradient passes keeps nothing; a product
    keeps a factor only where another factor is trained, a quotient its numerator only where the denominator is.
    """
    owner = facts.owner
    first: dict[int, int] = {}
    result: list[Kept] = []
    for index, node in enumerate(graph.nodes):
        if not trains[index]:
            continue
        is_product = node.inference.merge in (Merge.MUL, Merge.DIV)
        for saved in _of_product(node, trains) if is_product else node.inference.saved:
            if saved.what == "extra":
                result.append(Kept(bytes=_extra_bytes(saved, batch, element_bytes), needed_by=index))
            elif saved.what == "output":
                first.setdefault(owner[index], index)
            else:
                first.setdefault(owner[node.inputs[saved.index]], index)
    sizes = facts.sizes
    result.extend([Kept(bytes=sizes[tensor], needed_by=index) for tensor, index in first.items()])
    return result


def _extra_bytes(saved: Saved, batch: int, element_bytes: int) -> int:
    element = element_bytes if saved.element_bytes is None else saved.element_bytes
    return saved.elements * element * (batch if saved.per_sample else 1)


def _of_product(node: Node, trains: list[bool]) -> Iterator[Saved]:
    """From left to right; each step keeps the side that the gradient of the other needs, a denominator for its own."""
    left = trains[node.inputs[0]]
    divides = node.inference.merge is Merge.DIV
    for place, source in enumerate(node.inputs[1:], start=1):
        if trains[source]:
            between = Saved(what="extra", elements=node.inference.output.numel)
            yield Saved(what="input", index=0) if place == 1 else between
        if left or (divides and trains[source]):
            yield Saved(what="input", index=place)
        left = left or trains[source]
