"""Every op as PyTorch code. Tokens are (batch, positions, channels), maps (batch, channels, sizes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.program.code import Argument, Code, NoCodeError, Raw
from cnncalc.export.pytorch.elementwise import (
    ACTIVATIONS,
    FUNCTIONS,
    activation,
    function,
    joint,
    prelu,
    reduce,
    softmax,
)
from cnncalc.export.pytorch.layout import (
    adaptive,
    channelshuffle,
    crop,
    flatten,
    gap,
    pad,
    pixelshuffle,
    pixelunshuffle,
    residual_pad,
    slice_,
    tokens,
    upsample,
)
from cnncalc.export.pytorch.norms import NORMS
from cnncalc.export.pytorch.products import matmul, prepend, rearrange, sdpa
from cnncalc.export.pytorch.windows import avgpool, blurpool, conv, convt, lppool, maxpool, sepconv
from cnncalc.ops.scale import Each

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import LayerReport


def _dropout(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    return Code(make="nn.Dropout", arguments=(Argument("p", float(config.p), keyword=False),))


def _identity(_row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    return Code(make="nn.Identity")


def _linear(row: LayerReport, token_inputs: tuple[bool, ...]) -> Code:
    config: Any = row.config
    shape = row.input_shapes[0]
    run = "{module}({0})"
    if row.op == "fc" and token_inputs[0]:
        run = "{module}({0}.transpose(1, 2).flatten(1))"
    elif len(shape) > 1 and not token_inputs[0]:
        run = "{module}({0}.flatten(1))"
    return Code(
        make="nn.Linear",
        arguments=(
            Argument("in_features", row.weights[0].shape[1], keyword=False),
            Argument("out_features", config.out_channels, keyword=False),
            Argument("bias", config.bias, default=True),
        ),
        run=run,
        frozen=row.frozen,
    )


def _attention(row: LayerReport, token_inputs: tuple[bool, ...]) -> Code:
    config: Any = row.config
    run = "{module}({0})"
    if not token_inputs[0]:
        run = "{module}({0}.flatten(2).transpose(1, 2)).transpose(1, 2).reshape({0}.shape)"
    return Code(
        make="SelfAttention",
        arguments=(
            Argument("channels", row.input_shapes[0][0], keyword=False),
            Argument("num_heads", config.num_heads, keyword=False),
        ),
        run=run,
        helper="SelfAttention",
        frozen=row.frozen,
    )


def _scale(row: LayerReport, token_inputs: tuple[bool, ...]) -> Code:
    config: Any = row.config
    channels, *sizes = row.input_shapes[0]
    positions: list[int] = [1] * len(sizes) if config.over is Each.CHANNELS else sizes
    channels = 1 if config.over is Each.POSITIONS else channels
    shape = (*positions, channels) if token_inputs[0] else (channels, *positions)
    name = row.op.capitalize()
    return Code(make=name, arguments=(Argument("shape", shape, keyword=False),), helper=name, frozen=row.frozen)


def _se(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    for word in (config.act, config.gate):
        if word not in ACTIVATIONS and word != "softmax":
            message = f"`{word}` inside"
            raise NoCodeError(message)
    act, gate = (
        Raw(text="nn.Softmax(dim=1)" if word == "softmax" else f"{ACTIVATIONS[word]}()")
        for word in (config.act, config.gate)
    )
    name = f"SqueezeExcitation{len(row.input_shapes[0]) - 1}d"
    return Code(
        make=name,
        arguments=(
            Argument("channels", row.input_shapes[0][0], keyword=False),
            Argument("squeeze_channels", config.squeeze_channels, keyword=False),
            Argument("act", act),
            Argument("gate", gate),
        ),
        helper=name,
        frozen=row.frozen,
    )


OPS: dict[str, Callable[[LayerReport, tuple[bool, ...]], Code]] = {
    **dict.fromkeys(ACTIVATIONS, activation),
    **dict.fromkeys(FUNCTIONS, function),
    **NORMS,
    "softmax": softmax,
    "prelu": prelu,
    "conv": conv,
    "dwconv": conv,
    "sepconv": sepconv,
    "convt": convt,
    "linear": _linear,
    "fc": _linear,
    "maxpool": maxpool,
    "avgpool": avgpool,
    "lppool": lppool,
    "blurpool": blurpool,
    "adaptive": adaptive,
    "adaptive_max": adaptive,
    "gap": gap,
    "gmp": gap,
    "upsample": upsample,
    "pixelshuffle": pixelshuffle,
    "pixelunshuffle": pixelunshuffle,
    "channelshuffle": channelshuffle,
    "slice": slice_,
    "pad": pad,
    "crop": crop,
    "residual pad": residual_pad,
    **dict.fromkeys(("add", "sub", "mul", "div", "max", "min", "concat"), joint),
    "reduce": reduce,
    "se": _se,
    "attention": _attention,
    "sdpa": sdpa,
    "matmul": matmul,
    "rearrange": rearrange,
    "prepend": prepend,
    "tokens": tokens,
    "flatten": flatten,
    "scale": _scale,
    "shift": _scale,
    "dropout": _dropout,
    "identity": _identity,
}
"""By op; what is not here cannot be said."""
