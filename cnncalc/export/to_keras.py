"""Keras: a file of functions that build a functional model with the names, shapes, parameters and MACs of the network.

A block is a function; calls that differ in numbers share one with parameters. Channels stand last.
"""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import TYPE_CHECKING

from cnncalc.export.keras.helpers import helper
from cnncalc.export.keras.language import KERAS
from cnncalc.export.program.bodies import Body, Planner, identifier
from cnncalc.export.program.classes import Classes, Slot
from cnncalc.export.program.sharing import rows_of, twins
from cnncalc.export.program.stream import Stream
from cnncalc.export.program.text import arguments, broken, given_in, heading, helpers_of, indented, numbers
from cnncalc.export.wording import input_shapes, refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cnncalc.export.program.bodies import Step
    from cnncalc.export.program.text import Given
    from cnncalc.report import LayerReport, Report


def to_keras(report: Report) -> str:
    """The text of a Python file; UsageError, naming all of them, where layers have no code."""
    planner = Planner(report, KERAS)
    network = planner.network()
    classes = Classes(network, KERAS.taken)
    shared = Shared(report, network, classes)
    planner.problems += [(row, "weights of another layer, other than whole calls of a block") for row in shared.left]
    planner.problems += [(row, "a name that is given twice") for row in _twice(network)]
    if planner.problems:
        raise refusal(KERAS.name, planner.problems)
    parts = [helper(name) for name in dict.fromkeys((*helpers_of(network), *["model_of"] * bool(shared.models)))]
    taken = {*KERAS.taken, *re.findall(r"^(?:def|class) (\w+)", "\n".join(parts), re.MULTILINE)}
    for made in classes:
        made.name = _snake(made.name)
        while made.name in taken:
            made.name += "_block"
        taken.add(made.name)
    parts += [_function(made.name, made.bodies[0], made.by_slot, classes, taken) for made in classes]
    parts.append(_model(report, network, classes, shared, taken))
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
                first = self.models.setdefault(id(other), other.label)
                self.models[id(step)] = first
                done.update(row.name for row in rows_of(step.what) if row.shares)
        self.left = [row for row in report if row.shares and row.name not in done]
        """Layers that share weights in any other way."""


def _head(report: Report, text: str) -> str:
    totals = report.totals
    figures = f"{totals.params:,} parameters, {totals.macs // report.batch:,} MACs at {input_shapes(report)}"
    lines = [heading(report.name, f"{figures}, channels last"), ""]
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
        own = prefix + step.label
        if isinstance(step.what, Body):
            yield from _names(step.what, f"{own}_")
        else:
            yield own, step.row
            for suffix in re.findall(r'\{part\}(\w+)"', step.what.run):
                yield own + suffix, step.row


def _function(name: str, body: Body, by_slot: Mapping[Slot, str], classes: Classes, taken: Collection[str]) -> str:
    others = body.inputs[1:]
    skips = {source: "skip" if len(others) == 1 else f"skip{number}" for number, source in enumerate(others, 1)}
    names = {**dict.fromkeys(body.inputs[:1], "x"), **skips}
    parameters = tuple(dict.fromkeys(by_slot.values()))
    given = given_in(body, by_slot, classes)
    stream = Stream(body, [(step,) for step in body.steps], names, {*taken, *parameters})
    lines = [
        *broken(f"def {name}({', '.join((*names.values(), *parameters, 'name'))}):"),
        *indented(_statements(body, stream, classes, given, "{name}_"), 1),
    ]
    return "\n".join(lines)


def _model(report: Report, network: Body, classes: Classes, shared: Shared, taken: Collection[str]) -> str:
    is_one = len(network.inputs) == 1
    names = {source: "x" if is_one else identifier(source, taken) for source in network.inputs}
    stream = Stream(network, [(step,) for step in network.steps], names, taken)
    lines = []
    for source, shape in report.inputs.items():
        target = "x = inputs" if is_one else names[source]
        lines.append(f'{target} = keras.Input({(*shape[1:], shape[0])}, name="{source}")')
    lines += _statements(network, stream, classes, given_in(network, {}, classes), models=shared.models)
    inputs = "inputs" if is_one else f"[{', '.join(names.values())}]"
    outputs = f"[{stream.returned()}]" if len(network.outputs) > 1 else stream.returned()
    title = re.sub(r"[^A-Za-z0-9_]+", "_", report.name).strip("_") or "network"
    lines.append(f'return keras.Model({inputs}, {outputs}, name="{title}")')
    end = ["", "", 'if __name__ == "__main__":', "    build().summary()"]
    return "\n".join(["def build():", *indented(lines, 1), *end])


def _statements(  # noqa: PLR0913 - what a function is made of
    body: Body,
    stream: Stream,
    classes: Classes,
    given: Given,
    prefix: str = "",
    *,
    models: Mapping[int, str] | None = None,
) -> Iterator[str]:
    """One for each step; `models` are the calls that are one model. With a prefix of names, those of a function."""
    returns = bool(prefix)
    for place, step in enumerate(body.steps):
        model = (models or {}).get(id(step))
        if model is not None and isinstance(step.what, Body):
            if model == step.label:
                yield f"{model}_model = {_made(step, step.what, place, classes, given)}"
            text = f"{model}_model({stream.variables[step.inputs[0]]})"
        else:
            text = _expression(step, place, stream.variables, classes, given, prefix)
        is_last = place == len(body.steps) - 1
        if returns and is_last and step.outputs == body.outputs and len(body.outputs) == 1:
            yield f"return {text}"
            return
        yield f"{stream.targets(place)} = {text}" if stream.is_read(place) else text
    if returns and body.outputs:
        yield f"return {stream.returned()}"


def _expression(  # noqa: PLR0913 - what a call is made of
    step: Step,
    place: int,
    variables: Mapping[str, str],
    classes: Classes,
    given: Given,
    prefix: str,
) -> str:
    inputs = [variables[source] for source in step.inputs]
    name = f'{"f" * bool(prefix)}"{prefix}{step.label}"'
    if isinstance(step.what, Body):
        made = classes.of(step.what)
        return f"{made.name}({', '.join((*inputs, *numbers(made, place, given), f'name={name}'))})"
    passed = [*arguments(step.what, place, given), *["trainable=False"] * step.what.frozen, f"name={name}"]
    constants = {key: given(place, key) for key in step.what.constants}
    # `part` is the name without its last quote, for what stands before or behind the layer.
    return step.what.run.format(
        *inputs, module=f"{step.what.make}({', '.join(passed)})", name=name, part=name[:-1], **constants
    )


def _made(step: Step, body: Body, place: int, classes: Classes, given: Given) -> str:
    """A block call as a model of its own, which can be called again."""
    made = classes.of(body)
    row = next(row for row in rows_of(body) if body.inputs[0] in row.inputs)
    channels, *sizes = row.input_shapes[row.inputs.index(body.inputs[0])]
    shape = repr((*sizes, channels))
    return f'model_of({", ".join((made.name, shape, *numbers(made, place, given)))}, name="{step.label}")'


def _snake(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().rstrip("_")
    return f"{words}_" if iskeyword(words) or not words else words
