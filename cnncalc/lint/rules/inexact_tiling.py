"""CNN035: global operations in a dense task."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.window import AxisWhole
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow
from cnncalc.ops.base import Mix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.flow import Flow
    from cnncalc.report import LayerReport, Report


@rule("CNN035", Severity.INFO)
def inexact_tiling(report: Report) -> Iterator[Problem]:
    """A layer of a dense task mixes all positions, so that tiles of a large image differ from the whole.

    Large images are cut into overlapping tiles; with enough overlap the result is that of the whole image, pixel by
    pixel, as long as every layer is local. A global pool that gates (`se`, an image-pooling branch), group or instance
    norm, and attention take their statistics from the tile: seams appear, and results depend on how the image is cut.
    Batch norm at inference is local.

    Reina et al. 2020, "Systematic Evaluation of Image Tiling Adverse Effects on Deep Learning Semantic Segmentation".

    Bad:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 32 k3 p1 in relu, conv 2 k1]
        task: {dense: true}

    Good:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 32 k3 p1 bn relu, conv 2 k1]
        task: {dense: true}
    """
    task = report.spec.task
    if task is None or not task.dense:
        return
    net = flow(report)
    maps = [name for name in net.results if name in net.layers and prod(net.layers[name].output_shape[1:]) > 1]
    leading = net.leading_to(maps)
    for layer in report.layers:
        positions = max(prod(shape[1:]) for shape in layer.input_shapes)
        mixes = any(inference.mix is not Mix.NONE for inference in layer.inferences)
        if layer.name in leading and not mixes and _repeats(net, layer):
            yield Problem(
                message=f"{layer.op} repeats on an axis what was made of all of it: tiles differ from the whole image",
                help="leave it out, or never cut images into tiles",
                layer=layer.name,
            )
        if layer.name in leading and mixes and positions > 1:
            local = "`bn` is local at inference" if layer.op in ("gn", "in") else "leave it out"
            yield Problem(
                message=f"{layer.op} mixes all {positions:,} positions: tiles differ from the whole image",
                help=f"{local}, or never cut images into tiles",
                layer=layer.name,
            )


def _repeats(net: Flow, layer: LayerReport) -> bool:
    """It reads as a whole what is local still; what had mixed all positions was told where it did."""
    return any(
        isinstance(read, AxisWhole) and source in net.layers and not net.layers[source].is_global
        for inference in layer.inferences
        for source, reads in zip(layer.inputs, inference.reads, strict=False)
        for read in reads or ()
    )
