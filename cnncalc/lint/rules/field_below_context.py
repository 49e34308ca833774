"""CNN031: what is to be seen does not fit into the field."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow
from cnncalc.ops.base import Mix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from cnncalc.lint.flow import Flow
    from cnncalc.report import LayerReport, Report

Sizes = tuple[int, ...]


@rule("CNN031", Severity.WARNING)
def field_below_context(report: Report) -> Iterator[Problem]:
    """The receptive field of an output is smaller than what it is to see as a whole.

    With `task: {object: 96x96}` the smallest field of any position of an output must reach that size: else no position
    sees an object whole, whatever the weights are. The effective field is smaller still, so that a factor of two or
    three is prudent. Of several outputs (a pyramid) one is enough. Without `object`, a task that is not dense is to see
    the whole input: a network that averages (`gap`) positions none of which does is a bag of local features, which is
    told as info. A layer that mixes all positions (attention, squeeze and excitation) ends the question.

    Luo et al. 2016 (arXiv:1701.04128); Brendel & Bethge 2019, BagNet (arXiv:1904.00760).

    Bad:
        cnncalc: 1
        input: 3x128x128
        layers: [conv 8 k3 s2 p1 relu, conv 8 k3 p1 relu, conv 2 k1]
        task: {object: 32x32}

    Good:
        cnncalc: 1
        input: 3x128x128
        layers: [conv 8 k3 s2 p1 relu, conv 8 k3 p1 relu *8, conv 2 k1]
        task: {object: 32x32}
    """
    task = report.spec.task
    if task is None:
        return
    net = flow(report)
    ends = {name: net.layers[end] for name, end in net.outputs.items() if end in net.layers}
    if task.object is not None:
        judged = {name: _missing(layer, task.object) for name, layer in ends.items()}
        for name, wanted in judged.items() if all(judged.values()) else ():
            yield _object(net, name, ends[name], wanted)
    elif not task.dense and not task.causal:
        for layer in ends.values():
            yield from _averaged(net, layer)


def _missing(layer: LayerReport, wanted: Sizes) -> Sizes:
    """The object's size on every axis where a position sees less than it; () where it fits."""
    if len(wanted) == 1:
        wanted *= len(layer.reach)
    seen = _least(layer)
    fits = all(have >= need for have, need in zip(seen, wanted, strict=False))
    return () if layer.is_global or len(wanted) != len(seen) or fits else wanted


def _object(net: Flow, name: str, layer: LayerReport, wanted: Sizes) -> Problem:
    seen = _least(layer)
    return Problem(
        message=f"a position of output `{name}` sees {_by(seen)} pixels, the object has {_by(wanted)}",
        help=_remedy(net, layer, seen, wanted),
        layer=layer.name,
    )


def _averaged(net: Flow, end: LayerReport) -> Iterator[Problem]:
    leading = net.leading_to([end.name])
    for layer in net.report.layers:
        if layer.name not in leading or layer.op not in ("gap", "gmp", "adaptive", "adaptive_max"):
            continue
        source = next(net.sources(layer), None)
        if source is None or source.is_global or layer.inferences[0].mix is not Mix.REDUCE:
            continue
        seen = _least(source)
        whole = net.report.inputs[next(iter(source.fields))][1:]
        if len(seen) == len(whole) and any(have < need for have, need in zip(seen, whole, strict=True)):
            yield Problem(
                message=f"averages positions that see {_by(seen)} pixels each, the input has {_by(whole)}: "
                "no position sees it whole",
                help=_remedy(net, source, seen, whole),
                layer=layer.name,
                severity=Severity.INFO,
            )


def _least(layer: LayerReport) -> Sizes:
    """Per axis the smallest extent of any position that sees something."""
    return tuple(min((extent for extent, _ in axis.phases or () if extent), default=axis.rf) for axis in layer.reach)


def _remedy(net: Flow, end: LayerReport, seen: Sizes, wanted: Sizes) -> str | None:
    """How many 3x3 convolutions are missing on the coarsest map, each of which adds two of its jumps."""
    leading = net.leading_to([end.name])
    coarse: LayerReport | None = None
    jumps: tuple[Fraction, ...] = ()
    for layer in net.report.layers:
        own = tuple(axis.jump for axis in layer.reach if axis.jump)
        widens = layer.op == "conv" and layer.settings is not None and min(layer.settings.kernel_size) > 1
        if layer.name in leading and widens and len(own) == len(wanted) and (not jumps or own >= jumps):
            coarse, jumps = layer, own
    if coarse is None:
        return None
    missing = (ceil((need - have) / (2 * jump)) for have, need, jump in zip(seen, wanted, jumps, strict=True))
    count = max(missing)
    adds = _by(tuple(2 * jump for jump in jumps))
    return (
        f"{count} more `conv {coarse.output_shape[0]} k3 p1` behind `{net.titles[coarse.name]}` would do "
        f"(each adds {adds} pixels there), or dilation, or more stride before it"
    )


def _by(sizes: tuple[int | Fraction, ...]) -> str:
    return "x".join(map(str, sizes))
