"""Functions of every element as ONNX nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.onnx.draft import beside, channel_axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.export.onnx.draft import Draft
    from cnncalc.export.onnx.network import Attribute

PLAIN: dict[str, tuple[str, dict[str, Attribute]]] = {
    "relu": ("Relu", {}),
    "leaky": ("LeakyRelu", {"alpha": 0.01}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "celu": ("Elu", {"alpha": 1.0}),  # the same with a = 1, where `Celu` takes single precision alone
    "gelu": ("Gelu", {}),
    "mish": ("Mish", {}),
    "hswish": ("HardSwish", {}),
    "hsigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "softplus": ("Softplus", {}),
    "exp": ("Exp", {}),
    "log": ("Log", {}),
    "sqrt": ("Sqrt", {}),
    "abs": ("Abs", {}),
    "neg": ("Neg", {}),
    "erf": ("Erf", {}),
}
"""Those that are one node, with its attributes."""
ENDS = {"relu6": (0, 6), "hardtanh": (-1, 1)}
"""Those that cut off."""


def plain(draft: Draft) -> str:
    """One node."""
    kind, attributes = PLAIN[draft.op.op]
    return draft.node(kind, draft.x, **attributes)


def clip(draft: Draft) -> str:
    """Between two numbers."""
    low, high = ENDS[draft.op.op]
    return draft.node("Clip", draft.x, draft.numbers("min", (low,), ()), draft.numbers("max", (high,), ()))


def silu(draft: Draft) -> str:
    """`x * sigmoid(x)`."""
    return draft.node("Mul", draft.x, draft.node("Sigmoid", draft.x))


def square(draft: Draft) -> str:
    """`x * x`."""
    return draft.node("Mul", draft.x, draft.x)


def rsqrt(draft: Draft) -> str:
    """`1 / sqrt(x)`."""
    return draft.node("Reciprocal", draft.node("Sqrt", draft.x))


def prelu(draft: Draft) -> str:
    """One slope, or one per channel."""
    slopes = draft.op.num_parameters
    return draft.node("PRelu", draft.x, draft.weight(0, beside(slopes, draft.shape) if slopes > 1 else (1,)))


def softmax(draft: Draft) -> str:
    """Over the channels, or over positions, of which several axes become one for it."""
    from cnncalc.ops.over import What, axes_over

    x, shape = draft.x, draft.shape
    if draft.op.over is What.CHANNELS:
        return draft.node("Softmax", x, axis=channel_axis(shape))
    axes = axes_over(draft.op.over, shape)
    if len(axes) == 1:
        return draft.node("Softmax", x, axis=1 if shape.tokens else 2 + axes[0])
    rows = draft.reshape(x, (0, shape.channels, shape.positions))
    return draft.reshape(draft.node("Softmax", rows, axis=2), (0, *shape))


ACTIVATIONS: dict[str, Callable[[Draft], str]] = {
    **dict.fromkeys(PLAIN, plain),
    **dict.fromkeys(ENDS, clip),
    "silu": silu,
    "square": square,
    "rsqrt": rsqrt,
    "prelu": prelu,
    "softmax": softmax,
}
