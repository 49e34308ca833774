"""`cnncalc scale`."""

from __future__ import annotations

import re
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.options import Format, Output, Reading, Source
from cnncalc.values import field, replace, value

if TYPE_CHECKING:
    from cnncalc.queries.scale import Scaling
    from cnncalc.spec.network import NetworkSpec

_KEYS = {"weights": "weights_bytes", "peak": "peak_bytes", "training": "training_bytes"}
_FIRST_SHAPE = re.compile(r"input=([0-9]+(?:x[0-9]+)+).*")


class Figure(str, Enum):
    """What the bars show; the totals of `cnncalc.queries.scale`."""

    PARAMS = "params"
    MACS = "macs"
    FLOPS = "flops"
    ACTIVATIONS = "activations"
    WEIGHTS = "weights"
    PEAK = "peak"
    TRAINING = "training"


@value
class Options:
    """What only this command takes."""

    sweep: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=VALUES",
            help="Vary input, batch, dtype or a variable: a list a,b,c or a range FROM:TO/STEP.",
            show_default=False,
        ),
    ] = field(factory=list)
    chart: Annotated[Figure, typer.Option(help="What the bars show.")] = Figure.MACS
    processes: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Use so many; by default all cores, where it pays.", show_default=False),
    ] = None


def command(source: Source, options: Options, reading: Reading, output: Output) -> None:
    """How the totals move with input size, variables, batch and number type: a row and a bar for every combination.

    Where the network cannot be built at some point, its row says why. CSV and JSON have every figure for plotting.

      cnncalc scale resnet18.yaml --sweep input=3x128x128:3x512x512/32
      cnncalc scale mobilenet.yaml --sweep width=0.25..1/0.25 --sweep batch=1,8 --chart peak
      cnncalc scale --sweep input=3x32x32,3x64x64 'conv 64 k3 p1 | maxpool 2' -f csv
    """
    from cnncalc.cli.bar import Bar
    from cnncalc.cli.output import emit
    from cnncalc.cli.run import Result, report_errors
    from cnncalc.cli.sources import read
    from cnncalc.queries.scale import scale
    from cnncalc.queries.search import errors_of

    spec = read(source, _with_input(options.sweep, reading))
    if wrong := errors_of(spec.findings):
        report_errors([Result(source=source, report=None, findings=tuple(wrong), text=spec.text)], output)
        raise typer.Exit(1)
    with Bar("points") as progress:
        found = scale(spec, options.sweep, processes=options.processes, progress=progress)
    emit(_written(found, spec, options, output), output)
    if all(point.error for point in found.points):
        raise typer.Exit(1)


def _with_input(sweeps: list[str], reading: Reading) -> Reading:
    """A layer line needs an input: the first of those that it is swept through will do."""
    shape = next((match[1] for match in map(_FIRST_SHAPE.fullmatch, sweeps) if match), None)
    return reading if reading.input or shape is None else replace(reading, input=[shape])


def _written(found: Scaling, spec: NetworkSpec, options: Options, output: Output) -> str:
    if output.format is Format.JSON:
        from cnncalc.export.to_answers import scaling_to_json

        return scaling_to_json(found, spec) + "\n"
    from cnncalc.cli.output import is_terminal
    from cnncalc.cli.run import show, to_csv_text
    from cnncalc.render.scale import for_machines, table

    blocks = is_terminal(output) and "utf" in (sys.stdout.encoding or "").lower()
    shown = table(found, spec, chart=_KEYS.get(options.chart.value, options.chart.value), unicode=blocks)
    if output.format is Format.CSV:
        return to_csv_text([(spec.source, for_machines(shown))], several=False)
    return show(shown, output)
