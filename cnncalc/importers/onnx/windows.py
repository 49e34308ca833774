"""ONNX ops with a window: convolutions, pools, pads, resizing."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, prod
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.constants import integers
from cnncalc.importers.onnx.wire import Tensor
from cnncalc.importers.tensors.trace import UnmappedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.nodes import Call
    from cnncalc.importers.tensors.trace import Held

Pairs = tuple[tuple[int, int], ...]
_WORDS = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower"}
MAX_LISTED = 4096
"""Sizes up to which a rounding rule of Resize is compared position by position."""


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


def conv(call: Call) -> Held:
    """`Conv(x, weight, bias)`; depthwise where every channel is a group."""
    x, weight = call.plain(call.x), call.weight(1)
    channels, *sizes = call.shape(x)
    options: dict[str, Option] = {}
    groups, out = call.integer("group", 1), weight.dims[0]
    if groups < 1 or weight.dims[1] * groups != channels:
        raise UnmappedError(f"a weight for {weight.dims[1] * groups} channels on a map of {channels}")
    depthwise = groups == channels > 1 and out % channels == 0
    if not depthwise:
        options["out_channels"] = out
    options.update(_window(call, _kernel(call, weight, len(sizes))))
    if depthwise and out > channels:
        options["multiplier"] = out // channels
    elif not depthwise and groups > 1:
        options["groups"] = groups
    options["bias"] = call.constant(2) is not None
    return call.layer("dwconv" if depthwise else "conv", [x], options, [weight])


def conv_transposed(call: Call) -> Held:
    """`ConvTranspose(x, weight, bias)`; an `output_shape` is turned into padding by the rule of the standard."""
    x, weight = call.plain(call.x), call.weight(1)
    sizes = call.shape(x)[1:]
    groups = call.integer("group", 1)
    kernel = _kernel(call, weight, len(sizes))
    options: dict[str, Option] = {"out_channels": weight.dims[1] * groups, **_window(call, kernel)}
    extra = call.ints("output_padding", (0,) * len(sizes)) or ()
    wanted = call.ints("output_shape")
    if wanted:
        pairs, extra = _aimed(call, sizes, kernel, extra, wanted[-len(sizes) :])
        options["padding"] = pads_of(pairs)
    if any(extra):
        options["output_padding"] = short(extra)
    if groups > 1:
        options["groups"] = groups
    options["bias"] = call.constant(2) is not None
    return call.layer("convt", [x], options, [weight])


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
        if len(call.node.outputs) > 1 and call.uses.get(call.node.outputs[1]):
            raise UnmappedError("its indices are used")
        x = call.plain(call.x)
        kernel = call.ints("kernel_shape") or ()
        if len(kernel) != len(call.shape(x)) - 1:
            raise UnmappedError(f"a kernel of {len(kernel)} axes on a map of {len(call.shape(x)) - 1}")
        options = _window(call, kernel)
        if op != "maxpool" and "dilation" in options:
            raise UnmappedError(f"{call.node.op} with a dilation")
        if options.get("stride", 1) == options["kernel_size"]:
            options.pop("stride", None)
        else:
            options.setdefault("stride", 1)
        if call.integer("ceil_mode"):
            options["ceil_mode"] = True
        if op == "lppool" and call.integer("p", 2) != 2:  # noqa: PLR2004 - the default
            options["norm_type"] = call.integer("p", 2)
        if "padding" in options:
            pairs = _pool_pairs(call, call.shape(x)[1:], kernel, str(options["padding"]))
            if op == "lppool" or any(2 * max(pair) > k for pair, k in zip(pairs, kernel, strict=True)):
                options.pop("padding")
                x = call.layer("pad", [x], {"padding": pads_of(pairs)}, suffix=".pad")
        return call.layer(op, [x], options)

    return mapped


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


def pad(call: Call) -> Held:
    """`Pad`: of positions alone; negative numbers crop."""
    x = call.plain(call.x)
    ndim = len(call.shape(x)) - 1
    pads = call.ints("pads") if call.node.attributes.get("pads") is not None else integers(call.constant(1))
    if pads is None:
        raise UnmappedError("its padding is not a constant")
    rank = len(x.dims)
    full = [0] * (2 * rank)
    axes = integers(call.constant(3)) if call.constant(3) is not None else tuple(range(rank))
    if axes is None or len(pads) != 2 * len(axes):
        raise UnmappedError(f"{len(pads)} numbers of padding for {rank} axes")
    for at, axis in enumerate(axes):
        full[axis % rank], full[rank + axis % rank] = pads[at], pads[at + len(axes)]
    pairs = tuple(zip(full[:rank], full[rank:], strict=True))
    if any(map(any, pairs[: rank - ndim])):
        raise UnmappedError("padding of the channels or the batch")
    if not any(map(any, pairs)):
        return x
    modes = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    mode = modes.get(call.word("mode", "constant"))
    if mode is None:
        raise UnmappedError(f"padding of mode {call.word('mode')}")
    options: dict[str, Option] = {"padding": pads_of(pairs[rank - ndim :])}
    if mode != "zeros":
        options["padding_mode"] = mode
    return call.layer("pad", [x], options)


def resize(call: Call) -> Held:
    """`Resize` and `Upsample`, in the coordinate modes that the language has."""
    x = call.plain(call.x)
    before = call.shape(x)[1:]
    scales, after = _target(call, x, before)
    if after == before:
        return x
    mode = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "cubic": "cubic"}.get(
        call.word("mode", "nearest")
    )
    # Before version 11 there was one way only, that of `asymmetric` and `floor`.
    modern = call.node.op == "Resize" and call.opset >= 11  # noqa: PLR2004 - the version of the operator set
    where = call.word("coordinate_transformation_mode", "half_pixel") if modern else "asymmetric"
    options: dict[str, Option] = _extent(before, after, scales)
    if mode is None:
        raise UnmappedError(f"resizing of mode {call.word('mode')}")
    if call.integer("antialias") and any(m < n for n, m in zip(before, after, strict=True)):
        raise UnmappedError("resizing down with antialias")
    if mode == "nearest":
        rounding = call.word("nearest_mode", "round_prefer_floor") if modern else "floor"
        mode = _nearest(before, after, scales, where, rounding)
    elif where == "align_corners":
        options["align_corners"] = True
    elif where == "pytorch_half_pixel" and 1 not in after:
        pass
    elif where not in ("half_pixel", "half_pixel_symmetric") or (where[10:] and not _whole(before, scales)):
        raise UnmappedError(f"{mode} resizing with coordinate_transformation_mode={where}")
    if mode != "nearest":
        options["mode"] = mode
    return call.layer("upsample", [x], options)


def _whole(before: Sequence[int], scales: Sequence[Fraction]) -> bool:
    return all((n * scale).denominator == 1 for n, scale in zip(before, scales, strict=True))


def _target(call: Call, x: Held, before: Sequence[int]) -> tuple[tuple[Fraction, ...], tuple[int, ...]]:
    """The factor of each axis and the sizes that come out."""
    ndim, rank = len(before), len(x.dims)
    axes = call.ints("axes")
    given: tuple[float, ...] | None = None
    if call.node.op == "Upsample":
        at = call.node.attributes.get("scales")
        given = at if isinstance(at, tuple) else _floats(call.constant(1))
    else:
        place = 1 if len(call.node.inputs) == 2 else 2  # noqa: PLR2004 - version 10 has x and scales
        given = _floats(call.constant(place))
        sizes = integers(call.constant(3))
        if not given and sizes:
            if call.word("keep_aspect_ratio_policy", "stretch") != "stretch":
                raise UnmappedError("resizing that keeps the aspect ratio")
            after = sizes if axes is not None else sizes[rank - ndim :]
            full = list(before)
            for at_, axis in enumerate(axes if axes is not None else range(rank - ndim, rank)):
                full[axis % rank - (rank - ndim)] = after[at_]
            return tuple(Fraction(m, n) for n, m in zip(before, full, strict=True)), tuple(full)
    if not given:
        raise UnmappedError("its scales or sizes are not constants")
    scales = [Fraction(1)] * rank
    for at_, axis in enumerate(axes if axes is not None else range(rank)):
        scales[axis % rank] = _exact(given[at_])
    if any(scale != 1 for scale in scales[: rank - ndim]):
        raise UnmappedError("resizing of the channels or the batch")
    spatial = tuple(scales[rank - ndim :])
    return spatial, tuple(floor(n * scale) for n, scale in zip(before, spatial, strict=True))


def _exact(number: float) -> Fraction:
    """What a single-precision factor stands for: the simplest fraction that rounds to it."""
    if not 0 < number < MAX_LISTED:
        raise UnmappedError(f"resizing by {number}")
    simple = Fraction(number).limit_denominator(1000)
    return simple if abs(float(simple) - number) <= number * 2.0**-23 else Fraction(number)


def _floats(tensor: Tensor | None) -> tuple[float, ...] | None:
    return tuple(float(one) for one in tensor.values) if tensor is not None and tensor.values else None


def _extent(before: Sequence[int], after: Sequence[int], scales: Sequence[Fraction]) -> dict[str, Option]:
    """A factor where it is a whole one, else sizes; a factor that leaves a rest is said as it is."""
    if all(scale.denominator == 1 for scale in scales):
        return {"scale": short([int(scale) for scale in scales])}
    if all(n * scale == m for n, m, scale in zip(before, after, scales, strict=True)):
        return {"size": short(after)}
    texts = [str(float(scale)) for scale in scales]
    return {"scale": texts[0] if len(set(texts)) == 1 else tuple(texts)}


def _nearest(before: Sequence[int], after: Sequence[int], scales: Sequence[Fraction], where: str, rounding: str) -> str:
    """The mode of the language that reads the same positions; found by listing them."""
    if max((*before, *after)) > MAX_LISTED:
        raise UnmappedError(f"resizing of more than {MAX_LISTED:,} positions on an axis")
    asked = [_listed(*axis, where, rounding) for axis in zip(before, after, scales, strict=True)]
    for mode, ours in (("nearest", ("asymmetric", "floor")), ("nearest_exact", ("half_pixel", "round_prefer_ceil"))):
        if asked == [_listed(*axis, *ours) for axis in zip(before, after, scales, strict=True)]:
            return mode
    raise UnmappedError(f"nearest resizing with coordinate_transformation_mode={where}, nearest_mode={rounding}")


def _listed(n: int, m: int, scale: Fraction, where: str, rounding: str) -> list[int]:
    """Which input position each output position reads, by the formulas of the ONNX standard."""
    half = Fraction(1, 2)
    found = []
    for o in range(m):
        if where == "half_pixel" or (where == "pytorch_half_pixel" and m > 1):
            at = (o + half) / scale - half
        elif where == "half_pixel_symmetric":
            at = Fraction(n, 2) * (1 - m / (scale * n)) + (o + half) / scale - half
        elif where == "asymmetric":
            at = o / scale
        elif where == "align_corners":
            at = Fraction(o * (n - 1), m - 1) if m > 1 else Fraction(0)
        elif where == "pytorch_half_pixel":
            at = Fraction(0)
        else:
            raise UnmappedError(f"resizing with coordinate_transformation_mode={where}")
        rounded = {
            "floor": floor(at),
            "ceil": ceil(at),
            "round_prefer_floor": ceil(at - half),
            "round_prefer_ceil": floor(at + half),
        }.get(rounding)
        if rounded is None:
            raise UnmappedError(f"resizing with nearest_mode={rounding}")
        found.append(min(max(rounded, 0), n - 1))
    return found


def shuffle(op: str, option: str) -> Callable[[Call], Held]:
    """`DepthToSpace` and `SpaceToDepth`."""

    def mapped(call: Call) -> Held:
        return call.layer(op, [call.plain(call.x)], {option: call.integer("blocksize", 1)})

    return mapped


def numel(tensor: Tensor) -> int:
    """Elements of a constant."""
    return prod(tensor.dims)
