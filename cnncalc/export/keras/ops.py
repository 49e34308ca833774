"""Every op as Keras code. Channels stand last; tokens are maps of one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.keras.layout import (
    adaptive,
    channelshuffle,
    crop,
    flatten,
    gap,
    joint,
    pad,
    pixelshuffle,
    rearrange,
    reduce,
    sdpa,
    slice_,
    tokens,
    upsample,
)
from cnncalc.export.keras.windows import avgpool, conv, convt, maxpool, sepconv
from cnncalc.export.program.code import Argument, Code, NoCodeError
from cnncalc.ops.norm import Span
from cnncalc.ops.over import axes_over
from cnncalc.ops.scale import Each

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import LayerReport

ACTIVATIONS = {
    "relu": "relu",
    "relu6": "relu6",
    "elu": "elu",
    "selu": "selu",
    "celu": "celu",
    "silu": "silu",
    "gelu": "gelu",
    "mish": "mish",
    "hswish": "hard_silu",
    "hsigmoid": "hard_sigmoid",
    "hardtanh": "hard_tanh",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "softplus": "softplus",
}
FUNCTIONS = {
    "exp": "exp", "log": "log", "sqrt": "sqrt", "rsqrt": "rsqrt", "square": "square", "abs": "abs", "neg": "negative",
    "erf": "erf",
}  # fmt: skip


def _activation(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    return Code(make="layers.Activation", arguments=(Argument("activation", ACTIVATIONS[row.op], keyword=False),))


def _leaky(_row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    return Code(make="layers.LeakyReLU", arguments=(Argument("negative_slope", 0.01),))


def _function(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    return Code(run=f"ops.{FUNCTIONS[row.op]}({{0}})")


def _softmax(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    over = [axis + 1 for axis in axes_over(config.over, row.inferences[0].output)]
    axis = -1 if not over else over[0] if len(over) == 1 else over
    return Code(make="layers.Softmax", arguments=(Argument("axis", axis, -1),))


def _prelu(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    ndim = len(row.input_shapes[0]) - 1
    shared = list(range(1, ndim + 1 + (config.num_parameters == 1)))
    arguments = (Argument("shared_axes", shared),) if shared else ()
    return Code(make="layers.PReLU", arguments=arguments, frozen=row.frozen)


def _norm(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    kinds = {"bn": "Batch", "gn": "Group", "in": "Group", "ln": "Layer", "rms": "RMS"}
    arguments = []
    if row.op in ("gn", "in"):
        arguments.append(Argument("groups", config.num_groups if row.op == "gn" else -1, keyword=False))
    if row.op in ("ln", "rms") and config.over is Span.ALL:
        arguments.append(Argument("axis", list(range(1, len(row.input_shapes[0]) + 1))))
    if not config.affine:
        if row.op == "rms":
            message = "a root-mean-square norm without weights"
            raise NoCodeError(message)
        arguments += [Argument("center", value=False), Argument("scale", value=False)]
    return Code(make=f"layers.{kinds[row.op]}Normalization", arguments=tuple(arguments), frozen=row.frozen)


def _linear(row: LayerReport, token_inputs: tuple[bool, ...]) -> Code:
    config: Any = row.config
    flat = len(row.input_shapes[0]) > 1 and (row.op == "fc" or not token_inputs[0])
    return Code(
        make="layers.Dense",
        arguments=(
            Argument("out_features", config.out_channels, keyword=False),
            Argument("use_bias", config.bias, default=True),
        ),
        run='{module}(layers.Flatten(name={part}_flat")({0}))' if flat else "{module}({0})",
        frozen=row.frozen,
    )


def _attention(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    size = row.input_shapes[0][0] // config.num_heads
    return Code(
        make="layers.MultiHeadAttention",
        arguments=(Argument("num_heads", config.num_heads, keyword=False), Argument("key_dim", size, keyword=False)),
        run="{module}({0}, {0})",
        frozen=row.frozen,
    )


def _se(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    for word in (config.act, config.gate):
        if word not in ACTIVATIONS:
            message = f"`{word}` inside"
            raise NoCodeError(message)
    return Code(
        run="squeeze_excite({0}, {squeeze_channels}, {act}, {gate}, trainable={trainable}, name={name})",
        constants={
            "squeeze_channels": config.squeeze_channels, "act": ACTIVATIONS[config.act],
            "gate": ACTIVATIONS[config.gate], "trainable": not row.frozen,
        },
        helper=f"squeeze_excite_{len(row.input_shapes[0]) - 1}d",
    )  # fmt: skip


def _scale(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    if config.over is not Each.CHANNELS:
        message = f"a `{row.op}` over {config.over.value}"
        raise NoCodeError(message)
    name = "LayerScale" if row.op == "scale" else "LayerShift"
    return Code(make=name, helper=name, frozen=row.frozen)


def _dropout(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    return Code(make="layers.Dropout", arguments=(Argument("rate", float(config.p), keyword=False),))


def _identity(_row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    return Code(make="layers.Identity")


OPS: dict[str, Callable[[LayerReport, tuple[bool, ...]], Code]] = {
    **dict.fromkeys(ACTIVATIONS, _activation),
    **dict.fromkeys(FUNCTIONS, _function),
    **dict.fromkeys(("bn", "ln", "gn", "in", "rms"), _norm),
    **dict.fromkeys(("add", "sub", "mul", "div", "max", "min", "concat"), joint),
    "leaky": _leaky, "prelu": _prelu, "softmax": _softmax, "conv": conv, "dwconv": conv, "sepconv": sepconv,
    "convt": convt, "linear": _linear, "fc": _linear, "maxpool": maxpool, "avgpool": avgpool, "adaptive": adaptive,
    "adaptive_max": adaptive, "gap": gap, "gmp": gap, "upsample": upsample, "pixelshuffle": pixelshuffle,
    "pixelunshuffle": pixelshuffle, "channelshuffle": channelshuffle, "slice": slice_, "pad": pad, "crop": crop,
    "reduce": reduce, "se": _se, "attention": _attention, "sdpa": sdpa, "rearrange": rearrange, "tokens": tokens,
    "flatten": flatten, "scale": _scale, "shift": _scale, "dropout": _dropout, "identity": _identity,
}  # fmt: skip
"""By op; what is not here cannot be said."""
