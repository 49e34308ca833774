"""Layers that use the weights of another layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.pytorch.bodies import Body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.export.pytorch.bodies import Step
    from cnncalc.export.pytorch.classes import Classes
    from cnncalc.export.pytorch.code import Code
    from cnncalc.report import LayerReport, Report


def sharing(report: Report, network: Body, classes: Classes) -> Iterator[str]:
    """Assignments for the end of the network's `__init__`, without `self.`."""
    sharers = [row for row in report if row.shares]
    if not sharers:
        return
    rows = {row.name: row for row in report}
    paths = dict(_paths(network, ""))
    done: set[str] = set()
    for step, other in twins(network, sharers, classes):
        yield f"{step.attribute} = self.{other.attribute}  # the same weights"
        done.update(row.name for row in sharers if row.name.startswith(f"{_scope(step)}."))
    for row in sharers:
        if row.name in done or not row.shares:
            continue
        source = rows[row.shares]
        if row.config == source.config and row.input_shapes[0][0] == source.input_shapes[0][0]:
            yield f"{paths[row.name]} = self.{paths[source.name]}  # the same weights"
            continue
        for weight in row.weights:
            yield f"{paths[row.name]}.{weight.name} = self.{paths[source.name]}.{weight.name}"


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
