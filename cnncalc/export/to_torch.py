"""PyTorch: a file of `nn.Module` classes with the names, shapes, parameters and MACs of the network.

A block is a class, its copies a `nn.Sequential`; calls that differ in numbers share a class with parameters, calls
that differ in layers have classes of their own. `F.pad` stands where PyTorch has no other way.
"""

from __future__ import annotations

import re
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.export.pytorch.bodies import Body, Planner, identifier
from cnncalc.export.pytorch.classes import Classes, Slot
from cnncalc.export.pytorch.code import Code
from cnncalc.export.pytorch.forward import chained, forward
from cnncalc.export.pytorch.helpers import helper
from cnncalc.export.pytorch.sharing import sharing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cnncalc.export.pytorch.bodies import Step
    from cnncalc.report import LayerReport, Report

LONG = 88
"""The arguments of a longer call stand on lines of their own."""
FEW = 3
"""So many equal copies in a row are written as a loop."""


def to_torch(report: Report) -> str:
    """The text of a Python file; UsageError, naming all of them, where layers have no code."""
    planner = Planner(report)
    network = planner.network()
    if planner.problems:
        raise UsageError(_refusal(planner.problems))
    classes = Classes(network)
    parts = [helper(name) for name in dict.fromkeys(_helpers(network))]
    taken = {line.split("(")[0].removeprefix("class ") for line in parts}
    for made in classes:
        while made.name in taken:
            made.name += "Block"
        taken.add(made.name)
        parts.append(_class(made.name, made.bodies[0], made.by_slot, classes, tuple(made.parameters)))
    name = _class_name(report.name)
    while name in taken:
        name += "Net"
    end = [f"self.{line}" if not line.startswith("#") else line for line in sharing(report, network, classes)]
    parts.append(_class(name, network, {}, classes, (), end))
    text = "\n\n\n".join([*parts, _main(report, name)])
    return f"{_head(report, text)}\n\n\n{text}\n"


def _refusal(problems: list[tuple[LayerReport, str]]) -> str:
    lines = "".join(f"\n  {row.at}: {row.name}: {reason}" for row, reason in problems)
    return f"PyTorch has no way to say {len(problems)} of the layers:{lines}"


def _head(report: Report, text: str) -> str:
    totals = report.totals
    shapes = ", ".join("x".join(map(str, shape)) for shape in report.inputs.values())
    title = report.name.replace("\\", "/").replace('"', "'")
    lines = [
        f'"""{title}: {totals.params:,} parameters, {totals.macs:,} MACs at {shapes}, batch {report.batch}."""',
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
    return identifier(words if words and not words[0].isdigit() else f"Net{words}")


def _helpers(body: Body) -> Iterator[str]:
    for step in body.steps:
        if isinstance(step.what, Body):
            yield from _helpers(step.what)
        elif step.what.helper:
            yield step.what.helper


def _class(  # noqa: PLR0913 - what a class is made of
    name: str,
    body: Body,
    by_slot: Mapping[Slot, str],
    classes: Classes,
    parameters: tuple[str, ...],
    end: list[str] | None = None,
) -> str:
    values = dict(classes.slots(body))

    def given(place: int, key: str) -> str:
        slot = Slot(place, key)
        return by_slot[slot] if slot in by_slot else _literal(values[slot])

    def constant(place: int, key: str) -> str:
        slot = Slot(place, key)
        return f"self.{body.steps[place].attribute}_{key}" if slot in by_slot else _literal(values[slot])

    made = [*_made(body, classes, given, by_slot), *(end or [])]
    names = _inputs(body)
    lines = [
        f"class {name}(nn.Module):",
        f"    def __init__({', '.join(('self', *parameters))}):",
        "        super().__init__()",
        *(f"        {line}" for each in made for line in each.split("\n")),
        "",
        f"    def forward({', '.join(('self', *names.values()))}):",
        *(f"        {line}" for line in forward(body, names, constant)),
    ]
    return "\n".join(lines)


def _inputs(body: Body) -> dict[str, str]:
    """Names of the arguments of `forward`."""
    if len(body.inputs) == 1:
        return {body.inputs[0]: "x"}
    if not body.scope:
        return {source: identifier(source) for source in body.inputs}
    others = body.inputs[1:]
    skips = {source: "skip" if len(others) == 1 else f"skip{number}" for number, source in enumerate(others, 1)}
    return {**dict.fromkeys(body.inputs[:1], "x"), **skips}


def _made(body: Body, classes: Classes, given: Callable[[int, str], str], by_slot: Mapping[Slot, str]) -> Iterator[str]:
    """The lines of `__init__`."""
    sequential = chained(body.steps)
    lists: dict[str, list[str]] = {}
    for place, step in enumerate(body.steps):
        if step.index is not None:
            lists.setdefault(step.attribute, []).append(_call(place, step, classes, given))
    for place, step in enumerate(body.steps):
        if step.index is not None:
            if step.index == 0:
                yield from _list(step.attribute, lists[step.attribute], is_chain=sequential[step.attribute])
        elif isinstance(step.what, Body) or step.what.make:
            yield f"self.{step.attribute} = {_call(place, step, classes, given)}"
        if isinstance(step.what, Code):
            for key in step.what.constants:
                if Slot(place, key) in by_slot:
                    yield f"self.{step.attribute}_{key} = {given(place, key)}"


def _list(attribute: str, calls: list[str], *, is_chain: bool) -> Iterator[str]:
    opening, closing = ("nn.Sequential(", ")") if is_chain else ("nn.ModuleList([", "])")
    yield f"self.{attribute} = {opening}"
    for each, same in groupby(calls):
        call, count = each.replace("\n", "\n    "), len(list(same))
        if count >= FEW:
            yield f"    *({call} for _ in range({count})),"
        else:
            yield from [f"    {call},"] * count
    yield closing


def _call(place: int, step: Step, classes: Classes, given: Callable[[int, str], str]) -> str:
    """The expression that makes the module of a step."""
    if isinstance(step.what, Body):
        made = classes.of(step.what)
        passed = [f"{key}={given(place, key)}" for key in made.parameters]
        return _written(made.name, passed)
    arguments = []
    for argument in step.what.arguments:
        text = given(place, argument.key)
        if argument.default is not None and text == _literal(argument.default):
            continue
        arguments.append(f"{argument.key}={text}" if argument.keyword else text)
    frozen = ".requires_grad_(False)" if step.what.frozen else ""
    return _written(str(step.what.make), arguments) + frozen


def _written(name: str, arguments: list[str]) -> str:
    """A call, on several lines where it is long."""
    listed = ", ".join(arguments)
    if len(name) + len(listed) <= LONG:
        return f"{name}({listed})"
    lines = wrap(f"{listed},", LONG, break_long_words=False, break_on_hyphens=False)
    return "\n    ".join((f"{name}(", *lines)) + "\n)"


def _literal(given: object) -> str:
    return f'"{given}"' if isinstance(given, str) else repr(given)
