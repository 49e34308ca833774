"""Layers that use the weights of another layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.program.bodies import Body
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.export.program.bodies import Step
    from cnncalc.export.program.classes import Classes
    from cnncalc.export.program.code import Code
    from cnncalc.report import LayerReport, Report


@value
class Sharing:
    """What a network takes from elsewhere in itself."""

    twins: Mapping[int, str]
    """Block calls (by identity) that are another one, by its attribute."""
    lines: tuple[str, ...]
    """Assignments for all else."""


def sharing(report: Report, network: Body, classes: Classes) -> Sharing:
    """Attributes of the network that are others, and assignments for the end of its `__init__`."""
    sharers = [row for row in report if row.shares]
    rows = {row.name: row for row in report}
    paths = dict(_paths(network, "self."))
    found: dict[int, str] = {}
    done: set[str] = set()
    for step, other in twins(network, sharers, classes):
        found[id(step)] = other.attribute
        done.update(row.name for row in sharers if row.name.startswith(f"{_scope(step)}."))
    lines = []
    for row in sharers:
        if row.name in done or not row.shares:
            continue
        source = rows[row.shares]
        if row.config == source.config and row.input_shapes[0][0] == source.input_shapes[0][0]:
            lines.append(f"{paths[row.name]} = {paths[source.name]}  # the same weights")
        else:
            lines += [f"{paths[row.name]}.{each.name} = {paths[source.name]}.{each.name}" for each in row.weights]
    return Sharing(twins=found, lines=tuple(lines))


def _paths(body: Body, path: str) -> Iterator[tuple[str, str]]:
    for step in body.steps:
        own = f"{path}{step.attribute}" + ("" if step.index is None else f"[{step.index}]")
        if isinstance(step.what, Body):
            yield from _paths(step.what, f"{own}.")
        elif step.row:
            yield step.row.name, own


def twins(network: Body, sharers: list[LayerReport], classes: Classes) -> Iterator[tuple[Step, Step]]:
    """Calls of one class with the same arguments, of which one takes all its weights from the other."""
    steps = [step for step in network.steps if isinstance(step.what, Body) and step.index is None]
    scopes = {_scope(step): step for step in steps}
    shares = {row.name: row.shares or "" for row in sharers}
    for step in steps:
        body = step.what
        own = _scope(step)
        inside = [name for name in shares if name.startswith(f"{own}.")]
        if not inside or not isinstance(body, Body):
            continue
        target = shares[inside[0]].removesuffix(inside[0][len(own) :])
        other = scopes.get(target)
        if other is None or not isinstance(other.what, Body) or classes.of(body) is not classes.of(other.what):
            continue
        same = all(shares[name] == target + name[len(own) :] for name in inside)
        weighted = [row for row in rows_of(body) if row.weights]
        if same and len(weighted) == len(inside) and classes.arguments(body) == classes.arguments(other.what):
            yield step, other


def rows_of(body: Code | Body) -> Iterator[LayerReport]:
    """The layers of a block call."""
    if not isinstance(body, Body):
        return
    for step in body.steps:
        if isinstance(step.what, Body):
            yield from rows_of(step.what)
        elif step.row:
            yield step.row


def _scope(step: Step) -> str:
    return step.what.scope if isinstance(step.what, Body) else ""
