"""`cnncalc import`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnncalc.cli.options import OutputFile
from cnncalc.errors import UsageError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.cli.sources import Importing


def command(  # noqa: PLR0913 - one parameter per option
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="An .onnx, .keras or Keras .json file, or package.module:callable, which gives a torch.nn.Module.",
        ),
    ],
    input: Annotated[  # noqa: A002 - the option's name
        list[str] | None,
        typer.Option("--input", "-i", metavar="SHAPE", help="Input size: 3x224x224, or NAME=SHAPE once per input."),
    ] = None,
    args: Annotated[str, typer.Option(metavar="JSON", help="Positional arguments of the callable: '[18, 64]'.")] = "[]",
    kwargs: Annotated[str, typer.Option(metavar="JSON", help="""Keyword arguments: '{"width": 2}'.""")] = "{}",
    flat: Annotated[bool, typer.Option("--flat", help="One line a layer, without blocks.")] = False,  # noqa: FBT002 - an option
    annotate: Annotated[bool, typer.Option("--annotate", help="Output shapes as comments.")] = False,  # noqa: FBT002 - an option
    allow_unknown: Annotated[  # noqa: FBT002 - an option
        bool, typer.Option("--allow-unknown", help="Keep ops without a counterpart as `custom`, figures unknown.")
    ] = False,
    output: OutputFile = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False,  # noqa: ARG001, FBT002 - main reads it
) -> None:
    """Write a spec for a model in a file or in code.

    Files are read as data, without their weights: ONNX (-i gives sizes that the file leaves free) and Keras.
    package.module:callable imports and calls the code that it names: only run code you trust. It needs the extra
    pip install 'cnncalc[torch]', and -i.

      cnncalc import model.onnx -o net.yaml
      cnncalc import torchvision.models:resnet50 -i 3x224x224 -o resnet50.yaml
      cnncalc import mymodels.net:Net --kwargs '{"width": 2}' -i 3x64x64 --annotate
    """
    from cnncalc.cli import sources
    from cnncalc.cli.output import message, write_file

    if not sources.is_callable(source) and not sources.is_model_file(source):
        from cnncalc.cli.refusals import no_model

        raise UsageError(no_model(source))
    how = replace(importing(args, kwargs, allow_unknown=allow_unknown), flat=flat, annotate=annotate)
    text = sources.imported(source, how, sources.input_shapes(input or [], source))
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_file(output, text)
        message(f"wrote {output}; now: cnncalc summary {output}")


def importing(args: str, kwargs: str, *, allow_unknown: bool) -> Importing:
    """How a model is read, from the texts of `--args` and `--kwargs`."""
    from cnncalc.cli.sources import Importing

    return Importing(
        args=tuple(_json("--args", args, list)), kwargs=_json("--kwargs", kwargs, dict), allow_unknown=allow_unknown
    )


def _json(option: str, text: str, kind: type[Any]) -> Any:
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = f"{option} {text}: no JSON: {error}"
        raise UsageError(reason) from error
    if not isinstance(found, kind):
        reason = f"{option} {text}: expected a JSON {'list' if kind is list else 'object'}"
        raise UsageError(reason)
    return found
