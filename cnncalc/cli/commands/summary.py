"""`cnncalc summary`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.cli.options import Request, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.render.table import Table
    from cnncalc.report import LayerReport, Report


def command(source: Source, request: Request) -> None:
    """One table of the whole network: layers, shapes, receptive fields, parameters and MACs; totals below.

    On a terminal a network of more than 40 layers is folded to the deepest blocks that fit; --depth says how deep, and
    --depth 99 shows every layer. On a pipe every layer is shown.

      cnncalc summary resnet18.yaml
      cnncalc summary resnet18.yaml --depth 1
      cnncalc summary -i 3x32x32 'conv 8 k3 relu | gap | fc 10'
    """
    from cnncalc.cli.run import View, reports

    reports([source], request, View(table=_table, fold=True, lint=True))


def _table(report: Report, rows: Sequence[LayerReport]) -> Table[LayerReport]:
    from cnncalc.render.summary import table  # not for JSON

    return table(report, rows)
