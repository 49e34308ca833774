"""CNN040: biases that the next norm cancels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import Edit, Severity
from cnncalc.lint.axes import option_of
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow
from cnncalc.lint.written import line_of, on_line, stretch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.errors import Location
    from cnncalc.lint.flow import Flow
    from cnncalc.report import LayerReport, Report
    from cnncalc.spec.network import NetworkSpec

CANCELS = frozenset({"bn", "in"})
"""Norms that subtract the mean of every channel by itself; group and layer norm keep differences between channels."""
_LONG_FORM = re.compile(r"""\bop["']?\s*:\s*["']?$""")


@rule("CNN040", Severity.WARNING)
def bias_before_norm(report: Report) -> Iterator[Problem]:
    """A bias that the next batch or instance norm cancels.

    The norm subtracts the mean of every channel, and a constant with it; its own shift takes the place of the bias. The
    bias costs parameters, optimizer state and time, and its gradient is zero up to rounding. On a line with a norm the
    bias is off by itself; it comes from `bias`, from `defaults:`, or from a norm that stands on a line of its own.
    Frozen layers and norms are left alone: there the bias may carry what was learned before.

    Ioffe & Szegedy 2015, section 3.2 (arXiv:1502.03167).

    Bad: conv 16 k3 p1 bias bn relu
    Bad: conv 16 k3 p1 | bn | relu
    Good: conv 16 k3 p1 bn relu
    Good: conv 16 k3 p1 nobias | bn | relu
    Good: conv 32 k3 p1 bias gn relu
    """
    net = flow(report)
    shared = {layer.shares for layer in report.layers}
    for layer in report.layers:
        if not option_of(layer, "bias") or layer.frozen or not _is_cancelled(net, layer):
            continue
        (norm,) = {reader.op for reader in _readers(net, layer)}
        if layer.shares is not None or layer.name in shared:
            continue  # whether the bias is of use depends on the other places where it is applied
        count = layer.output_shape[0]
        yield Problem(
            message=f"the bias of this {layer.op} ({count:,} parameters) is cancelled by the {norm} behind it",
            help=_help(report.spec, layer),
            option="bias",
            layer=layer.name,
            edits=_edits(report.spec, layer),
        )


def _readers(net: Flow, layer: LayerReport) -> list[LayerReport]:
    """The layers that read this one, looking through layers that change nothing."""
    found: list[LayerReport] = []
    for reader in net.readers[layer.name]:
        found += _readers(net, reader) if reader.op == "identity" else [reader]
    return found


def _is_cancelled(net: Flow, layer: LayerReport) -> bool:
    readers = _readers(net, layer)
    norms = {reader.op for reader in readers}
    return (
        layer.name not in net.results
        and len(norms) == 1
        and norms <= CANCELS
        and not any(reader.frozen for reader in readers)
    )


def _help(spec: NetworkSpec, layer: LayerReport) -> str:
    at = layer.places.get("bias")
    if at is not None and stretch(spec, at) == "true":
        return "write `bias: false`"
    return "drop `bias`" if _is_dropped(spec, layer) else "write `nobias`"


def _is_dropped(spec: NetworkSpec, layer: LayerReport) -> bool:
    """Whether the bias is gone once the word `bias` is: a norm follows on the line, and no default asks for it."""
    at = layer.places.get("bias")
    return (
        at is not None
        and stretch(spec, at) == "bias"
        and "bias" not in spec.defaults.get(layer.op, {})
        and _has_norm_behind(spec, at)
    )


def _has_norm_behind(spec: NetworkSpec, at: Location) -> bool:
    """A norm among the words of the layer that this word belongs to."""
    step = re.split(r"[|;()]", line_of(spec, at)[(at.end_column or at.column) - 1 :])[0]
    return any(word.rstrip("],}\"'") in CANCELS for word in step.split())


def _edits(spec: NetworkSpec, layer: LayerReport) -> tuple[Edit, ...]:
    at = layer.places.get("bias")
    if at is None:
        return _addition(spec, layer)
    text, line = stretch(spec, at), line_of(spec, at)
    if text == "bias" and _is_dropped(spec, layer) and line[at.column - 2 : at.column - 1] == " ":
        end = (at.end_column or at.column) - 1
        return (Edit(at=on_line(at, at.column - 2, end), replacement=""),)
    replacement = {"bias": "nobias", "bias=true": "nobias", "true": "false"}.get(text or "")
    return (Edit(at=at, replacement=replacement),) if replacement else ()


def _addition(spec: NetworkSpec, layer: LayerReport) -> tuple[Edit, ...]:
    """`nobias` behind the last option that is written, on the line of the layer."""
    line = line_of(spec, layer.at)
    if _LONG_FORM.search(line[: layer.at.column - 1]) or stretch(spec, layer.at) != layer.op:
        return ()  # a mapping, which has no place on this line; a synonym or a computed layer
    words = [at for at in (layer.at, *layer.places.values()) if at.line == layer.at.line]
    last = max(words, key=lambda at: at.column)
    text = stretch(spec, last)
    return (Edit(at=last, replacement=f"{text} nobias"),) if text else ()
