"""The vocabulary of the language as data: norms, activations, flags, shorts, keys, and what other tools call them."""

from __future__ import annotations

NORMS = frozenset({"bn", "gn", "ln", "in", "lrn", "rms"})
ACTIVATIONS = frozenset(
    {
        "relu", "relu6", "leaky", "prelu", "elu", "selu", "celu", "silu", "gelu", "mish", "hswish", "hsigmoid",
        "hardtanh", "sigmoid", "tanh", "softplus", "softmax", "exp", "log", "sqrt", "rsqrt", "square", "abs", "neg",
        "erf",
    }
)  # fmt: skip
TRAILING = NORMS | ACTIVATIONS
NONE = "none"
"""The word for no norm or activation."""

PADDING_WORDS = ("same", "same_lower", "half", "valid", "full", "causal")
BOUNDARY_WORDS = ("zeros", "reflect", "replicate", "circular")

CONSTANT_WORDS = TRAILING | {NONE, *PADDING_WORDS, *BOUNDARY_WORDS}
"""Words that stand for themselves inside an expression; no variable can have such a name."""

FLAGS: dict[str, tuple[str, str | bool]] = {
    **{word: ("padding", word) for word in PADDING_WORDS},
    **{word: ("padding_mode", word) for word in BOUNDARY_WORDS},
    "ceil": ("ceil_mode", True),
    "bias": ("bias", True),
    "nobias": ("bias", False),
    "frozen": ("frozen", True),
    "align_corners": ("align_corners", True),
    "global": ("sees_all", True),
    "tokens": ("tokens", True),
}
"""Flag -> option and its value."""

SHORTS = {
    "k": "kernel_size",
    "s": "stride",
    "p": "padding",
    "d": "dilation",
    "g": "groups",
    "op": "output_padding",
    "m": "multiplier",
}
"""Letter of a short (`k3`) -> option. All but `op` are keys too (`k=c`)."""

KEY_SYNONYMS: dict[str, tuple[str, ...]] = {
    **{letter: (option,) for letter, option in SHORTS.items() if letter != "op"},
    "g": ("groups", "num_groups"),
    "out": ("out_channels",),
    "heads": ("num_heads",),
    "kv_heads": ("num_kv_heads",),
    "global": ("sees_all",),
    "kernel": ("kernel_size",),
}
"""Other accepted spellings of an option's name; the first option that the op has."""

ITEM_KEYS = frozenset(
    {
        "op", "use", "do", "repeat", "each", "rows", "residual", "shortcut", "then", "branches", "merge", "align",
        "norm", "act", "from", "when", "share", "name",
    }
)  # fmt: skip
CALL_KEYS = frozenset({"op", "use", "name", "repeat", "when", "from", "share"})
"""Of these the keys that a call has beside the parameters of its block."""
STREAM_WORDS = frozenset({"x", "prev", "i"})
EXPRESSION_WORDS = frozenset({"if", "else", "and", "or", "not", "true", "false"})
GROUP_WORDS = ("add", "concat", "mul", "max", "min", "res")
SHORTCUTS = ("identity", "project", "if_same", "pad")
MERGES = ("concat", "add", "mul", "max", "min")

# What people know from frameworks, by lower-case spelling without `_`: asked before any likeness of letters.
FOREIGN_OPS = {
    "conv1d": "conv", "conv2d": "conv", "conv3d": "conv", "convolution": "conv", "convolution2d": "conv",
    "convtranspose": "convt", "convtranspose1d": "convt", "convtranspose2d": "convt", "convtranspose3d": "convt",
    "conv1dtranspose": "convt", "conv2dtranspose": "convt", "conv3dtranspose": "convt", "deconv": "convt",
    "deconvolution": "convt", "upconv": "convt", "transposedconv": "convt",
    "depthwise": "dwconv", "depthwiseconv": "dwconv", "depthwiseconv2d": "dwconv", "dw": "dwconv",
    "separable": "sepconv", "separableconv": "sepconv", "separableconv2d": "sepconv", "dsconv": "sepconv",
    "dense": "fc", "fullyconnected": "fc", "innerproduct": "fc", "gemm": "linear", "mlp": "linear",
    "maxpool1d": "maxpool", "maxpool2d": "maxpool", "maxpool3d": "maxpool", "maxpooling": "maxpool",
    "maxpooling1d": "maxpool", "maxpooling2d": "maxpool", "maxpooling3d": "maxpool", "pool": "maxpool",
    "avgpool1d": "avgpool", "avgpool2d": "avgpool", "avgpool3d": "avgpool", "averagepool": "avgpool",
    "averagepooling1d": "avgpool", "averagepooling2d": "avgpool", "averagepooling3d": "avgpool", "meanpool": "avgpool",
    "lppool1d": "lppool", "lppool2d": "lppool",
    "globalaveragepool": "gap", "globalavgpool": "gap", "globalaveragepooling1d": "gap",
    "globalaveragepooling2d": "gap", "globalaveragepooling3d": "gap",
    "globalmaxpool": "gmp", "globalmaxpooling2d": "gmp", "globalmaxpooling1d": "gmp",
    "adaptiveavgpool1d": "adaptive", "adaptiveavgpool2d": "adaptive", "adaptiveavgpool3d": "adaptive",
    "adaptivemaxpool2d": "adaptive_max", "adaptivepool": "adaptive", "spatialpyramidpooling": "adaptive",
    "concatenate": "concat", "cat": "concat", "join": "concat", "sum": "add", "plus": "add", "subtract": "sub",
    "multiply": "mul", "times": "mul", "maximum": "max", "minimum": "min", "divide": "div", "truediv": "div",
    "scaleddotproductattention": "sdpa", "flashattention": "sdpa", "bmm": "matmul", "einsum": "matmul",
    "reshape": "rearrange", "view": "rearrange", "permute": "rearrange", "transpose": "rearrange", "roll": "rearrange",
    "clstoken": "prepend", "classtoken": "prepend",
    "residual": "res", "skip": "res",
    "resize": "upsample", "interpolate": "upsample", "upsampling": "upsample", "upsampling1d": "upsample",
    "upsampling2d": "upsample", "upsampling3d": "upsample", "upsample2d": "upsample", "unpool": "upsample",
    "zeropadding1d": "pad", "zeropadding2d": "pad", "zeropadding3d": "pad", "zeropad2d": "pad",
    "reflectionpad1d": "pad", "reflectionpad2d": "pad",
    "cropping2d": "crop", "centercrop": "crop", "depthtospace": "pixelshuffle", "spacetodepth": "pixelunshuffle",
    "shuffle": "channelshuffle", "squeezeexcitation": "se", "squeezeexcite": "se", "layerscale": "scale",
    "multiheadattention": "attention", "mha": "attention", "selfattention": "attention", "split": "slice",
    "batchnorm": "bn", "batchnormalization": "bn", "groupnorm": "gn", "groupnormalization": "gn", "layernorm": "ln",
    "layernormalization": "ln", "instancenorm": "in", "instancenormalization": "in", "localresponsenorm": "lrn",
    "rmsnorm": "rms", "leakyrelu": "leaky", "lrelu": "leaky", "swish": "silu", "hardswish": "hswish",
    "hardsigmoid": "hsigmoid", "logistic": "sigmoid",
    "noop": "identity", "passthrough": "identity", "lambda": "custom",
}  # fmt: skip

