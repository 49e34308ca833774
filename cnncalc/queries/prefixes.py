"""The beginning of a network whose later numbers are still unknown: what is complete can be built and weighed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.graph import build
from cnncalc.queries.unknowns import Kind, substitute
from cnncalc.spec.items import LayerItem
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.graph import Graph
    from cnncalc.queries.unknowns import Unknown
    from cnncalc.spec.network import NetworkSpec

_ANYWHERE = -1
"""The item of an unknown that may have a say in every layer: one in `vars`, `blocks` or `defaults`."""
_GROWING = frozenset({"conv", "convt", "linear", "fc"})
"""Ops whose parameters and MACs grow with their output channels."""
_WHOLE = re.compile(r"(?:(?:out|out_channels)=)?\?")
_BEFORE, _BEHIND = frozenset(" \t="), frozenset(("", *" \t\r\n|;)"))
_KEY = re.compile(r"^([A-Za-z_]\w*)[ \t]*:", re.MULTILINE)


class Prefixes:
    """Which top-level item each unknown stands in, and the networks that end before or with it."""

    def __init__(self, text: str, found: Sequence[Unknown], lowest: NetworkSpec) -> None:
        self.text = text
        self.found = found
        self.items = _items(text, found, lowest)
        self.order = tuple(sorted(range(len(found)), key=lambda at: (self.items[at], found[at].at)))
        """The unknowns as the network meets them."""
        self.growing = [self._is_growing(at, lowest) for at in range(len(found))]

    def before(self, depth: int, read: Callable[[str], NetworkSpec], values: Sequence[int]) -> Graph | None:
        """The layers before the unknown at `depth` of the order; None where there are none that are new."""
        item = self.items[self.order[depth]]
        if item <= 0 or item == self.items[self.order[depth - 1]]:
            return None
        return self._built(item, read, values)

    def up_to(self, depth: int, read: Callable[[str], NetworkSpec], values: Sequence[int]) -> Graph | None:
        """The layers up to the one whose cost grows with the unknown at `depth`; None where that is not certain."""
        which = self.order[depth]
        return self._built(self.items[which] + 1, read, values) if self.growing[which] else None

    def _built(self, items: int, read: Callable[[str], NetworkSpec], values: Sequence[int]) -> Graph:
        spec = read(substitute(self.text, self.found, values))
        return build(replace(spec, layers=spec.layers[:items], outputs=(), expect=None, findings=()))

    def _is_growing(self, which: int, lowest: NetworkSpec) -> bool:
        unknown, item = self.found[which], self.items[which]
        ends = self.text[unknown.at - 1 : unknown.at], self.text[unknown.at + 1 : unknown.at + 2]
        if ends[0] not in _BEFORE or ends[1] not in _BEHIND:
            return False  # part of an expression
        last = not any(self.items[other] == item and self.found[other].at > unknown.at for other in self.order)
        if unknown.kind is not Kind.CHANNELS or not _WHOLE.fullmatch(unknown.word) or item < 0 or not last:
            return False
        layer = lowest.layers[item].item
        plain = isinstance(layer, LayerItem) and layer.op in _GROWING
        return plain and layer.repeat is None and layer.when is None and layer.share is None


def _items(text: str, found: Sequence[Unknown], lowest: NetworkSpec) -> list[int]:
    """The item of every unknown: the last one whose head stands before it."""
    heads = [(at.line, at.column) for at in (placed.locate(placed.item.span) for placed in lowest.layers)]
    if not heads or heads != sorted(set(heads)):  # items behind an alias stand elsewhere
        return [_ANYWHERE] * len(found)
    keys = list(_KEY.finditer(text)) if "layers" in lowest.places else []
    if "layers" in lowest.places and not keys:  # JSON, or a mapping in braces
        return [_ANYWHERE] * len(found)
    made = []
    for each in found:
        key = next((key[1] for key in reversed(keys) if key.start() <= each.at), "layers")
        before = sum(head <= (each.line, each.column) for head in heads)
        made.append(before - 1 if key == "layers" else _ANYWHERE)
    return made
