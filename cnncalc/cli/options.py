"""Options that mean the same in every command, and how a command takes them.

A command declares what it needs by type: a parameter of type `Reading`, `Rows` or `Output` stands for all options of
that group, and `taking` turns it into the flat signature that typer reads.
"""

from __future__ import annotations

from enum import Enum
from inspect import Parameter, Signature, cleandoc, signature
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from cnncalc.cli.complete import layer_names, variables
from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Callable


class Format(str, Enum):
    """How a result is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class Color(str, Enum):
    """When colour is used."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class DTypeName(str, Enum):
    """Number types; the same as `cnncalc.spec.models.DType`, which costs too much for a help text."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    FLOAT8 = "float8"
    INT8 = "int8"


Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A file, - for standard input, REVISION:PATH as git has it, or a layer line such as 'conv 64 k3 | relu'.",
        show_default=False,
    ),
]
Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        help="Files, - for standard input, REVISION:PATH as git has it, or layer lines such as 'conv 64 k3 | relu'.",
        show_default=False,
    ),
]

OutputFile = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file, whole or not at all.", show_default=False),
]

AtMap = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="NAME",
        help="The layer; by default the last one that has a map.",
        autocompletion=layer_names,
        show_default=False,
    ),
]
"""Of the questions about positions."""


@value
class Reading:
    """What is changed about a network before it is built."""

    input: Annotated[
        list[str],
        typer.Option(
            "--input",
            "-i",
            metavar="SHAPE",
            help="Input size: 3x224x224, or left=3x64x64 for one of several. Needed for a layer line.",
            show_default=False,
        ),
    ] = field(factory=list)
    batch: Annotated[int | None, typer.Option(metavar="N", min=1, help="Samples in a batch.", show_default=False)] = (
        None
    )
    dtype: Annotated[
        DTypeName | None, typer.Option(help="Number type, for everything in bytes.", show_default=False)
    ] = None
    set: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Give a variable of the file another value.",
            autocompletion=variables,
            show_default=False,
        ),
    ] = field(factory=list)


@value
class Rows:
    """Which rows are shown."""

    at: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Show this layer or block alone.",
            autocompletion=layer_names,
            show_default=False,
        ),
    ] = None
    depth: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Fold names of more than N parts (layer1.0.conv1 has 3).", show_default=False
        ),
    ] = None


@value
class Output:
    """Where a result goes, and how it looks."""

    format: Annotated[Format, typer.Option("--format", "-f", help="How to write the result.")] = Format.TABLE
    output: OutputFile = None
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No table and no hints: errors and the exit status are the answer.")
    ] = False
    color: Annotated[Color, typer.Option("--color", help="When to use colour.")] = Color.AUTO
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False


@value
class Request:
    """What all report commands take."""

    reading: Reading
    rows: Rows
    output: Output


def taking(command: Callable[..., None]) -> Callable[..., None]:
    """A function with the flat signature of a command whose groups of options are values."""
    own = signature(command, eval_str=True).parameters.values()

    def flat(**values: Any) -> None:
        command(**{parameter.name: _gather(parameter.name, parameter.annotation, values) for parameter in own})

    options = [option for parameter in own for option in _options(parameter)]
    flat.__signature__ = Signature(options)  # type: ignore[attr-defined]
    flat.__annotations__ = {option.name: option.annotation for option in options}
    flat.__doc__ = help_text(command.__doc__ or "")
    return flat


def help_text(docstring: str) -> str:
    r"""A docstring whose examples are marked as lines that are not to be joined.

    >>> help_text("What it does.\n\n      cnncalc rf a.yaml\n      cnncalc rf b.yaml\n    ")
    'What it does.\n\n\x08\n  cnncalc rf a.yaml\n  cnncalc rf b.yaml'
    """
    paragraphs = cleandoc(docstring).split("\n\n")
    return "\n\n".join(_example(text) if text.lstrip().startswith("cnncalc ") else text for text in paragraphs)


def _example(text: str) -> str:
    return "\b\n" + "\n".join(f"  {line.strip()}" for line in text.split("\n"))


def _gather(name: str, kind: Any, values: dict[str, Any]) -> Any:
    """The value of a parameter: a group is made of those of its options."""
    if not is_group(kind):
        return values[name]
    hints = get_type_hints(kind)
    return kind(**{option: _gather(option, hint, values) for option, hint in hints.items()})


def _options(parameter: Parameter) -> list[Parameter]:
    """What typer reads in place of a parameter: itself, or the options of its group."""
    group = parameter.annotation
    if not is_group(group):
        return [parameter.replace(kind=Parameter.KEYWORD_ONLY)]
    hints = get_type_hints(group, include_extras=True)
    nested = any(map(is_group, hints.values()))
    defaults = None if nested else group()
    return [
        made
        for option, hint in hints.items()
        for made in _options(
            Parameter(
                option, Parameter.KEYWORD_ONLY, default=getattr(defaults, option, Parameter.empty), annotation=hint
            )
        )
    ]


def is_group(kind: Any) -> bool:
    """Whether a type is a value whose fields are options; every option of a group has a default."""
    return hasattr(kind, "__fields__") or hasattr(kind, "__dataclass_fields__")
