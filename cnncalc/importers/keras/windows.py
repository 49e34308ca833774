"""Keras layers with a window, and those that change the sizes of maps, with Keras' own rules of padding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.importers.keras.activations import activated
from cnncalc.importers.keras.call import in_place, shown
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.keras.call import Call
    from cnncalc.importers.layers import Option

Pairs = tuple[tuple[int, int], ...]
MODES = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}
_PAIR = 2


def short(numbers: Sequence[int]) -> Option:
    """One number where all axes agree."""
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def short_pairs(pairs: Pairs) -> Option:
    """Padding as short as it can be said."""
    if all(before == after for before, after in pairs):
        return short([before for before, _ in pairs])
    return tuple(pairs)


def _ndim(call: Call) -> int:
    return int(re.findall(r"([123])D", call.kind)[0])


def mapped(call: Call) -> Held:
    """The input as a map, and as many axes as the layer is made for."""
    x, ndim = call.x, _ndim(call)
    if len(x.dims) != ndim + 2:
        raise UnmappedError(f"its input has {len(x.dims)} axes, {ndim + 2} with the batch were expected")
    return call.map(x, first=call.channels_first)


def _placed(call: Call, held: Held) -> Held:
    return activated(call, in_place(held, first=call.channels_first))


def _window(call: Call, ndim: int) -> dict[str, Option]:
    options: dict[str, Option] = {"kernel_size": short(call.numbers("kernel_size", ndim))}
    strides, dilations = call.numbers("strides", ndim), call.numbers("dilation_rate", ndim)
    if any(one != 1 for one in strides):
        options["stride"] = short(strides)
    padding = call.argument("padding", default="valid")
    if padding in ("same", "causal"):
        options["padding"] = padding
    elif padding != "valid":
        raise UnmappedError(f"padding is {shown(padding)}")
    if any(one != 1 for one in dilations):
        options["dilation"] = short(dilations)
    return options


def conv(call: Call) -> Held:
    """`Conv1D` to `Conv3D`, depthwise and separable ones."""
    x, ndim = mapped(call), _ndim(call)
    options: dict[str, Option] = {}
    op = "dwconv" if call.kind.startswith("Depthwise") else "sepconv" if call.kind.startswith("Separable") else "conv"
    if op != "dwconv":
        options["out_channels"] = call.number("filters")
    options.update(_window(call, ndim))
    if op != "conv":
        if call.number("depth_multiplier", 1) > 1:
            options["multiplier"] = call.number("depth_multiplier", 1)
    elif call.number("groups", 1) > 1:
        options["groups"] = call.number("groups")
    options["bias"] = call.flag("use_bias", default=True)
    return _placed(call, call.layer(op, options, x, weights=""))


def conv_transposed(call: Call) -> Held:
    """`valid` gives `n*s + max(k - s, 0)`, `same` gives `n*s`, with an output padding p `(n-1)*s + k%2 + p`."""
    x, ndim = mapped(call), _ndim(call)
    options: dict[str, Option] = {"out_channels": call.number("filters"), **_window(call, ndim)}
    strides, dilations = call.numbers("strides", ndim), call.numbers("dilation_rate", ndim)
    reach = [d * (k - 1) + 1 for k, d in zip(call.numbers("kernel_size", ndim), dilations, strict=True)]
    extra = (0,) * ndim
    if call.argument("output_padding") is None:
        if "padding" not in options:
            extra = tuple(max(s - k, 0) for k, s in zip(reach, strides, strict=True))
    elif "padding" not in options:
        extra = call.numbers("output_padding", ndim)
    else:
        # What the convolution that this one transposes would have padded; the odd position after.
        cut = [k - k % 2 - p for k, p in zip(reach, call.numbers("output_padding", ndim), strict=True)]
        options["padding"] = short_pairs(tuple((max(n, 0) // 2, max(n, 0) - max(n, 0) // 2) for n in cut))
        extra = tuple(max(-n, 0) for n in cut)
    if any(extra):
        options["output_padding"] = short(extra)
    if call.number("groups", 1) > 1:
        options["groups"] = call.number("groups")
    options["bias"] = call.flag("use_bias", default=True)
    return _placed(call, call.layer("convt", options, x, weights=""))


def pool(op: str) -> Callable[[Call], Held]:
    """`MaxPooling` and `AveragePooling`; the stride is the pool size unless given."""

    def pooled(call: Call) -> Held:
        x, ndim = mapped(call), _ndim(call)
        kernel = call.numbers("pool_size", ndim, 2)
        strides = kernel if call.argument("strides") is None else call.numbers("strides", ndim)
        options: dict[str, Option] = {"kernel_size": short(kernel)}
        if strides != kernel:
            options["stride"] = short(strides)
        padding = call.argument("padding", default="valid")
        if padding == "same":
            options["padding"] = "same"
        elif padding != "valid":
            raise UnmappedError(f"padding is {shown(padding)}")
        return in_place(call.layer(op, options, x), first=call.channels_first)

    return pooled


def global_pool(op: str) -> Callable[[Call], Held]:
    """Global pools; without `keepdims` a vector."""

    def pooled(call: Call) -> Held:
        held = call.layer(op, {}, mapped(call))
        return in_place(held, first=call.channels_first) if call.flag("keepdims", default=False) else _vector(held)

    return pooled


def _vector(held: Held) -> Held:
    return replace(held, dims=held.dims[:2])


def adaptive_pool(op: str) -> Callable[[Call], Held]:
    """`AdaptiveAveragePooling` and `AdaptiveMaxPooling`."""

    def pooled(call: Call) -> Held:
        sizes = short(call.numbers("output_size", _ndim(call)))
        return in_place(call.layer(op, {"size": sizes}, mapped(call)), first=call.channels_first)

    return pooled


def border(op: str) -> Callable[[Call], Held]:
    """`ZeroPadding` and `Cropping`: a number, a number per axis, or pairs."""
    option = {"pad": "padding", "crop": "cropping"}[op]

    def bordered(call: Call) -> Held:
        ndim = _ndim(call)
        found = call.argument(option, default=1)
        sides: list[Any] = [found] * ndim if type(found) is int else list(found)
        if ndim == 1 and len(sides) == _PAIR:  # before and after
            sides = [sides]
        pairs = tuple((one, one) if type(one) is int else (one[0], one[1]) for one in sides)
        if len(pairs) != ndim or not all(type(one) is int and one >= 0 for pair in pairs for one in pair):
            raise UnmappedError(f"{option} is {shown(found)} on {ndim} axes")
        x = mapped(call)
        held = call.layer(op, {option: short_pairs(pairs)}, x) if any(map(any, pairs)) else x
        return in_place(held, first=call.channels_first)

    return bordered


def upsampling(call: Call) -> Held:
    """`UpSampling`: whole factors."""
    options: dict[str, Option] = {"scale": short(call.numbers("size", _ndim(call), 2))}
    return _resized(call, mapped(call), options)


def resizing(call: Call) -> Held:
    """`Resizing`, and the operation `resize`: to a size, whatever the aspect ratio."""
    for flag in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"):
        if call.flag(flag, default=False):
            raise UnmappedError(f"resizing with {flag}")
    size = call.argument("size", 1)
    if size is None:
        size = (call.number("height"), call.number("width"))
    if not isinstance(size, (list, tuple)) or len(size) != _PAIR or not all(type(one) is int for one in size):
        raise UnmappedError(f"a resize to {shown(size)}")
    x = call.map(call.x, first=call.channels_first)
    if call.tensor(x).sizes == tuple(size):
        return in_place(x, first=call.channels_first)
    return _resized(call, x, {"size": tuple(size)})


def _resized(call: Call, x: Held, options: dict[str, Option]) -> Held:
    word = call.argument("interpolation", default="nearest" if call.kind.startswith("UpSampling") else "bilinear")
    if word not in MODES:
        raise UnmappedError(f"interpolation is {shown(word)}")
    if word != "nearest":
        options["mode"] = MODES[word]
    return in_place(call.layer("upsample", options, x), first=call.channels_first)


def center_crop(call: Call) -> Held:
    """`CenterCrop`: the odd row after; what is smaller would be resized."""
    x = call.map(call.x, first=call.channels_first)
    cuts = [n - m for n, m in zip(call.tensor(x).sizes, (call.number("height"), call.number("width")), strict=True)]
    if min(cuts) < 0:
        raise UnmappedError("a crop to more than there is, which resizes")
    pairs = tuple((cut // 2, cut - cut // 2) for cut in cuts)
    held = call.layer("crop", {"cropping": short_pairs(pairs)}, x) if any(cuts) else x
    return in_place(held, first=call.channels_first)
