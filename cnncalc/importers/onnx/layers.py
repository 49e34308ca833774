"""What each ONNX op is in the language: one function per family."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

from cnncalc.importers.onnx import windows
from cnncalc.importers.onnx.constants import integers, resolved, vector
from cnncalc.importers.onnx.windows import numel
from cnncalc.importers.onnx.wire import Tensor
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, SPACE, Atom
from cnncalc.importers.tensors.trace import SAMPLES, Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.nodes import Call

Made = "Held | Tensor | tuple[Held, ...] | None"

ACTIVATIONS = {
    "Relu": "relu", "LeakyRelu": "leaky", "Elu": "elu", "Selu": "selu", "Celu": "celu", "Gelu": "gelu", "Mish": "mish",
    "HardSwish": "hswish", "HardSigmoid": "hsigmoid", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus",
    "Swish": "silu",
}  # fmt: skip
_AXES_AS_INPUT = 13
"""From this version on Squeeze, Unsqueeze, Split and softmax are as they are now."""


def activation(call: Call) -> Held:
    """A function of every element by itself."""
    return _same(call, ACTIVATIONS[call.node.op], call.x)


def _same(call: Call, op: str, x: Held, options: dict[str, Option] | None = None) -> Held:
    return replace(call.layer(op, [replace(x)], options), dims=x.dims)


def clip(call: Call) -> Held:
    """relu6 for 0 to 6, relu for 0 and above, else hardtanh."""
    if call.node.attributes.keys() & {"min", "max"}:
        low, high = (call.node.attributes.get(name) for name in ("min", "max"))
    else:
        low, high = ((found.values or (None,))[0] if found else None for found in map(call.constant, (1, 2)))
    if low == 0 and high is None:
        return _same(call, "relu", call.x)
    if isinstance(high, (int, float)) and low == 0 and isclose(high, 6):
        return _same(call, "relu6", call.x)
    return _same(call, "hardtanh", call.x)


def softmax(call: Call) -> Held:
    """Over the channels."""
    axis = call.integer("axis", -1 if call.opset >= _AXES_AS_INPUT else 1)
    if not _is_channels(call, call.x, axis):
        raise UnmappedError("a softmax over positions")
    return _same(call, "softmax", call.x)


def prelu(call: Call) -> Held:
    """One slope, or one per channel."""
    slopes = numel(call.weight(1))
    options: dict[str, Option] = {} if slopes == 1 else {"num_parameters": slopes}
    return call.layer("prelu", [call.plain(call.x)], options, [call.weight(1)])


def nothing(call: Call) -> Held | Tensor:
    """No figure changes."""
    found = call.given[0]
    if found is None:
        raise UnmappedError("it has no input")
    return found  # type: ignore[no-any-return]


def dropout(call: Call) -> Held:
    """No effect at inference."""
    if len(call.node.outputs) > 1 and call.uses.get(call.node.outputs[1]):
        raise UnmappedError("its mask is used")
    found = call.node.attributes.get("ratio")
    given = call.constant(1) if len(call.given) > 1 else None
    ratio = found if found is not None else (given.values or (0.5,))[0] if given else 0.5
    if not isinstance(ratio, (int, float)) or not 0 <= ratio <= 1:
        raise UnmappedError(f"a ratio of {ratio}")
    return _same(call, "dropout", call.x, {"p": f"{ratio:.6g}"})


def batch_norm(call: Call) -> Held:
    """`BatchNormalization(x, scale, bias, mean, var)`."""
    return call.layer("bn", [call.plain(call.x)], {}, [call.weight(1)])


def instance_norm(call: Call) -> Held:
    """`InstanceNormalization`; on channels that were viewed as groups it is a group norm, whose scale comes later."""
    x = call.x
    shape = call.shape(x)
    whole = axes.whole((SAMPLES, *shape))
    if x.dims == whole:
        return call.layer("in", [x], {"affine": True}, [call.weight(1)])
    groups = axes.size_of(x.dims[1])
    rest = [atom for dim in x.dims for atom in dim]
    if rest and axes.joined(rest) == axes.joined([atom for dim in whole for atom in dim]) and shape[0] % groups == 0:
        return _same(call, "gn", x, {"num_groups": groups, "affine": False})
    raise UnmappedError("an instance norm of rearranged axes")


def group_norm(call: Call) -> Held:
    """`GroupNormalization(x, scale, bias)`."""
    groups = call.integer("num_groups", 1)
    return call.layer("gn", [call.plain(call.x)], {"num_groups": groups}, [call.weight(1)])


def layer_norm(call: Call) -> Held:
    """`LayerNormalization(x, scale, bias)` over channels that stand last."""
    x = call.x
    if call.integer("axis", -1) not in (-1, len(x.dims) - 1) or not _is_channels(call, x, -1):
        raise UnmappedError("a layer norm over positions")
    op = "rms" if call.node.op == "RMSNormalization" else "ln"
    return replace(call.layer(op, [x], {}, [call.weight(1)]), dims=x.dims)


def lrn(call: Call) -> Held:
    """`LRN` over neighbouring channels."""
    return call.layer("lrn", [call.plain(call.x)], {"size": call.integer("size", 1)})


def gemm(call: Call) -> Held:
    """`Gemm(x, weight, bias)` on vectors."""
    weight = call.weight(1)
    if call.integer("transA") or len(weight.dims) != 2:  # noqa: PLR2004 - a matrix
        raise UnmappedError("a product of matrices that is no linear layer")
    out = weight.dims[0 if call.integer("transB") else 1]
    return _linear(call, weight, out, bias=call.constant(2) is not None)


def matmul(call: Call) -> Held:
    """`MatMul` with a weight: a linear layer on the last axis."""
    weight = call.given[1] if len(call.given) > 1 else None
    if not isinstance(weight, Tensor) or len(weight.dims) != 2:  # noqa: PLR2004 - a matrix
        raise UnmappedError("a product of two tensors of the network (attention)")
    return _linear(call, weight, weight.dims[1], bias=False)


def _linear(call: Call, weight: Tensor, out: int, *, bias: bool) -> Held:
    x = call.x
    options: dict[str, Option] = {"out_channels": out, "bias": bias}
    if len(x.dims) == 2:  # noqa: PLR2004 - a batch of vectors
        vector_ = _is_channels(call, x, 1) and all(size == 1 for size in call.shape(x)[1:])
        source = Held(layer=x.layer, dims=axes.whole((SAMPLES, *call.shape(x)))) if vector_ else call.plain(x)
        held = call.layer("linear", [source], options, [weight])
    elif _is_channels(call, x, -1) and len(call.shape(x)) > 1:
        made = call.layer("conv", [x], {"out_channels": out, "kernel_size": 1, "bias": bias}, [weight])
        held = replace(made, dims=(*x.dims[:-1], (Atom(CHANNELS, out),) if out > 1 else ()))
    else:
        raise UnmappedError("a linear layer over positions (token mixing)")
    if numel(weight) != out * call.shape(x)[0] and len(call.shape(x)) == 1:
        raise UnmappedError(f"a weight of {weight.dims} for {call.shape(x)[0]} features")
    return held


def pooled(op: str) -> Callable[[Call], Held]:
    """Global pools, and means and maxima over all positions."""

    def mapped(call: Call) -> Held:
        x = call.x
        if call.node.op.startswith("Global"):
            return call.layer(op, [call.plain(x)])
        rank = len(x.dims)
        over = call.ints("axes")
        if over is None:
            over = integers(call.constant(1)) if len(call.given) > 1 else None
        places = [place % rank for place in (over or range(rank))]
        shape = call.shape(x)
        wanted = {Atom(axis, size) for axis, size in enumerate(shape[1:], SPACE) if size > 1}
        if {atom for place in places for atom in x.dims[place]} != wanted or len(shape) == 1:
            raise UnmappedError("over something else than all positions")
        made = call.layer(op, [x])
        keep = call.integer("keepdims", 1)
        dims = [() if place in places else dim for place, dim in enumerate(x.dims) if keep or place not in places]
        return replace(made, dims=tuple(dims))

    return mapped


def merge(op: str) -> Callable[[Call], Held | Tensor]:
    """Two tensors of the network, or one and a constant."""

    def mapped(call: Call) -> Held | Tensor:
        held = [one for one in call.given if isinstance(one, Held)]
        constants = [one for one in call.given if isinstance(one, Tensor)]
        if len(constants) == 1 and len(held) == 1:
            return _with_constant(call, op, held[0], constants[0])
        if constants or op == "div":
            raise UnmappedError("arithmetic that is no merge of maps")
        if len(held) == 1:
            return held[0]
        if op == "mul" and len(held) == 2:  # noqa: PLR2004 - a tensor and its gate
            fused = _silu(call, *held)
            if fused is not None:
                return fused
        return _merged(call, op, held)

    return mapped


def _silu(call: Call, a: Held, b: Held) -> Held | None:
    """`x * sigmoid(x)`, the way silu was written before it had an op of its own."""
    for x, gate, name in ((a, b, call.node.inputs[1]), (b, a, call.node.inputs[0])):
        layer = call.trace.layers.get(gate.layer)
        maker = call.makers.get(name)
        wanted = {"Sigmoid": ("sigmoid", "silu"), "HardSigmoid": ("hsigmoid", "hswish")}.get(maker.op if maker else "")
        if wanted and layer and layer.op == wanted[0] and layer.inputs == (x.layer,) and x.dims == gate.dims:
            if call.uses.get(name, 0) > 1 or next(reversed(call.trace.layers)) != gate.layer:
                return None
            del call.trace.layers[gate.layer]
            return replace(call.layer(wanted[1], [x]), dims=x.dims)
    return None


def _merged(call: Call, op: str, held: Sequence[Held]) -> Held:
    first = held[0]
    shapes = [call.shape(one) for one in held]
    if all(one.dims == first.dims for one in held) and len(set(shapes)) == 1:
        return replace(call.layer(op, held), dims=first.dims)
    full = max(held, key=lambda one: (len(one.dims), [axes.size_of(dim) for dim in one.dims]))
    if (
        op == "mul"
        and all(len(one.dims) == len(full.dims) and len(call.shape(one)) == len(call.shape(full)) for one in held)
        and all(small in (big, ()) for one in held for big, small in zip(full.dims, one.dims, strict=True))
    ):
        return replace(call.layer(op, held), dims=full.dims)
    plain = [call.plain(one) for one in held]
    shapes = [call.shape(one) for one in plain]
    if len(set(shapes)) > 1 and op != "mul":
        texts = " and ".join("x".join(map(str, shape)) for shape in shapes)
        raise UnmappedError(f"{op} of {texts}, which repeats one of them")
    return call.layer(op, plain)


def _with_constant(call: Call, op: str, x: Held, constant: Tensor) -> Held:
    """A number changes no figure; a number per channel is a bias, a part of a norm, or a learned scale."""
    count = numel(constant)
    spread = (1,) * (len(x.dims) - len(constant.dims)) + constant.dims
    if len(constant.dims) > len(x.dims):
        raise UnmappedError(f"{op} with a constant of more axes")
    if count <= 1:
        return x  # NB: a constant factor or offset; its operations are not counted
    places = [at for at, size in enumerate(spread) if size > 1]
    shape = call.shape(x)
    if len(places) == 1 and count == shape[0] and _is_channels(call, x, places[0]):
        return _per_channel(call, op, x, constant)
    if any(size not in (1, axes.size_of(dim)) for size, dim in zip(spread, x.dims, strict=True)):
        raise UnmappedError(f"{op} with a constant that repeats the map")
    options: dict[str, Option] = {"out": "x".join(map(str, shape)), "params": count, "macs": 0}
    return replace(call.layer("custom", [x], options, [constant]), dims=x.dims)


def _per_channel(call: Call, op: str, x: Held, constant: Tensor) -> Held:
    layer = call.trace.layers.get(x.layer)
    read = next((name for name, given in zip(call.node.inputs, call.given, strict=False) if given is x), "")
    if layer is not None and call.uses.get(read, 0) == 1 and layer.shares is None:
        options = dict(layer.options)
        if op in ("add", "sub") and options.get("bias") is False:
            call.trace.layers[x.layer] = replace(layer, options={**options, "bias": True})
            return x
        if layer.op == "gn" and op == "mul" and options.get("affine") is False:
            call.trace.layers[x.layer] = replace(layer, options={"num_groups": options["num_groups"]})
            return x
        if layer.op == "gn" and op == "add":
            return x  # the shift that goes with the scale
    if op in ("mul", "div"):
        return replace(call.layer("scale", [x], {}, [constant]), dims=x.dims)
    given: dict[str, Option] = {"out": "x".join(map(str, call.shape(x))), "params": numel(constant), "macs": 0}
    return replace(call.layer("custom", [x], given, [constant]), dims=x.dims)


def concat(call: Call) -> Held:
    """Along the channels."""
    if not all(isinstance(one, Held) for one in call.given):
        raise UnmappedError("concatenation with a constant (such as a class token)")
    held = [one for one in call.given if isinstance(one, Held)]
    axis = call.integer("axis", 1)
    if len(held) == 1:
        return held[0]
    first = held[0]
    rank = len(first.dims)
    same = len({len(call.shape(one)) for one in held}) == 1
    if same and all(len(one.dims) == rank and _is_channels(call, one, axis) for one in held):
        made = call.layer("concat", held)
        dims = list(first.dims)
        dims[axis] = (Atom(CHANNELS, call.shape(made)[0]),)
        return replace(made, dims=tuple(dims))
    if axis % rank != 1:
        raise UnmappedError("concatenation along positions")
    return call.layer("concat", [call.plain(one) for one in held])


def slices(call: Call) -> Held:
    """`Slice`: channels, a crop, or every second position."""
    if "starts" in call.node.attributes:
        starts, ends, over, steps = (call.ints(name) for name in ("starts", "ends", "axes", "steps"))
    else:
        starts, ends, over, steps = (integers(call.constant(at)) for at in (1, 2, 3, 4))
    if starts is None or ends is None or len(starts) != len(ends):
        raise UnmappedError("its ends are not constants")
    x = call.x
    given = zip(starts, ends, over or range(len(starts)), steps or (1,) * len(starts), strict=True)
    for number, (start, end, axis, step) in enumerate(given):
        x = _cut(call, x, axis, (start, end, step), suffix=f".{number}" if number else "")
    return x


def _cut(call: Call, x: Held, axis: int, stretch: tuple[int, int, int], suffix: str = "") -> Held:
    dim = x.dims[axis]
    size = axes.size_of(dim)
    start, end, step = stretch
    if step < 1:
        raise UnmappedError("a slice that runs backwards")
    start, end, _ = slice(start, end).indices(size)
    if (start, end, step) == (0, size, 1):
        return x
    shape = call.shape(x)
    if len(dim) != 1 or dim[0].axis == BATCH or dim[0] != Atom(dim[0].axis, ([SAMPLES, *shape])[dim[0].axis]):
        raise UnmappedError("a slice of rearranged axes, or of the batch")
    place = dim[0].axis
    made = Held(layer=x.layer, dims=axes.whole((SAMPLES, *shape)))
    if place == CHANNELS:
        if step != 1:
            raise UnmappedError("every n-th channel")
        made = call.layer("slice", [made], {"channels": f"{start}:{end}"}, suffix=suffix)
    elif (start, end) != (0, size):
        pairs = [(0, 0)] * (len(shape) - 1)
        pairs[place - SPACE] = (start, size - end)
        made = call.layer("crop", [made], {"cropping": windows.pads_of(tuple(pairs))}, suffix=suffix)
    if step != 1:
        strides = [1] * (len(shape) - 1)
        strides[place - SPACE] = step
        made = call.layer("maxpool", [made], {"kernel_size": 1, "stride": tuple(strides)}, suffix=f"{suffix}.stride")
    dims = list(x.dims)
    left = call.shape(made)[place - 1]
    dims[axis] = (Atom(place, left),) if left > 1 else ()
    return replace(made, dims=tuple(dims))


def split(call: Call) -> tuple[Held, ...]:
    """Slices one after the other."""
    x, axis = call.x, call.integer("axis", 0)
    size = axes.size_of(x.dims[axis])
    sizes = call.ints("split") if "split" in call.node.attributes else integers(call.constant(1))
    if sizes is None:
        count = len(call.node.outputs)
        each = -(-size // count)
        sizes = (*(each,) * (count - 1), size - each * (count - 1))
    if sum(sizes) != size or min(sizes) < 1:
        raise UnmappedError(f"a split of {size} into {sizes}")
    made, start = [], 0
    for number, part in enumerate(sizes):
        made.append(_cut(call, x, axis, (start, start + part, 1), suffix=f"_{number}"))
        start += part
    return tuple(made)


def gather(call: Call) -> Held:
    """One channel or position: a slice, and its axis is gone."""
    x, axis = call.x, call.integer("axis", 0)
    index = call.constant(1)
    places = integers(index)
    if index is None or places is None or len(places) != 1:
        raise UnmappedError("picking several indices")
    at = places[0] % axes.size_of(x.dims[axis])
    cut = _cut(call, x, axis, (at, at + 1, 1))
    dims = list(cut.dims)
    if not index.dims:
        del dims[axis]
    return replace(cut, dims=tuple(dims))


def shape(call: Call) -> Tensor:
    """The sizes as a constant; a batch that is free counts as in the trace."""
    sizes = call.sizes(call.x)
    start, end = call.integer("start"), call.node.attributes.get("end")
    return vector(sizes[slice(start, end if isinstance(end, int) else None)])


def reshape(call: Call) -> Held:
    """The same elements in the same order."""
    x = call.x
    target = call.ints("shape") if "shape" in call.node.attributes else integers(call.constant(1))
    if target is None:
        raise UnmappedError("its shape is not a constant")
    sizes = resolved(call.sizes(x), target, zero_copies=not call.integer("allowzero"))
    if sizes is None:
        found = "x".join(map(str, call.sizes(x)))
        raise UnmappedError(f"a reshape of {found} to {list(target)}, which holds another number of elements")
    return viewed(call, x, sizes)


def viewed(call: Call, x: Held, sizes: Sequence[int]) -> Held:
    """The tensor under other dimensions (as the file has them, batch first)."""
    if not sizes or sizes[0] != call.batch:
        raise UnmappedError("it moves the batch")
    wanted = (SAMPLES, *sizes[1:])
    found = axes.viewed(x.dims, wanted)
    if found is None:
        x = call.plain(x)
        found = axes.viewed(x.dims, wanted)
    if found is None:
        raise UnmappedError(f"a reshape to {list(sizes)}, which cuts across axes")
    return replace(x, dims=found)


def flatten(call: Call) -> Held:
    """`Flatten`: all behind the batch in one axis."""
    x = call.x
    if call.integer("axis", 1) not in (1, 1 - len(x.dims)):
        raise UnmappedError("flattening from another axis than 1")
    count = 1
    for dim in x.dims[1:]:
        count *= axes.size_of(dim)
    return viewed(call, x, (call.batch, count))


def squeeze(call: Call) -> Held:
    """`Squeeze` and `Unsqueeze`: axes of size 1 go or come."""
    x = call.x
    over = call.ints("axes") if "axes" in call.node.attributes else None
    if over is None and len(call.given) > 1:
        over = integers(call.constant(1))
    dims = list(x.dims)
    if call.node.op == "Squeeze":
        places = {axis % len(dims) for axis in over} if over is not None else None
        kept = [dim for at, dim in enumerate(dims) if (at not in places if places is not None else dim != ())]
        if any(dim != () for dim in dims if dim not in kept):
            raise UnmappedError("squeezing of an axis that is larger than 1")
        return replace(x, dims=tuple(kept))
    if over is None:
        raise UnmappedError("its axes are not constants")
    rank = len(dims) + len(over)
    for axis in sorted(axis % rank for axis in over):
        dims.insert(axis, ())
    return replace(x, dims=tuple(dims))


def transpose(call: Call) -> Held:
    """Other places for the same axes."""
    x = call.x
    order = call.ints("perm", tuple(reversed(range(len(x.dims))))) or ()
    if sorted(order) != list(range(len(x.dims))):
        raise UnmappedError(f"perm {order} for {len(x.dims)} axes")
    return replace(x, dims=tuple(x.dims[place] for place in order))


def _is_channels(call: Call, x: Held, axis: int) -> bool:
    if not -len(x.dims) <= axis < len(x.dims):
        raise UnmappedError(f"axis {axis} of {len(x.dims)}")
    return axes.only(x.dims[axis], CHANNELS, call.shape(x)[0])


MAPPERS: dict[str, Callable[[Call], object]] = {
    **dict.fromkeys(ACTIVATIONS, activation),
    **dict.fromkeys(("Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear"), nothing),
    "Clip": clip,
    "Softmax": softmax,
    "LogSoftmax": softmax,
    "PRelu": prelu,
    "Dropout": dropout,
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm,
    "LayerNormalization": layer_norm,
    "RMSNormalization": layer_norm,
    "LRN": lrn,
    "Gemm": gemm,
    "MatMul": matmul,
    "Conv": windows.conv,
    "ConvTranspose": windows.conv_transposed,
    "MaxPool": windows.pool("maxpool"),
    "AveragePool": windows.pool("avgpool"),
    "LpPool": windows.pool("lppool"),
    "GlobalAveragePool": pooled("gap"),
    "ReduceMean": pooled("gap"),
    "GlobalMaxPool": pooled("gmp"),
    "ReduceMax": pooled("gmp"),
    "Pad": windows.pad,
    "Resize": windows.resize,
    "Upsample": windows.resize,
    "DepthToSpace": windows.shuffle("pixelshuffle", "upscale_factor"),
    "SpaceToDepth": windows.shuffle("pixelunshuffle", "downscale_factor"),
    "Add": merge("add"),
    "Sum": merge("add"),
    "Sub": merge("sub"),
    "Mul": merge("mul"),
    "Div": merge("div"),
    "Max": merge("max"),
    "Concat": concat,
    "Slice": slices,
    "Split": split,
    "Gather": gather,
    "Shape": shape,
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": squeeze,
    "Transpose": transpose,
}
