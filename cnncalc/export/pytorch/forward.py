"""The forward pass of a body, line by line."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.export.program.bodies import Body, readers_of
from cnncalc.export.program.code import Code
from cnncalc.export.program.stream import Stream
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from cnncalc.export.program.bodies import Step


@value
class Line:
    """One statement: some steps, one after the other."""

    steps: tuple[Step, ...]
    is_list: bool = False
    """The copies of a block, run as one."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the first step reads."""
        return self.steps[0].inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the last step gives."""
        return self.steps[-1].outputs


def chained(steps: Sequence[Step]) -> dict[str, bool]:
    """Attributes that are lists of copies, and whether each copy reads the one before and nothing else does."""
    readers = readers_of(steps)
    lists: dict[str, list[int]] = {}
    for place, step in enumerate(steps):
        if step.index is not None:
            lists.setdefault(step.attribute, []).append(place)
    found = {}
    for attribute, places in lists.items():
        plain = all(len(steps[place].inputs) == 1 == len(steps[place].outputs) for place in places)
        found[attribute] = plain and all(
            after == before + 1 and readers.get(steps[before].outputs[0]) == [after]
            for before, after in pairwise(places)
        )
    return found


def forward(
    body: Body, names: Mapping[str, str], constant: Callable[[int, str], str], taken: Collection[str]
) -> Iterator[str]:
    """The lines of `forward`; `names` are those of the inputs, `constant` writes a constant of a step."""
    lines = _lines(body)
    places = {id(step): place for place, step in enumerate(body.steps)}
    stream = Stream(body, [line.steps for line in lines], names, taken)
    is_empty = not body.outputs
    for number, line in enumerate(lines):
        text = _expression(line, stream.variables, places, constant)
        if number == len(lines) - 1 and line.outputs == body.outputs and len(body.outputs) == 1:
            yield f"return {text}"
            return
        if stream.is_read(number):
            is_empty = False
            yield f"{stream.targets(number)} = {text}"
        elif any(is_made(step) for step in line.steps):
            is_empty = False
            yield text
        elif any(step.row and step.row.macs for step in line.steps):
            is_empty = False
            yield f"_ = {text}"
    if body.outputs:
        yield f"return {stream.returned()}"
    elif is_empty:
        yield "pass"


def is_made(step: Step) -> bool:
    """Whether it stands in `__init__`; what does not, and costs nothing, need not be run where nothing reads it."""
    return isinstance(step.what, Body) or step.what.make is not None


def _lines(body: Body) -> list[Line]:
    """Lists of copies are run as one; what follows a layer on its line is run around it."""
    readers = readers_of(body.steps)
    lists = chained(body.steps)
    lines: list[Line] = []

    def is_inner(line: Line) -> bool:
        return line.outputs[0] not in body.outputs

    for place, step in enumerate(body.steps):
        before = lines[-1] if lines else None
        if before and step.index is not None and before.steps[0].attribute == step.attribute and lists[step.attribute]:
            lines[-1] = Line(steps=(*before.steps, step), is_list=True)
        elif before and _follows(before, step) and readers[before.outputs[0]] == [place] and is_inner(before):
            lines[-1] = Line(steps=(*before.steps, step))
        else:
            lines.append(Line(steps=(step,), is_list=step.index is not None and lists[step.attribute]))
    return lines


def _follows(line: Line, step: Step) -> bool:
    head = line.steps[0].row
    calls = all(isinstance(own.what, Code) and own.what.run.startswith("{module}(") for own in line.steps)
    return (
        head is not None
        and calls
        and step.row is not None
        and step.inputs == line.outputs
        and step.row.name.startswith(f"{head.name}.")
    )


def _expression(
    line: Line, variables: Mapping[str, str], places: Mapping[int, int], constant: Callable[[int, str], str]
) -> str:
    inputs = [variables[source] for source in line.inputs]
    if line.is_list:
        return f"self.{line.steps[0].attribute}({inputs[0]})"
    for step in line.steps:
        module = f"self.{step.attribute}" + ("" if step.index is None else f"[{step.index}]")
        if isinstance(step.what, Body):
            inputs = [f"{module}({', '.join(inputs)})"]
            continue
        constants = {key: constant(places[id(step)], key) for key in step.what.constants}
        inputs = [step.what.run.format(*inputs, module=module, **constants)]
    return inputs[0]
