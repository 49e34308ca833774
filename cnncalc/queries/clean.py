"""Which positions of a tile are those of the whole image: none of what they read, at any layer, is cut off.

A tile starts at a multiple of the period, so that every position of it is a position of the whole image. A position is
clean if every tap that it has in the whole image reads a clean position of the tile. A side of the tile that is a side
of the image cuts nothing off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.geometry.window import AxisTaps, AxisWindow, Boundary

if TYPE_CHECKING:
    from collections.abc import Collection

    from cnncalc.geometry.window import AxisRead
    from cnncalc.graph import Graph, Node


class Clean(NamedTuple):
    """The clean positions are `first` to `end - 1`; None: the side is that of the image."""

    first: int | None
    end: int | None


def clean(  # noqa: PLR0913 - which network, which part of it, which sides
    graph: Graph, last: int, nodes: Collection[int], axis: int, *, left: bool, right: bool
) -> Clean:
    """The clean positions of node `last` of a tile, cut on the `left`, on the `right`, or on both.

    `nodes` are those that it depends on; each reads windows or periodic taps.
    """
    known: dict[int, Clean] = {}
    for node in graph.nodes[: last + 1]:
        if node.index not in nodes:
            continue
        if node.op is None:
            size = node.inference.output.sizes[axis]
            known[node.index] = Clean(0 if left else None, size if right else None)
            continue
        parts = [_through(graph, node, place, axis, known[source]) for place, source in enumerate(node.inputs)]
        firsts = [part.first for part in parts if part.first is not None]
        ends = [part.end for part in parts if part.end is not None]
        known[node.index] = Clean(max(firsts) if left else None, min(ends) if right else None)
    return known[last]


def _through(graph: Graph, node: Node, place: int, axis: int, before: Clean) -> Clean:
    reads = node.inference.reads[place] if place < len(node.inference.reads) else None
    if not reads:
        return before
    read = reads[axis]
    n_in = graph.nodes[node.inputs[place]].inference.output.sizes[axis]
    n_out = node.inference.output.sizes[axis]
    first, end = before
    if isinstance(read, AxisWindow) and node.inference.boundary is Boundary.REFLECT:
        # What is mirrored at the far side has to be clean as well.
        if end is not None and end <= read.padding[0]:
            return Clean(first if first is None else n_out, 0)
        if first is not None and first >= n_in - read.padding[1]:
            return Clean(n_out, end if end is None else 0)
    return Clean(
        None if first is None else first_clean(read, first, n_out), None if end is None else end_clean(read, end, n_out)
    )


def first_clean(read: AxisRead, first: int, n_out: int) -> int:
    """The smallest output such that it and all later ones read nothing before `first`.

    >>> first_clean(AxisWindow(kernel_size=3, padding=(1, 1)), 4, 100)
    5
    """
    unit = min(max(_estimate(read, first), 0), n_out)
    while unit > 0 and _starts(read, unit - 1, first):
        unit -= 1
    return unit


def end_clean(read: AxisRead, end: int, n_out: int) -> int:
    """One past the largest output such that it and all earlier ones read nothing from `end` on.

    >>> end_clean(AxisWindow(kernel_size=3, padding=(1, 1)), 10, 100)
    9
    """
    unit = min(max(_estimate(read, end - _reach(read)), 0), n_out)
    while unit < n_out and _ends(read, unit, end):
        unit += 1
    return unit


def _starts(read: AxisRead, unit: int, first: int) -> bool:
    taps = _taps(read, unit)
    return not taps or taps[0] >= first


def _ends(read: AxisRead, unit: int, end: int) -> bool:
    taps = _taps(read, unit)
    return not taps or taps[-1] < end


def _taps(read: AxisRead, unit: int) -> range:
    if isinstance(read, (AxisWindow, AxisTaps)):
        return read.taps(unit)
    raise AssertionError


def _reach(read: AxisRead) -> int:
    """At least what lies between the first and the last tap, one period further on included."""
    if isinstance(read, AxisWindow):
        return read.effective_kernel_size + read.stride + read.input_dilation
    if isinstance(read, AxisTaps):
        return max(taps.stop for taps in read.phases) - min(taps.start for taps in read.phases) + (read.shift or 0)
    raise AssertionError


def _estimate(read: AxisRead, place: int) -> int:
    """An output from which on nothing before `place` is read."""
    if isinstance(read, AxisWindow):
        return -((-place * read.input_dilation - read.padding[0]) // read.stride)
    if isinstance(read, AxisTaps) and read.shift:
        low = min(taps.start for taps in read.phases)
        return -((low - place) // read.shift) * len(read.phases)
    raise AssertionError
