"""The walk over a Keras model: layer after layer, models inside models, with every tensor followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.keras import entries
from cnncalc.importers.keras.arguments import filled, references
from cnncalc.importers.keras.call import Call, Spot, in_front, in_place, is_vector
from cnncalc.importers.keras.config import bad
from cnncalc.importers.keras.inputs import MAX_AXES, given_for, input_shape
from cnncalc.importers.keras.mappers import mapped, mapper_of
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.geometry.shape import TensorShape
    from cnncalc.importers.keras.arguments import Reference
    from cnncalc.importers.layers import Option, Shape

    Read = dict[tuple[str, int], dict[int, Any]]
    """Call of a layer -> which of its outputs are read, and their shapes where the file has them."""

MAX_CALLS = 100_000
MAX_MODELS = 2_000
"""Models inside models, each call of one: a few that call each other often would be any number of layers."""


@value
class Place:
    """Where a model stands."""

    path: str = ""
    """Of its layers' names."""
    owner: str = ""
    """Of its weights: the same for all calls."""
    frozen: bool

    def inside(self, path: str, owner: str, *, frozen: bool) -> Place:
        """Of a layer or model in it."""
        return Place(
            path=".".join(filter(None, (self.path, path))),
            owner=".".join(filter(None, (self.owner, owner))),
            frozen=self.frozen or frozen,
        )


