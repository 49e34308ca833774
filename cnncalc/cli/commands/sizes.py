"""`cnncalc sizes`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from cnncalc.cli.options import Format, Output, Reading, Source
from cnncalc.errors import UsageError
from cnncalc.values import value


@value
class Options:
    """What only this command takes."""

    range: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="A..B",
            help="The sizes to look at; by default 1..1024, or up to twice the network's own.",
            show_default=False,
        ),
    ] = None
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="HxW",
            help="Ask about this size: whether it works, and what to change if not.",
            show_default=False,
        ),
    ] = None


def command(source: Source, options: Options, reading: Reading, output: Output) -> None:
    """Which input sizes work, which leave no row unread, and at which the output is as large as the input.

    For a size that does not work: how much to pad or crop, or which merges need align=crop.

    cnncalc sizes unet.yaml
    cnncalc sizes unet.yaml --range 128..640 --size 250
    """
    from cnncalc.cli.asking import answer, refuse, spec_of
    from cnncalc.errors import SpecError
    from cnncalc.export.answers import sizes_data
    from cnncalc.queries.sizes import sizes
    from cnncalc.render.sizes import runs, table

    low, high = _range(options.range)
    size = _size(options.size)
    spec = spec_of(source, reading, output)
    try:
        found = sizes(spec, low=low, high=high, size=size)
    except SpecError as error:
        refuse(spec.source, error.findings, spec.text, output)
    if output.format is Format.CSV:
        answer(output, dict, lambda: [("", runs(found))])
    else:
        answer(output, lambda: sizes_data(found), lambda: [("", table(spec, found))])


def _range(text: str | None) -> tuple[int, int | None]:
    if text is None:
        return 1, None
    match = re.fullmatch(r"(\d{1,10})\.\.(\d{1,10})", text)
    if match is None:
        message = f"--range {text}: expected the smallest and the largest size, as in 128..640"
        raise UsageError(message)
    return int(match[1]), int(match[2])


def _size(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,10}(x\d{1,10})*", text):
        message = f"--size {text}: expected one number for all axes, or one for each, as in 250 or 250x256"
        raise UsageError(message)
    return tuple(map(int, text.split("x")))
