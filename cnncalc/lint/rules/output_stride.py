"""CNN034: outputs that are not on the task's grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity, counted
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from cnncalc.report import LayerReport, Report


@rule("CNN034", Severity.WARNING)
def output_stride(report: Report) -> Iterator[Problem]:
    """No output of a dense task has the jump that `task.stride` states, or one has no map at all.

    Labels are made on a grid; an output with another jump is compared with labels of other places, or resized without
    a word by the loss. Where one of several outputs is on the grid (a pyramid), the others are let be.

    Bad:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k3 s2 p1 relu, conv 8 k3 s2 p1 relu, conv 2 k1]
        task: {dense: true, stride: 2}

    Good:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k3 s2 p1 relu, conv 8 k3 p1 relu, conv 2 k1]
        task: {dense: true, stride: 2}
    """
    task = report.spec.task
    if task is None or not (task.dense or task.stride):
        return
    net = flow(report)
    ends = {name: net.layers[end] for name, end in net.outputs.items() if end in net.layers}
    if task.stride is None:
        judged = {name: layer for name, layer in ends.items() if not _jumps(layer)}
        ends = judged if len(judged) == len(ends) else {}
    elif any(_fits(layer, task.stride) for layer in ends.values()):
        return
    for name, layer in ends.items():
        yield _problem(name, layer, task.stride)


def _jumps(layer: LayerReport) -> tuple[Fraction, ...]:
    """Per axis; () where there is no map."""
    jumps = tuple(axis.jump for axis in layer.reach if axis.jump is not None)
    return jumps if len(jumps) == len(layer.reach) else ()


def _fits(layer: LayerReport, stride: tuple[int, ...]) -> bool:
    jumps = _jumps(layer)
    return bool(jumps) and jumps == (stride * len(jumps) if len(stride) == 1 else stride)


def _problem(name: str, layer: LayerReport, stride: tuple[int, ...] | None) -> Problem:
    jumps = _jumps(layer)
    asked = "is dense" if stride is None else f"asks for stride {_by(stride)}"
    if not jumps:
        return Problem(
            message=f"output `{name}` has no map, the task {asked}",
            help="end in a map: `conv` in place of `fc`, and no global pool",
            layer=layer.name,
        )
    return Problem(
        message=f"output `{name}` has jump {_by(jumps)}, the task {asked}",
        help=_remedy(jumps, stride or ()),
        layer=layer.name,
    )


def _remedy(jumps: tuple[Fraction, ...], stride: tuple[int, ...]) -> str | None:
    if len(stride) not in (1, len(jumps)):
        return f"`task.stride` has {counted(len(stride), 'value')}, the map has {counted(len(jumps), 'axis')}"
    steps = stride * len(jumps) if len(stride) == 1 else stride
    ratios = [jump / step for jump, step in zip(jumps, steps, strict=True)]
    if all(ratio >= 1 and ratio.denominator == 1 for ratio in ratios):
        scale = _by(ratios)
        return f"`upsample {scale}` behind it, or {scale} times less stride before it"
    if all(ratio <= 1 and ratio.numerator == 1 for ratio in ratios):
        return f"{_by([1 / ratio for ratio in ratios])} times more stride before it"
    return None


def _by(sizes: tuple[int | Fraction, ...] | list[Fraction]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
