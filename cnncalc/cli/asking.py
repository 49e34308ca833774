"""What the commands that ask one question of one network share: reading it, and writing the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from cnncalc.cli.options import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cnncalc.cli.options import Output, Reading
    from cnncalc.errors import Finding
    from cnncalc.graph import Graph
    from cnncalc.render.table import Row, Table
    from cnncalc.spec.network import NetworkSpec


def spec_of(source: str, reading: Reading, output: Output) -> NetworkSpec:
    """The network of a source as it was read; errors are printed, and the command ends with status 1."""
    from cnncalc.cli.sources import read
    from cnncalc.errors import CnncalcError

    try:
        spec = read(source, reading)
    except CnncalcError as error:
        refuse(source, error.findings, "", output)
    stop_at_errors(spec.source, spec.findings, spec.text, output)
    return spec


def graph_of(source: str, reading: Reading, output: Output) -> Graph:
    """The network of a source, built; errors are printed, and the command ends with status 1."""
    from cnncalc.graph import build

    graph = build(spec_of(source, reading, output))
    stop_at_errors(graph.spec.source, graph.findings, graph.spec.text, output)
    return graph


def stop_at_errors(source: str, findings: Iterable[Finding], text: str, output: Output) -> None:
    """End the command with status 1 if any finding is an error."""
    from cnncalc.errors import Severity

    errors = [found for found in findings if found.severity is Severity.ERROR]
    if errors:
        refuse(source, errors, text, output)


def refuse(source: str, findings: Iterable[Finding], text: str, output: Output) -> NoReturn:
    """Print what is wrong with a source and end the command."""
    from cnncalc.cli.run import Result, report_errors

    found = tuple(findings)
    if output.format is Format.JSON:
        from cnncalc.cli.output import emit
        from cnncalc.export.to_json import errors_to_json

        emit(errors_to_json(source, found) + "\n", output)
    report_errors([Result(source=source, report=None, findings=found, text=text)], output)
    raise typer.Exit(1)


def answer(
    output: Output, data: Callable[[], object], tables: Callable[[], list[tuple[str, Table[Row]]]], more: str = ""
) -> None:
    """Write an answer as it is asked for: JSON of its data, or its tables, with more text behind them for eyes."""
    from cnncalc.cli.output import emit
    from cnncalc.cli.run import show, to_csv_text

    if output.format is Format.JSON:
        from json import dumps

        emit(dumps(data()) + "\n", output)
        return
    if output.quiet and output.output is None and output.format is Format.TABLE:
        return
    shown = tables()
    if output.format is Format.CSV:
        emit(to_csv_text(shown, several=len(shown) > 1, key="about"), output)
        return
    text = "\n".join(show(table, output) for _, table in shown)
    fence = ("```\n", "```\n") if output.format is Format.MARKDOWN else ("", "")
    emit(text + (f"\n{fence[0]}{more}{fence[1]}" if more else ""), output)
