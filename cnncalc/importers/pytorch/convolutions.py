"""Convolutions from PyTorch."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.sliding import Map, axes_option, given_back, pads_option, put, shape_over, slid
from cnncalc.importers.pytorch.weights import due, fresh, parts_of, take, weighted
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import text
from cnncalc.importers.tensors.axes import CHANNELS
from cnncalc.importers.tensors.trace import Held, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.pytorch.call import Call

WINDOW = ("kernel_size", "stride", "padding", "dilation")


def conv(call: Call) -> Held:
    """`convNd(x, weight, bias, stride, padding, dilation, groups)`."""
    args, weight, bias = call.args, call.args["weight"], call.args["bias"]
    if not isinstance(weight, Weights):
        raise UnmappedError("a convolution whose kernel is computed from the input")
    ndim = len(weight.shape) - 2
    if not any(each != 1 for each in weight.shape[2:]) and _is_linear(call, ndim):
        return _on_tokens(call, weight)
    given = slid(call, call.x)
    one, none = (1,) * given.lead, (0,) * given.lead
    options: dict[str, Option] = {"out_channels": weight.shape[0]}
    put(options, "kernel_size", axes_option(weight.shape[2:], ndim, None, one))
    put(options, "stride", axes_option(args["stride"], ndim, 1, one))
    padding = args["padding"]
    if padding == "same":
        options["padding"] = "same"
    elif padding != "valid":
        put(options, "padding", pads_option(padding, ndim, none))
    put(options, "dilation", axes_option(args["dilation"], ndim, 1, one))
    groups = args["groups"]
    put(options, "groups", None if groups == 1 else groups)
    shape = shape_over(call, given)
    if given.heads > 1:
        return given_back(call, given, _on_heads(call, given, options, weight, bias))
    blurred = None if weight.trained else _blur(call, given, options, shape)
    if blurred is not None:
        return given_back(call, given, blurred)
    choices: list[dict[str, Option]] = [
        {**options, "bias": bias} for bias in ([True, False] if parts_of([bias]) else [False])
    ]
    return given_back(call, given, weighted(call, "conv", given.name, shape, choices, [weight, bias], WINDOW))


def _on_heads(call: Call, given: Map, options: dict[str, Option], weight: Weights, bias: Any) -> Held:
    """The same convolution for every head: declared."""
    shape = shape_over(call, given)
    parts = parts_of([weight, bias])
    macs = prod(shape) * prod(weight.shape[1:]) + due(call.trace, [weight, bias])
    window = {key: found for key, found in options.items() if key in WINDOW}
    window.setdefault("padding", 0)
    found: dict[str, Option] = {"out": text(shape), **window, "params": fresh(call.trace, parts), "macs": macs}
    made = call.emit("custom", (given.name,), shape, found)
    take(call.trace, parts, made.layer)
    return made


def _is_linear(call: Call, ndim: int) -> bool:
    """Whether a window of one position slides over axes that stand elsewhere: a linear layer."""
    args = call.args
    plain = args["groups"] == 1 and axes_option(args["stride"], ndim, 1) is None
    if not plain or isinstance(args["padding"], str) or axes_option(args["padding"], ndim, 0) is not None:
        return False
    x, trace = call.x, call.trace
    channels = trace.shapes[x.layer][0]
    return axes.only(x.dims[1], CHANNELS, channels) and (x.layer in trace.tokens or x.dims != trace.whole(x.layer))


def _on_tokens(call: Call, weight: Weights) -> Held:
    """A 1x1 convolution wherever its channels are."""
    from cnncalc.importers.pytorch.linear import applied

    x = call.x
    order = [0, *range(2, len(x.dims)), 1]
    made = applied(
        call, replace(x, dims=tuple(x.dims[at] for at in order)), weight.shape[0], [weight, call.args["bias"]]
    )
    return replace(made, dims=(made.dims[0], made.dims[-1], *made.dims[1:-1]))


def _blur(call: Call, given: Map, options: dict[str, Option], shape: Shape) -> Held | None:
    """A fixed kernel on every channel by itself; None where it is another one."""
    channels = call.trace.shapes[given.name][0]
    kernel = options["kernel_size"]
    depthwise = (options["out_channels"], options.get("groups", 1)) == (channels, channels)
    if not depthwise or not isinstance(kernel, int) or "dilation" in options:
        return None
    found: dict[str, Option] = {"kernel_size": kernel, "stride": options.get("stride", 1)}
    found["padding"] = options.get("padding", 0)
    return call.emit("blurpool", (given.name,), shape, found)


def conv_transposed(call: Call) -> Held:
    """`conv_transposeNd(x, weight, bias, stride, padding, output_padding, groups, dilation)`."""
    args, weight, bias = call.args, call.args["weight"], call.args["bias"]
    if not isinstance(weight, Weights):
        raise UnmappedError("a convolution whose kernel is computed from the input")
    ndim, groups = len(weight.shape) - 2, args["groups"]
    given = slid(call, call.x)
    if given.heads > 1:
        raise UnmappedError("heads stand in the batch")
    one, none = (1,) * given.lead, (0,) * given.lead
    options: dict[str, Option] = {"out_channels": weight.shape[1] * groups}
    put(options, "kernel_size", axes_option(weight.shape[2:], ndim, None, one))
    put(options, "stride", axes_option(args["stride"], ndim, 1, one))
    put(options, "padding", pads_option(args["padding"], ndim, none))
    put(options, "output_padding", axes_option(args["output_padding"], ndim, 0, none))
    put(options, "groups", None if groups == 1 else groups)
    put(options, "dilation", axes_option(args["dilation"], ndim, 1, one))
    choices: list[dict[str, Option]] = [
        {**options, "bias": bias} for bias in ([True, False] if parts_of([bias]) else [False])
    ]
    if not weight.trained:
        raise UnmappedError("a transposed convolution with a fixed kernel")
    return given_back(
        call, given, weighted(call, "convt", given.name, shape_over(call, given), choices, [weight, bias])
    )
