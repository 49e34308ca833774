"""Ways to program a network that tools count differently, worked out from the rows of a report, for one sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.ops import ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import LayerReport, Report

_POOL = ledger.read(ledger.ADAPTIVE)


def once(*parts: Callable[[Report], int]) -> Callable[[Report], int]:
    """What is counted twice as a module is counted once as a function."""
    return lambda report: -sum(part(report) for part in parts)


def head_pool(report: Report) -> int:
    """Input elements of the last adaptive or global average pool that is a layer of its own."""
    row = _head(report)
    return row.inferences[0].ledger[_POOL] if row else 0


def no_head_pool(report: Report) -> int:
    """What thop counts of that pool as a module, taken away."""
    row = _head(report)
    if row is None:
        return 0
    counts = row.inferences[0].ledger
    return -counts[ledger.window(ledger.ADAPTIVE)] - counts[ledger.written(ledger.ADAPTIVE)]


def last_relu(report: Report) -> int:
    """Elements of the last ReLU before that pool."""
    pool = _head(report)
    found = 0
    for row in report.layers:
        if row is pool:
            break
        found = row.inferences[0].ledger.get("relu", 0) if row.op == "relu" else found
    return found


def relus(report: Report) -> int:
    """Elements of all ReLUs."""
    return sum(inference.ledger.get("relu", 0) for row in report.layers for inference in row.inferences)


def norms_before_linear(report: Report) -> int:
    """Elements of layer norms that 1x1 convolutions or linear layers read directly, as in ConvNeXt's blocks."""
    readers: dict[str, list[LayerReport]] = {}
    for row in report.layers:
        for name in row.inputs:
            readers.setdefault(name, []).append(row)
    return sum(
        row.inferences[0].ledger["ln"]
        for row in report.layers
        if row.op == "ln" and any(map(_is_pointwise, readers.get(row.name, ())))
    )


def no_pointwise_bias(report: Report) -> int:
    """Biases of dense 1x1 convolutions, which are linear layers on every position, taken away."""
    return -sum(
        row.inferences[0].ledger.get(ledger.CONV_BIAS, 0)
        for row in report.layers
        if _is_pointwise(row) and row.settings is not None and row.settings.groups == 1
    )


def _is_pointwise(row: LayerReport) -> bool:
    return row.op == "conv" and row.settings is not None and set(row.settings.kernel_size) == {1}


def _head(report: Report) -> LayerReport | None:
    return next((row for row in reversed(report.layers) if len(row.inferences) == 1 and _is_pool(row)), None)


def _is_pool(row: LayerReport) -> bool:
    return row.inferences[0].ledger.get(_POOL, 0) > 0
