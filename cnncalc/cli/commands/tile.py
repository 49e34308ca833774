"""`cnncalc tile`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from cnncalc.cli.options import AtMap, Output, Reading, Source
from cnncalc.errors import UsageError
from cnncalc.values import value


@value
class Options:
    """What only this command takes."""

    at: AtMap = None
    tile: Annotated[
        str | None,
        typer.Option("--tile", metavar="HxW", help="Cut into tiles of this size.", show_default=False),
    ] = None


def command(source: Source, options: Options, reading: Reading, output: Output) -> None:
    """How to run on tiles of a large image with exactly the result of the whole: where to cut, how much to overlap.

    The image has the size of the input. Where tiles cannot be exact, the layers to blame are named.

    cnncalc tile unet.yaml -i 3x4096x4096
    cnncalc tile unet.yaml -i 3x4096x4096 --tile 512
    """
    from cnncalc.cli.asking import answer, graph_of
    from cnncalc.export.answers import tile_data
    from cnncalc.queries.tile import tile
    from cnncalc.render.tile import axes_table, table

    size = _size(options.tile)
    graph = graph_of(source, reading, output)
    found = tile(graph, at=options.at, size=size)
    is_output = options.at is not None or found.layer in graph.outputs
    if found.tilings:
        answer(output, lambda: tile_data(found), lambda: [("", table(graph.spec, found, is_output=is_output))])
    else:
        answer(output, lambda: tile_data(found), lambda: [("", axes_table(graph.spec, found, is_output=is_output))])


def _size(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    if not re.fullmatch(r"0*[1-9]\d{0,9}(x0*[1-9]\d{0,9})*", text):
        message = f"--tile {text}: expected one number for all axes, or one for each, as in 512 or 512x768"
        raise UsageError(message)
    return tuple(map(int, text.split("x")))
