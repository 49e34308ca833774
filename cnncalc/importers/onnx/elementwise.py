"""Functions of every element by itself, softmax and dropout."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx.constants import numel
from cnncalc.importers.onnx.records import Tensor
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import is_channel_part
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, SPACE
from cnncalc.importers.tensors.reducing import LETTERS, covered
from cnncalc.importers.tensors.trace import UnmappedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.onnx.nodes import Call
    from cnncalc.importers.tensors.trace import Held

ACTIVATIONS = {
    "Relu": "relu", "LeakyRelu": "leaky", "Elu": "elu", "Selu": "selu", "Celu": "celu", "Gelu": "gelu", "Mish": "mish",
    "HardSwish": "hswish", "HardSigmoid": "hsigmoid", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus",
    "Swish": "silu", "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Abs": "abs", "Neg": "neg", "Erf": "erf",
}  # fmt: skip
DECLARED = frozenset({
    "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "BitwiseNot", "Ceil", "Cos", "Cosh", "Floor", "IsInf", "IsNaN",
    "Not", "Reciprocal", "Round", "Shrink", "Sign", "Sin", "Sinh", "Softsign", "Tan", "ThresholdedRelu",
})  # fmt: skip
"""Functions without a word: declared, with no parameters and no MACs."""
POWERS = {2.0: "square", 0.5: "sqrt", -0.5: "rsqrt"}
_AXES_AS_INPUT = 13
"""From this version on softmax goes over one axis; before, over all from that axis on."""


def activation(call: Call) -> Held:
    """A function that has a word."""
    return call.same(ACTIVATIONS[call.node.op], call.x)


def declared(call: Call) -> Held:
    """A function that has none."""
    return call.declared(call.x)


def power(call: Call) -> Held:
    """`x ** number`: a square, a root, or declared."""
    if not all(isinstance(one, Tensor) for one in call.given[1:]):
        from cnncalc.importers.onnx.merging import declared as merged

        return merged(call)
    exponent = call.weight(1)
    number = exponent.values[0] if exponent.values and numel(exponent) == 1 else None
    if number == 1:
        return call.x
    op = POWERS.get(float(number)) if number is not None else None
    return call.same(op, call.x) if op else call.declared(call.x)


def clip(call: Call) -> Held:
    """relu6 for 0 to 6, relu for 0 and above, else hardtanh."""
    attributes = call.node.attributes
    if attributes.keys() & {"min", "max"}:
        low, high = attributes.get("min"), attributes.get("max")
    else:
        low, high = (_limit(call, at) for at in (1, 2))
    if low == 0 and high is None:
        return call.same("relu", call.x)
    if isinstance(high, (int, float)) and low == 0 and isclose(high, 6):
        return call.same("relu6", call.x)
    return call.x if low is None and high is None else call.same("hardtanh", call.x)


def _limit(call: Call, at: int) -> Any:
    found = call.constant(at)
    if found is None:
        return None
    return found.values[0] if found.values else found


def softmax(call: Call) -> Held:
    """Over the channels, all positions or one axis; over anything else that is made the channels."""
    x = call.x
    one = call.opset >= _AXES_AS_INPUT
    axis = call.axis(call.integer("axis", -1 if one else 1))
    return over(call, x, [axis] if one else range(axis, len(x.dims)))


def over(call: Call, x: Held, places: Sequence[int]) -> Held:
    """A softmax over these dimensions together."""
    dims = [x.dims[place] for place in places]
    if axes.has(dims, BATCH):
        raise UnmappedError("over the batch")
    if not any(dims):
        return call.declared(x)
    found = None if axes.has(dims, REPEAT) else covered(call.trace, x, places)
    if found is not None and CHANNELS not in found:
        sizes = call.shape(x)[1:]
        if found == {axis for axis, size in enumerate(sizes, SPACE) if size > 1}:
            return call.same("softmax", x, {"over": "positions"})
        if len(found) == 1:
            return call.same("softmax", x, {"over": LETTERS[len(sizes)][min(found) - SPACE]})
    if found != {CHANNELS}:
        if len(places) == 1 and is_channel_part(call.trace, x, places[0]):
            return call.declared(x)
        x = call.channels(x, *places)
    return call.same("softmax", x)


def prelu(call: Call) -> Held:
    """One slope, or one per channel; for every element declared."""
    x, slopes = call.x, call.weight(1)
    count = numel(slopes)
    if count == 1:
        made = call.weighted("prelu", x, [{}], [slopes])
        return call.trace.like(made, x)
    spread = (1,) * (len(x.dims) - len(slopes.dims)) + slopes.dims
    places = [at for at, size in enumerate(spread) if size > 1]
    if len(places) == 1 and axes.only(x.dims[places[0]], CHANNELS, call.shape(x)[0]):
        return call.trace.like(call.weighted("prelu", x, [{"num_parameters": count}], [slopes]), x)
    return call.declared(x, count)


def nothing(call: Call) -> Held | Tensor:
    """No figure changes."""
    found = call.given[0]
    if found is None:
        raise UnmappedError("it has no input")
    return found  # type: ignore[no-any-return]


def quantize(call: Call) -> tuple[Any, ...]:
    """`DynamicQuantizeLinear`: the tensor, a scale and a zero point that are numbers."""
    return nothing(call), Tensor(), Tensor()


def dropout(call: Call) -> Held:
    """No effect at inference."""
    if call.is_read(1):
        raise UnmappedError("its mask is used")
    found = call.node.attributes.get("ratio")
    given = call.constant(1) if len(call.given) > 1 else None
    ratio = found if found is not None else (given.values or (0.5,))[0] if given else 0.5
    if not isinstance(ratio, (int, float)) or not 0 <= ratio <= 1:
        raise UnmappedError(f"a ratio of {ratio}")
    options: dict[str, Option] = {"p": f"{ratio:.6g}"}
    return call.same("dropout", call.x, options)


def where(call: Call) -> Held:
    """A choice between tensors: a constant condition changes no figure, tensors of the network are declared."""
    from cnncalc.importers.onnx.merging import joined

    test, yes, no = call.given
    held = [one for one in (yes, no, test) if not isinstance(one, Tensor)]
    made = held[0]
    for one in (*held[1:], *(one for one in (yes, no) if isinstance(one, Tensor))):
        made = joined(call, "custom", made, one)
    return made  # type: ignore[no-any-return]
