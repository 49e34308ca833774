"""Pools and upsampling from PyTorch."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.layout import anyhow
from cnncalc.importers.pytorch.sliding import Map, axes_option, given_back, pads_option, put, shape_over, slid
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import as_map
from cnncalc.importers.tensors.axes import BATCH
from cnncalc.importers.tensors.trace import Held, UnmappedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.importers.layers import Option
    from cnncalc.importers.pytorch.call import Call


def maxpool(call: Call) -> Any:
    """`max_poolNd(x, kernel_size, stride, padding, dilation, ceil_mode)`; of the results the values alone."""
    given = slid(call, call.x)
    shape = shape_over(call, given)
    options = _pool_window(call, given, len(shape) - 1 - given.lead)
    put(options, "dilation", axes_option(call.args["dilation"], len(shape) - 1 - given.lead, 1, (1,) * given.lead))
    put(options, "ceil_mode", True if call.args["ceil_mode"] else None)
    made = given_back(call, given, call.emit("maxpool", (given.name,), shape, _own_stride(options)))
    return (made, None) if len(call.results) > 1 else made


def avgpool(call: Call) -> Held:
    """`avg_poolNd(x, kernel_size, stride, padding, ceil_mode, count_include_pad)`."""
    given = slid(call, call.x)
    shape = shape_over(call, given)
    options = _pool_window(call, given, len(shape) - 1 - given.lead)
    put(options, "ceil_mode", True if call.args["ceil_mode"] else None)
    put(options, "count_include_pad", None if call.args["count_include_pad"] or "padding" not in options else False)
    return given_back(call, given, call.emit("avgpool", (given.name,), shape, _own_stride(options)))


def _pool_window(call: Call, given: Map, ndim: int) -> dict[str, Option]:
    args = call.args
    options: dict[str, Option] = {}
    one = (1,) * given.lead
    put(options, "kernel_size", axes_option(args["kernel_size"], ndim, None, one))
    put(options, "stride", axes_option(args["stride"] or args["kernel_size"], ndim, None, one))
    put(options, "padding", pads_option(args["padding"], ndim, (0,) * given.lead))
    return options


def _own_stride(options: dict[str, Option]) -> dict[str, Option]:
    """A pool whose stride is its kernel does not say so."""
    if options.get("stride") == options["kernel_size"]:
        del options["stride"]
    return options


def adaptive(kind: str, whole: str) -> Callable[[Call], Any]:
    """Adaptive pools; of size 1 they are the global ones."""

    def mapped(call: Call) -> Any:
        shape = call.shape()
        sizes = shape[1:]
        if axes.without(call.x.dims[0], BATCH):  # windows, each by itself
            made = anyhow(call, [call.x])
        elif set(sizes) == {1}:
            made = call.emit(whole, (call.plain(call.x),), shape)
        else:
            name = as_map(call.trace, call.node, call.x)
            made = call.emit(kind, (name,), shape, {"size": axes_option(sizes, len(sizes)) or 1})
        return (made, None) if len(call.results) > 1 else made

    return mapped


def upsample(mode: str) -> Callable[[Call], Held]:
    """`upsample_MODE(x, output_size, [align_corners], scale_factors)`."""

    def mapped(call: Call) -> Held:
        if axes.without(call.x.dims[0], BATCH):
            return anyhow(call, [call.x])
        x = as_map(call.trace, call.node, call.x)
        shape = call.shape()
        ndim = len(shape) - 1
        scales = _scales(call, ndim)
        options: dict[str, Option] = {}
        if call.args.get("output_size") is not None or not scales:
            put(options, "size", axes_option(shape[1:], ndim))
        elif all(float(each).is_integer() for each in scales):
            put(options, "scale", axes_option(scales, ndim))
        else:
            options["scale"] = _fractions(scales, call.trace.shapes[x][1:])
        if mode != "nearest":
            options["mode"] = mode
        if call.args.get("align_corners"):
            options["align_corners"] = True
        if call.op.endswith("_aa"):
            options["antialias"] = True
        return call.emit("upsample", (x,), shape, options)

    return mapped


def _scales(call: Call, ndim: int) -> list[float]:
    found = call.args.get("scale_factors")
    return [] if found is None else [float(each) for each in found] * (ndim // len(found))


def _fractions(scales: list[float], before: tuple[int, ...]) -> Option:
    exact = [Fraction(each).limit_denominator(1000) for each in scales]
    if any(float(part) != each for part, each in zip(exact, scales, strict=True)):
        raise UnmappedError(f"the scale {scales} from {before} is no short fraction")
    texts = [str(part) for part in exact]
    return texts[0] if len(set(texts)) == 1 else tuple(texts)
