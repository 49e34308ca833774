"""Which input sizes work, which leave no row unread, which come out as they went in; and what to change for others."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.ops.merge import Joint
from cnncalc.ops.options import MAX_SIZE
from cnncalc.ops.refuse import axis_names
from cnncalc.queries.columns import follow
from cnncalc.queries.progressions import Progression, progressions
from cnncalc.queries.reference import reference
from cnncalc.queries.settled import moving, settled
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.graph import Graph
    from cnncalc.queries.followed import Cell, Refusal
    from cnncalc.spec.network import NetworkSpec

HIGH = 1024
"""The range goes up to here, or to twice the size of the network's own input."""
MOST_SIZES = 1_000_000
"""Sizes in one range."""
_NEAR = 1024
"""How far around a size another one is looked for."""


@value
class Refuser:
    """A layer that does not take some sizes."""

    layer: str
    line: int
    count: int
    """How many input sizes of the range."""
    example: int
    """The first of them."""
    message: str
    """What it says to that one."""


@value
class Remedy:
    """One way to make a size work; each was tried."""

    what: str
    """`pad` or `crop` the input, or `align` the merges."""
    by: int
    """Pixels in all; 0 for `align`."""
    size: int
    """The size that then enters the network."""
    output: int | None
    """What the output then has; None where the axis is gone there."""
    layers: tuple[str, ...] = ()
    """The merges that need `align=crop`."""


@value
class Asked:
    """About one size that was asked for."""

    size: int
    works: bool
    because: str | None
    """The layer that refuses it and what it says, or None."""
    unread_at: str | None
    """The first layer that leaves rows at the end of its map unread."""
    output: int | None
    remedies: tuple[Remedy, ...]
    """How to make it work; where it does, how to leave no row unread."""


@value
class AxisSizes:
    """All about one axis."""

    name: str
    """`height`, `width`, ..."""
    axis: int
    inputs: tuple[str, ...]
    """The inputs whose size moves."""
    legal: tuple[Progression, ...]
    """Sizes that every layer takes."""
    even: tuple[Progression, ...]
    """Those that leave no row unread at the end of any map."""
    same: tuple[Progression, ...] | None
    """Those at which the output is as large as the input; None where the output has no such axis."""
    refusers: tuple[Refuser, ...]
    """The layers that refuse the others, each size counted at the first of them."""
    resized: tuple[str, ...]
    """Layers whose weights have another shape at another size."""
    asked: Asked | None


@value
class SizesAnswer:
    """All about the sizes of a range."""

    low: int
    high: int
    output: str
    """The output that `same` and `output` speak of."""
    axes: tuple[AxisSizes, ...]


def sizes(
    spec: NetworkSpec, *, low: int = 1, high: int | None = None, size: Sequence[int] | None = None
) -> SizesAnswer:
    """Which sizes from `low` to `high` work on each axis, the other axes having sizes that do.

    Inputs that have the size of the first one on an axis move along with it. `size` asks about one size per axis, by
    default that of the spec where it does not work. Exact: sizes are followed through every layer, and where they
    change the expansion itself the network is built anew. Raises SpecError where the network is wrong whatever its
    size, UsageError for a range or a size that cannot be.

    >>> from cnncalc import parse
    >>> answer = sizes(parse("res(maxpool 2 | upsample 2)", input="3x32x32"), high=64)
    >>> [(run.first, run.step) for run in answer.axes[0].legal]
    [(2, 2)]
    """
    graph, own_works = reference(spec)
    first = next(iter(spec.inputs.values()))
    if high is None:
        high = min(max(HIGH, 2 * max(first.sizes)), low + MOST_SIZES - 1, MAX_SIZE)
    if high - low >= MOST_SIZES:
        raise UsageError(f"the range {low}..{high} has {high - low + 1:,} sizes, more than the limit of {MOST_SIZES:,}")
    if not 1 <= low <= high <= MAX_SIZE:
        raise UsageError(f"the range {low}..{high} is none: sizes go from 1 to {MAX_SIZE:,}, the smaller first")
    if size is not None and len(size) == 1:
        size = tuple(size) * first.ndim
    if size is not None and max(size) > MAX_SIZE:
        raise UsageError(f"size {'x'.join(map(str, size))}: sizes are limited to {MAX_SIZE:,}")
    if size is not None and (len(size) != first.ndim or min(size) < 1):
        has = f"{first.ndim} ax{'i' if first.ndim == 1 else 'e'}s"
        raise UsageError(f"size {'x'.join(map(str, size))}: the input has {has}, give one size of at least 1 for each")
    if size is None and not own_works:
        size = first.sizes
    output = _output(graph)
    axes = tuple(
        _axis(graph, axis, range(low, high + 1), output, size[axis] if size else None) for axis in range(first.ndim)
    )
    return SizesAnswer(low=low, high=high, output=output, axes=axes)


