"""`cnncalc region`."""

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
    of: Annotated[
        str | None,
        typer.Option(
            "--of", metavar="INPUT", help="A region of this input, where there are several.", show_default=False
        ),
    ] = None


def command(
    source: Source,
    pixels: Annotated[
        str,
        typer.Option(
            "--pixels",
            metavar="A:B,C:D",
            help="The region: a range for each axis, its end excluded, or a single pixel.",
            show_default=False,
        ),
    ],
    options: Options,
    reading: Reading,
    output: Output,
) -> None:
    """Which positions of a layer see a region of the input, which see all of it, and which is centred nearest to it.

    cnncalc region resnet18.yaml --at layer2 --pixels 100:120,40:60
    cnncalc region resnet18.yaml --at layer3 --pixels 110,50
    """
    from cnncalc.cli.asking import answer, graph_of
    from cnncalc.export.answers import region_data
    from cnncalc.queries.places import last_map
    from cnncalc.queries.region import region
    from cnncalc.render.region import table

    ranges = _pixels(pixels)
    graph = graph_of(source, reading, output)
    found = region(graph, options.at or last_map(graph), ranges, input=options.of)
    answer(output, lambda: region_data(found), lambda: [("", table(graph.spec, found))])


def _pixels(text: str) -> tuple[tuple[int, int], ...]:
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?::(\d{1,10}))?", part.strip())
        if match is None:
            message = f"--pixels {text}: expected a range or a pixel for each axis, as in 100:120,40:60 or 110,50"
            raise UsageError(message)
        first = int(match[1])
        ranges.append((first, first + 1 if match[2] is None else int(match[2])))
    return tuple(ranges)
