"""Reports compared layer by layer, whatever the layers are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnncalc.report import LayerReport, Report

COMMUTES = frozenset({"add", "mul", "max", "min"})


def figures(report: Report) -> dict[str, Any]:
    """All that a report says but names and positions; layers by their number, inputs by their order."""
    numbers: dict[str, int] = {row.name: number for number, row in enumerate(report)}
    numbers |= {name: -1 - number for number, name in enumerate(report.inputs)}
    totals = report.totals
    return {
        "inputs": list(report.inputs.values()),
        "layers": [_row(row, numbers) for row in report],
        "outputs": [(report.scopes[name].output_layer, shape) for name, shape in report.outputs.items()],
        "peaks": {
            kind: (peak.bytes, numbers[peak.layer], sorted((numbers[name], size) for name, size in peak.alive))
            for kind, peak in totals.peaks.items()
        },
        "totals": {
            name: getattr(totals, name)
            for name in type(totals).__fields__  # type: ignore[attr-defined]
            if name != "peaks"
        },
        "partial": report.partial,
    }


def _row(row: LayerReport, numbers: dict[str, int]) -> dict[str, Any]:
    inputs = [numbers[name] for name in row.inputs]
    return {
        "op": row.op,
        "config": row.config,
        "inputs": sorted(inputs) if row.op in COMMUTES else inputs,
        "shapes": (sorted(row.input_shapes) if row.op in COMMUTES else row.input_shapes, row.output_shape),
        "fields": {numbers[name]: found for name, found in row.fields.items()},
        "reach": row.reach,
        "is_global": row.is_global,
        "weights": [(weight.name, weight.shape) for weight in row.weights],
        "params": (row.params, row.buffers, row.frozen),
        "shares": None if row.shares is None else numbers[row.shares],
        "costs": (row.macs, row.macs_valid, row.flops, row.flops_by_class, row.activations, row.output_bytes),
        "unknown": row.unknown,
    }
