"""CNN032: resolution that is lost before the output needs it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report


GONE = Fraction(2**64)
"""As a jump: the map itself is gone."""


class _Way(NamedTuple):
    """The finest way from the input to a layer."""

    coarsest: Fraction
    """Largest jump on it, in strides of the task."""
    first: str | None = None
    """The layer at which the way becomes coarser than the task's stride."""
    folded: int = 1
    """How much of the jump lies in the channels (`pixelunshuffle`) and is not lost."""


@rule("CNN032", Severity.WARNING)
def early_downsampling(report: Report) -> Iterator[Problem]:
    """Every way to an output leads through a map that is coarser than the task's stride.

    With `task: {stride: 4}` an output may have one answer every 4 pixels, but if all of its input went through a map of
    jump 16, what is finer than 16 pixels is gone, and enlarging does not bring it back. A skip connection from before
    the loss, or dilation in place of the stride, keeps it. Only outputs whose own jump is fine enough are judged here
    (the others are CNN034's); `pixelunshuffle` loses nothing.

    Long et al. 2015, FCN (arXiv:1411.4038); Chen et al. 2018, DeepLabv3+ (arXiv:1802.02611).

    Bad:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k3 p1 relu, conv 16 k3 s4 p1 relu, conv 16 k3 p1 relu, upsample 4, conv 2 k1]
        task: {dense: true, stride: 1}

    Good:
        cnncalc: 1
        input: 3x64x64
        layers:
          - fine: conv 8 k3 p1 relu
          - conv 16 k3 s4 p1 relu
          - conv 16 k3 p1 relu
          - upsample 4
          - concat fine
          - conv 2 k1
        task: {dense: true, stride: 1}
    """
    task = report.spec.task
    if task is None or task.stride is None:
        return
    net = flow(report)
    ways: dict[str, _Way] = {name: _Way(Fraction(1, max(task.stride))) for name in report.inputs}
    for layer in report.layers:
        finest = min((ways[name] for name in layer.inputs), key=lambda way: way.coarsest)
        ways[layer.name] = _way(layer, finest, task.stride)
    told: set[str | None] = set()
    for name, end in net.outputs.items():
        way = ways[end]
        output = net.layers.get(end)
        if output is None or way.first in told or way.first is None:
            continue
        own = _in_strides(output, task.stride)
        if own is None or own > 1:
            continue
        told.add(way.first)
        lossy = net.layers[way.first]
        before = net.titles.get(lossy.inputs[0], lossy.inputs[0])
        yield Problem(
            message=f"from here on nothing finer than jump {_jumps(lossy)} is left, output `{name}` has jump "
            f"{_jumps(output)}, the task asks for stride {_by(task.stride)}",
            help=f"lead `{before}` (before this layer) to the output as a skip connection, or dilate for the stride",
            option="stride",
            layer=lossy.name,
        )


def _way(layer: LayerReport, before: _Way, stride: tuple[int, ...]) -> _Way:
    folded = before.folded
    if layer.op == "pixelunshuffle":
        folded *= getattr(layer.config, "downscale_factor", 1)
    elif layer.op == "pixelshuffle":
        folded = max(folded // getattr(layer.config, "upscale_factor", 1), 1)
    own = _in_strides(layer, stride)
    if own is None:
        gone = not layer.reach or any(axis.jump is None for axis in layer.reach)
        return _Way(GONE, before.first or layer.name, folded) if gone else before._replace(folded=folded)
    own /= folded
    first = before.first or (layer.name if own > 1 else None)
    return _Way(max(before.coarsest, own), first, folded)


def _in_strides(layer: LayerReport, stride: tuple[int, ...]) -> Fraction | None:
    """The jump in strides of the task, on the axis where it is largest; None where there is no map."""
    jumps = [axis.jump for axis in layer.reach]
    if not jumps or len(stride) not in (1, len(jumps)):
        return None
    steps = stride * len(jumps) if len(stride) == 1 else stride
    found = [jump / step for jump, step in zip(jumps, steps, strict=True) if jump is not None]
    return max(found) if len(found) == len(jumps) else None


def _jumps(layer: LayerReport) -> str:
    return _by(tuple(axis.jump for axis in layer.reach))


def _by(sizes: tuple[object, ...]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
