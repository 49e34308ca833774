"""A network as bodies of classes: every block call is a body of steps, a step is a layer or a block call."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING

from cnncalc.export.pytorch.code import Code, NoCodeError
from cnncalc.export.pytorch.ops import code
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cnncalc.report import LayerReport, Report

    Coder = Callable[[LayerReport, tuple[bool, ...]], Code]
    """A layer, and which of its inputs are tokens, in the words of a framework."""

TAKEN = frozenset(
    {
        "F",
        "nn",
        "torch",
        "math",
        "self",
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "bool",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "int",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_module",
        "register_parameter",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "super",
        "to",
        "to_empty",
        "train",
        "training",
        "tuple",
        "type",
        "xpu",
        "zero_grad",
    }
)
"""Attributes of nn.Module, and names that the file itself uses."""


@value
class Step:
    """A layer with its code, or a block call with its body."""

    attribute: str
    index: int | None
    """Place in the list of the copies of a block, which the attribute then is."""
    inputs: tuple[str, ...]
    """Layers or network inputs."""
    outputs: tuple[str, ...]
    """What others may read."""
    what: Code | Body
    row: LayerReport | None = None


@value
class Body:
    """The forward pass of one block call, or of the network."""

    scope: str
    block: str
    inputs: tuple[str, ...]
    """What it reads from outside, in order of first use."""
    outputs: tuple[str, ...]
    """What others read of it."""
    steps: tuple[Step, ...]

    def local(self, name: str) -> str | int:
        """The name of a layer inside; the number of an input."""
        return self.inputs.index(name) if name in self.inputs else name[len(self.scope) :]


class Planner:
    """Makes the bodies of a report; collects the layers that have no code."""

    def __init__(self, report: Report, coder: Coder = code) -> None:
        self.report, self._code = report, coder
        self.problems: list[tuple[LayerReport, str]] = []
        self._copies: set[str] = set()
        """Scopes that are copies of a repeated call."""
        self._chains = [self._chain(row) for row in report]
        self._tokens = {row.name: row.inferences[-1].output.tokens for row in report}
        self._readers: dict[str, set[int]] = {}
        for place, row in enumerate(report):
            for source in row.inputs:
                self._readers.setdefault(source, set()).add(place)
        for output in network_outputs(report):
            self._readers.setdefault(output, set()).add(len(report.layers))

    def network(self) -> Body:
        """The body of the network."""
        report = self.report
        steps = self._steps("", 0, range(len(report.layers)))
        return Body(scope="", block="", inputs=tuple(report.inputs), outputs=network_outputs(report), steps=steps)

    def _chain(self, row: LayerReport) -> tuple[tuple[str, str], ...]:
        """The block calls around a layer, outermost first: their scopes and blocks."""
        found: list[tuple[str, str]] = []
        for frame in row.stack:
            counted = f"{frame.layer}.{frame.copy}"
            is_copy = frame.copy is not None and row.name.startswith(f"{counted}.")
            scope = counted if is_copy else frame.layer
            if row.name.startswith(f"{scope}."):
                found.append((scope, frame.block))
                if is_copy:
                    self._copies.add(scope)
        return tuple(sorted(found, key=lambda call: len(call[0])))

    def _steps(self, scope: str, depth: int, places: Sequence[int]) -> tuple[Step, ...]:
        names: dict[str, str] = {}
        counts: dict[str, int] = {}
        steps = []
        for call, own in self._runs(depth, places):
            if call is None:
                steps.append(self._leaf(own[0], scope, names))
                continue
            body = self._body(*call, depth, own)
            local = call[0][len(scope) :].lstrip(".")
            container = local.rpartition(".")[0]
            index = None
            if call[0] in self._copies:
                local, index = container, counts.get(container, 0)
                counts[container] = index + 1
            attribute = _attribute(local, names)
            steps.append(Step(attribute=attribute, index=index, inputs=body.inputs, outputs=body.outputs, what=body))
        return tuple(steps)

    def _runs(self, depth: int, places: Sequence[int]) -> list[tuple[tuple[str, str] | None, list[int]]]:
        """Layers one by one, those of a block call together."""
        runs: list[tuple[tuple[str, str] | None, list[int]]] = []
        for place in places:
            chain = self._chains[place]
            call = chain[depth] if len(chain) > depth else None
            if call is not None and runs and runs[-1][0] == call:
                runs[-1][1].append(place)
            else:
                runs.append((call, [place]))
        return runs

    def _body(self, scope: str, block: str, depth: int, places: Sequence[int]) -> Body:
        layers = self.report.layers
        inside = {layers[place].name for place in places}
        sources = (source for place in places for source in layers[place].inputs if source not in inside)
        last = places[-1]
        outputs = [
            layers[place].name
            for place in places
            if any(not places[0] <= reader <= last for reader in self._readers.get(layers[place].name, ()))
        ]
        return Body(
            scope=scope,
            block=block,
            inputs=tuple(dict.fromkeys(sources)),
            outputs=tuple(outputs),
            steps=self._steps(scope, depth + 1, places),
        )

    def _leaf(self, place: int, scope: str, names: dict[str, str]) -> Step:
        row = self.report.layers[place]
        try:
            made = self._code(row, tuple(self._tokens.get(source, False) for source in row.inputs))
        except NoCodeError as error:
            self.problems.append((row, str(error)))
            made = Code()
        attribute = _attribute(row.name[len(scope) :].lstrip("."), names)
        return Step(attribute=attribute, index=None, inputs=row.inputs, outputs=(row.name,), what=made, row=row)


def network_outputs(report: Report) -> tuple[str, ...]:
    """The layers (or inputs) that the outputs of a network are."""
    found = []
    for name in report.outputs:
        index = report.scopes[name].output_layer
        found.append(report.layers[index].name if index >= 0 else name)
    return tuple(found)


def readers_of(steps: Sequence[Step]) -> Mapping[str, list[int]]:
    """Which steps read a layer."""
    readers: dict[str, list[int]] = {}
    for place, step in enumerate(steps):
        for source in dict.fromkeys(step.inputs):
            readers.setdefault(source, []).append(place)
    return readers


def identifier(text: str) -> str:
    """A name that Python and nn.Module leave free; `_0` for a number."""
    if text[:1].isdigit():
        return f"_{text}"
    return f"{text}_" if iskeyword(text) or text in TAKEN else text


def _attribute(local: str, names: dict[str, str]) -> str:
    """`conv1.bn` is `conv1_bn`; the same name again for the same part, another one for another."""
    text = identifier(local.replace(".", "_"))
    while names.get(text, local) != local:
        text += "_"
    names[text] = local
    return text
