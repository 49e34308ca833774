"""The program: which commands there are. Each is one file in `commands`, loaded when it is called.

A new command is a file with a function `command` and a line here.
"""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = {
    "summary": "One table: layers, shapes, receptive fields, parameters, MACs.",
    "shapes": "Input and output shape and the window of every layer.",
    "rf": "Receptive field of every layer, exactly.",
    "params": "Parameters of every layer and their share.",
    "flops": "MACs and FLOPs of every layer, and what other tools would print.",
    "memory": "Weights, outputs, peak and training memory.",
    "check": "Lint rules, expectations and budgets over files and folders.",
    "explain": "How the numbers of a layer come about, or the manual of an op.",
    "rules": "All lint rules.",
    "unit": "Which input pixels one position sees, exactly, at the border too.",
    "scale": "Totals over sweeps of input size, variables, batch and number type.",
    "diff": "Two networks side by side, per layer and in total.",
    "solve": "The numbers for every `?` so that a goal is reached.",
    "region": "Which positions see a region of the input, and which is centred nearest.",
    "tile": "How to cut large images into tiles with exactly the result of the whole.",
    "sizes": "Which input sizes fit, and what to change for one that does not.",
    "export": "Write a network as PyTorch code, diagram, data, or formatted spec.",
    "import": "Write a spec for a model: an ONNX or Keras file, or package.module:callable.",
    "verify": "Whether a model is what its spec says.",
    "ops": "All ops and what they take.",
    "init": "Write a starter file with comments.",
    "schema": "Print the JSON Schema for editors.",
}
"""Name and what `--help` says, in the order in which they are listed."""

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_HELP = """Exact sizes, receptive fields, parameters, MACs and memory of convolutional networks.

A network is a YAML file or one line:

\b
  cnncalc summary resnet18.yaml
  cnncalc rf -i 3x224x224 'conv 64 k7 s2 p3 bn relu | maxpool 3 s2 p1'
"""


def build_app(words: Sequence[str] = ("", *COMMANDS)) -> typer.Typer:
    """The typer application for the words of a command line: the command alone where the first word is one.

    Else all are listed, and those that are named anywhere are loaded.
    """
    app = typer.Typer(
        name="cnncalc",
        no_args_is_help=True,
        context_settings=_SETTINGS,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(help=_HELP)(_root)
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        function = _load(name) if name in words else _not_loaded
        app.command(name, short_help=COMMANDS[name], context_settings=_SETTINGS)(function)
    return app


def _load(name: str) -> Callable[..., None]:
    from cnncalc.cli.options import taking

    return taking(import_module(f"cnncalc.cli.commands.{name + '_' if iskeyword(name) else name}").command)


def _not_loaded() -> None:
    """Stand for a command that is only listed."""
    raise AssertionError


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer calls it
    if value:
        typer.echo(f"cnncalc {__version__}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Nothing but the options of the program itself."""
