"""CNN046: batch statistics of next to nothing."""

from __future__ import annotations

from math import gcd, prod
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import Report

USUAL_GROUPS = 32
ENOUGH_VALUES = 16
"""Statistics of fewer values are noise; below it the errors of figure 1 of Wu & He begin to grow."""


@rule("CNN046", Severity.WARNING)
def norm_mode(report: Report) -> Iterator[Problem]:
    """A batch norm has too few values in training: a map of one position, or a batch of 1 that the file states.

    Behind a global pool (the image branch of ASPP) a map has one position, so that the statistics of a channel come
    from the batch alone; with a batch of 1 PyTorch refuses to train ("Expected more than 1 value per channel"), with a
    small one mean and variance are noise, and inference, which uses running statistics, differs from training. A stated
    batch of 16 and more is enough. With `batch: 1` written in the file every other batch norm is an instance norm in
    training and something else at inference, which is told once, as info, since the batch may be that of inference.
    Vectors (`fc 512 bn`) are judged with `batch: 1` alone. Frozen norms use their running statistics and are fine.

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
    norms = [layer for layer in report.layers if layer.op == "bn" and not layer.frozen]
    single = "batch" in report.spec.places and report.batch == 1
    alone = []
    for layer in norms:
        sizes = layer.output_shape[1:]
        values = report.batch * prod(sizes)
        if prod(sizes) == 1 and (single or (sizes and values < ENOUGH_VALUES)):
            yield Problem(
                message=f"the statistics of a channel come from {_counted(values, single=single)}",
                help="drop the norm here, or use `ln`, which takes its statistics over the channels of a sample",
                layer=layer.name,
            )
        elif single:
            alone.append(layer)
    if alone:
        groups = gcd(*(layer.output_shape[0] for layer in alone), USUAL_GROUPS)
        word = "gn" if groups == USUAL_GROUPS else f"gn={groups}"
        count = f"{len(alone)} batch norms" if len(alone) > 1 else "1 batch norm"
        yield Problem(
            message=f"with `batch: 1` the statistics of {count} come from one sample in training",
            help=f"group norm (`{word}`) does not depend on the batch",
            layer=alone[0].name,
            severity=Severity.INFO,
        )


def _counted(values: int, *, single: bool) -> str:
    if values > 1:
        return f"{values} values: the map has one position, the batch is {values}"
    return "1 value a sample: the map has one position" + (", the batch is 1" if single else "")
