"""Windows from PyTorch: convolutions, pools, upsampling, unfolding."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.weights import due, fresh, parts_of, take, weighted
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import arranged, as_map, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, SPACE, Atom
from cnncalc.importers.tensors.cutting import Stretch, cut
from cnncalc.importers.tensors.trace import Held, UnmappedError, Weights
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.pytorch.call import Call

WINDOW = ("kernel_size", "stride", "padding", "dilation")


@value
class Map:
    """The map that a window slides over; where positions stood in the batch they are an axis of their own, the first."""

    name: str
    lead: int = 0
    """1 where there is such an axis."""
    heads: int = 1
    """Groups of channels that stood in the batch: the first part of the channels."""


def _map(call: Call, x: Held) -> Map:
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


def _made(call: Call, given: Map, made: Held) -> Held:
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


def _shape(call: Call, given: Map, index: int = 0) -> Shape:
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


def conv(call: Call) -> Held:
    """`convNd(x, weight, bias, stride, padding, dilation, groups)`."""
    args, weight, bias = call.args, call.args["weight"], call.args["bias"]
    if not isinstance(weight, Weights):
        raise UnmappedError("a convolution whose kernel is computed from the input")
    ndim = len(weight.shape) - 2
    if not any(each != 1 for each in weight.shape[2:]) and _is_linear(call, ndim):
        return _on_tokens(call, weight)
    given = _map(call, call.x)
    one, none = (1,) * given.lead, (0,) * given.lead
    options: dict[str, Option] = {"out_channels": weight.shape[0]}
    _put(options, "kernel_size", axes_option(weight.shape[2:], ndim, None, one))
    _put(options, "stride", axes_option(args["stride"], ndim, 1, one))
    padding = args["padding"]
    if padding == "same":
        options["padding"] = "same"
    elif padding != "valid":
        _put(options, "padding", _pads(padding, ndim, none))
    _put(options, "dilation", axes_option(args["dilation"], ndim, 1, one))
    groups = args["groups"]
    _put(options, "groups", None if groups == 1 else groups)
    shape = _shape(call, given)
    if given.heads > 1:
        return _made(call, given, _on_heads(call, given, options, weight, bias))
    blurred = None if weight.trained else _blur(call, given, options, shape)
    if blurred is not None:
        return _made(call, given, blurred)
    choices: list[dict[str, Option]] = [
        {**options, "bias": bias} for bias in ([True, False] if parts_of([bias]) else [False])
    ]
    return _made(call, given, weighted(call, "conv", given.name, shape, choices, [weight, bias], WINDOW))


def _on_heads(call: Call, given: Map, options: dict[str, Option], weight: Weights, bias: Any) -> Held:
    """The same convolution for every head: declared."""
    shape = _shape(call, given)
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
    given = _map(call, call.x)
    if given.heads > 1:
        raise UnmappedError("heads stand in the batch")
    one, none = (1,) * given.lead, (0,) * given.lead
    options: dict[str, Option] = {"out_channels": weight.shape[1] * groups}
    _put(options, "kernel_size", axes_option(weight.shape[2:], ndim, None, one))
    _put(options, "stride", axes_option(args["stride"], ndim, 1, one))
    _put(options, "padding", _pads(args["padding"], ndim, none))
    _put(options, "output_padding", axes_option(args["output_padding"], ndim, 0, none))
    _put(options, "groups", None if groups == 1 else groups)
    _put(options, "dilation", axes_option(args["dilation"], ndim, 1, one))
    choices: list[dict[str, Option]] = [
        {**options, "bias": bias} for bias in ([True, False] if parts_of([bias]) else [False])
    ]
    if not weight.trained:
        raise UnmappedError("a transposed convolution with a fixed kernel")
    return _made(call, given, weighted(call, "convt", given.name, _shape(call, given), choices, [weight, bias]))


def maxpool(call: Call) -> Any:
    """`max_poolNd(x, kernel_size, stride, padding, dilation, ceil_mode)`; of the results the values alone."""
    given = _map(call, call.x)
    shape = _shape(call, given)
    options = _pool_window(call, given, len(shape) - 1 - given.lead)
    _put(options, "dilation", axes_option(call.args["dilation"], len(shape) - 1 - given.lead, 1, (1,) * given.lead))
    _put(options, "ceil_mode", True if call.args["ceil_mode"] else None)
    made = _made(call, given, call.emit("maxpool", (given.name,), shape, _own_stride(options)))
    return (made, None) if len(call.results) > 1 else made


def avgpool(call: Call) -> Held:
    """`avg_poolNd(x, kernel_size, stride, padding, ceil_mode, count_include_pad)`."""
    given = _map(call, call.x)
    shape = _shape(call, given)
    options = _pool_window(call, given, len(shape) - 1 - given.lead)
    _put(options, "ceil_mode", True if call.args["ceil_mode"] else None)
    _put(options, "count_include_pad", None if call.args["count_include_pad"] or "padding" not in options else False)
    return _made(call, given, call.emit("avgpool", (given.name,), shape, _own_stride(options)))


def _pool_window(call: Call, given: Map, ndim: int) -> dict[str, Option]:
    args = call.args
    options: dict[str, Option] = {}
    one = (1,) * given.lead
    _put(options, "kernel_size", axes_option(args["kernel_size"], ndim, None, one))
    _put(options, "stride", axes_option(args["stride"] or args["kernel_size"], ndim, None, one))
    _put(options, "padding", _pads(args["padding"], ndim, (0,) * given.lead))
    return options


def adaptive(kind: str, whole: str) -> Callable[[Call], Any]:
    """Adaptive pools; of size 1 they are the global ones."""

    def mapped(call: Call) -> Any:
        shape = call.shape()
        sizes = shape[1:]
        if set(sizes) == {1} and len(axes.without(call.x.dims[0], BATCH)) == 0:
            made = call.emit(whole, (call.plain(call.x),), shape)
        else:
            name = as_map(call.trace, call.node, call.x)
            made = call.emit(kind, (name,), shape, {"size": axes_option(sizes, len(sizes)) or 1})
        return (made, None) if len(call.results) > 1 else made

    return mapped


def upsample(mode: str) -> Callable[[Call], Held]:
    """`upsample_MODE(x, output_size, [align_corners], scale_factors)`."""

    def mapped(call: Call) -> Held:
        x = as_map(call.trace, call.node, call.x)
        shape = call.shape()
        ndim = len(shape) - 1
        scales = _scales(call, ndim)
        options: dict[str, Option] = {}
        if call.args.get("output_size") is not None or not scales:
            _put(options, "size", axes_option(shape[1:], ndim))
        elif all(float(each).is_integer() for each in scales):
            _put(options, "scale", axes_option(scales, ndim))
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


def im2col(call: Call) -> Held:
    """`im2col(x, kernel_size, dilation, padding, stride)`: the window's pixels as channels, positions in one row."""
    args = call.args
    name = as_map(call.trace, call.node, call.x)
    channels, *sizes = call.trace.shapes[name]
    kernel, dilation, padding, stride = (_pair(args[key]) for key in ("kernel_size", "dilation", "padding", "stride"))
    counts = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(sizes, kernel, dilation, padding, stride, strict=True)
    ]
    options = _declared_window((channels * prod(kernel), *counts), kernel, stride, [(p, p) for p in padding], dilation)
    made = call.emit("custom", (name,), (channels * prod(kernel), *counts), options)
    batch, inner, *rest = call.trace.whole(made.layer)
    return replace(made, dims=(batch, inner, axes.joined(atom for dim in rest for atom in dim)))


