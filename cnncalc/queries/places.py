"""Which layer and which of its positions a question means: words such as `center` and `all-phases`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.queries.unit import input_of, node_of, ways_to

if TYPE_CHECKING:
    from cnncalc.graph import Graph

WORDS = ("center", "corner", "all-phases")
_MOST_PHASES = 256


def last_map(graph: Graph) -> str:
    """The last layer that has a map, an output of the network if one has; UsageError where there is none."""
    for name, node in reversed(tuple(graph.outputs.items())):
        if graph.nodes[node].inference.output.positions > 1:
            return name
    for layer in reversed(graph.layers):
        if graph.nodes[layer.nodes[-1]].inference.output.positions > 1:
            return layer.name
    message = f"no layer of {graph.spec.source} has a map; name one with --at"
    raise UsageError(message)


def indices(graph: Graph, at: str, text: str, *, input: str | None = None) -> tuple[tuple[int, ...], ...]:  # noqa: A002 - the word that users see
    """The positions that a text means: `12,7`, `center`, `corner`, or `all-phases`, one for each phase of the field.

    Raises UsageError for anything else. Whether the position exists is for `unit` to say.
    """
    sizes = graph.nodes[node_of(graph, at)].inference.output.sizes
    if text == "center":
        return (tuple(size // 2 for size in sizes),)
    if text == "corner":
        return ((0,) * len(sizes),)
    if text == "all-phases":
        return _phases(graph, at, sizes, input)
    if not re.fullmatch(r"-?\d+(,-?\d+)*", text):
        example = ",".join(str(size // 2) for size in sizes) or "0"
        message = f"--index {text}: expected numbers in axis order, as in {example}, or {', '.join(WORDS)}"
        raise UsageError(message)
    return (tuple(map(int, text.split(","))),)


def _phases(graph: Graph, at: str, sizes: tuple[int, ...], name: str | None) -> tuple[tuple[int, ...], ...]:
    from cnncalc.engine import analyze  # only this word needs the fields

    node = node_of(graph, at)
    name = input_of(at, ways_to(graph, node)[node], graph, name)
    if graph.nodes[node].layer < 0:
        return (tuple(size // 2 for size in sizes),)
    field = analyze(graph).layers[graph.nodes[node].layer].fields[name]
    if len(field.axes) != len(sizes):
        message = f"--index all-phases: `{at}` has no grid of its own; give one position"
        raise UsageError(message)
    periods = [axis.period if axis.is_local else 1 for axis in field.axes]
    if any(axis.shift is None and not axis.reduced for axis in field.axes) or max(periods, default=1) > _MOST_PHASES:
        message = f"--index all-phases: the fields of `{at}` do not repeat within {_MOST_PHASES} positions; give one"
        raise UsageError(message)
    middles = [max(size // 2 // period * period, 0) for size, period in zip(sizes, periods, strict=True)]
    found = {
        tuple(
            min(middle + phase % period, size - 1) for middle, period, size in zip(middles, periods, sizes, strict=True)
        ): None
        for phase in range(max(periods, default=1))
    }
    return tuple(found)
