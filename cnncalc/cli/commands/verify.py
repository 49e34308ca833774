"""`cnncalc verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.cli.options import Format, Output, Reading
from cnncalc.values import field, replace, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.cli.sources import Importing
    from cnncalc.geometry.shape import TensorShape
    from cnncalc.importers.layers import Imported
    from cnncalc.render.table import Table
    from cnncalc.report import Report

    Read = tuple[Report, tuple[str, ...] | None]


@value
class Options:
    """What only this command takes."""

    only: Annotated[
        list[str],
        typer.Option(metavar="WHAT,...", help="Compare these alone: shapes, params, macs, rf.", show_default=False),
    ] = field(factory=list)
    folded: Annotated[
        bool, typer.Option("--folded", help="Fold batch norms into the layers before them, on both sides.")
    ] = False
    everything: Annotated[
        bool, typer.Option("--all", help="List what follows from other differences, too, and all of it.")
    ] = False
    args: Annotated[str, typer.Option(metavar="JSON", help="Positional arguments of the callable: '[18, 64]'.")] = "[]"
    kwargs: Annotated[str, typer.Option(metavar="JSON", help="""Keyword arguments: '{"width": 2}'.""")] = "{}"
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Ops of the model without a counterpart are no error.")
    ] = False


def command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SPEC", help="What is meant to be: a file, REVISION:PATH or a line.", show_default=False
        ),
    ],
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="What is: an .onnx, .keras or Keras .json file, package.module:callable, or another spec.",
            show_default=False,
        ),
    ],
    options: Options,
    reading: Reading,
    output: Output,
) -> None:
    """Whether a model is what its spec says: shapes, parameters, MACs, receptive fields; exit status 1 if not.

    Layers are matched by their names, then by what they compute from what, so that names are not needed. Differences
    come in order, each with its place in the spec; what only follows from another is counted. -i holds for both; a
    model without a size of its own gets that of the spec.

    package.module:callable imports and calls the code that it names; files are read as data.

      cnncalc verify net.yaml model.onnx
      cnncalc verify net.yaml mypackage.models:build --only shapes,params
      cnncalc verify net.yaml deployed.onnx --folded
    """
    from cnncalc.cli.asking import answer, refuse, stop_at_errors
    from cnncalc.cli.commands.import_ import importing
    from cnncalc.cli.run import analyze_one
    from cnncalc.errors import CnncalcError
    from cnncalc.export.answers import verification_data
    from cnncalc.queries.verify import verify
    from cnncalc.render.verify import differences, table

    how = importing(options.args, options.kwargs, allow_unknown=options.allow_unknown)
    only = [word.strip() for text in options.only for word in text.split(",") if word.strip()]
    spec = analyze_one(source, reading)
    if spec.report is None:
        refuse(source, spec.findings, spec.text, output)
    try:
        report, names = _model(model, how, reading, spec.report)
    except CnncalcError as error:
        refuse(model, error.findings, "", output)
    stop_at_errors(report.source, report.findings, report.spec.text, output)
    found = verify(spec.report, report, names=names, only=only, folded=options.folded)

    def tables() -> list[tuple[str, Table[Any]]]:
        shown = differences if output.format is Format.CSV else table
        return [("", shown(found, everything=options.everything))]

    answer(output, lambda: verification_data(found), tables)
    if not found.is_match:
        raise typer.Exit(1)


def _model(model: str, how: Importing, reading: Reading, spec: Report) -> Read:
    """The report of the model, and what it calls its layers itself."""
    from cnncalc.cli import sources
    from cnncalc.cli.run import analyze_one
    from cnncalc.errors import SpecError

    if not sources.is_callable(model) and not sources.is_model_file(model):
        found = analyze_one(model, replace(reading, set=[]))
        if found.report is None:
            raise SpecError(found.findings)
        return found.report, None
    from cnncalc.importers.reports import report_of

    layers = _layers(model, how, sources.input_shapes(reading.input, model), spec)
    return report_of(layers, model, batch=spec.batch, dtype=spec.dtype), tuple(layer.name for layer in layers.layers)


def _layers(model: str, how: Importing, given: Mapping[str, TensorShape], spec: Report) -> Imported:
    """The layers of the model, for the sizes of the spec where it has none of its own."""
    from cnncalc.cli import sources
    from cnncalc.errors import UsageError

    if given:
        return sources.layers_of(model, how, given)
    if sources.is_callable(model):
        return sources.layers_of(model, how, spec.spec.inputs)
    try:
        return sources.layers_of(model, how, {})
    except UsageError:  # a size that the file leaves free
        return sources.layers_of(model, how, spec.spec.inputs)
