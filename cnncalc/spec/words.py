"""The vocabulary of the language as data: norms, activations, flags, shorts, keys and what names may not be."""

from __future__ import annotations

NORMS = frozenset({"bn", "gn", "ln", "in", "lrn", "rms"})
ACTIVATIONS = frozenset(
    {
        "relu", "relu6", "leaky", "prelu", "elu", "selu", "celu", "silu", "gelu", "mish", "hswish", "hsigmoid",
        "hardtanh", "sigmoid", "tanh", "softplus", "softmax",
    }
)  # fmt: skip
NONE = "none"
"""The word for no norm or activation."""
TRAILING = NORMS | ACTIVATIONS

PADDING_WORDS = ("same", "same_lower", "half", "valid", "full", "causal")
BOUNDARY_WORDS = ("zeros", "reflect", "replicate", "circular")

CONSTANT_WORDS = TRAILING | {NONE, *PADDING_WORDS, *BOUNDARY_WORDS}
"""Words that stand for themselves inside an expression; no variable can have such a name."""
