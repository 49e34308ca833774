"""`cnncalc init`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cnncalc.errors import UsageError

SCHEMA = "cnncalc.schema.json"
STARTER = f"""\
# yaml-language-server: $schema={SCHEMA}
# Write that file with `cnncalc schema -o {SCHEMA}`: editors then complete and check this one.
cnncalc: 1                       # format version

name: my-network
input: 3x224x224                 # channels x height x width; 1x16000 for sound, 1x32x64x64 for volumes
# batch: 8                       # 1 if left out; counts are for the whole batch
dtype: float32

vars: {{width: 1.0}}               # change it with --set width=0.5

blocks:                          # patterns with parameters, called below
  basic(c, s=1):
    - residual:                  # a main path and a shortcut around it
        - conv c k3 s=s p1 bn relu
        - conv c k3 p1 bn
      shortcut: project          # a 1x1 conv + bn where shapes differ
      then: relu

layers:                          # each line reads the one before
  - stem: conv round8(32*width) k7 s2 p3 bn relu
  - maxpool 3 s2 p1
  - layer1: basic round8(64*width) *2
  - layer2: basic round8(128*width) s=first(2) *2    # s is 2 in the first copy, 1 in the others
  - gap
  - head: fc 10

# What must stay true; `cnncalc check` says when it does not.
expect:
  params: max 1M
  outputs: {{head: 10}}
"""


def command(
    path: Annotated[
        str, typer.Argument(metavar="FILE", help="Where to write it; - for standard output.")
    ] = "network.yaml",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,  # noqa: FBT002 - an option
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False,  # noqa: ARG001, FBT002 - main reads it
) -> None:
    """Write a starter file with comments; never over a file that is there.

    cnncalc init my-network.yaml
    cnncalc summary my-network.yaml
    """
    from cnncalc.cli.output import message, write, write_file

    if path == "-":
        write(STARTER, None)
        return
    if os.path.lexists(path) and not force:
        reason = f"{path} is there already; --force overwrites it"
        raise UsageError(reason)
    write_file(path, STARTER)
    message(f"wrote {path}; now: cnncalc summary {path}")
