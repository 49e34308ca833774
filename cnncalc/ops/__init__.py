"""Every op, one file per family. A file is loaded when one of its ops is used: a network needs few of them."""

from cnncalc.ops.base import OPS, SYNONYMS

__all__ = ["OPS", "SYNONYMS"]

_FILES = {
    "activation": (
        "relu relu6 leaky elu selu celu silu gelu mish hswish hsigmoid hardtanh sigmoid tanh softplus "
        "exp log sqrt rsqrt square abs neg erf softmax prelu"
    ),
    "adaptive": "adaptive adaptive_max gap gmp",
    "attention": "attention",
    "border": "pad crop",
    "conv": "conv dwconv sepconv",
    "convt": "convt",
    "custom": "custom",
    "dropout": "dropout",
    "layout": "flatten tokens identity slice channelshuffle",
    "linear": "linear fc",
    "matmul": "matmul",
    "merge": "add sub mul div max min concat",
    "norm": "bn gn ln in lrn rms",
    "pool": "maxpool avgpool lppool blurpool",
    "prepend": "prepend",
    "rearrange": "rearrange",
    "reduce": "reduce",
    "resize": "upsample pixelshuffle pixelunshuffle",
    "scale": "scale shift",
    "sdpa": "sdpa",
    "se": "se",
}
OPS.files.update({word: f"{__name__}.{file}" for file, words in _FILES.items() for word in words.split()})
OPS.files["residual pad"] = f"{__name__}.shortcut"  # what no layer line can say

from cnncalc.ops import activation, norm  # noqa: E402, F401 - their ops have other spellings, which must be known at once
