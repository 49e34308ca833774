"""`cnncalc flops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.complete import conventions
from cnncalc.cli.options import Request, Sources
from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.conventions import ConventionCount
    from cnncalc.queries.training import TrainingWork
    from cnncalc.render.table import Table
    from cnncalc.report import LayerReport, Report


@value
class Options:
    """What only this command takes."""

    convention: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help="Add what a tool prints for the same network: fvcore, thop, torch and others, or all.",
            autocompletion=conventions,
            show_default=False,
        ),
    ] = field(factory=list)
    training: Annotated[bool, typer.Option("--training", help="Add the cost of a training step.")] = False
    maximum: Annotated[
        str | None,
        typer.Option("--max", metavar="N", help="Fail above so many MACs (of --at): 2G.", show_default=False),
    ] = None


def command(sources: Sources, options: Options, request: Request) -> None:
    """Multiply-accumulates (MACs) and FLOPs of every layer, with their kinds of arithmetic.

    cnncalc flops mobilenet_v2.yaml --max 320M
    cnncalc flops resnet50.yaml --convention fvcore
    """
    from cnncalc.cli.budget import budget_of
    from cnncalc.cli.run import View, reports

    def table(report: Report, rows: Sequence[LayerReport]) -> Table[LayerReport]:
        from cnncalc.render import flops  # not for JSON

        work = _by_row(report, rows) if options.training else None
        return flops.table(report, rows, conventions=_counted(report, options.convention), training=work)

    def more(report: Report) -> dict[str, object]:
        found: dict[str, object] = {}
        if options.convention:
            found["conventions"] = {each.convention.name: each.value for each in _counted(report, options.convention)}
        if options.training:
            found["training"] = _as_data(_by_row(report, ())[""])
        return found

    reports(sources, request, View(table=table, budget=budget_of("macs", options.maximum), more=more))


def _counted(report: Report, names: list[str]) -> list[ConventionCount]:
    if not names:
        return []
    from cnncalc.conventions import CONVENTIONS, count

    return [count(report, name) for name in (CONVENTIONS if "all" in names else names)]


def _by_row(report: Report, rows: Sequence[LayerReport]) -> dict[str, TrainingWork]:
    """A training step of every row, and of the network under the empty name."""
    from cnncalc.queries.rows import covered
    from cnncalc.queries.training import TrainingWork, training_work

    works = training_work(report)
    by_row = {
        row.name: sum((works[index] for index in indices), TrainingWork())
        for row, indices in zip(rows, covered(report, rows), strict=True)
    }
    return {**by_row, "": sum(works, TrainingWork())}


def _as_data(work: TrainingWork) -> dict[str, dict[str, int]]:
    parts = {
        "total": work.total,
        "forward": work.forward,
        "weight_gradient": work.weight_gradient,
        "input_gradient": work.input_gradient,
    }
    return {name: {"macs": part.macs, "flops": part.flops} for name, part in parts.items()}
