"""ONNX ops with a window: convolutions, pools, padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.geometry.shape import TensorShape
from cnncalc.importers.onnx.layout import reordered
from cnncalc.importers.onnx.nodes import learned
from cnncalc.importers.pytorch.weights import fresh, parts_of, take
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import laid, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, SPACE, Atom
from cnncalc.importers.tensors.infer import inferences
from cnncalc.importers.tensors.trace import UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.nodes import Call
    from cnncalc.importers.onnx.records import Tensor
    from cnncalc.importers.tensors.trace import Held

Pairs = tuple[tuple[int, int], ...]
_WORDS = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower"}
WINDOW = ("kernel_size", "stride", "padding", "dilation")


def short(numbers: Sequence[int]) -> Option:
    """One number where all axes agree."""
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def pads_of(pairs: Pairs) -> Option:
    """Padding as short as it can be said."""
    if all(before == after for before, after in pairs):
        return short([before for before, _ in pairs])
    return tuple(pairs)


def _pairs(call: Call, ndim: int) -> Pairs:
    pads = call.ints("pads", (0,) * (2 * ndim)) or (0,) * (2 * ndim)
    if len(pads) != 2 * ndim:
        raise UnmappedError(f"pads has {len(pads)} numbers for {ndim} axes")
    return tuple(zip(pads[:ndim], pads[ndim:], strict=True))


def _window(call: Call, kernel: Sequence[int]) -> dict[str, Option]:
    """Kernel, stride, dilation and padding; what is the default is left out."""
    ndim = len(kernel)
    strides = call.ints("strides", (1,) * ndim) or ()
    dilations = call.ints("dilations", (1,) * ndim) or ()
    if not len(strides) == len(dilations) == ndim:
        raise UnmappedError(f"strides {strides} and dilations {dilations} for a kernel of {ndim} axes")
    options: dict[str, Option] = {"kernel_size": short(kernel)}
    if any(one != 1 for one in strides):
        options["stride"] = short(strides)
    word = call.word("auto_pad", "NOTSET") or "NOTSET"
    if word in _WORDS:
        options["padding"] = _WORDS[word]
    elif word == "NOTSET":
        pairs = _pairs(call, ndim)
        if any(map(any, pairs)):
            options["padding"] = pads_of(pairs)
    elif word != "VALID":
        raise UnmappedError(f"auto_pad={word}")
    if any(one != 1 for one in dilations):
        options["dilation"] = short(dilations)
    return options


def _kernel(call: Call, weight: Tensor, ndim: int) -> tuple[int, ...]:
    kernel = weight.dims[2:]
    if len(kernel) != ndim or call.ints("kernel_shape", kernel) != kernel:
        raise UnmappedError(f"a weight of {weight.dims} on a map of {ndim} axes")
    return kernel


def conv(at: int = 1, bias: int = 2) -> Callable[[Call], Held]:
    """`Conv(x, weight, bias)`, and its quantized kin with weight and bias at other places."""

    def mapped(call: Call) -> Held:
        weight = call.weight(at)
        return _convolved(call, weight, call.constant(bias) if bias else None)

    return mapped


def _convolved(call: Call, weight: Tensor, bias: Tensor | None) -> Held:
    groups, out = call.integer("group", 1), weight.dims[0]
    try:
        x = call.map(call.x)
    except UnmappedError:
        return _patches(call, "conv", weight, bias)
    channels, *sizes = call.shape(x)
    if groups < 1 or weight.dims[1] * groups != channels:
        raise UnmappedError(f"a weight for {weight.dims[1] * groups} channels on a map of {channels}")
    options: dict[str, Option] = {"out_channels": out, **_window(call, _kernel(call, weight, len(sizes)))}
    padding = _lopsided(call, options, sizes)
    if padding is not None:
        x = call.layer("pad", [x], {"padding": padding}, suffix=".pad")
    if groups > 1:
        options["groups"] = groups
    choices = [{**options, "bias": True}, {**options, "bias": False}][bias is None :]
    return call.weighted("conv", x, choices, [weight, bias], WINDOW)


def _patches(call: Call, op: str, weight: Tensor, bias: Tensor | None) -> Held:
    """A convolution of maps that are positions of another one: declared, with exact figures."""
    trace, x = call.trace, call.x
    count, channels, *sizes = call.sizes(x)
    groups = call.integer("group", 1)
    options: dict[str, Option] = {"out_channels": weight.dims[0], **_window(call, _kernel(call, weight, len(sizes)))}
    if groups > 1:
        options["groups"] = groups
    (found,) = inferences(op, [TensorShape(channels, tuple(sizes))], options)
    shape, dims = laid(trace, [count, *found.output], 1)
    given = [learned(one) for one in (weight, bias) if one is not None]
    parts = parts_of(given)
    macs = found.macs * count // trace.samples
    declared: dict[str, Option] = {"out": text(shape), "params": fresh(trace, parts), "macs": macs, "sees_all": True}
    made = trace.emit(call.node, "custom", (x.layer,), shape, declared)
    take(trace, parts, made.layer)
    return replace(made, dims=dims)


def _lopsided(call: Call, options: dict[str, Option], sizes: Sequence[int]) -> Option | None:
    """Padding that a convolution cannot have: negative numbers crop."""
    if isinstance(options.get("padding"), str):
        return None
    pairs = _pairs(call, len(sizes))
    if all(min(pair) >= 0 for pair in pairs):
        return None
    options.pop("padding", None)
    return pads_of(pairs)


def conv_transposed(call: Call) -> Held:
    """`ConvTranspose(x, weight, bias)`; an `output_shape` is turned into padding by the rule of the standard."""
    x, weight = call.map(call.x), call.weight(1)
    sizes = call.shape(x)[1:]
    groups = call.integer("group", 1)
    kernel = _kernel(call, weight, len(sizes))
    if groups < 1 or weight.dims[0] != call.shape(x)[0]:
        raise UnmappedError(f"a weight for {weight.dims[0]} channels on a map of {call.shape(x)[0]}")
    options: dict[str, Option] = {"out_channels": weight.dims[1] * groups, **_window(call, kernel)}
    extra = call.ints("output_padding", (0,) * len(sizes)) or ()
    wanted = call.ints("output_shape")
    word = call.word("auto_pad", "NOTSET") or "NOTSET"
    strides = call.ints("strides", (1,) * len(sizes)) or ()
    if not wanted and word in _WORDS:
        wanted = tuple(n * s for n, s in zip(sizes, strides, strict=True))
    if wanted:
        pairs, extra = _aimed(call, sizes, kernel, extra, wanted[-len(sizes) :])
        options["padding"] = pads_of(pairs)
    if any(extra):
        options["output_padding"] = short(extra)
    if groups > 1:
        options["groups"] = groups
    bias = call.constant(2)
    choices = [{**options, "bias": True}, {**options, "bias": False}][bias is None :]
    return call.weighted("convt", x, choices, [weight, bias])


def _aimed(
    call: Call, sizes: Sequence[int], kernel: Sequence[int], extra: Sequence[int], wanted: Sequence[int]
) -> tuple[Pairs, tuple[int, ...]]:
    ndim = len(sizes)
    strides, dilations = (call.ints(name, (1,) * ndim) or () for name in ("strides", "dilations"))
    pairs, extras = [], []
    for n, k, s, d, more, out in zip(sizes, kernel, strides, dilations, extra, wanted, strict=True):
        total = s * (n - 1) + more + (k - 1) * d + 1 - out
        less, rest = max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
        pairs.append((less, rest) if call.word("auto_pad") == "SAME_UPPER" else (rest, less))
        extras.append(more + max(-total, 0))
    return tuple(pairs), tuple(extras)


def pool(op: str) -> Callable[[Call], Held]:
    """`MaxPool`, `AveragePool` and `LpPool`."""

    def mapped(call: Call) -> Held:
        if call.is_read(1):
            raise UnmappedError("its indices are used")
        x = call.map(call.x)
        kernel = call.ints("kernel_shape") or ()
        if len(kernel) != len(call.shape(x)) - 1:
            raise UnmappedError(f"a kernel of {len(kernel)} axes on a map of {len(call.shape(x)) - 1}")
        options = _window(call, kernel)
        if call.integer("ceil_mode"):
            options["ceil_mode"] = True
        if op == "lppool" and call.integer("p", 2) != 2:  # noqa: PLR2004 - the default
            options["norm_type"] = call.integer("p", 2)
        if "padding" in options:
            pairs = _pool_pairs(call, call.shape(x)[1:], kernel, str(options["padding"]))
            if op == "lppool" or any(2 * max(pair) > k for pair, k in zip(pairs, kernel, strict=True)):
                options.pop("padding")
                x = call.layer("pad", [x], {"padding": pads_of(pairs)}, suffix=".pad")
        if op != "maxpool" and "dilation" in options:
            return _dilated(call, x, options)
        if options.get("stride", 1) == options["kernel_size"]:
            options.pop("stride", None)
        else:
            options.setdefault("stride", 1)
        return call.layer(op, [x], options)

    return mapped


def _dilated(call: Call, x: Held, options: dict[str, Option]) -> Held:
    """A mean or power mean whose taps are apart: declared, with its window and the size of a maximum like it."""
    options.pop("norm_type", None)
    made = call.layer("maxpool", [x], {"stride": 1, **options})
    layer = call.trace.layers[made.layer]
    given: dict[str, Option] = {"out": "x".join(map(str, ("?", *layer.shape[1:]))), **options, "params": 0, "macs": 0}
    if given.pop("ceil_mode", False):
        given.pop("padding", None)  # what the size needs is fitted
    call.trace.layers[made.layer] = replace(layer, op="custom", options=given)
    return made


def _pool_pairs(call: Call, sizes: Sequence[int], kernel: Sequence[int], word: str) -> Pairs:
    """The padding in numbers, whichever way it is said."""
    ndim = len(kernel)
    if word not in _WORDS.values():
        return _pairs(call, ndim)
    strides, dilations = (call.ints(name, (1,) * ndim) or () for name in ("strides", "dilations"))
    pairs = []
    for n, k, s, d in zip(sizes, kernel, strides, dilations, strict=True):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        less, more = total // 2, total - total // 2
        pairs.append((less, more) if word == "same" else (more, less))
    return tuple(pairs)


_MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


def pad(call: Call) -> Held:
    """`Pad`: of positions; negative numbers crop; more channels are declared."""
    x = call.x
    pads = call.numbers("pads" if "pads" in call.node.attributes else "paddings", 1)
    rank = len(x.dims)
    places = [call.axis(axis) for axis in call.numbers("axes", 3) or range(rank)]
    if pads is None or len(pads) != 2 * len(places):
        raise UnmappedError(f"{len(pads or ())} numbers of padding for {rank} axes")
    pairs = [(0, 0)] * rank
    for at, place in enumerate(places):
        pairs[place] = pads[at], pads[at + len(places)]
    if not any(map(any, pairs)):
        return x
    if any(map(any, pairs[:1])):
        raise UnmappedError("padding of the batch")
    mode = _MODES.get(call.word("mode", "constant"))
    if mode is None:
        raise UnmappedError(f"padding of mode {call.word('mode')}")
    return _padded(call, x, pairs, mode)


def _padded(call: Call, x: Held, pairs: Sequence[tuple[int, int]], mode: str) -> Held:
    """Axis by axis of the layer, where the dimensions are its axes; else anyhow."""
    if axes.has(x.dims, REPEAT):
        x = spread(call.trace, call.node, x)
    shape = call.shape(x)
    wanted = [place for place, pair in enumerate(pairs) if any(pair)]
    is_whole = all(
        len(x.dims[at]) == 1 and x.dims[at][0].axis not in (BATCH, REPEAT)
        and axes.only(x.dims[at], x.dims[at][0].axis, shape[x.dims[at][0].axis - CHANNELS])
        for at in wanted
    )  # fmt: skip
    if not is_whole or x.layer in call.trace.tokens:
        return reordered(call, x, [size + sum(pair) for size, pair in zip(call.sizes(x), pairs, strict=True)])
    numbers = {place: x.dims[place][0].axis for place in wanted}
    dims = list(x.dims)
    sides = [(0, 0)] * (len(shape) - 1)
    for place, axis in numbers.items():
        size = shape[axis - CHANNELS] + sum(pairs[place])
        if size < 1:
            raise UnmappedError("padding that leaves nothing")
        dims[place] = (Atom(axis, size),) if size > 1 else ()
        if axis == CHANNELS:
            options: dict[str, Option] = {"out": "x".join([str(size), *"?" * (len(shape) - 1)]), "params": 0, "macs": 0}
            x = call.layer("custom", [x], options, suffix="_channels")
        else:
            sides[axis - SPACE] = pairs[place]
    if any(map(any, sides)):
        given: dict[str, Option] = {"padding": pads_of(tuple(sides))}
        if mode != "zeros":
            given["padding_mode"] = mode
        x = call.layer("pad", [x], given)
    return replace(x, dims=tuple(dims))
