"""`cnncalc rf`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.options import Request, Sources
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.render.table import Table
    from cnncalc.report import LayerReport, Report


@value
class Options:
    """What only this command takes."""

    minimum: Annotated[
        int | None,
        typer.Option("--min", metavar="N", help="Fail if the field is smaller on any axis.", show_default=False),
    ] = None
    maximum: Annotated[
        int | None,
        typer.Option("--max", metavar="N", help="Fail if the field is larger on any axis.", show_default=False),
    ] = None


def command(sources: Sources, options: Options, request: Request) -> None:
    """Receptive field of every layer: size, jump, centre, holes, phases and effective width, all exact.

    --min and --max compare the layer of --at, by default the last layer that still has a map.

      cnncalc rf resnet18.yaml
      cnncalc rf resnet18.yaml --at layer3 --min 200
      cnncalc rf -i 1x16000 'conv 32 k2 d1 causal | conv 32 k2 d2 causal'
    """
    from cnncalc.cli.run import View, reports

    budget = None
    if options.minimum is not None or options.maximum is not None:
        from cnncalc.cli.budget import rf_budget

        budget = partial(rf_budget, minimum=options.minimum, maximum=options.maximum)
    reports(sources, request, View(table=_table, budget=budget))


def _table(report: Report, rows: Sequence[LayerReport]) -> Table[LayerReport]:
    from cnncalc.render.fields import table  # not for JSON

    return table(report, rows)
