"""Norms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.weights import fresh, parts_of, take, weighted
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import as_channels, is_channel_part, pointwise
from cnncalc.importers.tensors.reducing import covered
from cnncalc.importers.tensors.trace import Held
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.pytorch.call import Call


def batch_norm(call: Call) -> Held:
    """`batch_norm(x, weight, bias, mean, var, training, ...)`."""
    x = as_channels(call.trace, call.node, call.x, [min(1, len(call.x.dims) - 1)])
    given = [call.args["weight"], call.args["bias"]]
    if call.args.get("training"):  # without running statistics those of the batch are taken
        return _declared(call, x, given, sees_all=True)
    return _normed(call, "bn", x, given, [{}, {"affine": False}])


def instance_norm(call: Call) -> Held:
    """`instance_norm(x, weight, bias, mean, var, use_input_stats, ...)`: with running statistics it is a batch norm."""
    given = [call.args["weight"], call.args["bias"]]
    if not call.args.get("use_input_stats", True):
        return _normed(call, "bn", call.settled(call.x), given, [{}, {"affine": False}])
    if axes.without(call.x.dims[0], axes.BATCH):
        return _declared(call, call.x, given, sees_all=True)
    x = as_channels(call.trace, call.node, call.x, [1])
    return _normed(call, "in", x, given, [{"affine": True}, {}])


def group_norm(call: Call) -> Held:
    """`group_norm(x, groups, weight, bias, eps)`."""
    groups: dict[str, Option] = {"num_groups": call.args["num_groups"]}
    given = [call.args["weight"], call.args["bias"]]
    if axes.without(call.x.dims[0], axes.BATCH):  # windows, each by itself
        return _declared(call, call.x, given, sees_all=True)
    x = as_channels(call.trace, call.node, call.x, [1])
    return _normed(call, "gn", x, given, [groups, {**groups, "affine": False}])


def layer_norm(call: Call) -> Held:
    """`layer_norm(x, shape, weight, bias)` over the last dimensions: channels, or all of a sample."""
    trace, x = call.trace, call.x
    given = [call.args.get("weight"), call.args.get("bias")]
    op = "ln" if call.op == "layer_norm" else "rms"
    rank = len(x.dims)
    places = list(range(rank - len(call.args["normalized_shape"]), rank))
    over = None if axes.has(x.dims, axes.REPEAT) else covered(trace, x, places)
    every = {axis for axis, size in enumerate(trace.shapes[x.layer], axes.CHANNELS) if size > 1}
    if over is not None and over == every and over != {axes.CHANNELS}:
        return _normed(call, op, x, given, [{"over": "all"}, {"over": "all", "affine": False}])
    if over != {axes.CHANNELS} and len(places) == 1 and is_channel_part(trace, x, places[0]):
        return _declared(call, x, given)
    x = as_channels(trace, call.node, x, places)
    return _normed(call, op, x, given, [{}, {"affine": False}])


def _normed(call: Call, op: str, x: Held, given: Sequence[Any], choices: Sequence[dict[str, Option]]) -> Held:
    made = weighted(call, op, x.layer, call.trace.shapes[x.layer], choices, given)
    return replace(made, dims=x.dims)


def _declared(call: Call, x: Held, given: Sequence[Any], *, sees_all: bool = False) -> Held:
    """A norm over part of the channels, such as those of a head."""
    trace = call.trace
    parts = parts_of(given)
    options = pointwise(len(trace.shapes[x.layer]) - 1, params=fresh(trace, parts))
    if sees_all:
        options["sees_all"] = True
    made = call.same("custom", x, options)
    take(trace, parts, made.layer)
    return made
