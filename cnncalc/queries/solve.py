"""Which numbers in the place of `?` reach a goal: all of them within stated bounds, or the nearest misses.

Every combination is put into the text and the network is built, so that an answer is what the program itself says of
the solved text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.engine import analyze
from cnncalc.errors import SpecError, UsageError
from cnncalc.graph import build
from cnncalc.queries.goals import field_row, read_goals
from cnncalc.queries.prefixes import Prefixes
from cnncalc.queries.search import Search, errors_of, nearest, shape_of
from cnncalc.queries.unknowns import candidates, substitute, unknowns
from cnncalc.spec import reader
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cnncalc.queries.goals import Goals
    from cnncalc.queries.search import Scored
    from cnncalc.queries.unknowns import Unknown
    from cnncalc.spec.network import NetworkSpec


@value
class Candidate:
    """Numbers for all unknowns, and what comes of them."""

    values: tuple[int, ...]
    """In the order of the unknowns."""
    text: str
    """The text, solved."""
    shape: tuple[int, ...]
    """At the name that was asked for, else of the output."""
    rf: tuple[int, ...]
    """At that name, else of the last layer that has a map; () where there is none."""
    params: int
    macs: int
    misses: tuple[str, ...] = ()
    """What it does not reach; () for a solution."""


@value
class Refusal:
    """Why combinations cannot be built."""

    message: str
    count: int


@value
class SolveAnswer:
    """All about a search."""

    unknowns: tuple[Unknown, ...]
    goals: Goals
    combinations: int
    """Within the bounds; every one was tried or is proven to fail."""
    count: int
    """Solutions in all."""
    solutions: tuple[Candidate, ...]
    """The first of them, by MACs, then parameters, then the numbers; see `dearest_first`."""
    dearest_first: bool
    """Only upper bounds on cost were asked for, so the most that fits stands first."""
    nearest: tuple[Candidate, ...]
    """Where there is no solution, what comes nearest."""
    refusals: tuple[Refusal, ...]
    """What cannot be built, by reason, the most frequent first."""


def solve(  # noqa: PLR0913 - a keyword for each goal
    text: str,
    input: str | None = None,  # noqa: A002 - the word of the language
    *,
    at: str | None = None,
    shape: str | Sequence[int | None] | None = None,
    same: bool = False,
    halve: bool = False,
    rf: str | int | None = None,
    max_params: str | int | None = None,
    max_macs: str | int | None = None,
    bounds: Mapping[str, str] | None = None,
    limit: int = 10,
) -> SolveAnswer:
    """Find the numbers for every `?` of a layer line (with the size of its input) or of a network file.

    UsageError where nothing is unknown or no goal is given, SpecError where the text is wrong whatever the numbers.

    >>> [found.text for found in solve("conv 64 k3 d2 p?", "3x64x64", shape="64x64x64").solutions]
    ['conv 64 k3 d2 p2']
    """
    goals = read_goals(at=at, shape=shape, same=same, halve=halve, rf=rf, max_params=max_params, max_macs=max_macs)
    return search(text, _reader(text, input), goals, bounds=bounds, limit=limit)


def search(  # noqa: PLR0913 - what to search, for what, and how far
    text: str,
    read: Callable[[str], NetworkSpec],
    goals: Goals,
    *,
    bounds: Mapping[str, str] | None = None,
    limit: int = 10,
    progress: Callable[[int, int], None] | None = None,
) -> SolveAnswer:
    """`solve` for texts that are read in some other way; `progress` is told combinations done and in all."""
    found = unknowns(text, bounds)
    combinations = candidates(found)
    lowest = read(substitute(text, found, [each.values[0] for each in found]))
    if wrong := errors_of(lowest.findings):
        raise SpecError(wrong)
    prefixes = Prefixes(text, found, lowest)
    run = Search(text, read, goals, found, prefixes, progress).run()
    if not run.solved:  # what was left out for its cost may still be the nearest miss
        run = Search(text, read, goals, found, prefixes, progress, misses=limit).run()
    solved = sorted(run.solved, key=lambda scored: scored.order, reverse=goals.budgets_only)
    missed = [] if solved else nearest(run.missed, limit)
    if run.names and not solved and not missed:
        raise UsageError(_unknown_name(goals.at or "", run.names))
    return SolveAnswer(
        unknowns=found,
        goals=goals,
        combinations=combinations,
        count=len(solved),
        solutions=tuple(_candidate(run, scored) for scored in solved[:limit]),
        dearest_first=goals.budgets_only,
        nearest=tuple(_candidate(run, scored) for scored in missed),
        refusals=tuple(Refusal(message=message, count=count) for message, count in run.refused.most_common()),
    )


def _candidate(run: Search, scored: Scored) -> Candidate:
    text = substitute(run.text, run.found, scored.values)
    graph = build(run.read(text))
    report = analyze(graph)
    row, node = field_row(report, run.goals.at), run.node(graph)
    return Candidate(
        values=scored.values,
        text=text,
        shape=() if node is None else tuple(shape_of(graph, node)),
        rf=tuple(axis.rf for axis in row.reach) if row else (),
        params=report.totals.params,
        macs=report.totals.macs,
        misses=scored.misses,
    )


def _reader(text: str, input: str | None) -> Callable[[str], NetworkSpec]:  # noqa: A002 - the word of the language
    """A text with layers is a file, anything else a line."""
    inputs = None if input is None else {"input": reader.parse_shape(input)}
    if "layers" in text and ":" in text:
        return lambda solved: reader.with_overrides(reader.parse(solved, source="<text>"), inputs=inputs)
    if inputs is None:
        message = "a layer line needs the size of its input: solve('conv 64 k3 p?', '3x64x64', same=True)"
        raise UsageError(message)
    return lambda solved: reader.parse_line(solved, inputs)


def _unknown_name(name: str, names: Sequence[str]) -> str:
    from cnncalc.spec.suggest import meant_layer  # needed for mistakes only

    help_ = meant_layer(name, names) or "there are " + ", ".join([each for each in names if "." not in each][:12])
    return f"no layer `{name}`: {help_}"
