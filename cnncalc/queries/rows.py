"""Which rows a reader shows: every layer, scopes folded into one row each, or the row of one name."""

from __future__ import annotations

from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.ops.base import FlopClass
    from cnncalc.report import LayerReport, Report

_FEW = 3
"""So many ops are named one by one in the row of a scope."""


def folded(report: Report, depth: int) -> tuple[LayerReport, ...]:
    """The layers, with every scope whose name has `depth` parts (`layer1.0` has two) as one row."""

    def scope(layer: LayerReport) -> str:
        return ".".join(layer.name.split(".", depth)[:depth])

    rows: list[LayerReport] = []
    for name, group in groupby(report.layers, key=scope):
        layers = tuple(group)
        rows += [named(report, name)] if len(layers) > 1 and name in report.scopes else layers
    return tuple(rows)


def fitting(report: Report, most: int) -> tuple[LayerReport, ...]:
    """The rows of the greatest depth that gives at most so many; depth 1 if none does."""
    for depth in range(deepest(report), 1, -1):
        rows = folded(report, depth)
        if len(rows) <= most:
            return rows
    return folded(report, 1)


def named(report: Report, name: str) -> LayerReport:
    """The row of a name: shape and field of what it stands for, sums over all that it covers.

    UsageError where there is no such layer.
    """
    scope = report.scopes.get(name)
    if scope is None:
        raise UsageError(_unknown(report, name))
    if scope.output_layer < 0:
        message = f"`{name}` is an input of the network, not a layer"
        raise UsageError(message)
    layers = report.layers[scope.first : scope.last + 1]
    output = report.layers[scope.output_layer]
    return output if layers == (output,) else _sum(name, layers, output)


def covered(report: Report, rows: Sequence[LayerReport]) -> tuple[tuple[int, ...], ...]:
    """For every row the indices of the layers of the report that it stands for."""
    places = {id(layer): index for index, layer in enumerate(report.layers)}
    found = []
    for row in rows:
        index = places.get(id(row))
        scope = report.scopes[row.name]
        found.append(tuple(range(scope.first, scope.last + 1)) if index is None else (index,))
    return tuple(found)


def deepest(report: Report) -> int:
    """Parts of the longest name: the depth from which on nothing is folded."""
    return max((layer.name.count(".") + 1 for layer in report.layers), default=1)


def _sum(name: str, layers: tuple[LayerReport, ...], output: LayerReport) -> LayerReport:
    """A row like any other; `config`, `at` and what else is not listed here are those of the output layer.

    A layer line with a norm and an activation keeps the window and the weight of its layer: nothing else there has one.
    """
    lead = layers[0] if layers[0].name == name else None
    inside = {layer.name for layer in layers}
    sources = {
        source: shape
        for layer in layers
        for source, shape in zip(layer.inputs, layer.input_shapes, strict=True)
        if source not in inside
    }
    return replace(
        output,
        name=name,
        op=_kind(layers),
        inputs=tuple(sources),
        input_shapes=tuple(sources.values()),
        settings=lead.settings if lead else None,
        weights=lead.weights if lead else (),
        fan_in=lead.fan_in if lead else None,
        fan_out=lead.fan_out if lead else None,
        params=sum(layer.params for layer in layers),
        buffers=sum(layer.buffers for layer in layers),
        frozen=all(layer.frozen for layer in layers),
        macs=sum(layer.macs for layer in layers),
        macs_valid=sum(layer.macs_valid for layer in layers),
        flops=sum(layer.flops for layer in layers),
        flops_by_class=_classes(layers),
        activations=sum(layer.activations for layer in layers),
        output_bytes=sum(layer.output_bytes for layer in layers),
        im2col_bytes=max(layer.im2col_bytes for layer in layers),
        intensity=None,
        inferences=(),
        unknown=frozenset().union(*(layer.unknown for layer in layers)),
        shares=None,
        assumed=any(layer.assumed for layer in layers),
        at=layers[0].at,
    )


def _kind(layers: tuple[LayerReport, ...]) -> str:
    ops = [layer.op for layer in layers]
    return " ".join(ops) if len(ops) <= _FEW else f"{len(ops)} layers"


def _classes(layers: tuple[LayerReport, ...]) -> Mapping[FlopClass, int]:
    total: dict[FlopClass, int] = {}
    for layer in layers:
        for kind, count in layer.flops_by_class.items():
            total[kind] = total.get(kind, 0) + count
    return MappingProxyType(total)


def _unknown(report: Report, name: str) -> str:
    from cnncalc.spec.suggest import meant_layer  # needed for mistakes only

    help_ = meant_layer(name, report.scopes)
    return f"no layer `{name}` in {report.source}" + (f": {help_}" if help_ else "")
