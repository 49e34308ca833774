"""CNN043: activations behind logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.flow import Flow
    from cnncalc.report import LayerReport, Report

RECTIFIERS = frozenset({"relu", "relu6", "leaky", "prelu", "elu", "selu", "celu", "silu", "gelu", "mish", "hswish"})
PROBABILITIES = frozenset({"softmax", "sigmoid"})
PASSING = frozenset({"dropout", "identity", "flatten", "scale", "shift"})


@rule("CNN043", Severity.WARNING)
def nonlinearity_after_logits(report: Report) -> Iterator[Problem]:
    """The network ends in a linear layer and a rectifier: the logits lose their sign.

    Cross-entropy and hinge losses take any number; behind a ReLU all negative logits are 0 with gradient 0, classes
    cannot be told apart there, and a sigmoid never goes below a half. Named are a linear layer of several outputs with
    a rectifier as the last word, and any rectifier right before a final softmax or sigmoid, which shows that logits
    were meant. A softmax or sigmoid by itself is fine, and so is a feature extractor that ends in a convolution.

    Goodfellow et al. 2016, Deep Learning, section 6.2.2.

    Bad: gap | fc 10 relu
    Bad: conv 2 k1 relu | softmax
    Good: gap | fc 10
    Good: gap | fc 10 | softmax
    Good: conv 64 k3 p1 relu
    """
    net = flow(report)
    for name, end in net.outputs.items():
        layer = _behind(net, net.layers.get(end), PASSING)
        certain = layer is not None and layer.op in PROBABILITIES
        if certain and layer is not None:
            layer = _behind(net, next(net.sources(layer), None), PASSING)
        if layer is None or layer.op not in RECTIFIERS:
            continue
        source = _behind(net, next(net.sources(layer), None), PASSING | {"bn", "ln", "gn"})
        if source is None or source.op not in (("linear", "fc", "conv") if certain else ("linear", "fc")):
            continue
        channels = layer.output_shape[0]
        if channels == 1 and not certain:
            continue  # a quantity that cannot be negative
        yield Problem(
            message=f"output `{name}` passes its {channels:,} logits through {layer.op}"
            + (" before the probabilities" if certain else ""),
            help=f"drop `{layer.op}`",
            layer=layer.name,
        )


def _behind(net: Flow, layer: LayerReport | None, passing: frozenset[str]) -> LayerReport | None:
    """The layer whose values arrive here through layers that keep them."""
    while layer is not None and layer.op in passing:
        layer = next(net.sources(layer), None)
    return layer
