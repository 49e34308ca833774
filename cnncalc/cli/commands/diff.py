"""`cnncalc diff`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.options import Format, Output, Reading
from cnncalc.errors import UsageError
from cnncalc.values import field, value

if TYPE_CHECKING:
    from cnncalc.cli.run import Result
    from cnncalc.queries.diff import Difference


@value
class Options:
    """What only this command takes."""

    fail_if: Annotated[
        list[str],
        typer.Option(
            metavar="FIGURE+N",
            help="Exit 1 if a figure moves further: params+5%, macs+10M, memory+1MiB, layers-0, findings+0.",
            show_default=False,
        ),
    ] = field(factory=list)
    depth: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Fold layers whose names have more than N parts.", show_default=False),
    ] = None


def command(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="A file, REVISION:PATH or a line.", show_default=False)
    ],
    options: Options,
    reading: Reading,
    output: Output,
    after: Annotated[
        str | None,
        typer.Argument(
            metavar="[AFTER]", help="The other one; a file alone is compared with HEAD.", show_default=False
        ),
    ] = None,
) -> None:
    """Two networks side by side: totals with their change, layers added, removed and changed, findings that are new.

    Layers are matched by the names that they were given, then by structure; so a layer that is put in front renames no
    other. The options that change a network (-i, --batch, --set) hold for both. Markdown fits a pull-request comment.

      cnncalc diff resnet18.yaml resnet34.yaml
      cnncalc diff HEAD~1:net.yaml net.yaml --fail-if params+5%
      cnncalc diff net.yaml --format markdown
      cnncalc diff -i 3x64x64 'conv 64 k3 | gap' 'conv 64 k5 | gap'
    """
    from cnncalc.cli.output import emit, message
    from cnncalc.cli.run import analyze_one, report_errors
    from cnncalc.queries.thresholds import threshold

    thresholds = [threshold(text) for text in options.fail_if]
    old, new = (before, after) if after is not None else (_at_head(before), before)
    results = [analyze_one(source, reading) for source in (old, new)]
    if results[0].report is None or results[1].report is None:
        _refuse(results, output)
        report_errors(results, output)
        raise typer.Exit(1)
    from cnncalc.queries.diff import diff

    found = diff(results[0].report, results[1].report)
    if not (output.quiet and output.format is Format.TABLE and output.output is None):
        emit(_written(found, options.depth, output), output)
    broken = [each for each in thresholds if not each.holds(found)]
    if broken:
        from cnncalc.render.diff import excess

        for each in broken:
            message(f"{found.after.source}: error: {excess(each, found)}")
        raise typer.Exit(1)


def _at_head(path: str) -> str:
    """The same file as git last had it."""
    if not os.path.isfile(path) or os.path.isabs(path):  # noqa: PTH113, PTH117
        message = f"one source alone is compared with HEAD, so it is a file by a relative path; found {path}"
        raise UsageError(message)
    return f"HEAD:./{os.path.normpath(path)}"


def _refuse(results: list[Result], output: Output) -> None:
    if output.format is Format.JSON:
        from cnncalc.cli.output import emit
        from cnncalc.export.to_json import errors_to_json, several_to_json

        documents = [errors_to_json(each.source, each.findings) for each in results if each.report is None]
        emit(several_to_json(documents) + "\n", output)


def _written(found: Difference, depth: int | None, output: Output) -> str:
    if output.format is Format.JSON:
        from cnncalc.export.to_answers import diff_to_json

        return diff_to_json(found) + "\n"
    from cnncalc.cli.run import show, to_csv_text
    from cnncalc.render.diff import layers, totals

    rows = layers(found, depth)
    if output.format is Format.CSV:
        return to_csv_text([("totals", totals(found))], several=False)
    shown = [show(totals(found), output)]
    return "\n".join([*shown, show(rows, output)] if rows else shown)
