"""The JSON documents of `solve`, `diff`, `explain --against` and `scale`; keys are only ever added."""

from __future__ import annotations

from json import dumps, loads
from typing import TYPE_CHECKING

from cnncalc.export.to_json import SCHEMA_VERSION, finding_to_json

if TYPE_CHECKING:
    from cnncalc.queries.against import Attribution, Identity
    from cnncalc.queries.changes import Edit, LayerChange
    from cnncalc.queries.diff import Difference
    from cnncalc.queries.scale import Scaling
    from cnncalc.queries.solve import Candidate, SolveAnswer
    from cnncalc.spec.network import NetworkSpec


def solve_to_json(answer: SolveAnswer, source: str) -> str:
    """Unknowns with what was searched, then the solutions, or the nearest misses with their reasons."""
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "source": source,
            "goals": str(answer.goals),
            "unknowns": [
                {
                    "kind": each.kind.value,
                    "word": each.word,
                    "line": each.line,
                    "column": each.column,
                    "searched": {"from": each.values[0], "to": each.values[-1], "step": each.values.step},
                }
                for each in answer.unknowns
            ],
            "combinations": answer.combinations,
            "count": answer.count,
            "solutions": [_candidate(each) for each in answer.solutions],
            "nearest": [{**_candidate(each), "misses": [*each.misses]} for each in answer.nearest],
            "refused": [{"message": each.message, "count": each.count} for each in answer.refusals],
        },
        indent=1,
    )


def _candidate(found: Candidate) -> dict[str, object]:
    return {
        "values": [*found.values],
        "text": found.text,
        "output_shape": [*found.shape],
        "rf": [*found.rf],
        "params": found.params,
        "macs": found.macs,
    }


def diff_to_json(found: Difference) -> str:
    """Totals, layers that differ with what was written and what follows, findings that are new or gone."""
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "before": {"name": found.before.name, "source": found.before.source},
            "after": {"name": found.after.name, "source": found.after.source},
            "totals": {
                each.figure: {
                    "before": each.before,
                    "after": each.after,
                    "change": each.change,
                    "percent": None if each.share is None else float(100 * each.share),
                    "partial": each.partial,
                }
                for each in found.deltas
            },
            "ends": [_edit(each) for each in found.outputs],
            "unchanged": found.unchanged,
            "renamed": [{"before": old, "after": new} for old, new in found.renamed],
            "layers": [_layer(each) for each in found.layers],
            "new_findings": [loads(finding_to_json(each)) for each in found.new_findings],
            "gone_findings": [loads(finding_to_json(each)) for each in found.gone_findings],
        },
        indent=1,
    )


def _layer(change: LayerChange) -> dict[str, object]:
    rows = {"before": change.before, "after": change.after}
    return {
        "change": change.change.value,
        **{which: None if row is None else row.name for which, row in rows.items()},
        "edits": [_edit(each) for each in change.edits],
        "follows": [_edit(each) for each in change.follows],
        "params": change.params,
        "macs": change.macs,
    }


def _edit(edit: Edit) -> dict[str, str]:
    return {"what": edit.what, "before": edit.before, "after": edit.after}


def against_to_json(found: Attribution, source: str) -> str:
    """The range that was asked for, and every way of counting that falls into it."""
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "source": source,
            "asked": found.asked.text,
            "from": float(found.asked.low),
            "to": float(found.asked.high),
            "exact": found.asked.is_exact,
            "matches": [_identity(each) for each in found.matches],
            "nearest": [_identity(each) for each in found.nearest],
            "searched": found.searched,
        },
        indent=1,
    )


def _identity(way: Identity) -> dict[str, object]:
    return {
        "value": way.value,
        "what": way.what,
        "unit": way.unit,
        "formula": way.formula,
        "factor": float(way.factor),
        "variant": way.variant,
        "batch": way.batch,
        "input": [*way.input],
        "part": way.part or None,
        "deviations": way.deviations,
    }


def scaling_to_json(found: Scaling, spec: NetworkSpec) -> str:
    """The sweeps, and a flat object for every point; one that cannot be built has an error and no figures."""
    points = [
        {
            **{each.name: text for each, text in zip(found.sweeps, point.values, strict=True)},
            "output": point.output or None,
            **point.figures,
            "partial": point.partial,
            "error": point.error,
        }
        for point in found.points
    ]
    head = {
        "schema_version": SCHEMA_VERSION,
        "name": spec.name,
        "source": spec.source,
        "sweeps": {each.name: [*each.values] for each in found.sweeps},
    }
    lines = ",\n  ".join(map(dumps, points))
    return f'{dumps(head)[:-1]},\n "points": [\n  {lines}]}}'