def unfold(call: Call) -> Held:
    """`x.unfold(dimension, size, step)`: windows along one axis, their pixels last."""
    trace, x = call.trace, call.x
    place = call.place("dimension")
    size, step = int(call.args["size"]), int(call.args["step"])
    shape = trace.shapes[x.layer]
    dim = x.dims[place]
    if len(dim) != 1 or dim[0].axis < SPACE or dim[0].size != shape[dim[0].axis - CHANNELS] or x.layer in trace.tokens:
        raise UnmappedError("windows along something else than an axis")
    axis = dim[0].axis
    ndim = len(shape) - 1
    count = (dim[0].size - size) // step + 1
    after = [shape[0] * size, *shape[1:]]
    after[axis - CHANNELS] = count
    kernel, stride = [1] * ndim, [1] * ndim
    kernel[axis - SPACE], stride[axis - SPACE] = size, step
    rest = dim[0].size - ((count - 1) * step + size)
    pads = [(0, 0)] * ndim
    pads[axis - SPACE] = (0, -rest) if rest else (0, 0)
    made = call.emit("custom", (x.layer,), tuple(after), _declared_window(after, kernel, stride, pads, [1] * ndim))
    dims = [
        tuple(Atom(CHANNELS, a.size, a.stride * size) if a.axis == CHANNELS else a for a in each) for each in x.dims
    ]
    dims[place] = (Atom(axis, count),) if count > 1 else ()
    return replace(made, dims=(*dims, (Atom(CHANNELS, size),) if size > 1 else ()))


