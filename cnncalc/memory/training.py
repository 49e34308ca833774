"""Memory of one training step: the largest moment from the end of forward to the optimizer."""

from __future__ import annotations

from enum import Enum
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.memory.gradients import gradients_on_the_way
from cnncalc.memory.saved import kept, learns, trained
from cnncalc.memory.tensors import Tensors, row_name, tensors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


class Moment(NamedTuple):
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
    return worst(moments(graph, batch=batch, element_bytes=element_bytes, optimizer=optimizer))


def worst(every: Iterable[Moment]) -> Moment:
    """The moment with the most bytes, the first of equal ones."""
    # Weights and optimizer state are the same in all.
    return max(every, key=lambda moment: moment.gradients + moment.saved)


def moments(graph: Graph, *, batch: int, element_bytes: int, optimizer: Optimizer) -> Iterator[Moment]:
    """Every moment in turn, see `training`; the first one, `forward`, has every saved tensor."""
    facts = tensors(graph, unit=batch * element_bytes, training=True)
    return moments_of(graph, facts, batch=batch, element_bytes=element_bytes, optimizer=optimizer)


def moments_of(
    graph: Graph, facts: Tensors, *, batch: int, element_bytes: int, optimizer: Optimizer
) -> Iterator[Moment]:
    """`moments`, of tensors that are known already."""
    trains = trained(graph)
    waiting = kept(graph, facts, trains, batch=batch, element_bytes=element_bytes)
    held, learning, buffers = _weights(graph, element_bytes)
    weights, state = held + buffers, optimizer.states * sum(learning.values())

    saved = sum(entry.bytes for entry in waiting)
    yield Moment("forward", weights, state, 0, saved)

    released: dict[int, int] = {}
    for entry in waiting:
        released[entry.needed_by] = released.get(entry.needed_by, 0) + entry.bytes
    gradients = 0
    given: set[int] = set()
    for index, on_the_way in gradients_on_the_way(graph, facts, trains).items():
        shares = graph.nodes[index].shares
        holder = index if shares is None else shares
        if holder in learning and holder not in given:
            given.add(holder)
            gradients += learning[holder]
        yield Moment(row_name(graph, index), weights, state, gradients + on_the_way, saved)
        saved -= released.get(index, 0)
    yield Moment("optimizer", weights, state, sum(learning.values()), 0)


def _weights(graph: Graph, element_bytes: int) -> tuple[int, dict[int, int], int]:
    """Bytes of all weights, of those that are trained by their node, and of buffers; shared ones once."""
    held = buffers = 0
    learning: dict[int, int] = {}
    for index, node in enumerate(graph.nodes):
        inference = node.inference
        if node.shares is not None or not (inference.weights or inference.buffers):
            continue
        size = element_bytes * sum([prod(weight.shape) for weight in inference.weights])
        held += size
        buffers += element_bytes * inference.buffers
        if learns(graph, node):
            learning[index] = size
    return held, learning, buffers
