"""`cnncalc params`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.options import Request, Sources
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.folding import Folding
    from cnncalc.render.table import Table
    from cnncalc.report import LayerReport, Report


@value
class Options:
    """What only this command takes."""

    init: Annotated[bool, typer.Option("--init", help="Add fan-in, fan-out and the Kaiming standard deviations.")] = (
        False
    )
    folded: Annotated[
        bool, typer.Option("--folded", help="Add what is left after folding batch norms (for inference only).")
    ] = False
    maximum: Annotated[
        str | None,
        typer.Option(
            "--max", metavar="N", help="Fail above so many trainable parameters (of --at): 5M.", show_default=False
        ),
    ] = None


def command(sources: Sources, options: Options, request: Request) -> None:
    """Parameters of every layer: weight shape, count, share; buffers apart.

    cnncalc params resnet50.yaml
    cnncalc params resnet50.yaml --depth 1 --max 26M
    """
    from cnncalc.cli.budget import budget_of
    from cnncalc.cli.run import View, reports

    def table(report: Report, rows: Sequence[LayerReport]) -> Table[LayerReport]:
        from cnncalc.render import params  # not for JSON

        return params.table(report, rows, init=options.init, folding=_fold(report) if options.folded else None)

    def more(report: Report) -> dict[str, object]:
        return {"folded": _as_data(_fold(report))} if options.folded else {}

    reports(sources, request, View(table=table, budget=budget_of("params", options.maximum), more=more))


def _fold(report: Report) -> Folding:
    from cnncalc.folding import fold

    return fold(report)


def _as_data(folding: Folding) -> dict[str, object]:
    kept = [{"norm": each.norm, "because": each.because} for each in folding.kept]
    return {"params": folding.params, "buffers": folding.buffers, "kept": kept}
