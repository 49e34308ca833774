"""Mermaid flowcharts, which GitHub and GitLab draw inside Markdown (https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.diagram import Box, boxes_of, diagram

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.export.diagram import Part
    from cnncalc.report import Report

_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("#"): "#35;"}
"""What a label may not hold as it is."""
_SPACES = str.maketrans("\r\n", "  ")


def to_mermaid(report: Report) -> str:
    """A flowchart from the inputs down; blocks are subgraphs, repeats are drawn once."""
    drawn = diagram(report)
    # Names of ours may be words of theirs (`end`), so that numbers stand for them.
    numbers = {box.name: f"n{index}" for index, box in enumerate((*drawn.inputs, *boxes_of(drawn.parts)))}
    return "".join(
        f"{line}\n"
        for line in (
            "flowchart TD",
            f"  %% {_title(drawn.title)}",
            *(f"  {numbers[box.name]}([{_label(box)}])" for box in drawn.inputs),
            *_parts(drawn.parts, numbers, "  "),
            *(f"  {numbers[source]} --> {numbers[target]}" for source, target in drawn.edges),
            *(f"  style {numbers[box.name]} stroke-width:3px" for box in boxes_of(drawn.parts) if box.is_output),
        )
    )


def _parts(parts: tuple[Part, ...], numbers: Mapping[str, str], indent: str) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Box):
            yield f"{indent}{numbers[part.name]}[{_label(part)}]"
        else:
            first = next(boxes_of((part,)))
            depth = len(indent) // 2
            yield f'{indent}subgraph g{depth}_{numbers[first.name]}["{part.title.translate(_ENTITIES)}"]'
            yield from _parts(part.parts, numbers, indent + "  ")
            yield f"{indent}end"


def _label(box: Box) -> str:
    lines = (box.title, *([", ".join(box.ops)] if box.ops else []), box.shape)
    return '"' + "<br/>".join(line.translate(_ENTITIES) for line in lines) + '"'


def _title(text: str) -> str:
    """In a comment, where braces would begin a directive."""
    return text.translate(_SPACES).replace("{", "(").replace("}", ")")