def _output(graph: Graph) -> str:
    """The output that is spoken of: the last one that has a map, else the last."""
    maps = [name for name, node in graph.outputs.items() if graph.nodes[node].inference.output.positions > 1]
    return (maps or list(graph.outputs))[-1]


# -------------------------------------------------------------------- one axis


def _axis(graph: Graph, axis: int, wanted: range, output: str, asked: int | None) -> AxisSizes:
    inputs = moving(graph, axis)
    followed = settled(graph, axis, inputs, wanted)
    refused = followed.refused
    legal = followed.sizes
    outs = followed.outputs[graph.outputs[output]]
    same = [n for n, out in zip(legal, outs, strict=True) if out == n]
    has_axis = any(isinstance(out, int) for out in outs)
    high = wanted[-1]
    return AxisSizes(
        name=axis_names(graph.nodes[0].inference.output.ndim)[axis],
        axis=axis,
        inputs=inputs,
        legal=progressions(legal, high),
        even=progressions([n for n in legal if n not in followed.unread], high),
        same=progressions(same, high) if has_axis else None,
        refusers=_refusers(graph, refused),
        resized=tuple(dict.fromkeys(_layer(graph, node) for node in followed.resized)),
        asked=None if asked is None else _asked(graph, axis, inputs, asked, output),
    )


def _layer(graph: Graph, node: int) -> str:
    return graph.layers[graph.nodes[node].layer].name


def _refusers(graph: Graph, refused: dict[int, Refusal]) -> tuple[Refuser, ...]:
    groups: dict[str, list[int]] = {}
    for size in sorted(refused):
        groups.setdefault(_layer(graph, refused[size].node), []).append(size)
    return tuple(
        Refuser(
            layer=layer,
            line=graph.layers[graph.nodes[refused[found[0]].node].layer].at.line,
            count=len(found),
            example=found[0],
            message=refused[found[0]].message,
        )
        for layer, found in sorted(groups.items(), key=lambda group: -len(group[1]))
    )


# -------------------------------------------------------------------- one size


def _asked(graph: Graph, axis: int, inputs: tuple[str, ...], size: int, output: str) -> Asked:
    around = settled(graph, axis, inputs, range(max(size - _NEAR, 1), size + _NEAR + 1))
    outs: dict[int, Cell] = dict(zip(around.sizes, around.outputs[graph.outputs[output]], strict=True))
    refusal = around.refused.get(size)
    works = refusal is None
    good = around.sizes if not works else [n for n in around.sizes if n not in around.unread]
    remedies: list[Remedy] = []
    if not works or size in around.unread:
        place = bisect_left(good, size)
        if place < len(good):
            above = good[place]
            remedies.append(Remedy(what="pad", by=above - size, size=above, output=_size(outs[above])))
        if place > 0:
            below = good[place - 1]
            remedies.append(Remedy(what="crop", by=size - below, size=below, output=_size(outs[below])))
    if not works:
        remedies += _aligned(graph, axis, inputs, size, output)
    return Asked(
        size=size,
        works=works,
        because=None if refusal is None else f"{_layer(graph, refusal.node)}: {refusal.message}",
        unread_at=_layer(graph, around.unread[size]) if size in around.unread else None,
        output=_size(outs[size]) if works else None,
        remedies=tuple(remedies),
    )


def _aligned(graph: Graph, axis: int, inputs: tuple[str, ...], size: int, output: str) -> list[Remedy]:
    """The merges that have to crop for a size to work; [] where that does not help."""
    cropped: list[int] = []
    while True:
        followed = follow(graph, axis, inputs, [size], cropped)
        if followed.sizes:
            break
        refusal = followed.refused.get(size)
        if refusal is None or refusal.node in cropped or not isinstance(graph.nodes[refusal.node].op, Joint):
            return []
        cropped.append(refusal.node)
    layers = tuple(_layer(graph, node) for node in cropped)
    out = followed.outputs[graph.outputs[output]][0]
    return [Remedy(what="align", by=0, size=size, output=_size(out), layers=layers)]


def _size(cell: Cell) -> int | None:
    return cell if isinstance(cell, int) else None
