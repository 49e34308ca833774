"""`cnncalc unit`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.options import AtMap, Format, Output, Reading, Source
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.queries.unit import UnitAnswer

DRAWN_WIDTH = 80


@value
class Options:
    """What only this command takes."""

    at: AtMap = None
    index: Annotated[
        str,
        typer.Option(
            "--index",
            metavar="I,J",
            help="The position in axis order, or center, corner, all-phases (one for each phase of the field).",
        ),
    ] = "center"
    of: Annotated[
        str | None,
        typer.Option(
            "--of", metavar="INPUT", help="What is seen of this input, where there are several.", show_default=False
        ),
    ] = None
    draw: Annotated[bool, typer.Option("--draw", help="Draw the input and the pixels that are seen.")] = False


def command(source: Source, options: Options, reading: Reading, output: Output) -> None:
    """Which input pixels one position of a layer sees, exactly, at the border too.

    cnncalc unit resnet18.yaml --at layer3 --index 12,7
    cnncalc unit resnet18.yaml --at layer1 --index corner --draw
    cnncalc unit unet.yaml --index all-phases
    """
    from cnncalc.cli.asking import answer, graph_of
    from cnncalc.export.answers import unit_data
    from cnncalc.queries.places import indices, last_map
    from cnncalc.queries.unit import unit
    from cnncalc.render.unit import table

    graph = graph_of(source, reading, output)
    at = options.at or last_map(graph)
    found = tuple(
        unit(graph, at, index, input=options.of) for index in indices(graph, at, options.index, input=options.of)
    )
    drawn = _drawn(found, output) if options.draw and output.format in (Format.TABLE, Format.MARKDOWN) else ""
    answer(output, lambda: unit_data(found), lambda: [("", table(graph.spec, found))], drawn)


def _drawn(found: tuple[UnitAnswer, ...], output: Output) -> str:
    from cnncalc.cli.output import width
    from cnncalc.render.draw import picture

    unicode = output.output is not None or "utf" in (sys.stdout.encoding or "").lower()
    pictures = [
        (f"{','.join(map(str, each.index))}:\n" if len(found) > 1 else "")
        + picture(each.boxes, each.sizes, width=width(output) or DRAWN_WIDTH, unicode=unicode)
        for each in found
    ]
    return "\n".join(pictures)
