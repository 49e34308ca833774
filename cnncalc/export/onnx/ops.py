"""Every op as ONNX nodes. Tokens are (batch, positions, channels), maps (batch, channels, sizes)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.onnx import layout, products, resize, windows
from cnncalc.export.onnx.activations import ACTIVATIONS
from cnncalc.export.onnx.network import NoNodeError
from cnncalc.export.onnx.norms import NORMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.export.onnx.draft import Draft

OPS: dict[str, Callable[[Draft], str]] = {
    **ACTIVATIONS,
    **NORMS,
    "conv": windows.conv,
    "dwconv": windows.conv,
    "convt": windows.convt,
    "maxpool": windows.maxpool,
    "avgpool": windows.avgpool,
    "lppool": windows.lppool,
    "blurpool": windows.blurpool,
    "pad": windows.pad,
    "crop": windows.crop,
    "adaptive": layout.adaptive,
    "adaptive_max": layout.adaptive,
    "gap": layout.gap,
    "gmp": layout.gap,
    "upsample": resize.upsample,
    "pixelshuffle": layout.pixelshuffle,
    "pixelunshuffle": layout.pixelunshuffle,
    "channelshuffle": layout.channelshuffle,
    "slice": layout.slice_,
    "residual pad": layout.residual_pad,
    **dict.fromkeys(("add", "sub", "mul", "div", "max", "min", "concat"), layout.joint),
    "reduce": layout.reduce,
    "rearrange": layout.rearrange,
    "tokens": layout.tokens,
    "flatten": layout.flatten,
    "prepend": layout.prepend,
    "scale": layout.scale,
    "shift": layout.scale,
    "dropout": layout.dropout,
    "identity": layout.identity,
    "linear": products.linear,
    "attention": products.attention,
    "sdpa": products.sdpa,
    "matmul": products.matmul,
}
"""By op; what is not here cannot be said. Composites come apart into their steps before."""


def drawn(draft: Draft) -> str:
    """The value that a layer gives; its nodes are in the draft. NoNodeError where there is no way to say it."""
    make = OPS.get(draft.op.op)
    if make is None:
        message = "a declared op has no nodes" if draft.op.op == "custom" else f"`{draft.op.op}` has no nodes"
        raise NoNodeError(message)
    return make(draft)
