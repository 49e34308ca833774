"""Windows from PyTorch: convolutions, pools, upsampling, padding."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError, Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option, Shape

MODES = {0: "zeros", 1: "reflect", 2: "replicate", 3: "circular"}


def output_shape(node: Any, index: int | None = None) -> Shape:
    """Of one sample, as PyTorch knows it."""
    found = node.meta["val"] if index is None else node.meta["val"][index]
    return tuple(int(size) for size in found.shape[1:])


def axes_option(given: Any, ndim: int, default: int | None = None) -> Option | None:
    """One number where all axes agree, None where that is the default."""
    numbers = [int(each) for each in given] if isinstance(given, (list, tuple)) else [int(given)] * ndim
    if len(numbers) == 1:
        numbers *= ndim
    if len(set(numbers)) == 1:
        return None if numbers[0] == default else numbers[0]
    return tuple(numbers)


def conv(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """`convNd(x, weight, bias, stride, padding, dilation, groups)`."""
    x, weight, bias, stride, padding, dilation, groups = _filled(args, (None, None, None, 1, 0, 1, 1))
    if not isinstance(weight, Weights):
        raise UnmappedError("a convolution whose kernel is computed from the input")
    ndim = len(weight.shape) - 2
    options: dict[str, Option] = {"out_channels": weight.shape[0]}
    _put(options, "kernel_size", axes_option(weight.shape[2:], ndim))
    _put(options, "stride", axes_option(stride, ndim, 1))
    _put(options, "padding", padding if padding == "same" else None if padding == "valid" else _pads(padding, ndim))
    _put(options, "dilation", axes_option(dilation, ndim, 1))
    _put(options, "groups", None if groups == 1 else groups)
    if not weight.trained:
        return _blur(trace, node, x, options)
    options["bias"] = bias is not None
    return trace.emit(node, "conv", (trace.plain(node, x),), output_shape(node), options, (weight, bias))


def _blur(trace: Trace, node: Any, x: Held, options: dict[str, Option]) -> Held:
    """A fixed kernel on every channel by itself; other fixed kernels have no counterpart."""
    name = trace.plain(node, x)
    channels = trace.shapes[name][0]
    kernel = options["kernel_size"]
    if (options["out_channels"], options.get("groups", 1)) != (channels, channels) or not isinstance(kernel, int):
        raise UnmappedError("a convolution with a fixed kernel")
    if "dilation" in options:
        raise UnmappedError("a dilated convolution with a fixed kernel")
    given: dict[str, Option] = {"kernel_size": kernel, "stride": options.get("stride", 1)}
    given["padding"] = options.get("padding", 0)
    return trace.emit(node, "blurpool", (name,), output_shape(node), given)


def conv_transposed(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """`conv_transposeNd(x, weight, bias, stride, padding, output_padding, groups, dilation)`."""
    filled = _filled(args, (None, None, None, 1, 0, 0, 1, 1))
    x, weight, bias, stride, padding, output_padding, groups, dilation = filled
    if not isinstance(weight, Weights):
        raise UnmappedError("a convolution whose kernel is computed from the input")
    ndim = len(weight.shape) - 2
    options: dict[str, Option] = {"out_channels": weight.shape[1] * groups}
    _put(options, "kernel_size", axes_option(weight.shape[2:], ndim))
    _put(options, "stride", axes_option(stride, ndim, 1))
    _put(options, "padding", _pads(padding, ndim))
    _put(options, "output_padding", axes_option(output_padding, ndim, 0))
    _put(options, "groups", None if groups == 1 else groups)
    _put(options, "dilation", axes_option(dilation, ndim, 1))
    options["bias"] = bias is not None
    return trace.emit(node, "convt", (trace.plain(node, x),), output_shape(node), options, (weight, bias))


def maxpool(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
    """`max_poolNd(x, kernel_size, stride, padding, dilation, ceil_mode)`."""
    x, kernel, stride, padding, dilation, ceil = _filled(args, (None, None, None, 0, 1, False))
    several = isinstance(node.meta["val"], (tuple, list))
    shape = output_shape(node, 0 if several else None)
    ndim = len(shape) - 1
    options: dict[str, Option] = {}
    _put(options, "kernel_size", axes_option(kernel, ndim))
    _put(options, "stride", axes_option(stride or kernel, ndim))
    _put(options, "padding", _pads(padding, ndim))
    _put(options, "dilation", axes_option(dilation, ndim, 1))
    _put(options, "ceil_mode", True if ceil else None)
    made = trace.emit(node, "maxpool", (trace.plain(node, x),), shape, _own_stride(options))
    return (made, None) if several else made


def avgpool(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """`avg_poolNd(x, kernel_size, stride, padding, ceil_mode, count_include_pad)`."""
    x, kernel, stride, padding, ceil, counted = _filled(args, (None, None, None, 0, False, True))[:6]
    shape = output_shape(node)
    ndim = len(shape) - 1
    options: dict[str, Option] = {}
    _put(options, "kernel_size", axes_option(kernel, ndim))
    _put(options, "stride", axes_option(stride or kernel, ndim))
    _put(options, "padding", _pads(padding, ndim))
    _put(options, "ceil_mode", True if ceil else None)
    _put(options, "count_include_pad", None if counted or "padding" not in options else False)
    return trace.emit(node, "avgpool", (trace.plain(node, x),), shape, _own_stride(options))


def adaptive(kind: str, whole: str) -> Callable[[Trace, Any, Sequence[Any]], Any]:
    """Adaptive pools; of size 1 they are the global ones."""

    def mapped(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
        several = isinstance(node.meta["val"], (tuple, list))
        shape = output_shape(node, 0 if several else None)
        sizes = shape[1:]
        x = trace.plain(node, args[0])
        made = (
            trace.emit(node, whole, (x,), shape)
            if set(sizes) == {1}
            else trace.emit(node, kind, (x,), shape, {"size": axes_option(sizes, len(sizes)) or 1})
        )
        return (made, None) if several else made

    return mapped


def upsample(mode: str) -> Callable[[Trace, Any, Sequence[Any]], Held]:
    """`upsample_MODE(x, size, [align_corners], scales)`."""

    def mapped(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
        x = trace.plain(node, args[0])
        shape = output_shape(node)
        ndim = len(shape) - 1
        flags = [each for each in args[1:] if isinstance(each, bool)]
        scales = [each for each in args[2:] if isinstance(each, (list, tuple))]
        options: dict[str, Option] = {}
        before = trace.shapes[x][1:]
        if args[1] is None and scales and all(float(each).is_integer() for each in scales[0]):
            _put(options, "scale", axes_option(scales[0], ndim))
        elif args[1] is not None:
            _put(options, "size", axes_option(shape[1:], ndim))
        else:
            exact = [Fraction(float(each)).limit_denominator(1000) for each in scales[0]]
            if any(float(part) != float(each) for part, each in zip(exact, scales[0], strict=True)):
                raise UnmappedError(f"the scale {scales[0]} from {before} is no short fraction")
            texts = [str(part) for part in exact]
            options["scale"] = texts[0] if len(set(texts)) == 1 else tuple(texts)
        if mode != "nearest":
            options["mode"] = mode
        if flags and flags[0]:
            options["align_corners"] = True
        return trace.emit(node, "upsample", (x,), shape, options)

    return mapped


def pad(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
    """`pad(x, (last before, last after, ...), mode, value)`; on channels-last tensors too."""
    x, numbers, *rest = args
    mode = next((each for each in rest if isinstance(each, str)), "constant")
    mode = {"constant": "zeros"}.get(mode, mode)
    ndim = len(trace.shapes[x.layer]) - 1
    if not any(numbers):
        return x
    pairs = [(0, 0)] * ndim
    for place, at in enumerate(range(0, len(numbers), 2), 1):
        before, after = numbers[at], numbers[at + 1]
        if not before and not after:
            continue
        dim = x.dims[-place]
        if len(dim) != 1 or dim[0].stride != 1 or dim[0].axis < 2:  # noqa: PLR2004 - a spatial axis
            raise UnmappedError("padding of channels")
        pairs[dim[0].axis - 2] = (before, after)
    sizes = zip(trace.shapes[x.layer][1:], pairs, strict=True)
    shape = (trace.shapes[x.layer][0], *(size + before + after for size, (before, after) in sizes))
    options: dict[str, Option] = {
        "padding": pairs[0][0] if len({n for pair in pairs for n in pair}) == 1 else tuple(pairs)
    }
    if mode != "zeros":
        options["padding_mode"] = mode
    return resized(trace, x, trace.emit(node, "pad", (x.layer,), shape, options))


def resized(trace: Trace, before: Held, made: Held) -> Held:
    """The output of a layer that changes sizes alone, its axes where they were; only for axes that are whole."""
    order = [dim[0].axis if len(dim) == 1 else None for dim in before.dims]
    fresh = {dim[0].axis: dim for dim in made.dims if dim}
    if before.dims == _whole_like(trace, before):
        return made
    if None in order or len(order) != len(made.dims):
        raise UnmappedError("sizes change while axes are rearranged")
    return Held(layer=made.layer, dims=tuple(fresh.get(axis, ()) if axis is not None else () for axis in order))


def _whole_like(trace: Trace, held: Held) -> Any:
    from cnncalc.importers.tensors.axes import whole
    from cnncalc.importers.tensors.trace import SAMPLES

    return whole((SAMPLES, *trace.shapes[held.layer]))


def _pads(given: Any, ndim: int) -> Option | None:
    found = axes_option(given, ndim, 0)
    return tuple((each, each) for each in found) if isinstance(found, tuple) else found


def _own_stride(options: dict[str, Option]) -> dict[str, Option]:
    """A pool whose stride is its kernel does not say so."""
    if options.get("stride") == options["kernel_size"]:
        del options["stride"]
    return options


def _put(options: dict[str, Option], key: str, option: Option | None) -> None:
    if option is not None:
        options[key] = option


def _filled(args: Sequence[Any], defaults: tuple[Any, ...]) -> list[Any]:
    return [*args, *defaults[len(args) :]]
