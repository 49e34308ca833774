"""Items with several paths: residual and branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.errors import finding
from cnncalc.graph.jumps import NoRatioError, stride_between
from cnncalc.graph.options import Trailing
from cnncalc.spec.items import PlacedItem
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.graph.naming import Context
    from cnncalc.graph.walk import Walk
    from cnncalc.spec.items import BranchesItem, ResidualItem


def residual(walk: Walk, item: ResidualItem, placed: PlacedItem, stream: int, context: Context) -> int:
    """The main path, then the shortcut (as frameworks run them), their sum, and what follows."""
    main = walk.run(item.body, stream, context)
    remedy = None
    if not isinstance(item.shortcut, str):
        skip: int | None = walk.run(item.shortcut, stream, context)
    elif item.shortcut == "identity":
        skip, remedy = stream, _remedy(walk, main, stream)
    else:
        skip = _shortcut(walk, item, placed, (stream, main), context)
    if skip is not None:
        main = _add(walk, (main, skip), placed, context, remedy)
    return walk.run(item.then, main, context)


def branches(walk: Walk, item: BranchesItem, placed: PlacedItem, stream: int, context: Context) -> int:
    """The paths one after the other from the same input, then the merge."""
    ends: list[int] = []
    for path in item.paths:
        if path.name is None:
            ends.append(walk.run(path.body, stream, context))
            continue
        first = len(walk.wiring.layers)
        ends.append(walk.run(path.body, stream, context.inside(path.name)))
        walk.define(path.name, first, ends[-1], placed.locate(path.name_span or item.span), context)
    if len(ends) < 2:  # noqa: PLR2004 - a merge has two sides
        message = f"{item.merge} has {len(ends)} path; it joins two or more"
        help_ = "`[]` is the identity path"
        walk.wiring.report(finding("CNN906", message, at=placed.locate(item.span), help=help_, stack=context.stack))
        return ends[0] if ends else stream
    if item.faulty:
        for end in ends:
            walk.wiring.taint(end)  # so that a merge that was not understood says nothing about shapes
    op = walk.maker.merge(item, placed, context)
    return walk.emit(context.names.number(item.merge), op, ends, walk.place(placed, context), context)


def _remedy(walk: Walk, main: int, x: int) -> str | None:
    """What to write where an identity shortcut does not fit."""
    ours, theirs = walk.wiring.shape(main), walk.wiring.shape(x)
    if ours == theirs:
        return None
    try:
        stride = stride_between(walk.wiring.nodes, x, main)
    except NoRatioError:
        return "write a path as `shortcut:`, or `if_same`"
    if ours.sizes != tuple(-(-size // step) for size, step in zip(theirs.sizes, stride, strict=True)):
        return "a shortcut cannot follow borders that are cut: give the layers of the main path `half` padding"
    words = "x".join(map(str, stride)) if len(set(stride)) > 1 else str(stride[0]) if stride else "1"
    return f"`shortcut: project` (1x1 conv + bn, stride {words}) or `if_same`"


def _add(walk: Walk, sides: tuple[int, int], placed: PlacedItem, context: Context, remedy: str | None) -> int:
    wiring = walk.wiring
    main, skip = (wiring.shape(side) for side in sides)
    if main != skip and not wiring.differs_by_assumption(sides):
        message = f"residual: main path {main} does not match shortcut {skip}"
        at = placed.locate(placed.item.span)
        wiring.report(finding("CNN001", message, at=at, help=remedy, stack=context.stack))
        wiring.taint(sides[0])  # so that the sum itself does not say it again
    add = walk.maker.op("add", {})
    return walk.emit(context.names.number("add"), add, list(sides), walk.place(placed, context), context)


def _shortcut(
    walk: Walk, item: ResidualItem, placed: PlacedItem, ends: tuple[int, int], context: Context
) -> int | None:
    """The node of a `project`, `if_same` or `pad` shortcut from `ends[0]`; None where the skip is dropped."""
    x, main = ends
    word, shape = item.shortcut, walk.wiring.shape(main)
    walk.wiring.compared[ends] = None
    if shape == walk.wiring.shape(x):
        return x
    if word == "if_same":
        return None
    span = item.shortcut_span or item.span
    try:
        stride = stride_between(walk.wiring.nodes, x, main)
    except NoRatioError as error:
        message = f"shortcut: {word} needs a stride, but {error}"
        help_ = "write the shortcut as a path of its own"
        walk.wiring.report(finding("CNN001", message, at=placed.locate(span), help=help_, stack=context.stack))
        return None
    place = replace(walk.place(placed, context), at=placed.locate(span), label=f"shortcut: {word}")
    name = context.names.number("shortcut")
    if word == "pad":
        op = walk.maker.op("residual pad", {"out_channels": shape.channels, "stride": stride})
        return walk.emit(name, op, [x], place, context)
    options: dict[str, Any] = {"out_channels": shape.channels, "kernel_size": 1, "stride": stride, "bias": False}
    norm = Trailing("bn", walk.maker.op("bn", {}), place.at)
    return walk.emit(name, walk.maker.op("conv", options), [x], place, context, (norm,))
