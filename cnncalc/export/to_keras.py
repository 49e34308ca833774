"""Keras: a file of functions that build a functional model with the names, shapes, parameters and MACs of the network.

A block is a function; calls that differ in numbers share one with parameters. Channels stand last.
"""

from __future__ import annotations

import re
from keyword import iskeyword
from textwrap import wrap
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.export.keras.helpers import helper
from cnncalc.export.keras.ops import code
from cnncalc.export.pytorch.bodies import Body, Planner, identifier, readers_of
from cnncalc.export.pytorch.classes import Classes, Slot
from cnncalc.export.pytorch.sharing import rows_of, twins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cnncalc.export.pytorch.bodies import Step
    from cnncalc.report import LayerReport, Report

LONG = 108
"""A longer statement stands on several lines."""
TAKEN = frozenset({"keras", "layers", "ops", "math", "build", "name", "inputs", "outputs", "x"})
"""Names that the file itself uses."""


def to_keras(report: Report) -> str:
    """The text of a Python file; UsageError, naming all of them, where layers have no code."""
    planner = Planner(report, code)
    network = planner.network()
    classes = Classes(network)
    shared = Shared(report, network, classes)
    planner.problems += [(row, "weights of another layer, other than whole calls of a block") for row in shared.left]
    planner.problems += [(row, "a name that is given twice") for row in _twice(network)]
    if planner.problems:
        lines = "".join(f"\n  {row.at}: {row.name}: {reason}" for row, reason in planner.problems)
        raise UsageError(f"Keras has no way to say {len(planner.problems)} of the layers:{lines}")
    parts = [helper(name) for name in dict.fromkeys((*_helpers(network), *["model_of"] * bool(shared.models)))]
    taken = {*TAKEN, *re.findall(r"^(?:def|class) (\w+)", "\n".join(parts), re.MULTILINE)}
    for made in classes:
        made.name = _snake(made.name)
        while made.name in taken:
            made.name += "_block"
        taken.add(made.name)
        parts.append(_function(made.name, made.bodies[0], made.by_slot, classes, tuple(made.parameters)))
    parts.append(_model(report, network, classes, shared))
    text = "\n\n\n".join(parts)
    return f"{_head(report, text)}\n\n\n{text}\n"


class Shared:
    """Calls of blocks that share all their weights: models that are called twice."""

    def __init__(self, report: Report, network: Body, classes: Classes) -> None:
        self.models: dict[int, str] = {}
        """Step -> the name of the call that made its model."""
        done: set[str] = set()
        for step, other in twins(network, [row for row in report if row.shares], classes):
            plain = all(len(one.inputs) == len(one.outputs) == 1 for one in (step, other))
            if plain and id(step) not in self.models:
                first = self.models.setdefault(id(other), _label(other))
                self.models[id(step)] = first
                done.update(row.name for row in rows_of(step.what) if row.shares)
        self.left = [row for row in report if row.shares and row.name not in done]
        """Layers that share weights in any other way."""


def _head(report: Report, text: str) -> str:
    totals = report.totals
    shapes = ", ".join("x".join(map(str, shape)) for shape in report.inputs.values())
    title = report.name.replace("\\", "/").replace('"', "'")
    lines = [f'"""{title}: {totals.params:,} parameters, {totals.macs:,} MACs at {shapes}, channels last."""', ""]
    lines += ["import math", ""] if "math." in text else []
    lines += ["import keras", f"from keras import layers{', ops' if 'ops.' in text else ''}"]
    return "\n".join(lines)


def _twice(body: Body) -> list[LayerReport]:
    """Layers whose names become those of others when their parts are joined."""
    seen: set[str] = set()
    found = []
    for name, row in _names(body, ""):
        if name in seen and row is not None:
            found.append(row)
        seen.add(name)
    return found


def _names(body: Body, prefix: str) -> Iterator[tuple[str, LayerReport | None]]:
    for step in body.steps:
        own = prefix + _label(step)
        if isinstance(step.what, Body):
            yield from _names(step.what, f"{own}_")
        else:
            yield own, step.row
            for suffix in re.findall(r'\{part\}(\w+)"', step.what.run):
                yield own + suffix, step.row


def _label(step: Step) -> str:
    return step.attribute + ("" if step.index is None else f"_{step.index}")


def _helpers(body: Body) -> Iterator[str]:
    for step in body.steps:
        if isinstance(step.what, Body):
            yield from _helpers(step.what)
        elif step.what.helper:
            yield step.what.helper


def _function(name: str, body: Body, by_slot: Mapping[Slot, str], classes: Classes, parameters: tuple[str, ...]) -> str:
    others = body.inputs[1:]
    skips = {source: "skip" if len(others) == 1 else f"skip{number}" for number, source in enumerate(others, 1)}
    names = {**dict.fromkeys(body.inputs[:1], "x"), **skips}
    lines = [
        f"def {name}({', '.join((*names.values(), *parameters, 'name'))}):",
        *(f"    {line}" for line in _statements(body, names, classes, by_slot, "{name}_")),
    ]
    return "\n".join(lines)


