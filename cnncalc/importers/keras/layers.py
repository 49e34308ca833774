"""What each Keras layer is in the language, with Keras' own rules of padding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx.nodes import add
from cnncalc.importers.onnx.windows import pads_of, short
from cnncalc.importers.onnx.wire import Tensor
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import CHANNELS
from cnncalc.importers.tensors.trace import SAMPLES, Held, Trace, UnmappedError
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cnncalc.importers.layers import Option, Shape

ACTIVATIONS = {
    "relu": "relu", "relu6": "relu6", "leaky_relu": "leaky", "elu": "elu", "selu": "selu", "celu": "celu",
    "silu": "silu", "swish": "silu", "gelu": "gelu", "mish": "mish", "hard_swish": "hswish", "hard_silu": "hswish",
    "hard_sigmoid": "hsigmoid", "hard_tanh": "hardtanh", "sigmoid": "sigmoid", "tanh": "tanh", "softplus": "softplus",
    "softmax": "softmax",
}  # fmt: skip


@value
class Spot:
    """One call of a layer."""

    name: str


@value
class Call:
    """One call of a layer with what it is given; tensors stand as N x C x sizes, whatever Keras calls the order."""

    trace: Trace
    spot: Spot
    kind: str
    config: Mapping[str, Any]
    owner: str
    """Of the weights: the path of the layer, the same for all calls."""
    given: tuple[Held, ...]

    @property
    def x(self) -> Held:
        """The only input, in plain order."""
        if not self.given:
            raise UnmappedError("it has no input")
        name = self.trace.plain(self.spot, self.given[0])
        return Held(layer=name, dims=axes.whole((SAMPLES, *self.trace.shapes[name])))

    @property
    def shape(self) -> Shape:
        """Of the layer that is the first input."""
        return self.trace.shapes[self.given[0].layer]

    @property
    def channels_first(self) -> bool:
        """Whether Keras' shapes have the channels in front."""
        return self.config.get("data_format") == "channels_first"

    def sizes(self, name: str, ndim: int, default: int = 1) -> tuple[int, ...]:
        """A number for every axis."""
        found = self.config.get(name, default)
        found = default if found is None else found
        numbers = tuple(found) if isinstance(found, (list, tuple)) else (found,) * ndim
        if len(numbers) != ndim or not all(type(one) is int for one in numbers):
            raise UnmappedError(f"{name} is {found} on {ndim} axes")
        return numbers

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        found = self.config.get(name, default)
        if type(found) is not int:
            raise UnmappedError(f"{name} is {found}")
        return found

    def layer(self, op: str, options: Mapping[str, Option], x: Held | None = None, *, weights: bool = False) -> Held:
        """A layer with the shape that its op infers."""
        tensors = (Tensor(name=self.owner),) if weights else ()
        return add(self.trace, self.spot, op, [x or self.x], options, tensors)

    def activated(self, held: Held) -> Held:
        """The activation that Keras keeps inside a layer, as one of its own."""
        word = activation_of(self.config.get("activation"))
        return held if word is None else add(self.trace, self.spot, word, [held], {}, (), f".{word}")


def activation_of(found: Any) -> str | None:
    """An activation by the name or configuration that Keras writes; None for `linear`."""
    if isinstance(found, dict):
        inner = found.get("config")
        found = inner if isinstance(inner, str) else found.get("class_name")
    if found in (None, "linear"):
        return None
    word = ACTIVATIONS.get(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(found)).lower().replace("re_lu", "relu"))
    if word is None:
        raise UnmappedError(f"the activation {found}")
    return word


def _window(call: Call, ndim: int) -> dict[str, Option]:
    options: dict[str, Option] = {"kernel_size": short(call.sizes("kernel_size", ndim))}
    strides, dilations = call.sizes("strides", ndim), call.sizes("dilation_rate", ndim)
    if any(one != 1 for one in strides):
        options["stride"] = short(strides)
    padding = call.config.get("padding", "valid")
    if padding in ("same", "causal"):
        options["padding"] = padding
    elif padding != "valid":
        raise UnmappedError(f"padding={padding}")
    if any(one != 1 for one in dilations):
        options["dilation"] = short(dilations)
    return options


def _ndim(call: Call) -> int:
    return int(re.findall(r"([123])D", call.kind)[0])


