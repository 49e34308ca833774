"""A network as bodies of classes: every block call is a body of steps, a step is a layer or a block call."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING

from cnncalc.export.program.code import Code, NoCodeError
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cnncalc.report import LayerReport, Report

    Coder = Callable[[LayerReport, tuple[bool, ...]], Code]
    """A layer, and which of its inputs are tokens, in the words of a framework."""


@value
class Language:
    """What a network is written in."""

    name: str
    ops: Mapping[str, Coder]
    taken: frozenset[str]
    """Names that no layer can have there."""


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

    @property
    def label(self) -> str:
        """`conv1`; `layer1_0` for a copy."""
        return self.attribute if self.index is None else f"{self.attribute}_{self.index}"


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

    def __init__(self, report: Report, language: Language) -> None:
        self.report, self._language = report, language
        self.problems: list[tuple[LayerReport, str]] = []
        self._copies: set[str] = set()
        """Scopes that are copies of a repeated call."""
        calls = [self._calls(row) for row in report]
        self._copies |= repeated(report, calls)
        self._chains = [self._chain(row, own) for row, own in zip(report, calls, strict=True)]
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

    def _calls(self, row: LayerReport) -> dict[str, str]:
        """The block calls around a layer: their scopes and blocks."""
        found: dict[str, str] = {}
        for frame in row.stack:
            counted = f"{frame.layer}.{frame.copy}"
            is_copy = frame.copy is not None and row.name.startswith(f"{counted}.")
            scope = counted if is_copy else frame.layer
            if row.name.startswith(f"{scope}."):
                found[scope] = frame.block
                if is_copy:
                    self._copies.add(scope)
        return found

    def _chain(self, row: LayerReport, calls: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """The calls and copies around a layer, outermost first; copies of a repeat are called as the repeat."""
        parts = row.name.split(".")
        found = dict(calls)
        for count in range(2, len(parts)):
            scope = ".".join(parts[:count])
            if scope in self._copies:
                found.setdefault(scope, parts[count - 2])
        return tuple(sorted(found.items(), key=lambda call: len(call[0])))

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
            attribute = self._attribute(local, names)
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
            made = self._code(row)
        except NoCodeError as error:
            self.problems.append((row, str(error)))
            made = Code()
        attribute = self._attribute(row.name[len(scope) :].lstrip("."), names)
        return Step(attribute=attribute, index=None, inputs=row.inputs, outputs=(row.name,), what=made, row=row)

    def _code(self, row: LayerReport) -> Code:
        make = self._language.ops.get(row.op)
        if make is None:
            message = "a declared op has no code" if row.op == "custom" else f"`{row.op}` has no code"
            raise NoCodeError(message)
        return make(row, tuple(self._tokens.get(source, False) for source in row.inputs))

    def _attribute(self, local: str, names: dict[str, str]) -> str:
        """`conv1.bn` is `conv1_bn`; the same name again for the same part, another one for another."""
        text = identifier(local.replace(".", "_"), self._language.taken)
        while names.get(text, local) != local:
            text += "_"
        names[text] = local
        return text


def repeated(report: Report, calls: Sequence[Mapping[str, str]]) -> set[str]:
    """The copies of repeats that hold the same layers, more than one call of a block each: `repeat1.0`."""
    layers = {row.name for row in report}
    found: dict[str, list[str]] = {}
    for name in report.scopes:
        container, _, number = name.rpartition(".")
        if container and number.isdigit():
            found.setdefault(container, []).append(name)
    copies: set[str] = set()
    for container, scopes in found.items():
        kinds = {_kinds(report, scope, calls) for scope in scopes}
        in_order = scopes == [f"{container}.{number}" for number in range(len(scopes))]
        if len(scopes) > 1 and in_order and layers.isdisjoint(scopes) and len(kinds) == 1 and len(kinds.pop()) > 1:
            copies.update(scopes)
    return copies


def _kinds(report: Report, scope: str, calls: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    """The layers and calls of a scope by name and kind."""
    covered = report.scopes[scope]
    found: dict[str, str] = {}
    for row, around in zip(report.layers[covered.first : covered.last + 1], calls[covered.first :], strict=False):
        inside = [(name, block) for name, block in around.items() if name.startswith(f"{scope}.")]
        name, kind = min(inside, key=lambda call: len(call[0]), default=(row.name, row.op))
        found[name[len(scope) :]] = kind
    return tuple(found.items())


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


def identifier(text: str, taken: Collection[str] = ()) -> str:
    """A name that Python leaves free, and that is not taken; `_0` for a number."""
    if text[:1].isdigit():
        return f"_{text}"
    return f"{text}_" if iskeyword(text) or text in taken else text