def _model(report: Report, network: Body, classes: Classes, shared: Shared) -> str:
    names = {source: "x" if len(network.inputs) == 1 else f"{identifier(source)}_" for source in network.inputs}
    lines = ["def build():"]
    for source, shape in report.inputs.items():
        sizes = ", ".join(map(str, (*shape[1:], shape[0])))
        made = f'keras.Input(({sizes}{"," * (len(shape) == 1)}), name="{source}")'
        lines.append(f"    {names[source]} = {made}")
    first = f"[{', '.join(names.values())}]" if len(names) > 1 else "inputs"
    if len(names) == 1:
        lines[1] = lines[1].replace(" x = ", " x = inputs = ", 1)
    *body, last = _statements(network, names, classes, {}, "", shared)
    lines += [f"    {line}" for line in body]
    result = last.removeprefix("return ")
    outputs = f"[{result}]" if len(network.outputs) > 1 else result
    title = re.sub(r"[^A-Za-z0-9_]+", "_", report.name).strip("_") or "network"
    lines += ["    " + line for line in _broken(f'return keras.Model({first}, {outputs}, name="{title}")')]
    lines += ["", "", 'if __name__ == "__main__":', "    build().summary()"]
    return "\n".join(lines)


def _statements(  # noqa: PLR0913 - what a function is made of
    body: Body,
    names: Mapping[str, str],
    classes: Classes,
    by_slot: Mapping[Slot, str],
    prefix: str,
    shared: Shared | None = None,
) -> Iterator[str]:
    """One for each step, and what is returned."""
    models = shared.models if shared else {}
    values = dict(classes.slots(body))

    def given(place: int, key: str) -> str:
        slot = Slot(place, key)
        return by_slot[slot] if slot in by_slot else _literal(values[slot])

    variables = dict(names)
    taken = {*names.values(), *TAKEN, *(by_slot.values())}
    readers = readers_of(body.steps)
    kept = {source for source in body.inputs if len(readers.get(source, ())) > 1 or source in body.outputs}
    calm = not any(variables[source] == "x" and source in kept | set(body.inputs[1:]) for source in body.inputs)
    stream = "x" if calm else "out"
    for place, step in enumerate(body.steps):
        model = models.get(id(step))
        if model is not None and isinstance(step.what, Body):
            if model == _label(step):
                yield from _broken(f"{model}_model = {_made(step, step.what, place, classes, given)}")
            text = f"{model}_model({variables[step.inputs[0]]})"
        else:
            text = _expression(step, place, variables, classes, given, prefix)
        targets = []
        for output in step.outputs:
            alone = len(step.outputs) == 1 and output not in body.outputs[:-1]
            alone = alone and readers.get(output, []) in ([], [place + 1])
            alone = alone and (output not in body.outputs or place == len(body.steps) - 1)
            if alone:
                variables[output] = stream
            else:
                is_call = isinstance(step.what, Body) and len(step.outputs) == 1
                local = _label(step) if is_call else output[len(body.scope) :].lstrip(".").replace(".", "_")
                name = identifier(local)
                while name in taken:
                    name += "_"
                variables[output] = name
                taken.add(name)
            targets.append(variables[output])
        yield from _broken(f"{', '.join(targets)} = {text}" if targets else text)
    yield f"return {', '.join(variables[output] for output in body.outputs)}"


def _expression(  # noqa: PLR0913 - what a call is made of
    step: Step,
    place: int,
    variables: Mapping[str, str],
    classes: Classes,
    given: Callable[[int, str], str],
    prefix: str,
) -> str:
    inputs = [variables[source] for source in step.inputs]
    name = f'{"f" * bool(prefix)}"{prefix}{_label(step)}"'
    if isinstance(step.what, Body):
        made = classes.of(step.what)
        passed = [f"{key}={given(place, key)}" for key in made.parameters]
        return f"{made.name}({', '.join((*inputs, *passed, f'name={name}'))})"
    arguments = []
    for argument in step.what.arguments:
        text = given(place, argument.key)
        if argument.default is None or text != _literal(argument.default):
            arguments.append(f"{argument.key}={text}" if argument.keyword else text)
    arguments += ["trainable=False"] * step.what.frozen
    module = f"{step.what.make}({', '.join((*arguments, f'name={name}'))})"
    constants = {key: given(place, key) for key in step.what.constants}
    # `part` is the name without its last quote, for what stands before or behind the layer.
    return step.what.run.format(*inputs, module=module, name=name, part=name[:-1], **constants)


def _made(step: Step, body: Body, place: int, classes: Classes, given: Callable[[int, str], str]) -> str:
    """A block call as a model of its own, which can be called again."""
    made = classes.of(body)
    row = next(row for row in rows_of(body) if body.inputs[0] in row.inputs)
    channels, *sizes = row.input_shapes[row.inputs.index(body.inputs[0])]
    passed = [f"{key}={given(place, key)}" for key in made.parameters]
    return f'model_of({", ".join((made.name, repr((*sizes, channels)), *passed))}, name="{_label(step)}")'


def _broken(line: str) -> Iterator[str]:
    """A long statement on several lines, inside the brackets of its last call, or of its first."""
    if len(line) <= LONG:
        yield line
        return
    last = _opening(line)
    at = last if last <= LONG else line.find("(")
    inner, end = (line[at + 1 : -1], ")") if at == last else (line[at + 1 : last - 1], f"){line[last:]}")
    yield line[: at + 1]
    yield from wrap(inner, LONG, initial_indent="    ", subsequent_indent="    ", break_long_words=False,
                    break_on_hyphens=False)  # fmt: skip
    yield end


def _opening(line: str) -> int:
    """Where the bracket stands that the last one closes."""
    depth = 0
    for at in range(len(line) - 1, -1, -1):
        depth += (line[at] == ")") - (line[at] == "(")
        if not depth:
            return at
    return len(line)


def _literal(given: object) -> str:
    return f'"{given}"' if isinstance(given, str) else repr(given)


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().rstrip("_")
    return f"{words}_" if iskeyword(words) or not words else words