def _declared_window(
    shape: Any, kernel: list[int], stride: list[int], pads: list[tuple[int, int]], dilation: list[int]
) -> dict[str, Option]:
    ndim = len(kernel)
    options: dict[str, Option] = {"out": text(shape)}
    _put(options, "kernel_size", axes_option(kernel, ndim))
    _put(options, "stride", axes_option(stride, ndim, 1))
    if not any(after < 0 for _, after in pads):
        options["padding"] = pads[0][0] if len({each for pair in pads for each in pair}) == 1 else tuple(pads)
    _put(options, "dilation", axes_option(dilation, ndim, 1))
    return {**options, "params": 0, "macs": 0}


def _pair(given: Any) -> list[int]:
    return [int(each) for each in given] if isinstance(given, (list, tuple)) else [int(given)] * 2


def pad(call: Call) -> Held:
    """`pad(x, (last before, last after, ...), mode, value)`; on channels-last tensors too."""
    trace, x = call.trace, call.x
    numbers = [int(each) for each in call.args["pad"]]
    mode = call.args.get("mode") or "constant"
    if not any(numbers):
        return x
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    pairs = {len(x.dims) - 1 - at // 2: (numbers[at], numbers[at + 1]) for at in range(0, len(numbers), 2)}
    for place, (before, after) in pairs.items():  # negative numbers cut off
        stretch = Stretch(start=max(-before, 0), end=axes.size_of(x.dims[place]) - max(-after, 0))
        x = cut(trace, call.node, x, place, stretch, "_crop")
    pairs = {place: (max(before, 0), max(after, 0)) for place, (before, after) in pairs.items()}
    pairs = {place: pair for place, pair in pairs.items() if pair != (0, 0)}
    if not pairs:
        return x
    shape = trace.shapes[x.layer]
    spots = {place: _axis(x, place, shape) for place in pairs}
    if any(axis is None for axis in spots.values()) or (x.layer in trace.tokens and CHANNELS not in spots.values()):
        return _padded_anyhow(call, x)
    if CHANNELS in spots.values():
        return _padded_channels(call, x, pairs)
    sides = [(0, 0)] * (len(shape) - 1)
    for place, axis in spots.items():
        sides[(axis or SPACE) - SPACE] = pairs[place]
    after = (shape[0], *(size + sum(pair) for size, pair in zip(shape[1:], sides, strict=True)))
    options: dict[str, Option] = {
        "padding": sides[0][0] if len({each for pair in sides for each in pair}) == 1 else tuple(sides)
    }
    if mode != "constant":
        options["padding_mode"] = mode
    made = call.emit("pad", (x.layer,), after, options)
    fresh = trace.whole(made.layer)
    dims = [fresh[spots[place] or 0] if place in spots else dim for place, dim in enumerate(x.dims)]
    return replace(made, dims=tuple(dims))


def _axis(x: Held, place: int, shape: Shape) -> int | None:
    """The axis that a dimension is as a whole; None where it is none."""
    dim = x.dims[place]
    if len(dim) == 1 and dim[0].axis >= CHANNELS and dim[0].size == shape[dim[0].axis - CHANNELS]:
        return dim[0].axis
    ones = [axis for axis, size in enumerate(shape, CHANNELS) if size == 1]
    if not dim and place and len(ones) == sum(not each for each in x.dims[1:]):
        return ones[sum(not each for each in x.dims[1:place])]
    return None


def _padded_channels(call: Call, x: Held, pairs: dict[int, tuple[int, int]]) -> Held:
    from cnncalc.importers.tensors.arrange import pointwise

    if len(pairs) > 1:
        return _padded_anyhow(call, x)
    ((place, pair),) = pairs.items()
    channels, *sizes = call.trace.shapes[x.layer]
    after = channels + sum(pair)
    made = call.emit("custom", (x.layer,), (after, *sizes), pointwise(len(sizes), after))
    return replace(made, dims=(*x.dims[:place], (Atom(CHANNELS, after),), *x.dims[place + 1 :]))


def _padded_anyhow(call: Call, x: Held) -> Held:
    """Of axes that do not stand by themselves: anything may be anywhere."""
    from cnncalc.importers.pytorch.layout import anyhow

    return anyhow(call, [x])


def _pads(given: Any, ndim: int, lead: tuple[int, ...] = ()) -> Option | None:
    found = axes_option(given, ndim, 0, lead)
    return tuple((each, each) for each in found) if isinstance(found, tuple) else found


def _own_stride(options: dict[str, Option]) -> dict[str, Option]:
    """A pool whose stride is its kernel does not say so."""
    if options.get("stride") == options["kernel_size"]:
        del options["stride"]
    return options


def _put(options: dict[str, Option], key: str, option: Option | None) -> None:
    if option is not None:
        options[key] = option
