"""The gradients of tensors that are on their way during the backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.ops.base import Merge

if TYPE_CHECKING:
    from cnncalc.graph import Graph
    from cnncalc.memory.tensors import Tensors


def gradients_on_the_way(graph: Graph, facts: Tensors, trains: list[bool]) -> dict[int, int]:
    """Per node that a gradient reaches, last first: bytes of the tensors' gradients alive in its backward step.

    Alive are the gradient of its output, those that it makes for its inputs, and those that wait for the turn of the
    node that made their tensor. Views, adds and concats hand theirs on and make none. Several gradients of one tensor
    are summed into one as they come.
    """
    owner, sizes = facts.owner, facts.sizes
    way = _Buffers()
    for output in graph.outputs.values():
        tensor = owner[output]
        if trains[tensor] and tensor not in way.of:
            way.arrive(tensor, way.new(sizes[tensor]), sizes[tensor])
    result: dict[int, int] = {}
    for index in range(len(graph.nodes) - 1, -1, -1):
        given = way.of.get(index)
        if given is None:
            continue
        node = graph.nodes[index]
        merge = node.inference.merge
        for source in node.inputs:
            tensor = owner[source]
            if trains[tensor]:
                size = sizes[tensor]
                handed_on = merge is Merge.CONCAT or (merge is Merge.ADD and size == sizes[index])
                way.arrive(tensor, given if handed_on else way.new(size), size)
        result[index] = way.alive
        way.leave(index)
    return result


class _Buffers:
    """Which tensor's gradient lies in which buffer, and how many bytes they take together."""

    def __init__(self) -> None:
        self.of: dict[int, int] = {}
        self.alive = 0
        self._sizes: list[int] = []
        self._users: list[int] = []
        self._summands: list[int] = []
        """Added into another one: free after this step."""

    def new(self, size: int) -> int:
        """A buffer that nobody uses yet."""
        self._sizes.append(size)
        self._users.append(0)
        self.alive += size
        return len(self._sizes) - 1

    def arrive(self, tensor: int, buffer: int, size: int) -> None:
        """A gradient of the tensor, of that many bytes; the second and later ones are added to the first."""
        before = self.of.get(tensor)
        self._users[buffer] += 1
        if before is None:
            self.of[tensor] = buffer
        elif self._users[before] == 1:
            self._summands.append(buffer)
        elif self._users[buffer] == 1:
            self._summands.append(before)
            self.of[tensor] = buffer
        else:
            self._summands += (before, buffer)
            self.of[tensor] = self.new(size)
            self._users[self.of[tensor]] = 1

    def leave(self, tensor: int) -> None:
        """The step of the tensor's maker is over: its gradient and the summands of the step are free."""
        for buffer in (self.of[tensor], *self._summands):
            self._users[buffer] -= 1
            if self._users[buffer] == 0:
                self.alive -= self._sizes[buffer]
        self._summands.clear()
