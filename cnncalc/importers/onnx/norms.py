"""Norms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.onnx.constants import numel
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import is_channel_part
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT
from cnncalc.importers.tensors.joining import merged
from cnncalc.importers.tensors.reducing import covered, reduced
from cnncalc.importers.tensors.trace import UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.nodes import Call
    from cnncalc.importers.onnx.records import Tensor
    from cnncalc.importers.tensors.trace import Held


def batch_norm(call: Call) -> Held:
    """`BatchNormalization(x, scale, bias, mean, var)`."""
    if any(call.is_read(at) for at in range(1, len(call.node.outputs))):
        raise UnmappedError("its statistics are read: a model in training mode")
    x = call.x
    if len(x.dims) > 1 and not axes.only(x.dims[1], CHANNELS, call.shape(x)[0]):
        x = call.channels(x, 1)
    return replace(call.weighted("bn", x, [{}, {"affine": False}], call.weights(1, 2)), dims=x.dims)


def instance_norm(call: Call) -> Held:
    """`InstanceNormalization(x, scale, bias)`; on channels that were viewed as groups it is a group norm.

    The scale of a group norm comes later: what stands here is 1.
    """
    x = call.x
    shape = call.shape(x)
    whole = call.trace.whole(x.layer)
    groups = axes.size_of(x.dims[1])
    given = call.weights(1, 2)
    rest = [atom for dim in x.dims for atom in dim]
    same = axes.joined(rest) == axes.joined(atom for dim in whole for atom in dim)
    if x.dims != whole and same and shape[0] % groups == 0 and len(x.dims) > 2 and groups != shape[0]:  # noqa: PLR2004
        return call.same("gn", x, {"num_groups": groups, "affine": False})
    if not axes.only(x.dims[1], CHANNELS, shape[0]):
        x = call.settled(x)
    return replace(call.weighted("in", x, [{"affine": True}, {}], given), dims=x.dims)


def group_norm(call: Call) -> Held:
    """`GroupNormalization(x, scale, bias)`; in operator sets before 21 scale and bias are per group."""
    x = call.settled(call.x)
    groups: dict[str, Option] = {"num_groups": call.integer("num_groups", 1)}
    return call.weighted("gn", x, [groups, {**groups, "affine": False}], call.weights(1, 2))


def layer_norm(call: Call) -> Held:
    """`LayerNormalization(x, scale, bias)` and `RMSNormalization(x, scale)` from an axis on."""
    if call.is_read(1) or call.is_read(2):
        raise UnmappedError("its statistics are read: a model in training mode")
    axis = call.axis(call.integer("axis", -1))
    op = "rms" if call.node.op == "RMSNormalization" else "ln"
    return normed(call, op, range(axis, len(call.x.dims)), call.weights(1, 2))


def written(op: str) -> Callable[[Call], Held]:
    """A norm over `axes` that was written out; its scale and shift come later."""

    def mapped(call: Call) -> Held:
        places = sorted({call.axis(axis) for axis in call.ints("axes", ()) or ()})
        return normed(call, op, places, (), affine=False)

    return mapped


def mean_variance(call: Call) -> Held:
    """`MeanVarianceNormalization`: over positions an instance norm, over all a layer norm, without weights."""
    x = call.x
    places = sorted({call.axis(axis) for axis in call.ints("axes", (0, 2, 3)) or ()})
    if not axes.has([x.dims[place] for place in places], BATCH):
        found = covered(call.trace, x, places)
        if found == {axis for axis, size in enumerate(call.shape(x)[1:], axes.SPACE) if size > 1}:
            return call.same("in", x)
    return normed(call, "ln", places, (), affine=False)


def normed(call: Call, op: str, places: Sequence[int], given: Sequence[Tensor | None], *, affine: bool = True) -> Held:
    """`ln` or `rms` over these dimensions: channels, all of a sample, or what is made the channels."""
    trace, x = call.trace, call.x
    dims = [x.dims[place] for place in places]
    if axes.has(dims, BATCH):
        raise UnmappedError("over the batch")
    found = None if axes.has(dims, REPEAT) else covered(trace, x, places)
    every = {axis for axis, size in enumerate(call.shape(x), CHANNELS) if size > 1}
    options: dict[str, Option] = {}
    if found is not None and found == every and found != {CHANNELS}:
        options["over"] = "all"
    elif found != {CHANNELS} and len(places) == 1 and is_channel_part(trace, x, places[0]):
        return call.declared(x, sum(numel(one) for one in given if one is not None))
    else:
        x = call.channels(x, *places)
    choices = [options, {**options, "affine": False}] if affine else [{**options, "affine": False}]
    return replace(call.weighted(op, x, choices, given), dims=x.dims)


def local(call: Call) -> Held:
    """`LRN` over neighbouring channels."""
    return call.layer("lrn", [call.settled(call.x)], {"size": call.integer("size", 1)})


def power_norm(call: Call) -> Held:
    """`LpNormalization`: divided by the norm along an axis."""
    x, trace = call.x, call.trace
    order = call.integer("p", 2)
    if order not in (1, 2):
        raise UnmappedError(f"a norm of order {order}")
    place = call.axis(call.integer("axis", -1))
    made = call.same("abs", x) if order == 1 else x
    below = reduced(trace, call.node, made, "norm" if order == 2 else "sum", [place], keep=True)  # noqa: PLR2004
    return merged(trace, call.node, "div", x, below)
