"""Operations of `keras.ops` (and TensorFlow's, in files of Keras 2) that stand in a model beside its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.keras import activations, layout, windows
from cnncalc.importers.keras.call import in_place, shown, sizes_of
from cnncalc.importers.keras.merges import arithmetic, concatenate, product, with_constants
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.importers.keras.call import Call
    from cnncalc.importers.layers import Option

POOLS = {("mean", "positions"): "gap", ("max", "positions"): "gmp"}


def reduced(kind: str) -> Callable[[Call], Held]:
    """A mean, maximum, minimum or sum over axes: all positions, the channels, or one axis."""

    def computed(call: Call) -> Held:
        x = call.x
        rank = len(x.dims)
        if call.argument("axis", 1) is None:
            raise UnmappedError("a reduction over the batch")
        picked = set(call.axis("axis", rank, place=1))
        if 0 in picked:
            raise UnmappedError("a reduction over the batch")
        made = _reduced(call, kind, x, picked)
        if made is None:  # as it stands its axes are not those of a layer
            x = in_place(call.plain(x, first=call.first), first=call.first)
            made = _reduced(call, kind, x, picked)
        if made is None:
            raise UnmappedError(f"a {kind} over axis {shown(call.argument('axis', 1))}")
        keep = call.flag("keepdims", default=False)
        dims = [() if at in picked else dim for at, dim in enumerate(x.dims)]
        return replace(made, dims=tuple(dim for at, dim in enumerate(dims) if keep or at not in picked))

    return computed


def _reduced(call: Call, kind: str, x: Held, picked: set[int]) -> Held | None:
    if not any(x.dims[at] for at in picked):  # nothing to reduce
        return x
    word = activations.over_word(call, x, picked)
    if word is None and picked == set(range(1, len(x.dims))):
        held = call.layer("reduce", {"kind": kind, "over": "channels"}, call.whole(x.layer), suffix=":channels")
        return _over(call, kind, held, "positions")
    return None if word is None else _over(call, kind, call.whole(x.layer), word)


def _over(call: Call, kind: str, held: Held, word: str) -> Held:
    op = POOLS.get((kind, word))
    options: dict[str, Option] = {} if op else {"kind": kind, "over": word}
    return call.layer(op or "reduce", options, held)


def matmul(call: Call) -> Held:
    """The product of the last two axes; those in front are alike, or of one tensor alone."""
    many = call.given
    if len(many) != 2:  # noqa: PLR2004 - two sides
        raise UnmappedError("a product with a constant")
    left, right = (sizes_of(held.dims) for held in many)
    if call.flag("transpose_b", default=False):
        right = (*right[:-2], right[-1], right[-2])
    if len(left) != len(right) or len(left) < 3 or left[:-2] != right[:-2] or left[-1] != right[-2]:  # noqa: PLR2004
        raise UnmappedError(f"a product of {'x'.join(map(str, left[1:]))} and {'x'.join(map(str, right[1:]))}")
    return product(call, many, (*left[1:-1], right[-1]), left[-1])


def einsum(call: Call) -> Held:
    """A contraction of two tensors."""
    many = call.given
    left, arrow, after = str(call.argument("subscripts", 0)).replace(" ", "").partition("->")
    parts = left.split(",")
    if len(many) != 2 or len(parts) != 2 or not arrow or "." in left:  # noqa: PLR2004 - two sides
        raise UnmappedError(f"the contraction {shown(call.argument('subscripts', 0))}")
    sizes: dict[str, int] = {}
    for labels, held in zip(parts, many, strict=True):
        found = sizes_of(held.dims)
        if len(labels) != len(found) or any(
            sizes.setdefault(label, n) != n for label, n in zip(labels, found, strict=True)
        ):
            raise UnmappedError(f"the contraction {left} of these shapes")
    batch = parts[0][:1]
    if parts[1][:1] != batch or after[:1] != batch or not set(after) <= set(sizes):
        raise UnmappedError(f"the contraction {left}->{after}, which moves the batch")
    inner = 1
    for label in sizes.keys() - set(after):
        inner *= sizes[label]
    return product(call, many, tuple(sizes[label] for label in after[1:]) or (1,), inner)


def norm(call: Call) -> Held:
    """The root of the sum of squares."""
    if call.argument("ord", default=None) not in (None, 2, "fro"):
        raise UnmappedError(f"a norm of order {shown(call.argument('ord'))}")
    return reduced("norm")(call)


def power(call: Call) -> Held:
    """A square or a root."""
    exponent = call.argument("y", 1) if not isinstance(call.argument("x2", 1), float) else call.argument("x2", 1)
    exponent = call.argument("x2", 1) if exponent is None else exponent
    word = {2: "square", 0.5: "sqrt", -0.5: "rsqrt"}.get(exponent) if isinstance(exponent, (int, float)) else None
    if word is None:
        raise UnmappedError(f"the power {shown(exponent)}")
    return call.same(word, {}, call.x)


def pool(call: Call) -> Held:
    """`max_pool`, `average_pool` and their adaptive kin: as the layers, for as many axes as there are."""
    kind = f"{call.kind}ing{len(call.x.dims) - 2}D"
    mapped = {"M": windows.pool("maxpool"), "A": windows.pool("avgpool")}
    return mapped[kind[0]](replace(call, kind=kind))


def adaptive(call: Call) -> Held:
    """`adaptive_average_pool` and `adaptive_max_pool`."""
    op = "adaptive_max" if "Max" in call.kind else "adaptive"
    return windows.adaptive_pool(op)(replace(call, kind=f"{call.kind}ing{len(call.x.dims) - 2}D"))


def ravel(call: Call) -> Held:
    """Refused where the batch is flattened as well."""
    raise UnmappedError(f"{call.kind} flattens the batch as well")


OPERATIONS: dict[str, Callable[[Call], Held | list[Held]]] = {
    "Add": arithmetic("add"), "Subtract": arithmetic("sub"), "Multiply": arithmetic("mul"),
    "TrueDivide": arithmetic("div"), "Divide": arithmetic("div"),
    "Maximum": arithmetic("max"), "Minimum": arithmetic("min"),
    **dict.fromkeys(("Cast", "Identity", "StopGradient", "Copy"), with_constants),
    **dict.fromkeys(
        ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Silu", "Swish", "Gelu", "Mish", "HardSwish", "HardSilu",
         "HardSigmoid", "HardTanh", "Sigmoid", "Tanh", "Softplus", "Softmax", "LogSoftmax", "LogSigmoid", "Glu", "Exp",
         "Log", "Sqrt", "Rsqrt", "Square", "Abs", "Absolute", "Negative", "Erf", "Clip"),
        activations.layer,
    ),
    "Power": power,
    "Mean": reduced("mean"), "Max": reduced("max"), "Amax": reduced("max"), "Min": reduced("min"),
    "Amin": reduced("min"), "Sum": reduced("sum"), "Norm": norm,
    "Concatenate": concatenate, "Stack": layout.stack, "Split": layout.split,
    "Reshape": layout.reshape, "Transpose": layout.permute, "Swapaxes": layout.swap, "SwapAxes": layout.swap,
    "ExpandDims": layout.expand, "Squeeze": layout.squeeze, "GetItem": layout.item, "Pad": layout.pad, "Ravel": ravel,
    "DepthToSpace": layout.shuffle, "SpaceToDepth": layout.shuffle,
    "Resize": windows.resizing, "MaxPool": pool, "AveragePool": pool,
    "AdaptiveAveragePool": adaptive, "AdaptiveMaxPool": adaptive,
    "Matmul": matmul, "Einsum": einsum,
}  # fmt: skip

TENSORFLOW = {
    "__operators__.add": "Add", "math.add": "Add", "math.subtract": "Subtract", "math.multiply": "Multiply",
    "__operators__.getitem": "GetItem", "math.truediv": "TrueDivide", "math.divide": "TrueDivide",
    "math.maximum": "Maximum", "math.minimum": "Minimum", "math.reduce_mean": "Mean", "math.reduce_max": "Max",
    "math.reduce_min": "Min", "math.reduce_sum": "Sum", "math.square": "Square", "math.sqrt": "Sqrt",
    "math.rsqrt": "Rsqrt", "math.exp": "Exp", "math.log": "Log", "math.abs": "Abs", "math.negative": "Negative",
    "math.pow": "Power", "math.sigmoid": "Sigmoid", "math.tanh": "Tanh", "math.softplus": "Softplus",
    "math.erf": "Erf", "nn.relu": "Relu", "nn.relu6": "Relu6", "nn.leaky_relu": "LeakyRelu", "nn.elu": "Elu",
    "nn.selu": "Selu", "nn.silu": "Silu", "nn.swish": "Silu", "nn.gelu": "Gelu", "nn.softmax": "Softmax",
    "nn.depth_to_space": "DepthToSpace", "compat.v1.depth_to_space": "DepthToSpace",
    "nn.space_to_depth": "SpaceToDepth", "compat.v1.space_to_depth": "SpaceToDepth", "concat": "Concatenate",
    "reshape": "Reshape", "transpose": "Transpose", "compat.v1.transpose": "Transpose", "expand_dims": "ExpandDims",
    "squeeze": "Squeeze", "compat.v1.squeeze": "Squeeze", "cast": "Cast", "identity": "Identity",
    "stop_gradient": "StopGradient", "image.resize": "Resize", "linalg.matmul": "Matmul", "split": "Split",
    "clip_by_value": "Clip", "stack": "Stack", "pad": "Pad", "compat.v1.pad": "Pad",
}  # fmt: skip
"""What a `TFOpLambda` of Keras 2 calls, as the operation of Keras 3."""
RENAMED = {
    "shape": "newshape", "perm": "axes", "paddings": "pad_width", "num_or_size_splits": "indices_or_sections",
    "slice_spec": "key", "reduction_indices": "axis", "keep_dims": "keepdims", "method": "interpolation",
}  # fmt: skip
"""Its arguments, as Keras 3 calls them."""
