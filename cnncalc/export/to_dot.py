"""Graphviz: `dot -Tsvg net.dot`. Blocks are clusters, repeats are drawn once (https://graphviz.org/doc/info/lang.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.diagram import Box, diagram

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.export.diagram import Group, Part
    from cnncalc.report import Report

_STYLE = """  graph [fontname="Helvetica", labelloc=t, nodesep=0.3, ranksep=0.3];
  node [fontname="Helvetica", fontsize=11, shape=box, style="rounded,filled", fillcolor=white];
  edge [arrowsize=0.7];"""


def to_dot(report: Report) -> str:
    """A directed graph from the inputs down."""
    drawn = diagram(report)
    return "".join(
        f"{line}\n"
        for line in (
            f"digraph {_quoted(drawn.title)} {{",
            f"  label={_quoted(drawn.title)};",
            _STYLE,
            *(f"  {_box(box)}" for box in drawn.inputs),
            *_parts(drawn.parts, "  "),
            *(f"  {_quoted(source)} -> {_quoted(target)};" for source, target in drawn.edges),
            "}",
        )
    )


def _parts(parts: tuple[Part, ...], indent: str) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Box):
            yield indent + _box(part)
        else:
            yield from _cluster(part, indent)


def _cluster(group: Group, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph {_quoted('cluster ' + group.name)} {{"
    yield f'{indent}  label={_quoted(group.title)}; labeljust=l; style=rounded; color=gray40; bgcolor="#0000000a";'
    yield from _parts(group.parts, indent + "  ")
    yield f"{indent}}}"


def _box(box: Box) -> str:
    lines = (box.title, *([", ".join(box.ops)] if box.ops else []), box.shape)
    label = "\\n".join(map(_escaped, lines))
    extra = "" if box.ops else ", shape=ellipse"
    return f'{_quoted(box.name)} [label="{label}"{extra}{", peripheries=2" if box.is_output else ""}];'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ")
