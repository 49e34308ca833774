"""What each ATen op is in the language: one function per family, found by the name of the op."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch import layout, windows
from cnncalc.importers.pytorch.nodes import op_name
from cnncalc.importers.pytorch.windows import output_shape
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import CHANNELS, SPACE, Atom
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option

ACTIVATIONS = {
    "relu": "relu", "relu6": "relu6", "leaky_relu": "leaky", "elu": "elu", "selu": "selu", "celu": "celu",
    "silu": "silu", "gelu": "gelu", "mish": "mish", "hardswish": "hswish", "hardsigmoid": "hsigmoid",
    "sigmoid": "sigmoid", "tanh": "tanh", "softplus": "softplus",
}  # fmt: skip
NOTHING = frozenset(
    {"clone", "contiguous", "to", "_to_copy", "alias", "detach", "lift_fresh_copy", "feature_dropout", "positive"}
)
"""Ops that change no figure."""


def unmapped(trace: Trace, node: Any, args: Sequence[Any]) -> Any:  # noqa: ARG001 - one signature for all
    """Every op that is not in the table."""
    raise UnmappedError(f"{str(node.target).removesuffix('.default')} has no counterpart")


def activation(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
    """A function of every element by itself."""
    return trace.same(node, ACTIVATIONS[op_name(node)], args[0]) if isinstance(args[0], Held) else args[0]


def hardtanh(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
    """`clamp` to two numbers: relu6 where they are 0 and 6."""
    limits = tuple(args[1:3]) or (-1, 1)
    if not isinstance(args[0], Held) or None in limits or len(limits) != 2:  # noqa: PLR2004 - both ends
        raise UnmappedError("clamping to one side")
    return trace.same(node, "relu6" if limits == (0, 6) else "hardtanh", args[0])


def softmax(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """Over the channels."""
    x, dim = args[:2]
    if not _is_channels(trace, x, dim):
        raise UnmappedError("a softmax over positions")
    return trace.same(node, "softmax", x)


def dropout(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
    """No effect at inference."""
    probability = args[1]
    return trace.same(node, "dropout", args[0], {"p": _decimal(probability)})


def prelu(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """One slope, or one per channel."""
    x, weight = args
    count = weight.shape[0]
    name = trace.plain(node, x)
    options: dict[str, Option] = {} if count == 1 else {"num_parameters": count}
    return trace.emit(node, "prelu", (name,), trace.shapes[name], options, (weight,))


def batch_norm(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """`batch_norm(x, weight, bias, mean, var, ...)`."""
    return _norm(trace, node, "bn", args[0], args[1:3], (*args[1:3], *args[3:4]))


def instance_norm(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """`instance_norm(x, weight, bias, ...)`; running statistics count as buffers, which `in` has none of."""
    return _norm(trace, node, "in", args[0], args[1:3], args[1:3])


def group_norm(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """`group_norm(x, groups, weight, bias, eps)`."""
    weights = tuple(args[2:4])
    return _norm(trace, node, "gn", args[0], weights, weights, {"num_groups": args[1]})


def layer_norm(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """`layer_norm(x, shape, weight, bias)`: over channels that stand last."""
    x, shape, *weights = args[:4]
    if len(shape) != 1 or not _is_channels(trace, x, -1):
        raise UnmappedError("a layer norm over positions")
    op = "ln" if op_name(node) == "layer_norm" else "rms"
    options: dict[str, Option] = {} if any(isinstance(each, Weights) for each in weights) else {"affine": False}
    made = trace.emit(node, op, (x.layer,), trace.shapes[x.layer], options, tuple(weights))
    return replace(made, dims=x.dims)


def _norm(  # noqa: PLR0913 - a norm has this many parts
    trace: Trace,
    node: Any,
    op: str,
    x: Held,
    affine: Sequence[Any],
    weights: Sequence[Any],
    options: dict[str, Option] | None = None,
) -> Held:
    name = trace.plain(node, x)
    given: dict[str, Option] = dict(options or {})
    has = isinstance(affine[0], Weights) and affine[0].trained
    if has is not (op != "in"):  # `in` has no weights unless told, the others have
        given["affine"] = has
    return trace.emit(node, op, (name,), trace.shapes[name], given, tuple(weights))


def linear(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """On the last axis: a vector, tokens, or channels-last maps, where it is a 1x1 convolution."""
    x, weight, bias = [*args, None][:3]
    if not isinstance(weight, Weights):
        raise UnmappedError("a linear layer whose weight is computed from the input")
    out = weight.shape[0]
    options: dict[str, Option] = {"out_channels": out, "bias": bias is not None}
    if len(x.dims) == 2:  # noqa: PLR2004 - a batch of vectors
        shape = trace.shapes[x.layer]
        name = x.layer if _is_vector(trace, x) else trace.plain(node, x)
        if len(trace.shapes[name]) > 1 and any(size > 1 for size in shape[1:]):
            raise UnmappedError("a linear layer over positions")
        return trace.emit(node, "linear", (name,), (out,), options, (weight, bias))
    if not _is_channels(trace, x, -1):
        raise UnmappedError("a linear layer over positions (token mixing)")
    sizes = trace.shapes[x.layer][1:]
    if not sizes:
        raise UnmappedError("a linear layer on a vector with further axes")
    made = trace.emit(node, "conv", (x.layer,), (out, *sizes), {**options, "kernel_size": 1}, (weight, bias))
    dims = list(x.dims)
    dims[-1] = (Atom(CHANNELS, out),) if out > 1 else ()
    return replace(made, dims=tuple(dims))


def mean(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """Over all positions: a global pool."""
    x, over = args[0], args[1] if len(args) > 1 else None
    keep = bool(args[2]) if len(args) > 2 else False  # noqa: PLR2004 - keepdim is the third
    rank = len(x.dims)
    given = range(rank) if over is None else over if isinstance(over, (list, tuple)) else [over]
    places = [place % rank for place in given]
    shape = trace.shapes[x.layer]
    atoms = {atom for place in places for atom in x.dims[place]}
    wanted = {Atom(axis, size) for axis, size in enumerate(shape[1:], SPACE) if size > 1}
    if atoms != wanted or len(shape) == 1:
        raise UnmappedError("a mean over something else than all positions")
    op = "gmp" if op_name(node) == "amax" else "gap"
    made = trace.emit(node, op, (x.layer,), (shape[0], *(1 for _ in shape[1:])))
    dims = [() if place in places else dim for place, dim in enumerate(x.dims) if keep or place not in places]
    return replace(made, dims=tuple(dims))


def merge(op: str) -> Callable[[Trace, Any, Sequence[Any]], Any]:
    """Two tensors, or a tensor with a number, a parameter or a buffer."""

    def mapped(trace: Trace, node: Any, args: Sequence[Any]) -> Any:
        a, b = args[:2]
        if isinstance(a, Held) and isinstance(b, Held):
            return _merged(trace, node, op, a, b)
        tensor, other = (a, b) if isinstance(a, Held) else (b, a)
        if not isinstance(tensor, Held):
            return None  # arithmetic of constants
        if isinstance(other, Weights) and other.trained:
            return _learned(trace, node, op, tensor, other)
        return tensor  # NB: a constant factor or offset; its few operations are not counted

    return mapped


def _merged(trace: Trace, node: Any, op: str, a: Held, b: Held) -> Held:
    if op == "div":
        raise UnmappedError("division of one map by another")
    if a.dims == b.dims and trace.shapes[a.layer] == trace.shapes[b.layer]:
        made = trace.emit(node, op, (a.layer, b.layer), trace.shapes[a.layer])
        return replace(made, dims=a.dims)
    if a.dims != b.dims and len(a.dims) == len(b.dims) and op == "mul":
        sizes = [axes.size_of(dim) for dim in a.dims], [axes.size_of(dim) for dim in b.dims]
        full, gate = (a, b) if sizes[0] >= sizes[1] else (b, a)
        if all(small in (big, ()) for big, small in zip(full.dims, gate.dims, strict=True)):
            name = gate.layer
            if len(trace.shapes[name]) != len(trace.shapes[full.layer]):
                name = trace.plain(node, gate)
            inputs = (full.layer, name) if full is a else (name, full.layer)
            made = trace.emit(node, op, inputs, trace.shapes[full.layer])
            return replace(made, dims=full.dims)
    names = trace.plain(node, a), trace.plain(node, b)
    shapes = [trace.shapes[name] for name in names]
    if shapes[0] != shapes[1] and not (op == "mul" and _gates(*shapes)):
        texts = " and ".join("x".join(map(str, shape)) for shape in shapes)
        raise UnmappedError(f"{op} of {texts}, which repeats one of them")
    return trace.emit(node, op, names, output_shape(node))


def _gates(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether one is a gate of the other: Cx1x1 or 1xHxW."""
    small, big = sorted((a, b))
    channels = small[0] == big[0] and set(small[1:]) == {1}
    return len(small) == len(big) and (channels or (small[0] == 1 and small[1:] == big[1:]))


