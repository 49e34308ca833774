"""`cnncalc solve`: the numbers that reach a goal, or the nearest misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.table import Column, Table, per_axis
from cnncalc.render.units import count, exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.queries.solve import Candidate, SolveAnswer
    from cnncalc.queries.unknowns import Unknown

_LONGEST = 60
"""A longer text is not shown in the table."""
_DEAREST = "The dearest first: nothing but upper bounds on cost was asked for."
_CHEAPEST = "The cheapest first: by MACs, then parameters, then the numbers."


def table(answer: SolveAnswer, source: str) -> Table[Candidate]:
    """One row for each solution, or for each of the nearest misses."""
    rows = answer.solutions or answer.nearest
    shows_text = bool(rows) and all("\n" not in row.text and len(row.text) <= _LONGEST for row in rows)
    return Table(
        title=_title(answer, source),
        columns=(
            *(_number(answer, at) for at in range(len(answer.unknowns))),
            Column(key="shape", title="output", text=lambda row: per_shape(row.shape), drop=1),
            Column(key="rf", title="rf", text=lambda row: per_axis(row.rf), right=True, drop=4),
            Column(
                key="params",
                title="params",
                text=lambda row: exact(row.params),
                short=lambda row: count(row.params),
                value=lambda row: row.params,
                right=True,
                drop=3,
            ),
            Column(
                key="macs",
                title="MACs",
                text=lambda row: exact(row.macs),
                short=lambda row: count(row.macs),
                value=lambda row: row.macs,
                right=True,
                drop=2,
            ),
            *([Column(key="text", title="solved", text=_text, drop=5, prose=True)] if shows_text else []),
            *([] if answer.solutions else [Column(key="misses", title="misses", text=_misses, drop=0, prose=True)]),
        ),
        rows=rows,
        facts=tuple(_facts(answer)),
        notes=tuple(_notes(answer)),
    )


def per_shape(shape: tuple[int, ...]) -> str:
    """`64x56x56`; unlike `per_axis`, equal sizes are all written."""
    return "x".join(map(str, shape)) or "-"


def _title(answer: SolveAnswer, source: str) -> str:
    if answer.count > len(answer.solutions):
        found = f"{exact(answer.count)} solutions, the first {len(answer.solutions)}"
    else:
        found = {0: "no solution; the nearest misses", 1: "1 solution"}.get(answer.count, f"{answer.count} solutions")
    if not answer.count and not answer.nearest:
        found = "no solution: no combination can be built"
    return f"{source}, {answer.goals}: {found}"


def _number(answer: SolveAnswer, at: int) -> Column[Candidate]:
    unknown = answer.unknowns[at]
    return Column(
        key=name_of(answer, at),
        title=name_of(answer, at) if unknown.word == "?" else unknown.word,
        text=lambda row: str(row.values[at]),
        value=lambda row: row.values[at],
        right=True,
    )


def name_of(answer: SolveAnswer, at: int) -> str:
    """`padding`, or `padding 2` for the second of several."""
    kind = answer.unknowns[at].kind
    alike = [index for index, each in enumerate(answer.unknowns) if each.kind is kind]
    return kind.value if len(alike) == 1 else f"{kind.value} {alike.index(at) + 1}"


def _text(row: Candidate) -> str:
    return row.text


def _misses(row: Candidate) -> str:
    return "; ".join(row.misses)


def _facts(answer: SolveAnswer) -> Iterator[tuple[str, str]]:
    within = ", ".join(f"{name_of(answer, at)} {each.bounds}" for at, each in enumerate(answer.unknowns))
    yield "searched", f"{within}: {exact(answer.combinations)} combinations"
    refused = sum(each.count for each in answer.refusals)
    if refused:
        first = answer.refusals[0]
        most = "" if len(answer.refusals) == 1 else f"{exact(first.count)} for "
        yield "left out", f"{exact(refused)}: {most}{first.message}"


def _notes(answer: SolveAnswer) -> Iterator[str]:
    if answer.count > 1:
        yield _DEAREST if answer.dearest_first else _CHEAPEST
    rows = answer.solutions or answer.nearest
    for at, each in enumerate(answer.unknowns):
        if not answer.count and rows and _is_at_edge(each, rows[0].values[at]):
            name = name_of(answer, at)
            yield f"{name} is at the end of what was searched; search further with --bounds {each.kind.value}=A..B."
    one_for_all = [each.word for each in answer.unknowns if each.word[:-1] in {"k", "s", "p", "d", "op"}]
    if not answer.count and one_for_all and rows and len(rows[0].shape) > 2 and len(set(rows[0].shape[1:])) > 1:  # noqa: PLR2004
        yield f"`{one_for_all[0]}` is one number for all axes; `{one_for_all[0]}x?` gives each its own."


def _is_at_edge(unknown: Unknown, number: int) -> bool:
    return number == unknown.values[-1]
