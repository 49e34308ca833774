"""From sources to what is printed: the part that all report commands share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from cnncalc.cli import output as out
from cnncalc.cli.options import Format
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cnncalc.cli.options import Output, Reading, Request
    from cnncalc.errors import Finding
    from cnncalc.render.table import Row, Table
    from cnncalc.report import LayerReport, Report

SUMMARY_ROWS = 40
"""A summary on a terminal is folded until it has at most so many rows."""


@value
class Result:
    """What came of one source: a report, or only findings."""

    source: str
    report: Report | None
    findings: tuple[Finding, ...]
    text: str


@value
class View:
    """What a report command shows."""

    table: Callable[[Report, Sequence[LayerReport]], Table[LayerReport]]
    budget: Callable[[Report, str | None], list[str]] | None = None
    """Lines about what `--max` and `--min` do not allow, at the name of `--at`."""
    more: Callable[[Report], Mapping[str, object]] | None = None
    """Further keys of the JSON document."""
    optimizer: str = "sgd"
    fold: bool = False
    """A long table is folded on a terminal."""
    lint: bool = False
    """Warnings and errors of the lint rules and of `expect:` are among the findings; the exit status is the same."""


def reports(sources: Iterable[str], request: Request, view: View) -> None:
    """Print the table of every source; exit 1 where a network has errors or a budget does not hold."""
    results = list(analyzed(sources, request.reading, optimizer=view.optimizer))
    if view.lint:
        results = [_linted(result) for result in results]
    rows = [choose(result.report, request, fold=view.fold) if result.report else () for result in results]
    excesses = [
        f"{result.source}: error: {line}"
        for result in results
        for line in (view.budget(result.report, request.rows.at) if view.budget and result.report else ())
    ]
    if not _is_silent(request.output):
        out.emit(_written(list(zip(results, rows, strict=True)), view, request), request.output)
    failed = report_errors(results, request.output)
    for line in excesses:
        out.message(line)
    if failed or excesses:
        raise typer.Exit(1)


def analyzed(sources: Iterable[str], reading: Reading, *, optimizer: str = "sgd") -> Iterator[Result]:
    """Read and analyse every source, each by itself."""
    from cnncalc.cli.progress import watched

    for source in watched(list(sources)):
        yield analyze_one(source, reading, optimizer=optimizer)


def analyze_one(source: str, reading: Reading, *, optimizer: str = "sgd") -> Result:
    """The report of one source, or what is wrong with it."""
    from cnncalc.cli.sources import read
    from cnncalc.engine import analyze
    from cnncalc.errors import CnncalcError, Severity
    from cnncalc.graph import build

    try:
        spec = read(source, reading)
    except CnncalcError as error:
        return Result(source=source, report=None, findings=error.findings, text="")
    report = analyze(build(spec), optimizer=optimizer)
    broken = any(found.severity is Severity.ERROR for found in report.findings)
    return Result(
        source=spec.source, report=None if broken else report, findings=tuple(report.findings), text=spec.text
    )


def _linted(result: Result) -> Result:
    if result.report is None:
        return result
    from cnncalc.errors import Severity
    from cnncalc.lint.driver import lint

    known = result.report.findings
    found = (each for each in lint(result.report) if each.severity is not Severity.INFO or each in known)
    return replace(result, report=replace(result.report, findings=tuple(found)))


def choose(report: Report, request: Request, *, fold: bool = False) -> Sequence[LayerReport]:
    """The rows that `--at` and `--depth` ask for; a long summary on a terminal is folded unasked."""
    at, depth = request.rows.at, request.rows.depth
    if at is None and depth is None and not (fold and _is_page(report, request.output)):
        return report.layers
    from cnncalc.queries.rows import fitting, folded, named

    if at is not None:
        return (named(report, at),)
    return fitting(report, SUMMARY_ROWS) if depth is None else folded(report, depth)


def report_errors(results: Iterable[Result], output: Output) -> bool:
    """Print the errors of the sources that are no networks; whether there were any."""
    failed = [result for result in results if result.report is None]
    if not failed:
        return False
    from cnncalc.errors import Severity
    from cnncalc.render.snippet import render_findings

    errors = [found for result in failed for found in result.findings if found.severity is Severity.ERROR]
    texts = {found.at.file: result.text for result in failed for found in result.findings if found.at}
    out.message(render_findings(errors, texts, colour=out.colour_on(output, sys.stderr)))
    return True


def _is_silent(output: Output) -> bool:
    """`--quiet` where nothing else says that a result is wanted."""
    return output.quiet and output.format is Format.TABLE and output.output is None


def _is_page(report: Report, output: Output) -> bool:
    return len(report.layers) > SUMMARY_ROWS and output.format is Format.TABLE and out.is_terminal(output)


def _written(shown: Sequence[tuple[Result, Sequence[LayerReport]]], view: View, request: Request) -> str:
    output = request.output
    if output.format is Format.JSON:
        from cnncalc.export.to_json import errors_to_json, several_to_json, to_json

        documents = [
            to_json(result.report, rows, view.more(result.report) if view.more else None)
            if result.report
            else errors_to_json(result.source, result.findings)
            for result, rows in shown
        ]
        return several_to_json(documents) + "\n"
    tables = [(result.source, view.table(result.report, rows)) for result, rows in shown if result.report]
    if request.rows.at is not None:  # totals and facts are of the whole network
        tables = [(source, replace(table, totals=None, facts=())) for source, table in tables]
    if output.format is Format.CSV:
        return to_csv_text(tables, several=len(shown) > 1)
    return "\n".join(show(table, output) for _, table in tables)


def show(table: Table[Row], output: Output) -> str:
    """A table for eyes: Markdown, coloured where colour is on and the table is not long, else plain."""
    notes = not output.quiet
    if output.format is Format.MARKDOWN:
        from cnncalc.render.markdown import markdown

        return markdown(table, notes=notes)
    width = out.width(output)
    if out.colour_on(output, sys.stdout):
        from cnncalc.render import terminal

        if len(table.rows) <= terminal.MOST_ROWS:
            unicode = "utf" in (sys.stdout.encoding or "").lower()
            return terminal.coloured(table, width=width, notes=notes, unicode=unicode)
    from cnncalc.render.text import plain

    return plain(table, width=width, notes=notes)


def to_csv_text(tables: Sequence[tuple[str, Table[Row]]], *, several: bool, key: str = "source") -> str:
    """One header for all tables; with several, the first column says which."""
    from cnncalc.export.to_csv import to_csv
    from cnncalc.render.table import exact_header, exact_rows

    if not tables:
        return ""
    keys = list(dict.fromkeys(name for _, table in tables for name in exact_header(table)))
    rows: list[list[object]] = []
    for which, table in tables:
        header = exact_header(table)
        for row in exact_rows(table):
            values = dict(zip(header, row, strict=True))
            rows.append([*([which] if several else []), *(values.get(name) for name in keys)])
    return to_csv([*([key] if several else []), *keys], rows)
