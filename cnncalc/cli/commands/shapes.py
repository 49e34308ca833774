"""`cnncalc shapes`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.options import Request, Source
from cnncalc.errors import UsageError
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.render.table import Table
    from cnncalc.report import LayerReport, Report

LAYOUTS = ("channels_first", "channels_last")


def _complete(incomplete: str) -> list[str]:
    return [layout for layout in LAYOUTS if layout.startswith(incomplete)]


@value
class Options:
    """What only this command takes."""

    layout: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Add the element strides of each output: channels_first, channels_last or both, with a comma.",
            autocompletion=_complete,
            show_default=False,
        ),
    ] = ""


def command(source: Source, options: Options, request: Request) -> None:
    """Input and output shape of every layer, and its window: kernel, stride, padding, dilation, groups.

    cnncalc shapes unet.yaml
    cnncalc shapes -i 3x224x224 'conv 64 k7 s2 p3' --layout channels_last
    """
    from cnncalc.cli.run import View, reports

    layouts = [word.strip() for word in options.layout.split(",") if word.strip()]
    for word in layouts:
        if word not in LAYOUTS:
            message = f"--layout {word}: a memory layout is {' or '.join(LAYOUTS)}"
            raise UsageError(message)
    reports([source], request, View(table=partial(_table, layouts=layouts)))


def _table(report: Report, rows: Sequence[LayerReport], *, layouts: Sequence[str]) -> Table[LayerReport]:
    from cnncalc.render.shapes import table  # not for JSON

    return table(report, rows, layouts=layouts)
