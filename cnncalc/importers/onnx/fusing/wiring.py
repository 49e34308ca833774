"""Who makes and who reads each tensor of a graph, and which of them are constants."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.constants import constant_of
from cnncalc.importers.onnx.records import Graph
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.importers.onnx.records import Node, Tensor

_SIZES = frozenset({"Shape", "Size"})
_PASSING = frozenset({"Identity", "Cast", "Dropout"})


@value
class Fused:
    """A node in place of several."""

    node: Node
    inner: tuple[Node, ...]
    """Those before the last one."""


class Wiring:
    """Looked up while patterns are matched backwards from their last node."""

    def __init__(self, graph: Graph) -> None:
        self.makers: dict[str, Node] = {}
        self.place: dict[str, int] = {}
        self.constants: dict[str, Tensor] = dict(graph.constants)
        self.uses: Counter[str] = Counter(graph.outputs)
        self.fixed: set[str] = set(graph.constants)
        for at, node in enumerate(graph.nodes):
            self.place[node.name] = at
            self.uses.update(node.inputs)
            for found in node.attributes.values():
                if isinstance(found, Graph):
                    self._read(found)
            self.makers.update(dict.fromkeys(node.outputs, node))
            if node.op == "Constant" and not node.inputs:
                held = constant_of(node.attributes)
                if held is not None and node.outputs:
                    self.constants[node.outputs[0]] = held
            if node.op in _SIZES or all(name in self.fixed for name in node.inputs if name):
                self.fixed.update(node.outputs)

    def _read(self, graph: Graph) -> None:
        self.uses.update(graph.outputs)
        for node in graph.nodes:
            self.uses.update(node.inputs)
            for found in node.attributes.values():
                if isinstance(found, Graph):
                    self._read(found)

    def scalar(self, name: str) -> float | None:
        """The one number of a constant."""
        held = self.constants.get(name)
        if held is None or held.values is None or len(held.values) != 1:
            return None
        return float(held.values[0])

    def is_scalar(self, name: str) -> bool:
        """Whether a tensor is a constant of one element."""
        held = self.constants.get(name)
        return held is not None and prod(held.dims) == 1

    def maker(self, name: str, *ops: str) -> Node | None:
        """The node that made a tensor, if it is one of these ops."""
        node = self.makers.get(name)
        return node if node is not None and node.op in ops and node.is_standard else None

    def through(self, name: str) -> tuple[str, list[Node]]:
        """The tensor before nodes that change nothing, and these."""
        passed: list[Node] = []
        while (node := self.maker(name, *_PASSING)) is not None:
            passed.append(node)
            name = node.inputs[0]
        return name, passed

    def other(self, node: Node, name: str) -> str | None:
        """The other input of a node with two."""
        if len(node.inputs) != 2 or name not in node.inputs:  # noqa: PLR2004 - two
            return None
        return node.inputs[1] if node.inputs[0] == name else node.inputs[0]

    def with_scalar(self, node: Node) -> tuple[str, str] | None:
        """The tensor and the number that a node joins; the number stands second in Sub, Div and Pow."""
        if len(node.inputs) != 2:  # noqa: PLR2004 - two
            return None
        a, b = node.inputs
        if self.is_scalar(b):
            return a, b
        return (b, a) if self.is_scalar(a) and node.op in ("Add", "Mul") else None
