"""`cnncalc memory`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.options import Request, Sources
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.render.table import Table
    from cnncalc.report import LayerReport, Report


class OptimizerName(str, Enum):
    """Optimizers; the same as `cnncalc.memory.Optimizer`, which costs too much for a help text."""

    SGD = "sgd"
    MOMENTUM = "momentum"
    ADAM = "adam"
    ADAMW = "adamw"


@value
class Options:
    """What only this command takes."""

    optimizer: Annotated[OptimizerName, typer.Option(help="Whose state counts in training memory.")] = OptimizerName.SGD
    maximum: Annotated[
        str | None,
        typer.Option(
            "--max",
            metavar="N",
            help="Fail above this for weights plus in-place peak (of --at): 512MiB.",
            show_default=False,
        ),
    ] = None


def command(sources: Sources, options: Options, request: Request) -> None:
    """Bytes of weights and outputs, the peak of inference and where it is, training, explicit unfolds.

    cnncalc memory mobilenet_v2.yaml --dtype int8 --max 4MiB
    cnncalc memory resnet50.yaml --batch 32 --optimizer adam
    """
    from cnncalc.cli.budget import budget_of
    from cnncalc.cli.run import View, reports

    view = View(table=_table, budget=budget_of("memory", options.maximum), optimizer=options.optimizer.value)
    reports(sources, request, view)


def _table(report: Report, rows: Sequence[LayerReport]) -> Table[LayerReport]:
    from cnncalc.render.memory import table  # not for JSON

    return table(report, rows)
