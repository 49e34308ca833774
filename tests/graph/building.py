"""Short ways from text to graph and report, for tests."""

from __future__ import annotations

from textwrap import dedent, indent

from cnncalc.engine import analyze
from cnncalc.graph import Graph, build
from cnncalc.report import Report
from cnncalc.spec.reader import parse


def yaml(layers: str, *, input: str = "8x32x32", head: str = "") -> str:  # noqa: A002 - the key's own name
    """A network file with these layers; `head` holds further top-level keys."""
    body = indent(dedent(layers).strip("\n"), "  ")
    return f"cnncalc: 1\ninput: {input}\n{dedent(head).strip()}\nlayers:\n{body}\n"


def graph_of(layers: str, *, input: str = "8x32x32", head: str = "") -> Graph:  # noqa: A002
    return build(parse(yaml(layers, input=input, head=head), source="net.yaml"))


def report_of(layers: str, *, input: str = "8x32x32", head: str = "") -> Report:  # noqa: A002
    return analyze(graph_of(layers, input=input, head=head))


def rows(graph: Graph) -> dict[str, str]:
    """Name -> output shape of every row."""
    return {layer.name: str(graph.nodes[layer.nodes[-1]].inference.output) for layer in graph.layers}


def problems(graph: Graph) -> list[str]:
    """`line:column code message` of everything that is wrong, in order."""
    found = sorted(
        (*graph.spec.findings, *graph.findings), key=lambda each: (each.at.line, each.at.column) if each.at else (0, 0)
    )
    return [
        f"{each.at.line}:{each.at.column} {each.code} {each.message}" if each.at else f"{each.code} {each.message}"
        for each in found
    ]
