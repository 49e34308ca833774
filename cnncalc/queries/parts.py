"""Parts of a network that people count alone: without its head, up to a layer, for one of several outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report

MOST_NAMES = 64
"""Of a flat network of many layers, only so many are left out one by one."""
_CONVOLUTIONS = frozenset({"conv", "convt", "dwconv", "sepconv"})


@value
class Part:
    """Some of the layers."""

    text: str
    """Which; empty for the whole network."""
    layers: tuple[LayerReport, ...]


def parts(report: Report) -> tuple[Part, ...]:
    """The whole network first; then what a name needs, the network without a name, and its convolutions alone."""
    found = [Part(text="", layers=report.layers)]
    known = {_costly(report.layers)}
    for part in _parts(report):
        key = _costly(part.layers)
        if key and key not in known:
            known.add(key)
            found.append(part)
    return tuple(found)


def _parts(report: Report) -> Iterator[Part]:
    needed = {name: _needed(report, name) for name in report.outputs}
    for name, layers in needed.items():
        yield Part(text=f"only what {name} needs", layers=layers)
    names = [name for name, scope in report.scopes.items() if "." not in name and scope.output_layer >= 0]
    for name in names[-MOST_NAMES:]:
        scope = report.scopes[name]
        yield Part(text=f"without {name}", layers=report.layers[: scope.first] + report.layers[scope.last + 1 :])
    yield Part(text="convolutions alone", layers=tuple(row for row in report.layers if row.op in _CONVOLUTIONS))
    for name in reversed(names[-MOST_NAMES:]):
        yield Part(text=f"up to {name}", layers=_needed(report, name))


def _needed(report: Report, name: str) -> tuple[LayerReport, ...]:
    """The layers that a name depends on, and its own."""
    by_name = {row.name: row for row in report.layers}
    output = report.scopes[name].output_layer
    waiting = [report.layers[output].name] if output >= 0 else []
    found: set[str] = set()
    while waiting:
        at = waiting.pop()
        if at in by_name and at not in found:
            found.add(at)
            waiting += by_name[at].inputs
    return tuple(row for row in report.layers if row.name in found)


def _costly(layers: tuple[LayerReport, ...]) -> frozenset[str]:
    """What tells two parts apart: a layer of no cost does not."""
    return frozenset(row.name for row in layers if row.macs or row.params or row.flops)