_INFERRED = "input channels are never typed: they are inferred from the layer before"
FOREIGN_KEYS = {
    "filters": "out_channels", "numfilters": "out_channels", "channels": "out_channels", "outchannels": "out_channels",
    "outplanes": "out_channels", "planes": "out_channels", "numoutput": "out_channels", "outputs": "out_channels",
    "units": "out_channels", "outfeatures": "out_channels", "numfeatures": "out_channels", "width": "out_channels",
    "kernelsize": "kernel_size", "kernels": "kernel_size", "ksize": "kernel_size", "filtersize": "kernel_size",
    "kernelshape": "kernel_size", "poolsize": "kernel_size", "windowsize": "kernel_size", "window": "kernel_size",
    "strides": "stride", "subsample": "stride", "step": "stride",
    "pad": "padding", "pads": "padding", "paddings": "padding", "autopad": "padding",
    "dilationrate": "dilation", "dilations": "dilation", "rate": "dilation", "atrous": "dilation",
    "group": "groups", "numgroups": "groups", "cardinality": "groups",
    "depthmultiplier": "multiplier", "usebias": "bias", "outputpad": "output_padding",
    "paddingmode": "padding_mode", "ceilmode": "ceil_mode", "scalefactor": "scale", "factor": "scale",
    "heads": "num_heads", "squeeze": "squeeze_channels", "reduction": "squeeze_channels",
    "activation": "act", "nonlinearity": "act", "normalization": "norm", "batchnorm": "norm",
    "times": "repeat", "repeats": "repeat", "count": "repeat", "number": "repeat", "copies": "repeat",
    "input": "from", "inputs": "from", "src": "from", "source": "from", "if": "when", "condition": "when",
    "type": "op", "layer": "op", "block": "use", "body": "do", "layers": "do", "label": "name", "id": "name",
    "mergemode": "merge", "paths": "branches", "skip": "shortcut", "downsample": "shortcut",
}  # fmt: skip
"""What other tools call an option or an item key -> ours."""

FOREIGN_ADVICE = {
    **dict.fromkeys(("inchannels", "infeatures", "inplanes", "inputchannels", "inputsize", "inputshape"), _INFERRED),
    "axis": "channels come first, always; a merge joins along the channels where it is `concat`",
    "dim": "channels come first, always; a merge joins along the channels where it is `concat`",
    "dataformat": "channels come first, always",
    "inplace": "memory is counted in three variants, `in_place` among them; no layer needs to say it",
}
"""Keys of other tools for which there is no word here, and why."""


FOREIGN_FILE_KEYS = {
    "version": "cnncalc", "inputshape": "input", "inputsize": "input", "shape": "input", "output": "outputs",
    "layer": "layers", "network": "layers", "model": "layers", "architecture": "layers", "backbone": "layers",
    "variables": "vars", "parameters": "vars", "constants": "vars", "block": "blocks", "modules": "blocks",
    "batchsize": "batch", "precision": "dtype", "datatype": "dtype", "expected": "expect", "expectations": "expect",
    "mults": "macs", "multadds": "macs", "madds": "macs", "mac": "macs", "flop": "flops", "numparams": "params",
    "parametercount": "params", "receptivefield": "rf", "fieldofview": "rf", "effectivestride": "jump",
    "outputstride": "jump", "totalstride": "jump", "center": "start", "centre": "start", "outputshape": "shape",
    "size": "shape", "resolution": "sizes", "padding": "boundary", "disable": "ignore", "skip": "ignore",
    "enable": "select", "levels": "severity",
}  # fmt: skip
"""Likewise for the keys of a file."""


def squeezed(word: str) -> str:
    """A word as the tables of foreign words spell it.

    >>> squeezed("in_channels")
    'inchannels'
    """
    return word.lower().replace("_", "").replace("-", "")
