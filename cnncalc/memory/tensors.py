"""Which tensors a network makes, who reads them last, and which of them are views of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.ops.base import Storage
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.graph import Graph, Node


@value
class Tensors:
    """The tensors of a network, one entry per node."""

    owner: tuple[int, ...]
    """The node that made the tensor in which the output lies: itself, but for a view."""
    sizes: tuple[int, ...]
    """Bytes of every output."""
    readers: tuple[int, ...]
    """How often a tensor is read, itself or through a view; being an output of the network counts as once."""
    last: tuple[int, ...]
    """The last node that reads a tensor; the number of nodes for a network output, -1 where nobody does."""

    def dying(self) -> list[list[int]]:
        """Per node the tensors that nobody needs once it has run."""
        result: list[list[int]] = [[] for _ in range(len(self.owner) + 1)]
        for index, owner in enumerate(self.owner):
            if owner == index:
                result[max(self.last[index], index)].append(index)
        return result


def tensors(graph: Graph, *, unit: int, training: bool = False) -> Tensors:
    """Who makes and who reads what; `unit` is the bytes of one element in all samples of the batch."""
    nodes = graph.nodes
    count = len(nodes)
    owner = list(range(count))
    readers = [0] * count
    last = [-1] * count
    views: list[int] = []
    for index, node in enumerate(nodes):
        if _is_view(node, training=training):
            owner[index] = owner[node.inputs[0]]
            views.append(index)
            continue
        for source in node.inputs:
            tensor = owner[source]
            readers[tensor] += 1
            last[tensor] = index
    for output in graph.outputs.values():
        tensor = owner[output]
        readers[tensor] += 1
        last[tensor] = count
    for index in _unread(graph, views):
        tensor = owner[index]
        readers[tensor] += 1
        last[tensor] = max(last[tensor], index)
    sizes = [unit * node.inference.output.numel for node in nodes]
    return Tensors(owner=tuple(owner), sizes=tuple(sizes), readers=tuple(readers), last=tuple(last))


def _unread(graph: Graph, views: list[int]) -> list[int]:
    """The views that nobody looks at: they read their tensor themselves."""
    if not views:
        return []
    read = {source for node in graph.nodes for source in node.inputs} | set(graph.outputs.values())
    return [index for index in views if index not in read]


def row_name(graph: Graph, index: int) -> str:
    """Name of the report's row that a node belongs to; of an input its own."""
    node = graph.nodes[index]
    return node.name if node.layer < 0 else graph.layers[node.layer].name


def has_masks(graph: Graph) -> bool:
    """Some view (a dropout) makes a tensor in training, so that the tensors of training are others."""
    return any(node.inference.storage is Storage.VIEW and node.inference.saved for node in graph.nodes)


def _is_view(node: Node, *, training: bool) -> bool:
    """Identity, flatten and dropout at inference; a dropout that keeps a mask in training makes a tensor there."""
    if node.inference.storage is not Storage.VIEW or not node.inputs:
        return False
    return not (training and node.inference.saved)
