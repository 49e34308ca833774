"""Graph -> Report: composes receptive fields and sums costs; knows no op's formula."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from cnncalc.engine.fields import node_fields
from cnncalc.engine.rows import Rows
from cnncalc.errors import Severity
from cnncalc.memory import Optimizer, memory
from cnncalc.ops.base import FlopClass
from cnncalc.report import Report, ScopeReport, Totals

if TYPE_CHECKING:
    from cnncalc.errors import Finding
    from cnncalc.graph.model import Graph
    from cnncalc.report import Shape

__all__ = ["analyze"]


def analyze(graph: Graph, *, optimizer: str = "sgd") -> Report:
    """All figures of a network. Counts are for the batch of the spec, bytes for its dtype.

    What is wrong is collected in `Report.findings`; a report with a finding of severity error is partial.
    """
    spec = graph.spec
    findings: list[Finding] = [*spec.findings, *graph.findings]
    maker = Rows(graph, node_fields(graph, findings))
    rows = tuple([maker.row(layer) for layer in graph.layers])
    params = sum(row.params for row in rows)
    buffers = sum(row.buffers for row in rows)
    flops = Counter[FlopClass]()
    for row in rows:
        for kind, count in row.flops_by_class.items():
            flops[kind] += count
    held = memory(graph, batch=spec.batch, element_bytes=spec.dtype.bytes, optimizer=Optimizer(optimizer))
    totals = Totals(
        params=params,
        buffers=buffers,
        macs=sum(row.macs for row in rows),
        macs_valid=sum(row.macs_valid for row in rows),
        flops=sum(row.flops for row in rows),
        flops_by_class=MappingProxyType(dict(flops)),
        activations=sum(row.activations for row in rows),
        weights_bytes=(params + buffers) * spec.dtype.bytes,
        outputs_bytes=sum(row.output_bytes for row in rows),
        peak_bytes=held.peaks["in_place"].bytes if held.peaks else 0,
        peaks=held.peaks,
        saved_bytes=held.saved_bytes,
        training_bytes=held.training.bytes,
        im2col_bytes=max((row.im2col_bytes for row in rows), default=0),
    )
    broken = any(found.severity is Severity.ERROR for found in findings)
    return Report(
        name=spec.name,
        source=spec.source,
        batch=spec.batch,
        dtype=spec.dtype.value,
        optimizer=optimizer,
        inputs={name: _shape(graph, node) for name, node in graph.inputs.items()},
        outputs={name: _shape(graph, node) for name, node in graph.outputs.items()},
        layers=rows,
        scopes={
            name: ScopeReport(
                name=name, first=scope.first, last=scope.last, output_layer=graph.nodes[scope.output].layer
            )
            for name, scope in graph.scopes.items()
        },
        totals=totals,
        partial=broken or any(row.unknown or row.assumed for row in rows),
        findings=tuple(findings),
        spec=spec,
    )


def _shape(graph: Graph, node: int) -> Shape:
    return tuple(graph.nodes[node].inference.output)
