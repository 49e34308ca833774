"""Which function maps which ATen op, by its name without overload and trailing underscore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch import (
    attention,
    convolutions,
    elementwise,
    layout,
    linear,
    merges,
    norms,
    patches,
    pools,
    reductions,
)
from cnncalc.importers.tensors.trace import UnmappedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.importers.pytorch.call import Call

NOTHING = frozenset({
    "clone", "contiguous", "to", "_to_copy", "alias", "detach", "lift_fresh_copy", "lift_fresh", "feature_dropout",
    "alpha_dropout", "feature_alpha_dropout", "positive", "type_as", "_assert_tensor_metadata", "requires_grad",
    "resolve_conj", "resolve_neg", "float", "half", "double", "bfloat16",
})  # fmt: skip
"""Ops that change no figure."""
REFUSED = {
    "lstm": "a recurrent layer",
    "gru": "a recurrent layer",
    "rnn_tanh": "a recurrent layer",
    "rnn_relu": "a recurrent layer",
    "grid_sampler": "sampling at positions that are computed",
    "grid_sampler_2d": "sampling at positions that are computed",
    "deform_conv2d": "a deformable convolution",
    "nms": "a selection of boxes, whose number is not known",
    "roi_align": "pooling of boxes that are computed",
    "nonzero": "a selection, whose number is not known",
    "masked_select": "a selection, whose number is not known",
    "embedding": "an embedding of numbers",
}
"""Ops that have no counterpart, and what they are."""


def unmapped(call: Call) -> Any:
    """Every op that is not in the table."""
    name = str(call.node.target).removesuffix(".default")
    what = REFUSED.get(call.op)
    raise UnmappedError(f"{name} has no counterpart" + (f": {what}" if what else ""))


def no_complex(call: Call) -> None:
    """Refuses an op whose results are complex numbers."""
    if any(getattr(getattr(each, "dtype", None), "is_complex", False) for each in call.results):
        raise UnmappedError(f"{str(call.node.target).removesuffix('.default')} gives complex numbers")


MAPPERS: dict[str, Callable[[Call], Any]] = {
    **dict.fromkeys(NOTHING, elementwise.nothing),
    **dict.fromkeys(elementwise.ACTIVATIONS, elementwise.activation),
    **dict.fromkeys(elementwise.DECLARED, elementwise.declared),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max", "hardtanh"), elementwise.clamp),
    **dict.fromkeys(("softmax", "_softmax", "log_softmax", "_log_softmax"), elementwise.softmax),
    "copy": elementwise.copied,
    "pow": elementwise.power,
    "dropout": elementwise.dropout,
    "prelu": elementwise.prelu,
    "_prelu_kernel": elementwise.prelu,
    "glu": elementwise.glu,
    **{f"conv{n}d": convolutions.conv for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": convolutions.conv_transposed for n in (1, 2, 3)},
    **{f"max_pool{n}d{more}": pools.maxpool for n in (1, 2, 3) for more in ("", "_with_indices")},
    **{f"avg_pool{n}d": pools.avgpool for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": pools.adaptive("adaptive", "gap") for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": pools.adaptive("adaptive_max", "gmp") for n in (1, 2, 3)},
    **{f"upsample_nearest{n}d": pools.upsample("nearest") for n in (1, 2, 3)},
    **{f"_upsample_nearest_exact{n}d": pools.upsample("nearest_exact") for n in (1, 2, 3)},
    **{f"upsample_{kind}": pools.upsample("linear") for kind in ("linear1d", "bilinear2d", "trilinear3d")},
    "_upsample_bilinear2d_aa": pools.upsample("linear"),
    **dict.fromkeys(("upsample_bicubic2d", "_upsample_bicubic2d_aa"), pools.upsample("cubic")),
    "pad": patches.pad,
    "constant_pad_nd": patches.pad,
    "im2col": patches.im2col,
    "unfold": patches.unfold,
    "col2im": layout.col2im,
    "batch_norm": norms.batch_norm,
    "instance_norm": norms.instance_norm,
    "group_norm": norms.group_norm,
    "layer_norm": norms.layer_norm,
    "rms_norm": norms.layer_norm,
    "linear": linear.linear,
    "addmm": linear.addmm,
    **dict.fromkeys(("matmul", "mm", "bmm"), attention.matmul),
    "baddbmm": attention.baddbmm,
    "einsum": attention.einsum,
    "scaled_dot_product_attention": attention.sdpa,
    **dict.fromkeys(reductions.KINDS, reductions.reduction),
    **dict.fromkeys(("var", "std", "var_mean", "std_mean"), reductions.variance),
    "add": merges.merge("add"),
    "sub": merges.merge("sub"),
    "rsub": merges.merge("sub"),
    "mul": merges.merge("mul"),
    "multiply": merges.merge("mul"),
    "div": merges.merge("div"),
    "divide": merges.merge("div"),
    "true_divide": merges.merge("div"),
    "maximum": merges.merge("max"),
    "minimum": merges.merge("min"),
    **dict.fromkeys(
        ("atan2", "logaddexp", "logical_and", "logical_or", "bitwise_and", "bitwise_or"), merges.merge("custom")
    ),
    **dict.fromkeys(("addcmul", "addcdiv"), merges.fused),
    "lerp": merges.lerp,
    **dict.fromkeys(("where", "masked_fill"), merges.where),
    **dict.fromkeys(("cat", "concat", "concatenate"), merges.concat),
    "stack": merges.stack,
    "slice": layout.slices,
    "narrow": layout.narrow,
    **dict.fromkeys(
        ("split", "split_with_sizes", "chunk", "tensor_split", "unsafe_chunk", "unsafe_split"), layout.split
    ),
    "unbind": layout.unbind,
    "select": layout.select,
    **dict.fromkeys(
        ("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "_unsafe_view", "reshape_as", "view_as"),
        layout.view,
    ),
    **dict.fromkeys(("transpose", "swapaxes", "swapdims", "t", "mT", "numpy_T"), layout.transpose),
    "permute": layout.permute,
    "movedim": layout.movedim,
    **dict.fromkeys(("expand", "expand_as", "broadcast_to"), layout.expand),
    **dict.fromkeys(("repeat", "tile"), layout.repeat),
    "repeat_interleave": layout.repeat_interleave,
    **dict.fromkeys(("roll", "flip"), layout.moved),
    **dict.fromkeys(("index", "index_select"), layout.index),
    **dict.fromkeys(("gather", "take_along_dim"), layout.gather),
    **dict.fromkeys(("slice_scatter", "select_scatter", "index_put", "diagonal_scatter"), layout.scattered),
    "pixel_shuffle": layout.shuffle("pixelshuffle", "upscale_factor"),
    "pixel_unshuffle": layout.shuffle("pixelunshuffle", "downscale_factor"),
    "channel_shuffle": layout.shuffle("channelshuffle", "groups"),
    "native_channel_shuffle": layout.shuffle("channelshuffle", "groups"),
}