class Walk:
    """Layer after layer; models inside models one level down."""

    def __init__(self, given: dict[str, Shape], *, first: bool, allow_unknown: bool) -> None:
        self.given, self.first, self.allow_unknown = given, first, allow_unknown
        self.trace = Trace({})
        self.tensors: dict[str, TensorShape] = {}
        self.inputs: dict[str, Shape] = {}
        self.problems: dict[str, str] = {}
        self.copies: dict[str, int] = {}
        self.calls = self.models = 0

    def model(self, entry: Mapping[str, Any], place: Place, given: list[Held] | None) -> list[Held]:
        """The outputs of a model; `given` are its inputs where it stands inside another one."""
        layers = entries.layers_of(entry, place.path)
        if entries.kind_of(entry) == "Sequential":
            return self._sequential(entry, layers, place, given)
        return self._functional(entry, layers, place, given)

    def _sequential(
        self,
        entry: Mapping[str, Any],
        layers: Sequence[Mapping[str, Any]],
        place: Place,
        given: list[Held] | None,
    ) -> list[Held]:
        names = [entries.key_of(layer) for layer in layers]
        twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
        if twice is not None:
            raise bad(f"two layers are called {twice}")
        held = list(given) if given else [self._first(entry, layers)]
        for layer in layers:
            if entries.kind_of(layer) == "InputLayer":
                continue
            if held:
                held = self._call(layer, place, (held[0],) if len(held) == 1 else (held,), {}, 0, None) or []
            else:
                self._unreached(layer, place)
        return held

    def _first(self, entry: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> Held:
        """The input of a Sequential: its own, or that of the model or layer that comes first."""
        config, build = entries.config_of(entry), entry.get("build_config")
        built = config.get("build_input_shape") or (build.get("input_shape") if isinstance(build, dict) else None)
        first, shape = layers[0] if layers else {}, None
        while first and shape is None:
            shape = entries.stated(first)
            inner = entries.config_of(first).get("layers")
            first = inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], dict) else {}
        return self._input(entries.name_of(layers[0]) if layers else "input", shape or built, alone=True)

    def _functional(
        self,
        entry: Mapping[str, Any],
        layers: Sequence[Mapping[str, Any]],
        place: Place,
        given: list[Held] | None,
    ) -> list[Held]:
        config = entries.config_of(entry)
        values: dict[Reference, Held | None] = {}
        ins, outs = (references(config.get(key)) for key in ("input_layers", "output_layers"))
        if given is not None:
            if len(given) != len(ins):
                raise bad(f"{place.path} takes {len(ins)} inputs, found {len(given)}")
            values.update(zip(ins, given, strict=True))
        units = entries.in_order(layers)
        alone = sum(entries.kind_of(unit.entry) == "InputLayer" for unit in units) <= 1
        shapes: Read = {}
        for unit in units:
            for tensor in unit.given.tensors():
                shapes.setdefault(tensor.at[:2], {}).setdefault(tensor.at[2], tensor.shape)
        for unit in units:
            if entries.kind_of(unit.entry) != "InputLayer":
                self._visit(unit, values, place, shapes)
            elif (unit.name, unit.number, 0) not in values:
                held = self._input(entries.name_of(unit.entry), entries.stated(unit.entry), alone=alone)
                values[unit.name, unit.number, 0] = held
        if not outs or any(out not in values for out in outs):
            missing = next((out[0] for out in outs if out not in values), "")
            raise bad(f"the output {missing} is no layer of the model".replace("  ", " "))
        return [held for held in (values[out] for out in outs) if held is not None]

    def _visit(
        self,
        unit: entries.Unit,
        values: dict[Reference, Held | None],
        place: Place,
        shapes: Read,
    ) -> None:
        """Add what a call gives; None where it could not be mapped."""
        sources = [tensor.at for tensor in unit.given.tensors()]
        for source in sources:
            if source not in values:
                raise bad(f"{unit.name} reads output {source[2]} of `{source[0]}`, which is not known")
        stored = shapes.get((unit.name, unit.number), {})
        made: list[Held] | None = None
        if all(values[source] is not None for source in sources):
            args, kwargs = filled(unit.given.args, values), filled(unit.given.kwargs, values)
            made = self._call(unit.entry, place, args, kwargs, unit.number, stored.get(0))
        else:
            self._unreached(unit.entry, place)
        for number in (*range(len(made or ())), *(() if made else (0, *stored))):
            values[unit.name, unit.number, number] = made[number] if made else None

    def _unreached(self, entry: Mapping[str, Any], place: Place) -> None:
        """Behind a layer that could not be read, the kinds alone are checked."""
        if not entries.is_model(entry):
            try:
                mapper_of(entry)
            except UnmappedError as error:
                self.problems[".".join(filter(None, (place.path, entries.name_of(entry))))] = str(error)

    def _input(self, name: str, stated: Any, *, alone: bool) -> Held:
        shape = input_shape(name, stated, given_for(name, self.given), first=self.first)
        called = "input" if alone and not self.inputs else name
        if called in self.inputs:
            raise bad(f"two inputs are called {called}")
        dims = axes.whole((self.trace.samples, *shape))
        # The language has no input without sizes; a vector stands on a map of one position.
        shape = shape if shape[1:] else (*shape, 1, 1)
        self.inputs[called] = self.trace.shapes[called] = shape
        return in_place(Held(layer=called, dims=dims), first=self.first)

    def _call(  # noqa: PLR0913 - a call has this many parts
        self,
        entry: Mapping[str, Any],
        place: Place,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        number: int,
        stored: Any,
    ) -> list[Held] | None:
        """One call of a layer or of a model; None where it could not be mapped."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise bad(f"more than {MAX_CALLS:,} layers", code="CNN902")
        name = entries.name_of(entry)
        frozen = entries.config_of(entry).get("trainable") is False
        inner = place.inside(f"{name}_{number + 1}" if number else name, entries.key_of(entry), frozen=frozen)
        call = replace(
            self._blank(inner.path), kind=entries.kind_of(entry), owner=inner.owner, args=args, kwargs=kwargs,
            frozen=inner.frozen,
        )  # fmt: skip
        if entries.is_model(entry):
            self.models += 1
            if self.models > MAX_MODELS:
                raise bad(f"more than {MAX_MODELS:,} calls of models inside", code="CNN902")
            return self.model(entry, inner, list(call.given)) or None
        path = inner.path
        if path in self.trace.names:  # names that differ in letters which the language does not have
            self.copies[path] = self.copies.get(path, 1) + 1
            path = f"{path}__{self.copies[path]}"
        self.trace.names[path] = path
        call = replace(call, spot=Spot(name=path))
        try:
            return mapped(entry, call)
        except UnmappedError as error:
            kept = self._kept(call, stored) if self.allow_unknown else None
            if kept is None:
                self.problems[path] = str(error)
            return kept

    def _blank(self, path: str) -> Call:
        return Call(
            trace=self.trace, tensors=self.tensors, spot=Spot(name=path), kind="", config={}, owner="", args=(),
            first=self.first,
        )  # fmt: skip

    def output(self, held: Held) -> str:
        """The layer that an output of the network is, with its axes in place."""
        call = self._blank("output")
        self.trace.names.setdefault("output", "output")
        stands = axes.whole((self.trace.samples, *self.trace.shapes[held.layer]))
        if is_vector(call, held) or any(in_front(held.dims, first=first) == stands for first in (True, False)):
            return held.layer
        try:
            return call.plain(held, first=self.first).layer
        except UnmappedError:  # more axes than the language has; the figures are the same
            return held.layer

    def _kept(self, call: Call, stored: Any) -> list[Held] | None:
        """The layer as `custom`, where the file says what comes out."""
        if not call.given or not isinstance(stored, (list, tuple)):
            return None
        sizes = list(stored[1:])
        if not 1 <= len(sizes) <= 1 + MAX_AXES or not all(type(size) is int and size > 0 for size in sizes):
            return None
        shape = tuple(sizes) if call.first else (sizes[-1], *sizes[:-1])
        options: dict[str, Option] = {"out": "x".join(map(str, shape))}
        try:
            held = [call.plain(one, first=call.first) for one in call.given]
            if len(held) > 1 or call.tensor(held[0]).sizes != shape[1:]:
                options["sees_all"] = True  # what it reads is not known, so that all of it counts
            return [in_place(call.layer("custom", options, *held), first=call.first)]
        except UnmappedError:
            return None
