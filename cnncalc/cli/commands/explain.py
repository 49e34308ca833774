"""`cnncalc explain`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.complete import layer_names, subjects
from cnncalc.cli.options import Format, Output, Reading
from cnncalc.cli.output import width
from cnncalc.errors import UsageError
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.cli.run import Result
    from cnncalc.queries.explain import Explanation
    from cnncalc.report import Report


_CODE = re.compile(r"[Cc][Nn][Nn][0-9]+")


@value
class Options:
    """What only this command takes."""

    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="NAME", help="The layer or block.", autocompletion=layer_names, show_default=False
        ),
    ] = None
    against: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Say whose number this is: 4.12G, 25.6M.", show_default=False),
    ] = None


def command(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="CODE|OP|SOURCE",
            help="A code of `check`, an op, or a network (with --at or --against).",
            autocompletion=subjects,
            show_default=False,
        ),
    ],
    options: Options,
    reading: Reading,
    output: Output,
) -> None:
    """The manual of a lint rule or an op; or, with --at, how the numbers of one layer come about, line by line.

    For a layer: the recurrence from the input to it, its weights beside those of a dense, an unshared and a
    depthwise-separable layer, its matrix product, and its initialisation. With --against, which way of counting gives a
    number that somebody published: whose convention, at which batch and size, without which part.

      cnncalc explain CNN012
      cnncalc explain conv
      cnncalc explain resnet18.yaml --at layer3
      cnncalc explain -i 3x32x32 'a: conv 8 k3 | b: conv 8 k3 d2' --at b
      cnncalc explain resnet50.yaml --against 4.12G
    """
    from cnncalc.cli.output import emit

    if options.against is not None:
        _attribute(subject, options, reading, output)
        return
    if options.at is None and _CODE.fullmatch(subject):
        emit(_rule(subject, output), output)
        return
    if options.at is None:
        if "." in subject or " " in subject or reading.input:
            message = f"{subject}: name the layer to explain with --at, as in: --at conv1"
            raise UsageError(message)
        emit(_op(subject, output), output)
        return
    from cnncalc.queries.explain import explain

    result, report = _analyzed(subject, reading, output)
    emit(_written(result, explain(report, options.at), output), output)


def _analyzed(source: str, reading: Reading, output: Output) -> tuple[Result, Report]:
    """A network that can be built; else its errors are printed."""
    from cnncalc.cli.run import analyze_one, report_errors

    result = analyze_one(source, reading)
    if result.report is None:
        if output.format is Format.JSON:
            from cnncalc.cli.output import emit
            from cnncalc.export.to_json import errors_to_json

            emit(errors_to_json(result.source, result.findings) + "\n", output)
        report_errors([result], output)
        raise typer.Exit(1)
    return result, result.report


def _attribute(source: str, options: Options, reading: Reading, output: Output) -> None:
    """Whose number it is; exit 1 where nothing gives it."""
    from cnncalc.cli.bar import Bar
    from cnncalc.cli.output import emit
    from cnncalc.cli.run import show, to_csv_text
    from cnncalc.queries.against import against, asked

    if options.at is not None:
        message = "--against speaks of the whole network and its parts; leave --at out"
        raise UsageError(message)
    number = options.against or ""
    asked(number)  # refused before the network is read
    _, report = _analyzed(source, reading, output)
    with Bar("input sizes") as progress:
        found = against(report.spec, number, progress=progress)
    if output.format is Format.JSON:
        from cnncalc.export.to_answers import against_to_json

        emit(against_to_json(found, report.source) + "\n", output)
    else:
        from cnncalc.render.against import table

        shown = table(report, found)
        is_csv = output.format is Format.CSV
        emit(to_csv_text([(report.source, shown)], several=False) if is_csv else show(shown, output), output)
    if not found.matches:
        raise typer.Exit(1)


def _rule(code: str, output: Output) -> str:
    """The manual of a code; UsageError where there is none."""
    from cnncalc.lint.rules.errors import manuals
    from cnncalc.render.rules import page, to_json

    known = manuals()
    if code.upper() not in known:
        from cnncalc.lint.settings import remedy

        message = f"no code `{code}`; {remedy(code.upper())}"
        raise UsageError(message)
    rule = known[code.upper()]
    return to_json(rule) if _is_json(output) else page(rule, width=width(output))


def _op(word: str, output: Output) -> str:
    """The manual of an op; UsageError where there is none."""
    from cnncalc.queries.manual import manual
    from cnncalc.render.manual import page, to_json

    found = manual(word)
    return to_json(found) if _is_json(output) else page(found, width=width(output))


def _is_json(output: Output) -> bool:
    if output.format in {Format.CSV, Format.MARKDOWN}:
        message = f"--format {output.format.value}: a manual is no table; it is text, or --format json"
        raise UsageError(message)
    return output.format is Format.JSON


def _written(result: Result, found: Explanation, output: Output) -> str:
    from cnncalc.cli.run import show, to_csv_text

    if result.report is None:
        raise AssertionError
    if output.format is Format.JSON:
        from cnncalc.export.answers import explanation_data
        from cnncalc.export.to_json import to_json

        return to_json(result.report, [found.row], {"explanation": explanation_data(found)}) + "\n"
    from cnncalc.render.explain import tables

    shown = tables(result.report, found)
    if output.format is Format.CSV:
        axes = ["".join(map(str, axes)) for axes, _ in found.axes]
        return to_csv_text(list(zip(axes, shown, strict=False)), several=len(shown) > 1, key="axes")
    return "\n".join(show(each, output) for each in shown)
