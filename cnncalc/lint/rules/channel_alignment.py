"""CNN047: channels that tensor cores cannot tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.flow import Flow
    from cnncalc.report import Report

ALIGNMENT_BYTES = 16
"""What a tensor core loads at once."""
OPS = frozenset({"conv", "convt", "sepconv", "linear", "fc"})


@rule("CNN047", Severity.WARNING, default=False)
def channel_alignment(report: Report) -> Iterator[Problem]:
    """Channels that are no multiple of 16 bytes: 8 in half precision, 16 in int8, 4 in float32 (as TF32).

    Matrix units take channels in blocks of 16 bytes; a remainder is padded, or the layer falls back to slower code.
    Channels of the network's input and of its outputs, which the data decide, and depthwise convolutions, which use no
    matrix units, are left out. Off unless selected, because it matters on some hardware only.

    NVIDIA, "Deep Learning Performance: Convolutional Layers User's Guide", section on channels in and out.

    Bad:
        cnncalc: 1
        input: 3x64x64
        dtype: float16
        layers: [conv 60 k3 p1 relu, conv 64 k3 p1 relu, gap, fc 10]
        lint: {select: [CNN047]}

    Good:
        cnncalc: 1
        input: 3x64x64
        dtype: float16
        layers: [conv 64 k3 p1 relu, conv 64 k3 p1 relu, gap, fc 10]
        lint: {select: [CNN047]}
    """
    step = ALIGNMENT_BYTES // report.spec.dtype.bytes
    ends = _ends(flow(report))
    for layer in report.layers:
        if layer.op not in OPS or layer.name in ends:
            continue
        groups = layer.settings.groups or 1 if layer.settings else 1
        channels = layer.output_shape[0]
        if groups == layer.input_shapes[0][0] > 1 or channels // groups % step == 0:
            continue
        each = channels // groups
        below, above = each // step * step, -(-each // step) * step
        fits = " or ".join(f"{size * groups:,}" for size in (below, above) if size)
        per_group = f" ({each} in each of {groups} groups)" if groups > 1 else ""
        yield Problem(
            message=f"{channels:,} output channels{per_group} are no multiple of {step} ({report.dtype})",
            help=f"use {fits}",
            option="out_channels",
            layer=layer.name,
        )


def _ends(net: Flow) -> set[str]:
    """The layers that give outputs, and those whose channels an output repeats."""
    ends = set(net.results)
    for layer in reversed(net.report.layers):
        if layer.name in ends and layer.op not in OPS:
            ends.update(layer.inputs)
    return ends
