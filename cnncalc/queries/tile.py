"""How to run a network on tiles of an image so that the result is that of the whole image, position by position."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.engine import analyze
from cnncalc.errors import UsageError, counted
from cnncalc.ops.refuse import axis_names
from cnncalc.queries.nontiling import Blame, blames
from cnncalc.queries.places import last_map
from cnncalc.queries.tiling import MOST_TILES, Piece, Plan, TileAxis, Tiling, count
from cnncalc.queries.unit import node_of
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.geometry.field import AxisField
    from cnncalc.graph import Graph

__all__ = ["Blame", "Piece", "TileAnswer", "TileAxis", "Tiling", "tile"]


@value
class TileAnswer:
    """How to tile."""

    layer: str
    axes: tuple[TileAxis, ...]
    exact: bool
    """Tiles reproduce the whole image."""
    because: tuple[Blame, ...]
    """What prevents it."""
    tilings: tuple[Tiling, ...]
    """The tiles that were asked for, else some to choose from; () where nothing is exact."""


def tile(graph: Graph, *, at: str | None = None, size: Sequence[int] | None = None) -> TileAnswer:
    """Period, halo and tile lengths for layer `at` (by default the last map) and an image of the graph's input size.

    A position of the output has phase `p` of T and sees pixels from `lo(p)` to `hi(p)`, and S pixels on for every T
    positions: the period is S, the halo `max(0, max -lo(p))` before and `max(0, max hi(p) - (S - 1))` after, for parts
    that are multiples of S. A tile starts at a multiple of S and is as long as the image modulo S. `size` asks for
    one tile. Raises UsageError for an unknown layer, or a tile that cannot work, which says what would.

    >>> from cnncalc import build, parse
    >>> answer = tile(build(parse("maxpool 2 | conv 8 k3 p1 | convt 4 k2 s2", input="3x64x64")))
    >>> answer.exact, answer.axes[0].period, answer.axes[0].halo
    (True, 2, (2, 2))
    """
    at = at or last_map(graph)
    last = node_of(graph, at)
    nodes = _ancestors(graph, last)
    inputs = tuple(name for name, node in graph.inputs.items() if node in nodes)
    image = graph.nodes[graph.inputs[inputs[0]]].inference.output.sizes
    if not image:
        raise UsageError(f"input `{inputs[0]}` has no spatial axes to cut")
    found = tuple(blames(graph, nodes, inputs, at))
    fields = _fields(graph, last, inputs, len(image))
    if fields is None:
        found = found or (Blame(layer=at, reason="its fields follow no period", line=None),)
        return TileAnswer(layer=at, axes=_no_axes(image), exact=False, because=found, tilings=())
    plan = Plan(graph=graph, last=last, nodes=nodes, inputs=inputs, image=image, jumps=_jumps(fields))
    axes = tuple(plan.axis(axis, parts) for axis, parts in enumerate(fields))
    if not found:
        axes, found = plan.checked(axes)
    if found:
        return TileAnswer(layer=at, axes=axes, exact=False, because=found, tilings=())
    wanted = _wanted(size, axes, plan)
    tilings = plan.choices(axes) if wanted is None else [plan.tiling(axes, wanted)]
    return TileAnswer(layer=at, axes=axes, exact=True, because=(), tilings=tuple(tilings))


def _ancestors(graph: Graph, last: int) -> frozenset[int]:
    """The nodes that a node depends on, itself included."""
    found = {last}
    for node in reversed(graph.nodes[: last + 1]):
        if node.index in found:
            found.update(node.inputs)
    return frozenset(found)


def _fields(graph: Graph, last: int, inputs: Sequence[str], ndim: int) -> list[list[AxisField]] | None:
    """Per axis the fields on all inputs; None where one is not periodic, or they do not move alike."""
    if graph.nodes[last].layer < 0:
        return None
    fields = analyze(graph).layers[graph.nodes[last].layer].fields
    shapes = {graph.nodes[graph.inputs[name]].inference.output.sizes for name in inputs}
    if len(shapes) > 1 or len(graph.nodes[last].inference.output.sizes) != ndim:
        return None
    axes = [[fields[name].axes[axis] for name in inputs] for axis in range(ndim)]
    for parts in axes:
        if any(part.shift is None or not part.is_local for part in parts) or len({part.jump for part in parts}) > 1:
            return None
    return axes


def _jumps(fields: list[list[AxisField]]) -> tuple[Fraction, ...]:
    return tuple(parts[0].jump or Fraction(1) for parts in fields)


def _no_axes(image: tuple[int, ...]) -> tuple[TileAxis, ...]:
    names = axis_names(len(image))
    return tuple(
        TileAxis(name=name, size=size, period=None, halo=None, worst_halo=None, lengths=())
        for name, size in zip(names, image, strict=True)
    )


def _wanted(size: Sequence[int] | None, axes: tuple[TileAxis, ...], plan: Plan) -> tuple[int, ...] | None:
    """The tile that was asked for; UsageError where it does not work, with those next to it that do."""
    if size is None:
        return None
    wanted = tuple(size) * (len(axes) if len(size) == 1 else 1)
    if len(wanted) != len(axes):
        has = counted(len(axes), "axis")
        raise UsageError(f"tile {'x'.join(map(str, size))}: the input has {has}, give one size for each")
    for number, (axis, length) in enumerate(zip(axes, wanted, strict=True)):
        if plan.works(number, axis, length):
            continue
        known = sorted(each for run in axis.lengths for each in run)
        near = [*[each for each in known if each < length][-1:], *[each for each in known if each > length][:1]]
        nearest = f"the nearest {'is' if len(near) == 1 else 'are'} {' and '.join(map(str, near))}"
        fits = nearest if near else "no tile is smaller than the image"
        period, halo = axis.period or 1, axis.halo or (0, 0)
        raise UsageError(
            f"a tile of {length} does not work on the {axis.name}: like the image it has to be {axis.size % period} "
            f"modulo {period}, and to be longer than its halos of {halo[0]} and {halo[1]}; {fits}"
        )
    for axis, length in zip(axes, wanted, strict=True):
        if length < axis.size and count(axis, length) > MOST_TILES:
            message = f"tiles of {length} cut the {axis.name} into {count(axis, length):,} parts"
            raise UsageError(f"{message}, more than the limit of {MOST_TILES:,}; use larger tiles")
    return tuple(min(length, axis.size) for length, axis in zip(wanted, axes, strict=True))
