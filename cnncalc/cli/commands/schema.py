"""`cnncalc schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from cnncalc.cli.options import OutputFile


def command(
    output: OutputFile = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False,  # noqa: ARG001, FBT002 - main reads it
) -> None:
    """Print the JSON Schema of the spec language, for completion and checks in an editor.

      cnncalc schema -o cnncalc.schema.json

    A file takes it up with its first line: # yaml-language-server: $schema=cnncalc.schema.json
    """
    import json

    from cnncalc.cli.output import write
    from cnncalc.spec.schema import json_schema

    write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", output)
