"""From the layers that an importer found to the text of a spec: groups by name, repeated groups as blocks."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from cnncalc.importers.writing import references
from cnncalc.importers.writing.blocks import Call, find_blocks, repeated
from cnncalc.importers.writing.references import COMMUTES
from cnncalc.importers.writing.tree import Group, Step, chains, grouped, plain_name
from cnncalc.importers.writing.words import text, words
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.importers.layers import Imported, Shape
    from cnncalc.importers.writing.references import Place
    from cnncalc.importers.writing.words import Parts

COMMENT_AT = 60


@value
class Line:
    """One line of the layers: how deep it stands, its name, its words; no words: the head of a group."""

    depth: int
    name: str | None
    parts: Parts
    shape: Shape | None = None


def to_yaml(network: Imported, *, flat: bool = False, annotate: bool = False) -> str:
    """The spec as text. `flat`: one line a layer; `annotate`: shapes as comments."""
    steps = chains(network, flat=flat)
    if flat:
        steps = [replace(step, path=("_".join(step.path),), name="_".join(step.path)) for step in steps]
    root = grouped(steps, references.needed(steps, _told(network, steps)))
    first = next(iter(network.inputs))
    writer = Writer(where=references.places(root), inputs=tuple(network.inputs), first=first)
    blocks = [] if flat else find_blocks(root, partial(_body, writer), network)
    body = list(writer.lines(root, Spot(around=(root,)), first))
    lines = ["cnncalc: 1", f"name: {_scalar(network.name)}", *_inputs(network)]
    if blocks:
        lines.append("blocks:")
        for block in blocks:
            lines += [f"  {block.head}:", *_written(block.lines, "    ", annotate=False)]
    lines += ["layers:", *_written(body, "  ", annotate=annotate)]
    outputs = _outputs(network, root, writer, steps)
    if outputs:
        lines.append(f"outputs: [{', '.join(outputs)}]")
    return "\n".join(lines) + "\n"


@value
class Spot:
    """Where lines are written."""

    around: tuple[Group, ...]
    """The groups around, outermost first."""
    depth: int = 0
    x: str | None = None
    """The layer that `x` means inside a block."""
    start: int = 0
    """Where in `around` the block begins."""


@value
class Writer:
    """What is needed to write any part of the tree."""

    where: Mapping[str, Place]
    inputs: tuple[str, ...]
    first: str

    def lines(self, group: Group, spot: Spot, stream: str) -> Iterator[Line]:
        """The lines of the group at a spot; `stream` is what flows into it."""
        for item in group.items:
            if isinstance(item, Step):
                yield self._step(item, spot, stream)
            else:
                call = item.call if isinstance(item.call, Call) else repeated(item)
                if call is not None:
                    parts = self._from(call.parts, call.input, stream, spot)
                    yield Line(depth=spot.depth, name=item.name, parts=parts, shape=list(item.steps())[-1].shape)
                else:
                    yield Line(depth=spot.depth, name=item.name, parts=())
                    inner = replace(spot, around=(*spot.around, item), depth=spot.depth + 1)
                    yield from self.lines(item, inner, stream)
            stream = item.end

    def _step(self, step: Step, spot: Spot, stream: str) -> Line:
        layer = step.layer
        inputs = list(layer.inputs)
        if inputs[0] != stream and stream in inputs and layer.op in COMMUTES:
            inputs.remove(stream)
            inputs.insert(0, stream)
        op, *rest = words(layer.op, layer.options, step.trail)
        parts = [op, *(self.name(other, spot) for other in inputs[1:]), *rest]
        if layer.shares:
            parts.append(f"share={self.name(layer.shares, spot)}")
        found = self._from(tuple(parts), inputs[0], stream, spot)
        return Line(depth=spot.depth, name=step.name, parts=found, shape=step.shape)

    def _from(self, parts: Parts, source: str, stream: str, spot: Spot) -> Parts:
        if source == stream:
            return parts
        word = f"from={self.name(source, spot)}"
        counted = isinstance(parts[-1], str) and parts[-1].startswith("*")  # a count stands last
        return (*parts[:-1], word, parts[-1]) if counted else (*parts, word)

    def name(self, target: str, spot: Spot) -> str:
        """What a layer or input is called from a spot."""
        if target == (self.first if spot.x is None else spot.x):
            return "x"
        if target in self.inputs:
            return plain_name(target)
        return references.reference(target, spot.around, self.where, spot.start)


def _body(writer: Writer, group: Group, around: tuple[Group, ...], source: str) -> list[Line]:
    """The lines of a group as the body of a block that reads `source`."""
    return list(writer.lines(group, Spot(around=around, x=source, start=len(around) - 1), source))


def _written(lines: list[Line], margin: str, *, annotate: bool) -> Iterator[str]:
    for line in lines:
        name = f"{line.name}:" if line.name is not None else ""
        words_ = text(line.parts)
        written = f"{margin}{'    ' * line.depth}- {' '.join(part for part in (name, words_) if part)}"
        if annotate and line.shape:
            written = f"{written:<{COMMENT_AT}} # {'x'.join(map(str, line.shape))}"
        yield written


def _inputs(network: Imported) -> list[str]:
    shapes = {plain_name(name): "x".join(map(str, shape)) for name, shape in network.inputs.items()}
    if list(shapes) == ["input"]:
        return [f"input: {shapes['input']}"]
    return [f"inputs: {{{', '.join(f'{name}: {shape}' for name, shape in shapes.items())}}}"]


def _outputs(network: Imported, root: Group, writer: Writer, steps: list[Step]) -> list[str]:
    return [writer.name(name, Spot(around=(root,))) for name in _told(network, steps) if name in writer.where]


def _told(network: Imported, steps: list[Step]) -> tuple[str, ...]:
    """Outputs that the spec has to name: all, unless the only one is the last layer."""
    return () if steps and network.outputs == (steps[-1].end,) else network.outputs


def _scalar(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][\w.-]*", name) else '"' + re.sub(r'[\\"\x00-\x1f]', "_", name) + '"'
