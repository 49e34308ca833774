"""CNN041: channels that are never mixed again."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report

DEPTHWISE = frozenset({"conv", "dwconv"})
MIXING = frozenset({"linear", "attention", "sdpa", "matmul", "rearrange", "custom"})


@rule("CNN041", Severity.WARNING)
def depthwise_without_pointwise(report: Report) -> Iterator[Problem]:
    """A depthwise convolution whose channels no later layer mixes.

    A depthwise convolution is half of a separable one: it filters every channel by itself, and the 1x1 convolution
    behind it lets channels speak to each other (Sifre 2014; Howard et al. 2017, arXiv:1704.04861). Without it an output
    channel depends on one channel alone for the rest of the network. Anything that reads several channels ends the
    search: a convolution with fewer groups, a linear layer, squeeze and excitation, attention, a reduction over
    channels.

    Bad: conv 16 k1 relu | dwconv k3 p1 bn relu
    Good: conv 16 k1 relu | dwconv k3 p1 bn relu | conv 32 k1
    """
    net = flow(report)
    mixed: dict[str, bool] = {}
    for layer in reversed(report.layers):
        mixed[layer.name] = any(_mixes(reader) or mixed[reader.name] for reader in net.readers[layer.name])
    leading = net.leading_to(net.results)
    for layer in report.layers:
        if layer.name not in leading or mixed[layer.name] or not _is_depthwise(layer):
            continue
        inside, outside = layer.input_shapes[0][0], layer.output_shape[0]
        yield Problem(
            message=f"no layer behind this depthwise {layer.op} reads more than one of its {outside:,} channels",
            help=f"`conv {outside} k1` behind it mixes them ({outside * outside + outside:,} parameters)",
            option="groups" if inside == outside else None,
            layer=layer.name,
        )


def _is_depthwise(layer: LayerReport) -> bool:
    settings = layer.settings
    return (
        layer.op in DEPTHWISE
        and settings is not None
        and prod(settings.kernel_size) > 1
        and settings.groups == layer.input_shapes[0][0] > 1
    )


def _mixes(layer: LayerReport) -> bool:
    """Whether an output channel of it depends on several of its input channels."""
    if layer.op in MIXING or len(layer.inferences) > 1:
        return True
    if layer.op == "reduce":
        return layer.output_shape[0] < layer.input_shapes[0][0]
    groups = layer.settings.groups if layer.settings else None
    return groups is not None and groups < layer.input_shapes[0][0]
