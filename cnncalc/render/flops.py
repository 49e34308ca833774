"""`cnncalc flops`: where the arithmetic is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.ops.base import FlopClass
from cnncalc.render import cells, columns, remarks
from cnncalc.render.table import Column, Table
from cnncalc.render.units import count, decimal, exact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.conventions import ConventionCount
    from cnncalc.queries.training import TrainingWork
    from cnncalc.render.columns import LayerColumn
    from cnncalc.report import LayerReport, Report

_VALID = "valid MACs: without the taps that fall on zero padding."
_INTENSITY = "intensity: MACs per byte of input, weights and output."
_TRAINING = (
    "a step: forward, and as much again for the gradient of the weights and for that of the input, where needed."
)


def table(
    report: Report,
    rows: Sequence[LayerReport],
    *,
    conventions: Sequence[ConventionCount] = (),
    training: Mapping[str, TrainingWork] | None = None,
) -> Table[LayerReport]:
    """MACs, share, FLOPs and their classes, MACs that meet no padding, intensity.

    `conventions` are what tools would print, `training` a training step by the names of the rows and in total ("").
    """
    totals = report.totals
    partial = remarks.lacks(report, "macs")
    classes = [kind for kind in FlopClass if kind is not FlopClass.MAC]
    return Table(
        title=remarks.title(report),
        columns=(
            columns.name(),
            columns.op(),
            columns.output(drop=9),
            columns.macs(drop=0),
            columns.share_of("share", totals.macs, lambda row: row.macs, unknown="macs", drop=1),
            columns.of_macs("flops", "FLOPs", lambda row: row.flops, drop=2),
            *(_of_class(kind) for kind in classes),
            columns.of_macs("macs_valid", "valid MACs", lambda row: row.macs_valid, drop=3, note=_VALID),
            Column(
                key="intensity",
                title="intensity",
                text=lambda row: cells.NOTHING if row.intensity is None else decimal(row.intensity),
                value=lambda row: row.intensity,
                right=True,
                drop=4,
                note=_INTENSITY,
            ),
            *(_training_columns(training) if training else []),
        ),
        rows=rows,
        totals={
            "macs": columns.total(totals.macs, partial=partial),
            "flops": columns.total(totals.flops, partial=partial),
            "macs_valid": columns.total(totals.macs_valid, partial=partial),
            **{kind.value: columns.total(totals.flops_by_class.get(kind, 0), partial=partial) for kind in classes},
        },
        facts=(remarks.macs(report),),
        answers=(
            *(_training_facts(training[""]) if training else []),
            *(_convention(counted) for counted in conventions),
        ),
        notes=(
            *remarks.notes(rows, macs=True),
            *remarks.batch(report),
            *(_caveat(counted) for counted in conventions if counted.caveat),
        ),
    )


def _convention(counted: ConventionCount) -> tuple[str, str]:
    """`fvcore: 4,111,512,576 MACs = C 4,089,184,256 + 2 BN 22,227,968 + ...`; terms of 0 are left out."""
    terms = [
        f"{term.label if term.factor == 1 else f'{term.factor} {term.label}'} {exact(term.value)}"
        for term in counted.terms
        if term.value
    ]
    alone = len(terms) == 1 and counted.terms[0].factor == 1
    identity = "" if alone else f" = {' + '.join(terms)}"
    return counted.convention.name, f"{exact(counted.value)} {counted.unit.value}{identity}"


def _caveat(counted: ConventionCount) -> str:
    name, caveat = counted.convention.name, counted.caveat or ""
    return f"{caveat}." if caveat.startswith(name) else f"{name}: {caveat}."


def _training_columns(training: Mapping[str, TrainingWork]) -> list[LayerColumn]:
    return [
        columns.of_macs(
            "training_macs", "MACs a step", lambda row: training[row.name].total.macs, drop=1, note=_TRAINING
        ),
        columns.of_macs("training_flops", "FLOPs a step", lambda row: training[row.name].total.flops, drop=1),
    ]


def _training_facts(work: TrainingWork) -> list[tuple[str, str]]:
    parts = (
        ("a training step", work.total),
        ("  forward", work.forward),
        ("  weight gradients", work.weight_gradient),
        ("  input gradients", work.input_gradient),
    )
    return [(what, f"{count(each.macs)} MACs, {count(each.flops)} FLOPs") for what, each in parts]


def _of_class(kind: FlopClass) -> LayerColumn:
    return columns.of_macs(
        kind.value,
        kind.value,
        lambda row: row.flops_by_class.get(kind, 0),
        drop={"divide": 8, "exp": 8, "compare": 7, "mul": 6}.get(kind.value, 5),
    )