def _learned(trace: Trace, node: Any, op: str, x: Held, weight: Weights) -> Held:
    """A parameter of its own: a scale per channel, else a declared op with exact parameters."""
    shape = trace.shapes[x.layer]
    padded = (1,) * (len(x.dims) - len(weight.shape)) + weight.shape
    spread = [place for place, size in enumerate(padded) if size > 1]
    count = 1
    for size in weight.shape:
        count *= size
    if op == "mul" and len(spread) == 1 and count == shape[0] and _is_channels(trace, x, spread[0]):
        made = trace.emit(node, "scale", (x.layer,), shape, {}, (weight,))
    elif len(padded) == len(x.dims) and all(
        size in (1, axes.size_of(dim)) for size, dim in zip(padded, x.dims, strict=True)
    ):
        options: dict[str, Option] = {"out": "x".join(map(str, shape)), "params": count, "macs": 0}
        made = trace.emit(node, "custom", (x.layer,), shape, options, (weight,))
    else:
        raise UnmappedError(f"{op} with a parameter that repeats the map")
    return replace(made, dims=x.dims)


def concat(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
    """Along the channels."""
    parts, dim = args[0], args[1] if len(args) > 1 else 0
    if not all(isinstance(part, Held) for part in parts):
        raise UnmappedError("concatenation with a constant or parameter (such as a class token)")
    if not all(_is_channels(trace, part, dim) for part in parts):
        names = [trace.plain(node, part) for part in parts]
        if dim % len(parts[0].dims) != 1:
            raise UnmappedError("concatenation along positions")
        return trace.emit(node, "concat", tuple(names), output_shape(node))
    if len(parts) == 1:
        return parts[0]  # type: ignore[no-any-return]
    channels = sum(trace.shapes[part.layer][0] for part in parts)
    first = parts[0]
    names = [part.layer for part in parts]
    if len({trace.shapes[name][1:] for name in names}) > 1 or len({len(part.dims) for part in parts}) > 1:
        names = [trace.plain(node, part) for part in parts]
    made = trace.emit(node, "concat", tuple(names), (channels, *trace.shapes[first.layer][1:]))
    dims = list(first.dims)
    dims[dim] = (Atom(CHANNELS, channels),)
    return replace(made, dims=tuple(dims))


def shuffle(op: str, option: str) -> Callable[[Trace, Any, Sequence[Any]], Held]:
    """Ops that shuffle channels, or channels and space."""

    def mapped(trace: Trace, node: Any, args: Sequence[Any]) -> Held:
        x = trace.plain(node, args[0])
        return trace.emit(node, op, (x,), output_shape(node), {option: args[1]})

    return mapped


def _is_channels(trace: Trace, x: Held, dim: int) -> bool:
    return axes.only(x.dims[dim], CHANNELS, trace.shapes[x.layer][0])


def _is_vector(trace: Trace, x: Held) -> bool:
    """Whether only the channels are left, the positions being one."""
    return _is_channels(trace, x, 1) and all(size == 1 for size in trace.shapes[x.layer][1:])


def _decimal(number: float) -> Option:
    return int(number) if float(number).is_integer() else str(number)


MAPPERS: dict[str, Callable[[Trace, Any, Sequence[Any]], Any]] = {
    **dict.fromkeys(ACTIVATIONS, activation),
    **{f"conv{n}d": windows.conv for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": windows.conv_transposed for n in (1, 2, 3)},
    **{f"max_pool{n}d{more}": windows.maxpool for n in (1, 2, 3) for more in ("", "_with_indices")},
    **{f"avg_pool{n}d": windows.avgpool for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": windows.adaptive("adaptive", "gap") for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": windows.adaptive("adaptive_max", "gmp") for n in (1, 2, 3)},
    **{f"upsample_nearest{n}d": windows.upsample("nearest") for n in (1, 2, 3)},
    **{f"_upsample_nearest_exact{n}d": windows.upsample("nearest_exact") for n in (1, 2, 3)},
    **{f"upsample_{kind}": windows.upsample("linear") for kind in ("linear1d", "bilinear2d", "trilinear3d")},
    "upsample_bicubic2d": windows.upsample("cubic"),
    "pad": windows.pad,
    "constant_pad_nd": windows.pad,
    "hardtanh": hardtanh,
    "clamp": hardtanh,
    "softmax": softmax,
    "dropout": dropout,
    "prelu": prelu,
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "group_norm": group_norm,
    "layer_norm": layer_norm,
    "rms_norm": layer_norm,
    "linear": linear,
    "mean": mean,
    "amax": mean,
    "add": merge("add"),
    "sub": merge("sub"),
    "mul": merge("mul"),
    "div": merge("div"),
    "maximum": merge("max"),
    "cat": concat,
    "slice": layout.slices,
    "split": layout.split,
    "split_with_sizes": layout.split,
    "chunk": layout.split,
    "unbind": layout.unbind,
    "select": layout.select,
    **dict.fromkeys(("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "_unsafe_view"), layout.view),
    **dict.fromkeys(("permute", "transpose"), layout.permute),
    "pixel_shuffle": shuffle("pixelshuffle", "upscale_factor"),
    "pixel_unshuffle": shuffle("pixelunshuffle", "downscale_factor"),
    "channel_shuffle": shuffle("channelshuffle", "groups"),
    "native_channel_shuffle": shuffle("channelshuffle", "groups"),
}
