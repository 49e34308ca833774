"""CNN046: batch statistics of next to nothing."""

from __future__ import annotations

from math import gcd, prod
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report

USUAL_GROUPS = 32


@rule("CNN046", Severity.WARNING)
def norm_mode(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """A batch norm has too few values in training: a map of one position, or a batch of 1 that the file states.

    Behind a global pool (the image branch of ASPP) a map has one position, so that the statistics of a channel come
    from the batch alone; with a batch of 1 PyTorch refuses to train ("Expected more than 1 value per channel"), with a
    small one mean and variance are noise, and inference, which uses running statistics, differs from training. With
    `batch: 1` written in the file every batch norm is an instance norm in training and something else at inference.
    Vectors (`fc 512 bn`) are judged with `batch: 1` only. Frozen norms use their running statistics and are fine.

    Wu & He 2018, Group Normalization, figure 1 (arXiv:1803.08494).

    Bad: gap | conv 64 k1 bn relu
    Bad:
        cnncalc: 1
        input: 3x32x32
        batch: 1
        layers: [conv 64 k3 p1 bn relu]

    Good: gap | conv 64 k1 relu
    Good: conv 64 k3 p1 bn relu | gap | fc 64 bn relu
    """
    if layer.op != "bn" or layer.frozen:
        return
    channels, *sizes = layer.output_shape
    positions, stated = prod(sizes), "batch" in report.spec.places
    values = positions * report.batch
    if stated and report.batch == 1:
        counted = "1 value" if values == 1 else f"{values:,} values of one sample"
        message = f"with `batch: 1` the statistics of a channel come from {counted}"
        groups = gcd(channels, USUAL_GROUPS)
        word = "gn" if groups == USUAL_GROUPS else f"gn={groups}"
        help_ = f"group norm (`{word}`) does not depend on the batch"
    elif sizes and positions == 1:
        counted = f"{values} values at batch {values}" if report.batch > 1 else "one value a sample"
        message = f"the map has one position: the statistics of a channel come from {counted}"
        help_ = "drop the norm here, or use `ln`, which takes its statistics over the channels of a sample"
    else:
        return
    yield Problem(message=message, help=help_)
