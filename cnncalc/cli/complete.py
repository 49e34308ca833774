"""What the shell offers after TAB. A mistake here is silent: nothing is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer  # noqa: TC002 - typer reads the annotation

if TYPE_CHECKING:
    from collections.abc import Iterable


def layer_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of the network given before on the line, one dot further than what is typed."""
    try:
        names = _names(ctx)
    except Exception:  # noqa: BLE001 - a traceback would land in the user's prompt
        return []
    return next_parts(names, incomplete)


def next_parts(names: Iterable[str], incomplete: str) -> list[str]:
    """Names that begin like this, cut at the first dot after it, so that long networks stay readable.

    >>> next_parts(["stem", "stem.bn", "layer1", "layer1.0", "layer1.0.conv1"], "")
    ['stem', 'layer1']
    >>> next_parts(["layer1", "layer1.0", "layer1.0.conv1", "layer1.1"], "layer1.")
    ['layer1.0', 'layer1.1']
    """
    found: dict[str, None] = {}
    for name in names:
        if name.startswith(incomplete):
            dot = name.find(".", len(incomplete))
            found[name if dot < 0 else name[:dot]] = None
    return list(found)


def ops(incomplete: str) -> list[str]:
    """Names of ops."""
    from cnncalc.ops import OPS

    return [name for name in OPS if name.startswith(incomplete)]


def subjects(incomplete: str) -> list[str]:
    """What `explain` knows by name: ops, and the codes of `check` once their `CNN` is begun."""
    if not incomplete.upper().startswith("CNN"):
        return ops(incomplete)
    from cnncalc.lint.rules.errors import manuals

    return [code for code in manuals() if code.startswith(incomplete.upper())]


def conventions(incomplete: str) -> list[str]:
    """Names of conventions for counting FLOPs."""
    from cnncalc.conventions import CONVENTIONS

    return [name for name in CONVENTIONS if name.startswith(incomplete)]


def _names(ctx: typer.Context) -> list[str]:
    from cnncalc.cli.options import Reading
    from cnncalc.cli.sources import read
    from cnncalc.graph import build

    values = ctx.params
    # The option under the cursor has no value yet, at which the parser leaves the arguments where they are.
    source = values.get("sources") or values.get("source") or values.get("subject") or ctx.args
    if not source:
        return []
    reading = Reading(
        input=list(values.get("input") or ()),
        batch=values.get("batch"),
        dtype=values.get("dtype"),
        set=list(values.get("set") or ()),
    )
    graph = build(read(source if isinstance(source, str) else source[0], reading))
    return [name for name in graph.scopes if name not in graph.inputs]
