"""`cnncalc import`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cnncalc.cli.options import OutputFile
from cnncalc.errors import UsageError


def command(  # noqa: PLR0913 - one parameter per option
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="package.module:callable, which gives a torch.nn.Module.")
    ],
    input: Annotated[  # noqa: A002 - the option's name
        list[str],
        typer.Option("--input", "-i", metavar="SHAPE", help="Input size: 3x224x224, or NAME=SHAPE once per input."),
    ],
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
    """Write a spec for a PyTorch model. This imports and calls the code that SOURCE names: only run code you trust.

    No weights are loaded and nothing is computed. Needs the extra: pip install 'cnncalc[torch]'.

      cnncalc import torchvision.models:resnet50 -i 3x224x224 -o resnet50.yaml
      cnncalc import mymodels.net:Net --kwargs '{"width": 2}' -i 3x64x64 --annotate
    """
    from cnncalc.cli import sources
    from cnncalc.cli.output import message, write_file

    if not sources.is_callable(source):
        reason = f"{source}: expected package.module:callable, such as torchvision.models:resnet50"
        raise UsageError(reason)
    how = sources.Importing(
        args=tuple(_json("--args", args, list)),
        kwargs=_json("--kwargs", kwargs, dict),
        flat=flat,
        annotate=annotate,
        allow_unknown=allow_unknown,
    )
    text = sources.imported(source, how, sources.input_shapes(input))
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_file(output, text)
        message(f"wrote {output}; now: cnncalc summary {output}")


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
