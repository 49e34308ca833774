"""Memory of one training step: the largest moment from the end of forward to the optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import TYPE_CHECKING

from cnncalc.memory.gradients import gradients_on_the_way
from cnncalc.memory.saved import kept, learns, trained
from cnncalc.memory.tensors import row_name, tensors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.graph import Graph


class Optimizer(str, Enum):
    """Who updates the weights, by what it remembers of each of them."""

    SGD = "sgd"
    MOMENTUM = "momentum"
    ADAM = "adam"
    ADAMW = "adamw"

    @property
    def states(self) -> int:
        """Tensors of the size of the weights that it keeps: none, the momentum, or both moments."""
        return {"sgd": 0, "momentum": 1, "adam": 2, "adamw": 2}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is in memory at one moment of a training step, in bytes."""

    at: str
    """`forward` (its end), the layer whose backward step runs, or `optimizer`."""
    weights: int
    """Parameters and buffers."""
    optimizer_state: int
    gradients: int
    """Of weights so far, and of tensors on their way."""
    saved: int

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.weights + self.optimizer_state + self.gradients + self.saved


def training_bytes(graph: Graph, *, batch: int, element_bytes: int, optimizer: Optimizer) -> int:
    """Bytes of the largest moment of a training step, see `training`."""
    return training(graph, batch=batch, element_bytes=element_bytes, optimizer=optimizer).bytes


def training(graph: Graph, *, batch: int, element_bytes: int, optimizer: Optimizer) -> Moment:
    """Max over the moments of a step of weights + optimizer state + gradients + saved tensors.

    Weights, buffers and optimizer state are there all the time; gradients are gone before the forward pass.

    - End of forward: every saved tensor (see `kept`), no gradient.
    - Backward step of a node, in reverse order, for every node that a gradient passes: the saved tensors that it or an
      earlier node needs; the gradients of the weights of all nodes from the last to this one, and of the tensors on
      their way (see `gradients_on_the_way`).
    - Optimizer step: the gradients of all weights, no saved tensor.

    A frozen layer has no weight gradient and no optimizer state; where nothing before it trains either, the
    backward pass ends. Not counted: work space of kernels, the loss, the optimizer's arithmetic.
    """
    return max(
        moments(graph, batch=batch, element_bytes=element_bytes, optimizer=optimizer), key=lambda moment: moment.bytes
    )


def moments(graph: Graph, *, batch: int, element_bytes: int, optimizer: Optimizer) -> Iterator[Moment]:
    """Every moment in turn, see `training`."""
    facts = tensors(graph, unit=batch * element_bytes, training=True)
    trains = trained(graph)
    sizes = {
        index: element_bytes * sum(prod(weight.shape) for weight in node.inference.weights)
        for index, node in enumerate(graph.nodes)
        if node.shares is None
    }
    learning = {index: size for index, size in sizes.items() if learns(graph, graph.nodes[index])}
    buffers = element_bytes * sum(graph.nodes[index].inference.buffers for index in sizes)
    always = {"weights": sum(sizes.values()) + buffers, "optimizer_state": optimizer.states * sum(learning.values())}

    waiting = kept(graph, facts, trains, batch=batch, element_bytes=element_bytes)
    saved = sum(entry.bytes for entry in waiting)
    yield Moment(at="forward", **always, gradients=0, saved=saved)

    released: dict[int, int] = {}
    for entry in waiting:
        released[entry.needed_by] = released.get(entry.needed_by, 0) + entry.bytes
    gradients = 0
    given: set[int] = set()
    for index, on_the_way in gradients_on_the_way(graph, facts, trains).items():
        node = graph.nodes[index]
        holder = index if node.shares is None else node.shares
        if holder in learning and holder not in given:
            given.add(holder)
            gradients += learning[holder]
        yield Moment(at=row_name(graph, index), **always, gradients=gradients + on_the_way, saved=saved)
        saved -= released.get(index, 0)
    yield Moment(at="optimizer", **always, gradients=sum(learning.values()), saved=0)
