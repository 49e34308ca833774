"""Bodies of one structure become one class; the numbers in which they differ become its parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnncalc.export.program.bodies import Body, identifier
from cnncalc.export.program.code import Code
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cnncalc.export.program.bodies import Step

CHANNELS = frozenset(
    {
        "in_channels",
        "out_channels",
        "num_features",
        "num_channels",
        "normalized_shape",
        "groups",
        "channels",
        "in_features",
        "out_features",
        "squeeze_channels",
    }
)
"""Arguments that count channels: where they agree in all bodies, one parameter stands for all."""


@value(kw_only=False)
class Slot:
    """A place for a value in a class."""

    step: int
    key: str


@dataclass
class Class:
    """A class, its bodies, and the parameter (or None: the value itself) of every slot."""

    name: str
    bodies: list[Body] = field(default_factory=list)
    parameters: dict[str, list[Slot]] = field(default_factory=dict)
    by_slot: dict[Slot, str] = field(default_factory=dict)


class Classes:
    """All classes of a network, those that others use first."""

    def __init__(self, network: Body, taken: Collection[str]) -> None:
        self._taken = taken
        self._by_key: dict[object, Class] = {}
        self._keys: dict[int, object] = {}
        self._names: dict[str, int] = {}
        self._collect(network)
        for made in self._by_key.values():
            self._parametrize(made)

    def __iter__(self) -> Iterator[Class]:
        """In an order in which each is defined before it is used."""
        return iter(self._by_key.values())

    def of(self, body: Body) -> Class:
        """The class of a body of this network."""
        return self._by_key[self._keys[id(body)]]

    def arguments(self, body: Body) -> dict[str, object]:
        """What a call passes."""
        made = self.of(body)
        values = dict(self.slots(body))
        return {name: values[slots[0]] for name, slots in made.parameters.items()}

    def slots(self, body: Body) -> Iterator[tuple[Slot, object]]:
        """The values of a body."""
        for place, step in enumerate(body.steps):
            for key, given in self._values(step).items():
                yield Slot(place, key), given

    def _values(self, step: Step) -> Mapping[str, object]:
        if isinstance(step.what, Body):
            return self.arguments(step.what)
        return {argument.key: argument.value for argument in step.what.arguments} | dict(step.what.constants)

    def _collect(self, body: Body) -> None:
        for step in body.steps:
            if isinstance(step.what, Body):
                self._collect(step.what)
        key = self._keys[id(body)] = self._structure(body)
        if not body.scope:
            return
        if key not in self._by_key:
            self._by_key[key] = Class(self._name(body.block))
        self._by_key[key].bodies.append(body)

    def _structure(self, body: Body) -> object:
        """Everything but the numbers."""
        steps = []
        for step in body.steps:
            what: object
            if isinstance(step.what, Code):
                own = step.what
                keys = tuple((argument.key, argument.default, argument.keyword) for argument in own.arguments)
                what = (own.make, keys, own.run, tuple(own.constants), own.frozen)
            else:
                what = id(self.of(step.what))
            steps.append((step.attribute, step.index, what, tuple(map(body.local, step.inputs))))
        return body.block, tuple(steps), len(body.inputs), tuple(map(body.local, body.outputs))

    def _name(self, block: str) -> str:
        name = identifier("".join(part[:1].upper() + part[1:] for part in block.split("_")) or "Block", self._taken)
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}{'V' if name[-1].isdigit() else ''}{count}"

    def _parametrize(self, made: Class) -> None:
        """Slots whose values agree in every body, and are of a kind, share a parameter."""
        rows = [dict(self.slots(body)) for body in made.bodies]
        groups: dict[tuple[str, str], list[Slot]] = {}
        for slot in rows[0]:
            given = [row[slot] for row in rows]
            if any(each != given[0] for each in given):
                kind = self._kind(made, slot)
                groups.setdefault(("" if kind in CHANNELS else kind, repr(given)), []).append(slot)
        for (kind, _), slots in groups.items():
            name = self._parameter(made, kind, slots, groups)
            made.parameters[name] = slots
            made.by_slot.update(dict.fromkeys(slots, name))

    def _kind(self, made: Class, slot: Slot) -> str:
        """The argument that a slot is in the end, through the calls of other blocks."""
        what = made.bodies[0].steps[slot.step].what
        if isinstance(what, Code):
            return slot.key
        inner = self.of(what)
        return self._kind(inner, inner.parameters[slot.key][0])

    def _parameter(
        self, made: Class, kind: str, slots: list[Slot], groups: Mapping[tuple[str, str], list[Slot]]
    ) -> str:
        steps = made.bodies[0].steps
        first = slots[0]
        alike = [own for (other, _), own in groups.items() if other == kind]
        if kind:
            name = kind if len(alike) == 1 else f"{steps[first.step].attribute}_{kind}"
        else:
            given = [dict(self.slots(body))[first] for body in made.bodies]
            name = f"{steps[first.step].attribute}_channels"
            if given == [_ends(body)[0] for body in made.bodies]:
                name = "in_channels"
            elif given == [_ends(body)[1] for body in made.bodies]:
                name = "out_channels"
            elif self._others(made, groups) == 1:
                name = "channels"
        name = identifier(name, self._taken)
        while name in made.parameters:
            name += "_"
        return name

    def _others(self, made: Class, groups: Mapping[tuple[str, str], list[Slot]]) -> int:
        """Groups of channels that are neither those of the input nor those of the output."""
        ends = [[_ends(body)[side] for body in made.bodies] for side in (0, 1)]
        firsts = [slots[0] for (kind, _), slots in groups.items() if not kind]
        return sum([dict(self.slots(body))[first] for body in made.bodies] not in ends for first in firsts)


def _ends(body: Body) -> tuple[int, int]:
    """Channels of what goes in and of what comes out."""
    return _channels(body.steps[0])[0], _channels(body.steps[-1])[1]


def _channels(step: Step) -> tuple[int, int]:
    if isinstance(step.what, Body):
        return _ends(step.what)
    return (step.row.input_shapes[0][0], step.row.output_shape[0]) if step.row else (0, 0)
