"""The JSON documents of `solve`, `diff`, `explain --against` and `scale`; keys are only ever added."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

from cnncalc.export.to_json import SCHEMA_VERSION

if TYPE_CHECKING:
    from cnncalc.queries.solve import Candidate, SolveAnswer


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
