"""CNN042: linear layers in a row."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.flow import Flow
    from cnncalc.report import LayerReport, Report

LINEAR = frozenset({"conv", "linear", "fc"})
PASSING = frozenset({"dropout", "identity", "flatten", "tokens"})
"""Layers that leave values as they are at inference."""


@rule("CNN042", Severity.WARNING)
def linear_chain(report: Report) -> Iterator[Problem]:
    """Two convolutions or linear layers in a row with nothing between: together they are one linear layer.

    A product of two matrices is a matrix: without an activation (or a norm, a pool, a sum) between them the second
    layer adds parameters and cost, but no function that one layer could not express. Mostly an activation was
    forgotten. Factorizations that save parameters are meant and left alone: depthwise or grouped beside 1x1, 1xk beside
    kx1, and a layer with fewer channels than both of its neighbours (a low-rank product).

    Saxe et al. 2014 (arXiv:1312.6120); Szegedy et al. 2015, section 3 (arXiv:1512.00567).

    Bad: conv 16 k3 p1 | conv 32 k3 p1 relu
    Bad: gap | fc 64 | dropout 0.5 | fc 10
    Good: conv 16 k3 p1 relu | conv 32 k3 p1 relu
    Good: dwconv k3 p1 | conv 32 k1 relu
    Good: conv 16 k1x3 half | conv 16 k3x1 half relu
    Good: gap | fc 2 | fc 10
    """
    net = flow(report)
    for first in report.layers:
        second = _next(net, first) if first.op in LINEAR else None
        if second is None or second.op not in LINEAR or _is_factorization(first, second):
            continue
        yield Problem(
            message=f"nothing between this {first.op} and `{second.name}`: the two are one linear layer from "
            f"{first.input_shapes[0][0]:,} to {second.output_shape[0]:,} channels",
            help="an activation behind it, such as `relu`" + _single(first, second),
            layer=first.name,
        )


def _next(net: Flow, layer: LayerReport) -> LayerReport | None:
    """The layer that alone reads this one, beyond layers that pass values on."""
    reader = net.only_reader(layer)
    while reader is not None and reader.op in PASSING:
        reader = net.only_reader(reader)
    return reader


def _is_factorization(first: LayerReport, second: LayerReport) -> bool:
    settings = [layer.settings for layer in (first, second) if layer.settings is not None]
    if any((each.groups or 1) > 1 for each in settings):
        return True
    middle = first.output_shape[0]
    if middle < first.input_shapes[0][0] and middle < second.output_shape[0]:
        return True
    if len(settings) < 2 or any(prod(each.kernel_size) == 1 for each in settings):  # noqa: PLR2004 - both of them
        return False
    return all(1 in sides for sides in zip(*(each.kernel_size for each in settings), strict=True))


def _single(first: LayerReport, second: LayerReport) -> str:
    """The layer that the two could be, where it has one size on all axes and is no larger."""
    if second.op in ("linear", "fc") and first.op in ("linear", "fc"):
        params = first.input_shapes[0][0] * prod(first.input_shapes[0][1:]) * second.output_shape[0]
        return _if_smaller(f"{first.op} {second.output_shape[0]}", params, first, second)
    if first.op != "conv" or second.op != "conv" or first.settings is None or second.settings is None:
        return ""
    words: set[tuple[int, int, tuple[int, int]]] = set()
    one, two = first.settings, second.settings
    for axis, stride in enumerate(one.stride):
        if one.dilation[axis] > 1 or two.dilation[axis] > 1:
            return ""
        kernel = one.kernel_size[axis] + (two.kernel_size[axis] - 1) * stride
        before, after = (a + b * stride for a, b in zip(one.padding[axis], two.padding[axis], strict=True))
        words.add((kernel, stride * two.stride[axis], (before, after)))
    if len(words) > 1:
        return ""
    kernel, stride, (before, after) = words.pop()
    pad = "" if before == after == 0 else f" p{before}" if before == after else f" p{before}/{after}"
    line = f"conv {second.output_shape[0]} k{kernel}{f' s{stride}' if stride > 1 else ''}{pad}"
    params = first.input_shapes[0][0] * second.output_shape[0] * kernel ** len(one.stride)
    return _if_smaller(line, params, first, second)


def _if_smaller(line: str, weights: int, first: LayerReport, second: LayerReport) -> str:
    params, have = weights + second.output_shape[0], first.params + second.params
    return f", or one `{line}` in their place ({params:,} parameters, not {have:,})" if params < have else ""
