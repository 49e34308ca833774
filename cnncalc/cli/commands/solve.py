"""`cnncalc solve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.complete import layer_names
from cnncalc.cli.options import Color, Format, Output, Reading, Source
from cnncalc.errors import SpecError, UsageError
from cnncalc.values import field, replace, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.queries.solve import SolveAnswer
    from cnncalc.spec.network import NetworkSpec


@value
class Goal:
    """What to reach."""

    shape: Annotated[
        str | None,
        typer.Option(metavar="SHAPE", help="Output shape: 64x56x56, or ?x56x56 for any channels.", show_default=False),
    ] = None
    same: Annotated[bool, typer.Option("--same", help="The output is as large as the input.")] = False
    halve: Annotated[
        bool, typer.Option("--halve", help="It is half as large; an odd size may be rounded either way.")
    ] = False
    rf: Annotated[
        str | None,
        typer.Option(metavar="N", help="Receptive field: 201, 'min 200' or 200..220.", show_default=False),
    ] = None
    max_params: Annotated[
        str | None, typer.Option(metavar="N", help="At most so many parameters: 1M.", show_default=False)
    ] = None
    max_macs: Annotated[
        str | None, typer.Option(metavar="N", help="At most so many MACs: 100M.", show_default=False)
    ] = None
    at: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Sizes and fields of this layer instead of the output.",
            autocompletion=layer_names,
            show_default=False,
        ),
    ] = None


@value
class Options:
    """What only this command takes."""

    bounds: Annotated[
        list[str],
        typer.Option(
            metavar="KIND=A..B",
            help="Search these numbers: padding=0..40, channels=8..512/8; or 2=1..9 for the second unknown.",
            show_default=False,
        ),
    ] = field(factory=list)
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="Show so many.")] = 10
    solved: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write the text with the first solution in it.", show_default=False
        ),
    ] = None
    format: Annotated[Format, typer.Option("--format", "-f", help="How to write the result.")] = Format.TABLE
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes.")] = False
    color: Annotated[Color, typer.Option("--color", help="When to use colour.")] = Color.AUTO
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False


def command(source: Source, goal: Goal, options: Options, reading: Reading) -> None:
    """The numbers for every `?` of a layer line or a file, so that a goal is reached: all of them, the cheapest first.

    A `?` stands for any whole number: a kernel k?, stride s?, padding p?, dilation d?, output padding op?, channels as
    in `conv ?`, a count *?, or a variable of a file. Where nothing fits, the nearest misses are shown, with exit 1.

      cnncalc solve -i 3x64x64 'conv 64 k3 d2 p?' --same
      cnncalc solve -i 64x32x32 'convt 64 k? s2 p? op?' --shape 64x64x64
      cnncalc solve -i 1x64x64 '(conv 16 k3 d2)*?' --rf 20..30
      cnncalc solve net.yaml --max-params 1M -o solved.yaml
    """
    from cnncalc.cli.bar import Bar
    from cnncalc.cli.output import message, write_file
    from cnncalc.queries.goals import read_goals
    from cnncalc.queries.solve import search

    goals = read_goals(
        at=goal.at,
        shape=goal.shape,
        same=goal.same,
        halve=goal.halve,
        rf=goal.rf,
        max_params=goal.max_params,
        max_macs=goal.max_macs,
    )
    text, name, read = _opened(source, reading)
    try:
        with Bar("combinations") as progress:
            answer = search(text, read, goals, bounds=_bounds(options.bounds), limit=options.limit, progress=progress)
    except SpecError as error:
        from cnncalc.render.snippet import render_findings

        message(render_findings(error.findings, {name: text}))
        raise typer.Exit(1) from None
    _print(answer, name, options)
    if not answer.solutions:
        raise typer.Exit(1)
    if options.solved is not None:
        write_file(options.solved, answer.solutions[0].text)
        message(f"wrote {options.solved}")


def _opened(source: str, reading: Reading) -> tuple[str, str, Callable[[str], NetworkSpec]]:
    """The text of a source, what to call it, and how such texts are read."""
    from cnncalc.cli.sources import LINE, Importing, imported, input_shapes, open_source, read_text
    from cnncalc.spec.source import read

    found = open_source(source)
    if found.is_model:
        found = replace(found, data=imported(source, Importing(), input_shapes(reading.input, source)), is_model=False)
        reading = replace(reading, input=[])

    def read_solved(text: str) -> NetworkSpec:
        return read_text(replace(found, data=text), reading)

    if found.is_line:
        return source, LINE, read_solved
    return read(found.data, found.name).text, found.name, read_solved


def _bounds(texts: list[str]) -> dict[str, str]:
    bounds = {}
    for text in texts:
        kind, equals, values = text.partition("=")
        if not equals:
            message = f"--bounds {text}: expected KIND=A..B, as in --bounds padding=0..40"
            raise UsageError(message)
        bounds[kind.strip()] = values.strip()
    return bounds


def _print(answer: SolveAnswer, name: str, options: Options) -> None:
    from cnncalc.cli.output import emit

    output = Output(format=options.format, quiet=options.quiet, color=options.color)
    if options.format is Format.JSON:
        from cnncalc.export.to_answers import solve_to_json

        emit(solve_to_json(answer, name) + "\n", output)
        return
    from cnncalc.cli.run import show, to_csv_text
    from cnncalc.render.solve import table

    shown = table(answer, name)
    emit(to_csv_text([(name, shown)], several=False) if options.format is Format.CSV else show(shown, output), output)
