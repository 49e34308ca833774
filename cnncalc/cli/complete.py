"""What the shell offers after TAB. A mistake here is silent: nothing is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer  # noqa: TC002 - typer reads the annotation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnncalc.spec.items import Value
    from cnncalc.spec.network import NetworkSpec


def layer_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of the network given before on the line, one dot further than what is typed."""
    from cnncalc.graph import build

    spec = _spec(ctx)
    if spec is None:
        return []
    graph = build(spec)
    return next_parts([name for name in graph.scopes if name not in graph.inputs], incomplete)


def variables(ctx: typer.Context, incomplete: str) -> list[str]:
    """The vars of the network given before on the line, each with its value, to be changed."""
    spec = _spec(ctx)
    if spec is None:
        return []
    found = [f"{name}={_written(variable.value)}" for name, variable in spec.variables.items()]
    return [text for text in found if text.startswith(incomplete)]


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


def codes(incomplete: str) -> list[str]:
    """Codes of `check`, behind the last comma."""
    from cnncalc.lint.rules.errors import manuals

    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    return [f"{before}{comma}{code}" for code in manuals() if code.startswith(last) and code not in taken]


def severities(incomplete: str) -> list[str]:
    """`CODE=LEVEL`: the codes, then the levels of the one that is typed."""
    from cnncalc.errors import Severity

    code, equals, level = incomplete.partition("=")
    if not equals:
        return [f"{each}=" for each in codes(code)]
    return [f"{code}={each.value}" for each in Severity if each.value.startswith(level)]


def _spec(ctx: typer.Context) -> NetworkSpec | None:
    """The network given before on the line; None where there is none that can be read."""
    from cnncalc.cli.options import Reading
    from cnncalc.cli.sources import read

    values = ctx.params
    # The option under the cursor has no value yet, at which the parser leaves the arguments where they are.
    source = values.get("sources") or values.get("source") or values.get("subject") or ctx.args
    if not source:
        return None
    reading = Reading(
        input=list(values.get("input") or ()),
        batch=values.get("batch"),
        dtype=values.get("dtype"),
        set=list(values.get("set") or ()),
    )
    try:
        return read(source if isinstance(source, str) else source[0], reading)
    except Exception:  # noqa: BLE001 - a traceback would land in the user's prompt
        return None


def _written(value: Value) -> str:
    """The value of a var as a file has it."""
    from fractions import Fraction

    from cnncalc.spec.expression import Expression

    if isinstance(value, Expression):
        return value.text
    if isinstance(value, tuple):
        return f"({','.join(map(_written, value))})"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction) and float(value) == value:
        return str(float(value))
    return str(value)
