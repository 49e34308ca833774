"""PyTorch: a file of `nn.Module` classes with the names, shapes, parameters and MACs of the network.

A block is a class, its copies a `nn.Sequential`; calls that differ in numbers share a class with parameters, calls
that differ in layers have classes of their own. `F.pad` stands where PyTorch has no other way.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from cnncalc.export.program.bodies import Body, Planner, identifier
from cnncalc.export.program.classes import Classes, Slot
from cnncalc.export.program.code import Code
from cnncalc.export.program.sharing import sharing
from cnncalc.export.program.text import WIDTH, arguments, broken, given_in, heading, helpers_of, indented, numbers
from cnncalc.export.pytorch.forward import chained, forward, is_made
from cnncalc.export.pytorch.helpers import helper
from cnncalc.export.pytorch.language import PYTORCH
from cnncalc.export.wording import input_shapes, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cnncalc.export.program.bodies import Step
    from cnncalc.export.program.sharing import Sharing
    from cnncalc.export.program.text import Given
    from cnncalc.report import Report

FEW = 3
"""So many equal copies in a row are written as a loop."""


def to_torch(report: Report) -> str:
    """The text of a Python file; UsageError, naming all of them, where layers have no code."""
    planner = Planner(report, PYTORCH)
    network = planner.network()
    if planner.problems:
        raise refusal(PYTORCH.name, planner.problems)
    classes = Classes(network, PYTORCH.taken)
    parts = [helper(name) for name in dict.fromkeys(helpers_of(network))]
    taken = {line.split("(")[0].removeprefix("class ") for line in parts}
    for made in classes:
        while made.name in taken:
            made.name += "Block"
        taken.add(made.name)
        parts.append(_class(made.name, made.bodies[0], classes, made.by_slot, tuple(made.parameters)))
    name = _class_name(report.name)
    while name in taken:
        name += "Net"
    parts.append(_class(name, network, classes, shared=sharing(report, network, classes)))
    text = "\n\n\n".join([*parts, _main(report, name)])
    return f"{_head(report, text)}\n\n\n{text}\n"


def _head(report: Report, text: str) -> str:
    totals = report.totals
    figures = f"{totals.params:,} parameters, {totals.macs:,} MACs at {input_shapes(report)}, batch {report.batch}"
    lines = [
        heading(report.name, figures),
        "",
        *(["import math", ""] if "math." in text else []),
        "import torch",
        *(["import torch.nn.functional as F"] if "F." in text else []),
        "from torch import nn",
    ]
    return "\n".join(lines)


def _main(report: Report, name: str) -> str:
    inputs = ", ".join(f"torch.zeros{(report.batch, *shape)}" for shape in report.inputs.values())
    body = [f"    net = {name}().eval()", f"    outputs = net({inputs})"]
    if len(report.outputs) > 1:
        body.append("    print([tuple(output.shape) for output in outputs])")
    else:
        body.append("    print(tuple(outputs.shape))")
    return "\n".join(['if __name__ == "__main__":', *body])


def _class_name(title: str) -> str:
    words = "".join(word[:1].upper() + word[1:] for word in re.findall("[A-Za-z0-9]+", title))
    return identifier(words if words and not words[0].isdigit() else f"Net{words}", PYTORCH.taken)


def _class(  # noqa: PLR0913 - what a class is made of
    name: str,
    body: Body,
    classes: Classes,
    by_slot: Mapping[Slot, str] | None = None,
    parameters: tuple[str, ...] = (),
    *,
    shared: Sharing | None = None,
) -> str:
    by_slot = by_slot or {}
    given = given_in(body, by_slot, classes)

    def constant(place: int, key: str) -> str:
        is_kept = Slot(place, key) in by_slot
        return f"self.{body.steps[place].attribute}_{key}" if is_kept else given(place, key)

    names = _inputs(body)
    lines = [
        f"class {name}(nn.Module):",
        *indented([f"def __init__({', '.join(('self', *parameters))}):"], 1),
        "        super().__init__()",
        *indented(_made(body, classes, given, by_slot, shared), 2),
        "",
        *indented([f"def forward({', '.join(('self', *names.values()))}):"], 1),
        *indented(forward(body, names, constant, PYTORCH.taken), 2),
    ]
    return "\n".join(lines)


def _inputs(body: Body) -> dict[str, str]:
    """Names of the arguments of `forward`."""
    if len(body.inputs) == 1:
        return {body.inputs[0]: "x"}
    if not body.scope:
        return {source: identifier(source, PYTORCH.taken) for source in body.inputs}
    others = body.inputs[1:]
    skips = {source: "skip" if len(others) == 1 else f"skip{number}" for number, source in enumerate(others, 1)}
    return {**dict.fromkeys(body.inputs[:1], "x"), **skips}


def _made(
    body: Body, classes: Classes, given: Given, by_slot: Mapping[Slot, str], shared: Sharing | None
) -> Iterator[str]:
    """The lines of `__init__`."""
    sequential = chained(body.steps)
    twins = shared.twins if shared else {}
    lists: dict[str, list[str]] = {}
    for place, step in enumerate(body.steps):
        if step.index is not None:
            lists.setdefault(step.attribute, []).append(_call(place, step, classes, given))
    for place, step in enumerate(body.steps):
        if id(step) in twins:
            yield f"self.{step.attribute} = self.{twins[id(step)]}  # the same weights"
        elif step.index == 0:
            yield from _list(step.attribute, lists[step.attribute], is_chain=sequential[step.attribute])
        elif step.index is None and is_made(step):
            yield f"self.{step.attribute} = {_call(place, step, classes, given)}"
        constants = step.what.constants if isinstance(step.what, Code) else ()
        for key in constants:
            if Slot(place, key) in by_slot:
                yield f"self.{step.attribute}_{key} = {given(place, key)}"
    if shared:
        yield from shared.lines


def _list(attribute: str, calls: list[str], *, is_chain: bool) -> Iterator[str]:
    items = []
    for call, same in groupby(calls):
        count = len(list(same))
        items += [f"*({call} for _ in range({count}))"] if count >= FEW else [call] * count
    if is_chain:
        yield from (f"self.{attribute} = nn.Sequential(", *_items(items, 1), ")")
    else:
        yield from (f"self.{attribute} = nn.ModuleList(", "    [", *_items(items, 2), "    ]", ")")


def _items(items: Iterable[str], depth: int) -> Iterator[str]:
    space = "    " * depth
    return (space + line for item in items for line in broken(f"{item},", WIDTH - 8 - len(space)))


def _call(place: int, step: Step, classes: Classes, given: Given) -> str:
    """The expression that makes the module of a step."""
    if isinstance(step.what, Body):
        made = classes.of(step.what)
        return f"{made.name}({', '.join(numbers(made, place, given))})"
    frozen = ".requires_grad_(False)" if step.what.frozen else ""
    return f"{step.what.make}({', '.join(arguments(step.what, place, given))}){frozen}"
