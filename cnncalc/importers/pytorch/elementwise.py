"""Functions of every element by itself, softmax and dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.weights import weighted
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import as_channels, is_channel_part, pointwise
from cnncalc.importers.tensors.cutting import Stretch, cut
from cnncalc.importers.tensors.joining import merged
from cnncalc.importers.tensors.reducing import LETTERS, covered
from cnncalc.importers.tensors.trace import Held, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option
    from cnncalc.importers.pytorch.call import Call

ACTIVATIONS = {
    "relu": "relu", "relu6": "relu6", "leaky_relu": "leaky", "elu": "elu", "selu": "selu", "celu": "celu",
    "silu": "silu", "gelu": "gelu", "mish": "mish", "hardswish": "hswish", "hardsigmoid": "hsigmoid",
    "sigmoid": "sigmoid", "tanh": "tanh", "softplus": "softplus", "exp": "exp", "log": "log", "sqrt": "sqrt",
    "rsqrt": "rsqrt", "square": "square", "abs": "abs", "neg": "neg", "erf": "erf",
}  # fmt: skip
DECLARED = frozenset({
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "exp2", "expm1", "log2",
    "log10", "log1p", "log_sigmoid", "logit", "erfc", "erfinv", "hardshrink", "softshrink", "softsign", "tanhshrink",
    "threshold", "rrelu", "floor", "ceil", "round", "trunc", "frac", "sign", "sgn", "nan_to_num", "fmod", "remainder",
    "gt", "ge", "lt", "le", "eq", "ne", "logical_not", "bitwise_not", "isnan", "isinf", "isfinite", "reciprocal",
})  # fmt: skip
"""Functions without a word: declared, with no parameters and no MACs."""
POWERS = {2: "square", 0.5: "sqrt", -0.5: "rsqrt"}


def activation(call: Call) -> Held:
    """A function of every element by itself."""
    return call.same(ACTIVATIONS[call.op], call.x)


def declared(call: Call) -> Held:
    """A function without a word of its own."""
    x = call.x
    return call.same("custom", x, pointwise(len(call.trace.shapes[x.layer]) - 1))


def power(call: Call) -> Held:
    """`x ** number`: a square, a root, or declared; of two tensors declared."""
    exponent = call.args.get("exponent")
    if isinstance(exponent, (int, float)) and isinstance(call.first, Held):
        if exponent == 1:
            return call.first
        return call.same(POWERS[exponent], call.x) if exponent in POWERS else declared(call)
    from cnncalc.importers.pytorch.merges import merge

    return merge("custom")(call)


def clamp(call: Call) -> Held:
    """To two numbers: relu6 where they are 0 and 6. From below: relu where it is 0, else nothing counts."""
    low, high = (call.args.get(name) for name in _LIMITS.get(call.op, ("min", "max")))
    if any(isinstance(each, (Held, Weights)) for each in (low, high)):
        return call.x  # NB: limits that are tensors change no figure either
    if low is not None and high is not None:
        return call.same("relu6" if (low, high) == (0, 6) else "hardtanh", call.x)
    return call.same("relu", call.x) if low == 0 else call.x


_LIMITS = {"hardtanh": ("min_val", "max_val"), "clamp_min": ("min", ""), "clamp_max": ("", "max")}


def softmax(call: Call) -> Held:
    """Over the channels, all positions or one axis; over part of the channels it is declared."""
    trace, x, place = call.trace, call.x, call.place()
    if not x.dims[place]:
        return declared(call)
    over = None if axes.has([x.dims[place]], axes.REPEAT) else covered(trace, x, [place])
    shape = trace.shapes[x.layer]
    if over is not None:
        spatial = {axis for axis, size in enumerate(shape[1:], axes.SPACE) if size > 1}
        if over == {axes.CHANNELS}:
            return call.same("softmax", x)
        if over == spatial:
            return call.same("softmax", x, {"over": "positions"})
        if len(over) == 1:
            return call.same("softmax", x, {"over": LETTERS[len(shape) - 1][min(over) - axes.SPACE]})
    if is_channel_part(trace, x, place):
        return declared(call)
    return call.same("softmax", as_channels(trace, call.node, x, [place]))


def dropout(call: Call) -> Held:
    """No effect at inference; without a probability no effect at all."""
    return call.same("dropout", call.x, {"p": decimal(call.args["p"])}) if call.args["p"] else call.x


def prelu(call: Call) -> Held:
    """One slope, or one per channel."""
    weight = call.args["weight"]
    x = call.x
    if not isinstance(weight, Weights):
        raise UnmappedError("slopes that are computed from the input")
    count = weight.shape[0] if weight.shape else 1
    if count > 1:
        x = as_channels(call.trace, call.node, x, [min(1, len(x.dims) - 1)])
    choices: list[dict[str, Option]] = [{} if count == 1 else {"num_parameters": count}]
    made = weighted(call, "prelu", x.layer, call.trace.shapes[x.layer], choices, [weight])
    return replace(made, dims=x.dims)


def glu(call: Call) -> Held:
    """`a * sigmoid(b)` of the two halves."""
    x, place = call.x, call.place()
    half = axes.size_of(x.dims[place]) // 2
    a = cut(call.trace, call.node, x, place, Stretch(start=0, end=half), "_0")
    b = cut(call.trace, call.node, x, place, Stretch(start=half, end=2 * half), "_1")
    return merged(call.trace, call.node, "mul", a, call.same("sigmoid", b))


def nothing(call: Call) -> Any:
    """No figure changes."""
    return call.first


def copied(call: Call) -> Any:
    """`copy(x, source)`: what `x` was does not matter."""
    source = call.args["src"]
    if not isinstance(source, Held):
        raise UnmappedError("a tensor of the network that a constant replaces")
    return source


def decimal(number: float) -> Option:
    """A number as options have it."""
    return int(number) if float(number).is_integer() else str(number)
