"""Anchors and aliases, within a budget: a few lines of aliases can stand for billions of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import SpecError, finding
from cnncalc.spec.yaml_nodes import ListNode, Node, ScalarNode
from cnncalc.spec.yaml_quote import quoted, shorten

if TYPE_CHECKING:
    from cnncalc.errors import Location

MAX_DEPTH = 50
"""Lists and mappings inside each other, those that aliases stand for included."""
MAX_ALIASED = 100_000
"""Nodes that all aliases of a file stand for together."""


class Anchors:
    """The anchors met so far."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node | list[Node]] = {}
        """By name; while a list or mapping is open, its content so far stands for it."""
        self._extents: dict[int, tuple[Node, int, int]] = {}
        self._spent = 0

    def resolve(self, name: str, at: Location, depth: int) -> Node:
        """What the alias `*name` stands for, `depth` levels deep; raises SpecError."""
        node = self.nodes.get(name)
        name = shorten(name)
        if node is None:
            message = f"`*{name}` is an alias in YAML, and no anchor `&{name}` stands before it"
            help_ = f"quote a text that begins with `*`: `{quoted('*' + name)}`"
            raise SpecError([finding("CNN901", message, at=at, help=help_)])
        if isinstance(node, list):
            raise SpecError([finding("CNN905", f"the alias `*{name}` stands inside what it is an alias of", at=at)])
        size, height = self._extent(node)
        self._spent += size
        if self._spent > MAX_ALIASED:
            message = f"the aliases stand for more than {MAX_ALIASED:,} keys, values and items"
            raise SpecError([finding("CNN902", message, at=at, help="a block or `*n` repeats layers")])
        if depth + height > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels through this alias"
            raise SpecError([finding("CNN902", message, at=at)])
        return node

    def _extent(self, node: Node) -> tuple[int, int]:
        """Number of nodes, each as often as it is met, and levels of lists and mappings; counted up to MAX_ALIASED."""
        if id(node) not in self._extents:
            size, height = 0, 0
            waiting: list[tuple[Node, int]] = [(node, 1)]
            while waiting and size <= MAX_ALIASED:
                inner, depth = waiting.pop()
                size += 1
                if isinstance(inner, ScalarNode):
                    continue
                height = max(height, depth)
                if isinstance(inner, ListNode):
                    waiting += [(item, depth + 1) for item in inner.items]
                else:
                    waiting += [(part, depth + 1) for entry in inner.entries for part in entry]
            self._extents[id(node)] = (node, size, height)
        return self._extents[id(node)][1:]