def conv(call: Call) -> Held:
    """`Conv1D` to `Conv3D`, depthwise and separable ones."""
    x, ndim = call.x, _ndim(call)
    window = _window(call, ndim)
    options: dict[str, Option] = {}
    op = "conv"
    if call.kind.startswith("Depthwise"):
        op = "dwconv"
    else:
        options["out_channels"] = call.number("filters")
    options.update(window)
    if call.kind.startswith(("Depthwise", "Separable")):
        op = op if op == "dwconv" else "sepconv"
        if call.number("depth_multiplier", 1) > 1:
            options["multiplier"] = call.number("depth_multiplier", 1)
    elif (call.config.get("groups") or 1) > 1:
        options["groups"] = call.number("groups")
    options["bias"] = call.config.get("use_bias", True) is not False
    return call.activated(call.layer(op, options, x, weights=True))


def conv_transposed(call: Call) -> Held:
    """`valid` gives `n*s + max(k - s, 0)`, `same` gives `n*s`; an output padding has PyTorch's meaning."""
    x, ndim = call.x, _ndim(call)
    options: dict[str, Option] = {"out_channels": call.number("filters"), **_window(call, ndim)}
    strides, dilations = call.sizes("strides", ndim), call.sizes("dilation_rate", ndim)
    reach = [d * (k - 1) + 1 for k, d in zip(call.sizes("kernel_size", ndim), dilations, strict=True)]
    if call.config.get("output_padding") is not None:
        extra = call.sizes("output_padding", ndim)
        if options.get("padding") == "same":
            options["padding"] = short([k // 2 for k in reach])
    elif "padding" not in options:
        extra = tuple(max(s - k, 0) for k, s in zip(reach, strides, strict=True))
    else:
        extra = (0,) * ndim
    if any(extra):
        options["output_padding"] = short(extra)
    options["bias"] = call.config.get("use_bias", True) is not False
    return call.activated(call.layer("convt", options, x, weights=True))


def dense(call: Call) -> Held:
    """On the last axis, which Keras has for the channels: on a map a 1x1 convolution."""
    x = call.given[0]
    out, bias = call.number("units"), call.config.get("use_bias", True) is not False
    if len(x.dims) == 2 and axes.only(x.dims[1], CHANNELS, call.shape[0]):  # noqa: PLR2004 - a batch of vectors
        source = Held(layer=x.layer, dims=axes.whole((SAMPLES, *call.shape)))
        return call.activated(call.layer("linear", {"out_channels": out, "bias": bias}, source, weights=True))
    x = call.x
    if len(call.trace.shapes[x.layer]) == 1:
        return call.activated(call.layer("linear", {"out_channels": out, "bias": bias}, x, weights=True))
    options: dict[str, Option] = {"out_channels": out, "kernel_size": 1, "bias": bias}
    return call.activated(call.layer("conv", options, x, weights=True))


def pool(op: str) -> Callable[[Call], Held]:
    """`MaxPooling` and `AveragePooling`; the stride is the pool size unless given."""

    def mapped(call: Call) -> Held:
        ndim = _ndim(call)
        kernel = call.sizes("pool_size", ndim, 2)
        strides = kernel if call.config.get("strides") is None else call.sizes("strides", ndim)
        options: dict[str, Option] = {"kernel_size": short(kernel)}
        if strides != kernel:
            options["stride"] = short(strides)
        if call.config.get("padding", "valid") == "same":
            options["padding"] = "same"
        return call.layer(op, options)

    return mapped


def pooled(op: str) -> Callable[[Call], Held]:
    """Global pools; without `keepdims` a vector."""

    def mapped(call: Call) -> Held:
        held = call.layer(op, {})
        return held if call.config.get("keepdims") else replace(held, dims=held.dims[:2])

    return mapped


def border(op: str, option: str, key: str) -> Callable[[Call], Held]:
    """`ZeroPadding` and `Cropping`."""

    def mapped(call: Call) -> Held:
        ndim = _ndim(call)
        found = call.config.get(key, 1)
        sides: list[Any] = [found] * ndim if type(found) is int else list(found)
        if ndim == 1 and len(sides) == 2:  # noqa: PLR2004 - before and after
            sides = [sides]
        pairs = tuple((one, one) if type(one) is int else (int(one[0]), int(one[1])) for one in sides)
        if len(pairs) != ndim:
            raise UnmappedError(f"{key} is {found} on {ndim} axes")
        return call.layer(op, {option: pads_of(pairs)}) if any(map(any, pairs)) else call.x

    return mapped


def upsampling(call: Call) -> Held:
    """`UpSampling`: whole factors."""
    modes = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}
    word = call.config.get("interpolation", "nearest")
    if word not in modes:
        raise UnmappedError(f"interpolation={word}")
    options: dict[str, Option] = {"scale": short(call.sizes("size", _ndim(call), 2))}
    if word != "nearest":
        options["mode"] = modes[word]
    return call.layer("upsample", options)


def norm(call: Call) -> Held:
    """Batch, layer and group norm over the channels, with scale and shift, one of them, or none."""
    x = call.x
    rank = len(x.dims)
    default = 1 if call.channels_first else -1
    axis = call.config.get("axis", default)
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    if type(axis) is not int or axis % rank not in (
        (1,) if call.channels_first else (rank - 1, 1 if axis == 1 else rank - 1)
    ):
        raise UnmappedError(f"a norm over axis {axis}")
    if axis == 1 and not call.channels_first and rank > 2:  # noqa: PLR2004 - a map, whose channels stand last
        raise UnmappedError("a norm over axis 1 of channels-last maps")
    op = {"BatchNormalization": "bn", "LayerNormalization": "ln", "GroupNormalization": "gn"}[call.kind]
    options: dict[str, Option] = {}
    if op == "gn":
        groups = call.number("groups", 32)
        options["num_groups"] = groups if groups > 0 else call.trace.shapes[x.layer][0]
    parts = [call.config.get(name, True) is not False for name in ("scale", "center")]
    if not all(parts):
        options["affine"] = False
    held = call.layer(op, options, x, weights=True)
    if any(parts) and not all(parts):
        shape = call.trace.shapes[held.layer]
        rest: dict[str, Option] = {"out": "x".join(map(str, shape)), "params": shape[0], "macs": 0}
        held = add(call.trace, call.spot, "custom", [held], rest, (), ".affine")
    return held


def activation(call: Call) -> Held:
    """Layers that are an activation alone."""
    x, kind = call.given[0], call.kind
    if kind == "ReLU":
        top, slope = call.config.get("max_value"), call.config.get("negative_slope") or 0
        word: str | None = "leaky" if slope else "relu" if top is None else "relu6" if top == 6 else "hardtanh"  # noqa: PLR2004
    else:
        word = activation_of(call.config.get("activation") if kind == "Activation" else kind)
    if word == "softmax" and call.config.get("axis", -1) not in (-1, len(x.dims) - 1):
        raise UnmappedError(f"a softmax over axis {call.config.get('axis')}")
    return x if word is None else replace(call.layer(word, {}, x), dims=x.dims)


def prelu(call: Call) -> Held:
    """One slope per channel where all other axes are shared."""
    x = call.x
    channels, *sizes = call.trace.shapes[x.layer]
    shared = call.config.get("shared_axes") or []
    spread = [size for at, size in enumerate(sizes, 1) if at not in shared and size > 1]
    if spread:
        raise UnmappedError("a slope for every position")
    one = len(sizes) + 1 in shared
    return call.layer("prelu", {} if one else {"num_parameters": channels}, x, weights=True)


def dropout(call: Call) -> Held:
    """No effect at inference."""
    rate = call.config.get("rate", 0)
    if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        raise UnmappedError(f"a rate of {rate}")
    return replace(call.layer("dropout", {"p": f"{rate:.6g}"}, call.given[0]), dims=call.given[0].dims)


def nothing(call: Call) -> Held:
    """No figure changes."""
    return call.given[0]


def merge(op: str) -> Callable[[Call], Held]:
    """Two or more tensors; `Multiply` takes a gate as well."""

    def mapped(call: Call) -> Held:
        held = [_plain(call, one) for one in call.given]
        if len(held) == 1:
            return held[0]
        shapes = {call.trace.shapes[one.layer] for one in held}
        if op == "concat":
            rank, axis = len(held[0].dims), call.config.get("axis", -1)
            wanted = 1 if call.channels_first or rank == 2 else rank - 1  # noqa: PLR2004 - vectors
            if axis % rank != wanted:
                raise UnmappedError(f"concatenation over axis {axis}")
        elif op != "mul" and len(shapes) > 1:
            raise UnmappedError(f"{op} of {' and '.join('x'.join(map(str, shape)) for shape in shapes)}")
        return add(call.trace, call.spot, op, held, {})

    return mapped


def _plain(call: Call, held: Held) -> Held:
    name = call.trace.plain(call.spot, held)
    return Held(layer=name, dims=axes.whole((SAMPLES, *call.trace.shapes[name])))


def flatten(call: Call) -> Held:
    """All positions and channels in one axis; their order changes no figure."""
    x = call.given[0]
    return x if len(x.dims) == 2 else call.layer("flatten", {})  # noqa: PLR2004 - a vector already


def reshape(call: Call) -> Held:
    """`Reshape`, with the channels last as Keras has them."""
    x = call.given[0]
    target = call.config.get("target_shape")
    if not isinstance(target, (list, tuple)) or not target or not all(type(one) is int for one in target):
        raise UnmappedError(f"target_shape is {target}")
    sizes = list(target)
    count = 1
    for dim in x.dims[1:]:
        count *= axes.size_of(dim)
    known = 1
    for size in sizes:
        known *= size if size != -1 else 1
    if sizes.count(-1) == 1 and known > 0:
        sizes[sizes.index(-1)] = count // known
    last = (x.dims[0], *x.dims[2:], x.dims[1])
    found = axes.viewed(last, (SAMPLES, *sizes)) if min(sizes) > 0 else None
    if found is None:
        raise UnmappedError(f"a reshape to {'x'.join(map(str, target))}")
    return replace(x, dims=(found[0], found[-1], *found[1:-1]))


def permute(call: Call) -> Held:
    """`Permute`, whose dims count from 1 behind the batch."""
    x = call.given[0]
    order = call.config.get("dims")
    rank = len(x.dims)
    if not isinstance(order, (list, tuple)) or sorted(order) != list(range(1, rank)):
        raise UnmappedError(f"dims is {order}")
    last = (x.dims[0], *x.dims[2:], x.dims[1])
    moved = [last[at] for at in (0, *order)]
    return replace(x, dims=(moved[0], moved[-1], *moved[1:-1]))


def _each(
    makers: Mapping[str, Callable[[Call], Held]], ndims: Sequence[int] = (1, 2, 3)
) -> dict[str, Callable[[Call], Held]]:
    return {name.format(ndim): mapper for name, mapper in makers.items() for ndim in ndims}


MAPPERS: dict[str, Callable[[Call], Held]] = {
    **_each(
        {
            "Conv{}D": conv, "Convolution{}D": conv, "DepthwiseConv{}D": conv, "SeparableConv{}D": conv,
            "Conv{}DTranspose": conv_transposed,
            "MaxPooling{}D": pool("maxpool"), "MaxPool{}D": pool("maxpool"),
            "AveragePooling{}D": pool("avgpool"), "AvgPool{}D": pool("avgpool"),
            "GlobalAveragePooling{}D": pooled("gap"), "GlobalMaxPooling{}D": pooled("gmp"),
            "ZeroPadding{}D": border("pad", "padding", "padding"),
            "Cropping{}D": border("crop", "cropping", "cropping"),
            "UpSampling{}D": upsampling, "SpatialDropout{}D": dropout,
        }
    ),
    **dict.fromkeys(("BatchNormalization", "LayerNormalization", "GroupNormalization"), norm),
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"), activation),
    **dict.fromkeys(
        ("Identity", "ActivityRegularization", "Rescaling", "Normalization", "GaussianNoise", "RandomFlip",
         "RandomRotation", "RandomZoom", "RandomContrast", "RandomTranslation", "RandomBrightness"),
        nothing,
    ),
    **dict.fromkeys(("Dropout", "AlphaDropout", "GaussianDropout"), dropout),
    "Dense": dense,
    "PReLU": prelu,
    "Add": merge("add"),
    "Subtract": merge("sub"),
    "Multiply": merge("mul"),
    "Maximum": merge("max"),
    "Concatenate": merge("concat"),
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
}  # fmt: skip
