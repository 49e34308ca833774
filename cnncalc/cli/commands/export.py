"""`cnncalc export`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.options import Color, Output, OutputFile, Reading, Source
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import Report


class Target(str, Enum):
    """What a network can be written as."""

    TORCH = "torch"
    ONNX = "onnx"
    KERAS = "keras"
    SPEC = "spec"
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"
    CSV = "csv"


To = Annotated[Target, typer.Option("--to", "-t", help="What to write.", show_default=False)]


@value
class Options:
    """What only this command takes."""

    output: OutputFile = None
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False


def command(source: Source, to: To, options: Options, reading: Reading) -> None:
    """Write a network as code, as a diagram, or as data.

    torch is a file of PyTorch modules that runs: a class for each block, names kept, the same shapes and parameters;
    onnx is an ONNX file with names and shapes, weights of zero, and any batch unless --batch is given;
    keras is a file of functions that build a Keras model, channels last;
    spec is the file itself in its normal layout, comments and all; mermaid and dot are diagrams with blocks as groups
    and repeats drawn once; json and csv are the figures of all layers.

      cnncalc export resnet18.yaml --to torch -o resnet18.py
      cnncalc export resnet18.yaml --to onnx -o resnet18.onnx
      cnncalc export net.yaml --to spec -o net.yaml
      cnncalc export resnet18.yaml --to dot | dot -Tsvg -o resnet18.svg
      cnncalc export resnet18.yaml --to mermaid -o resnet18.mmd
    """
    from cnncalc.cli.output import write, write_bytes
    from cnncalc.cli.run import analyze_one, report_errors

    result = analyze_one(source, reading)
    if result.report is None:
        report_errors([result], Output(color=Color.AUTO))
        raise typer.Exit(1)
    if to is Target.ONNX:
        from cnncalc.export.to_onnx import to_onnx

        write_bytes(to_onnx(result.report, batch=reading.batch), options.output, what="an ONNX file")
        return
    write(_writer(to, reading)(result.report), options.output)


def _writer(to: Target, reading: Reading) -> Callable[[Report], str]:
    """The function that writes a format; none is loaded but the one that is asked for."""
    if to in (Target.TORCH, Target.KERAS):
        return _code(to)
    if to is Target.SPEC:
        from functools import partial

        from cnncalc.cli.formatting import spec_text

        return partial(spec_text, reading=reading)
    if to is Target.MERMAID:
        from cnncalc.export.to_mermaid import to_mermaid

        return to_mermaid
    if to is Target.DOT:
        from cnncalc.export.to_dot import to_dot

        return to_dot
    if to is Target.JSON:
        from cnncalc.export.to_json import to_json

        return lambda report: to_json(report) + "\n"
    return _csv


def _code(to: Target) -> Callable[[Report], str]:
    if to is Target.TORCH:
        from cnncalc.export.to_torch import to_torch

        return to_torch
    from cnncalc.export.to_keras import to_keras

    return to_keras


def _csv(report: Report) -> str:
    from cnncalc.cli.run import to_csv_text
    from cnncalc.render.summary import table

    return to_csv_text([(report.source, table(report, report.layers))], several=False)
