"""The map that a window slides over, and the options of windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import arranged, as_map, spread
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.pytorch.call import Call


@value
class Map:
    """The map that a window slides over; positions that stood in the batch are an axis of their own, the first."""

    name: str
    lead: int = 0
    """1 where there is such an axis."""
    heads: int = 1
    """Groups of channels that stood in the batch: the first part of the channels."""


def slid(call: Call, x: Held) -> Map:
    """The map of a tensor N x C x sizes."""
    trace = call.trace
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    heads = tuple(atom for atom in x.dims[0] if atom.axis == CHANNELS)
    outer = axes.without(x.dims[0], BATCH, CHANNELS)
    if not outer and not heads:
        return Map(name=as_map(trace, call.node, x))
    if outer and len(x.dims) > 4:  # noqa: PLR2004 - two axes and that of the batch
        raise UnmappedError("positions stand in the batch")
    lead = (outer,) if outer else ()
    moved = arranged(trace, call.node, x, ((*heads, *x.dims[1]), *lead, *x.dims[2:]), tokens=False)
    return Map(name=moved.layer, lead=len(lead), heads=axes.size_of(heads))


def given_back(call: Call, given: Map, made: Held) -> Held:
    """The result as PyTorch has it."""
    if not given.lead and given.heads == 1:
        return made
    batch, _, *rest = call.trace.whole(made.layer)
    count = call.trace.shapes[made.layer][0] // given.heads
    heads = (Atom(CHANNELS, given.heads, count),) if given.heads > 1 else ()
    outer = rest[0] if given.lead else ()
    order = [atom.axis for atom in axes.without(call.x.dims[0], BATCH)]
    both = (*heads, *outer) if order[:1] == [CHANNELS] else (*outer, *heads)
    inner = (Atom(CHANNELS, count),) if count > 1 else ()
    return replace(made, dims=((*batch, *both), inner, *rest[given.lead :]))


def shape_over(call: Call, given: Map, index: int = 0) -> Shape:
    """Of the result, over the map."""
    channels, *sizes = call.shape(index)
    return (channels * given.heads, *call.trace.shapes[given.name][1 : 1 + given.lead], *sizes)


def axes_option(given: Any, ndim: int, default: int | None = None, lead: tuple[int, ...] = ()) -> Option | None:
    """One number where all axes agree, None where that is the default; `lead`: of an axis before."""
    numbers = [int(each) for each in given] if isinstance(given, (list, tuple)) else [int(given)] * ndim
    if len(numbers) == 1:
        numbers *= ndim
    numbers = [*lead, *numbers]
    if len(set(numbers)) == 1:
        return None if numbers[0] == default else numbers[0]
    return tuple(numbers)


def pads_option(given: Any, ndim: int, lead: tuple[int, ...] = ()) -> Option | None:
    """The padding of both sides; one number where all axes agree, None where it is 0."""
    found = axes_option(given, ndim, 0, lead)
    return tuple((each, each) for each in found) if isinstance(found, tuple) else found


def put(options: dict[str, Option], key: str, option: Option | None) -> None:
    """Add an option that is given."""
    if option is not None:
        options[key] = option
