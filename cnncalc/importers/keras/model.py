"""Keras models from `.keras` files and `to_json()`, Keras 2 and 3: read as data with the standard library alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.errors import SpecError, UsageError, finding
from cnncalc.importers.keras.config import bad, read_config
from cnncalc.importers.keras.layers import MAPPERS, Call, Spot
from cnncalc.importers.layers import Imported
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import SAMPLES, Held, Trace, UnmappedError
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnncalc.importers.keras.config import Source
    from cnncalc.importers.layers import Option, Shape

MODELS = frozenset({"Sequential", "Functional", "Model"})
MAX_CALLS = 100_000
MAX_AXES = 3
MAX_SIZE = 2**31
Reference = tuple[str, int, int]
"""Name of a layer, which call of it, which of its tensors."""
_WORD = re.compile(r"[^0-9A-Za-z_]+")


def read_keras(
    source: Source,
    shapes: Mapping[str, Shape] | None = None,
    *,
    name: str | None = None,
    allow_unknown: bool = False,
) -> Imported:
    """The layers of a model file, or of its bytes; `shapes` gives the inputs (channels first) whose sizes are free.

    SpecError with one finding per layer that has no counterpart, or where the file is no model; UsageError where it
    cannot be read or a free size is not given.
    """
    config = read_config(source)
    trace = Trace({})
    walk = _Walk(trace, dict(shapes or {}), allow_unknown=allow_unknown)
    outputs = walk.model(config, "", "", None)
    if walk.problems:
        help_ = "its output shape is not in the file" if allow_unknown else "`--allow-unknown` keeps it as `custom`"
        raise SpecError(
            [finding("CNN904", f"{where}: {what}", help=help_, layer=where) for where, what in walk.problems.items()]
        )
    unused = walk.given.keys() - walk.inputs.keys() - {"input"}
    if unused:
        raise UsageError(f"the model has no input `{min(unused)}`; it has {', '.join(walk.inputs)}")
    if not walk.inputs:
        raise bad("the model has no input")
    names = []
    for place, held in outputs:
        trace.names.setdefault(place.name, place.name)
        try:
            names.append(trace.plain(place, held))
        except UnmappedError:
            names.append(held.layer)  # its axes stand elsewhere; the figures are the same
    if not trace.layers:
        raise bad("the model has no layer")
    return Imported(
        name=name or _word(str(config["config"].get("name") or "")) or "network",
        inputs=walk.inputs,
        layers=tuple(trace.layers.values()),
        outputs=tuple(dict.fromkeys(names)),
    )


@value
class _Unit:
    """One call of one layer."""

    entry: Mapping[str, Any]
    name: str
    number: int
    sources: tuple[Reference, ...]


Outputs = list[tuple[Spot, Held]]


class _Walk:
    """Layer after layer; models inside models one level down."""

    def __init__(self, trace: Trace, given: dict[str, Shape], *, allow_unknown: bool) -> None:
        self.trace, self.given, self.allow_unknown = trace, given, allow_unknown
        self.inputs: dict[str, Shape] = {}
        self.problems: dict[str, str] = {}
        self.calls = 0

    def model(self, entry: Mapping[str, Any], path: str, owner: str, given: list[Held] | None) -> Outputs:
        """The outputs of a model; `given` are its inputs where it stands inside another one."""
        config = entry.get("config")
        layers = config if isinstance(config, list) else config.get("layers") if isinstance(config, dict) else None
        if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
            raise bad(f"{path or 'the model'} is a {entry.get('class_name')} without layers")
        if entry.get("class_name") == "Sequential":
            return self._sequential(entry, layers, (path, owner), given)
        return self._functional(config if isinstance(config, dict) else {}, layers, (path, owner), given)

    def _sequential(
        self, entry: Mapping[str, Any], layers: list[dict[str, Any]], where: tuple[str, str], given: list[Held] | None
    ) -> Outputs:
        held = list(given or [])
        last = Spot(name="output")
        if not held:
            config = entry["config"] if isinstance(entry.get("config"), dict) else {}
            built = config.get("build_input_shape") or (entry.get("build_config") or {}).get("input_shape")
            first = layers[0].get("config") if layers else None
            stated = _stated(first) if isinstance(first, dict) else None
            held = [self._input(_name(layers[0]) if layers else "input", stated or built, layers)]
        for layer in layers:
            if layer.get("class_name") == "InputLayer":
                continue
            found = self._call(layer, where, held, 0, None)
            if found is None:
                return []
            held = [tensor for _, tensor in found]
            last = found[-1][0]
        return [(last, held[0])]

    def _functional(
        self,
        config: Mapping[str, Any],
        layers: list[dict[str, Any]],
        where: tuple[str, str],
        given: list[Held] | None,
    ) -> Outputs:
        values: dict[Reference, tuple[Spot, Held] | None] = {}
        stored: dict[Reference, Any] = {}
        ins, outs = (list(_references(config.get(key))) for key in ("input_layers", "output_layers"))
        units = [unit for layer in layers for unit in _units(layer, stored)]
        if given is not None:
            values.update({at: (Spot(name="input"), held) for at, held in zip(ins, given, strict=False)})
        waiting = units
        while waiting:
            later = [unit for unit in waiting if not self._ready(unit, values)]
            for unit in waiting:
                if self._ready(unit, values) and (unit.name, unit.number, 0) not in values:
                    self._visit(unit, values, stored, (where, layers))
            later = [unit for unit in waiting if (unit.name, unit.number, 0) not in values]
            if len(later) == len(waiting):
                names = ", ".join(sorted({unit.name for unit in later})[:5])
                raise bad(f"the layers {names} wait for each other, or for a layer that is not there")
            waiting = later
        missing = [at for at in outs if at not in values]
        if missing or not outs:
            raise bad(f"the output {missing[0][0] if missing else ''} is no layer of the model".replace("  ", " "))
        found = [values[at] for at in outs]
        return [one for one in found if one is not None]

    def _ready(self, unit: _Unit, values: Mapping[Reference, object]) -> bool:
        return all(source in values for source in unit.sources)

    def _visit(
        self,
        unit: _Unit,
        values: dict[Reference, tuple[Spot, Held] | None],
        stored: Mapping[Reference, Any],
        around: tuple[tuple[str, str], list[dict[str, Any]]],
    ) -> None:
        where, layers = around
        at = (unit.name, unit.number, 0)
        if unit.entry.get("class_name") == "InputLayer":
            held = self._input(unit.name, _stated(unit.entry.get("config") or {}), layers)
            values[at] = (Spot(name=unit.name), held)
            return
        sources = [values[source] for source in unit.sources]
        tensors = [source[1] for source in sources if source is not None]
        made = None
        if len(tensors) == len(sources):
            made = self._call(unit.entry, where, tensors, unit.number, stored.get(at))
        elif str(unit.entry.get("class_name")) not in MAPPERS.keys() | MODELS:
            self.problems[".".join(filter(None, (where[0], unit.name)))] = _unknown(unit.entry)
        values[at] = made[0] if made else None
        for number, one in enumerate(made or ()):
            values[unit.name, unit.number, number] = one

    def _input(self, name: str, stated: Any, layers: list[dict[str, Any]]) -> Held:
        shape = self._shape(name, stated, first=_channels_first(layers))
        alone = not self.inputs and sum(layer.get("class_name") == "InputLayer" for layer in layers) <= 1
        called = "input" if alone else name
        dims = axes.whole((SAMPLES, *shape))
        # The language has no input without sizes; a vector stands on a map of one position.
        shape = shape if shape[1:] else (*shape, 1, 1)
        self.inputs[called] = self.trace.shapes[called] = shape
        return Held(layer=called, dims=dims)

    def _shape(self, name: str, stated: Any, *, first: bool) -> Shape:
        given = self.given.get(name) or self.given.get("input")
        sizes = list(stated[1:]) if isinstance(stated, (list, tuple)) else None
        if sizes is not None and not first:
            sizes = [*sizes[-1:], *sizes[:-1]]
        if given is not None:
            if sizes is not None and (len(given) != len(sizes) or sizes[0] not in (None, given[0])):
                shown = "x".join("?" if size is None else str(size) for size in sizes)
                raise UsageError(f"input {'x'.join(map(str, given))} for `{name}`, which takes {shown}")
            return given
        if sizes is None or any(size is None for size in sizes):
            shown = "x".join("?" if size is None else str(size) for size in sizes or ["?", "?", "?"])
            raise UsageError(f"the sizes of input `{name}` are free ({shown}): give them, as in -i 3x224x224")
        if not 1 <= len(sizes) <= 1 + MAX_AXES or not all(type(n) is int and 0 < n <= MAX_SIZE for n in sizes):
            raise bad(f"input `{name}` of shape {stated}: batch, sizes and channels were expected")
        return tuple(sizes)

    def _call(
        self, entry: Mapping[str, Any], where: tuple[str, str], tensors: list[Held], number: int, stored: Any
    ) -> Outputs | None:
        """One call of a layer or of a model; None where it could not be mapped."""
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise bad(f"more than {MAX_CALLS:,} layers", code="CNN902")
        kind, name = str(entry.get("class_name")), _name(entry)
        owner = ".".join(filter(None, (where[1], name)))
        path = ".".join(filter(None, (where[0], f"{name}_{number + 1}" if number else name)))
        if kind in MODELS:
            return self.model(entry, path, owner, tensors) or None
        while path in self.trace.names:
            path += "_"
        self.trace.names[path] = path
        self.trace.named |= {path}
        spot = Spot(name=path)
        config = entry.get("config")
        wrapped = isinstance(config, dict)
        try:
            if kind not in MAPPERS or not wrapped:
                raise UnmappedError(_unknown(entry))  # noqa: TRY301 - one place that handles it
            call = Call(trace=self.trace, spot=spot, kind=kind, config=config or {}, owner=owner, given=tuple(tensors))
            return [(spot, _mapped(call))]
        except UnmappedError as error:
            kept = self._kept(spot, tensors, stored) if self.allow_unknown else None
            if kept is None:
                self.problems[path] = str(error)
            return kept

    def _kept(self, spot: Spot, tensors: Sequence[Held], stored: Any) -> Outputs | None:
        """The layer as `custom`, where the file says what comes out."""
        if not tensors or not isinstance(stored, (list, tuple)):
            return None
        sizes = list(stored[1:])
        if not 1 <= len(sizes) <= 1 + MAX_AXES or not all(type(size) is int and size > 0 for size in sizes):
            return None
        shape = (sizes[-1], *sizes[:-1])
        before = self.trace.shapes[tensors[0].layer]
        options: dict[str, Option] = {"out": "x".join(map(str, shape))}
        if len(shape) > 1 and len(before) == len(shape) and shape[1:] != before[1:]:
            # A window over everything: what it reads is not known, so that all of it counts.
            options["kernel_size"] = tuple(before[1:])
        return [(spot, self.trace.emit(spot, "custom", (tensors[0].layer,), shape, options))]


def _mapped(call: Call) -> Held:
    try:
        return MAPPERS[call.kind](call)
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError, OverflowError) as error:
        raise UnmappedError(f"its configuration does not fit ({error})") from error


def _units(layer: Mapping[str, Any], stored: dict[Reference, Any]) -> Iterator[_Unit]:
    """A unit for every call; an input layer is called once, without anything."""
    nodes = layer.get("inbound_nodes")
    name = str(layer.get("name") or _name(layer))
    if not isinstance(nodes, list) or not nodes:
        yield _Unit(entry=layer, name=name, number=0, sources=())
        return
    for number, node in enumerate(nodes):
        tensors = list(_tensors(node))
        for at, shape in tensors:
            stored.setdefault(at, shape)
        yield _Unit(entry=layer, name=name, number=number, sources=tuple(at for at, _ in tensors))


def _tensors(node: Any) -> Iterator[tuple[Reference, Any]]:
    """The tensors that a call takes, in order: `keras_history` (Keras 3) or `[name, call, tensor, ...]` (Keras 2)."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            config = node.get("config")
            history = config.get("keras_history") if isinstance(config, dict) else None
            yield _reference(history), config.get("shape") if isinstance(config, dict) else None
        else:
            for part in (node.get("args"), node.get("kwargs")) if "args" in node else node.values():
                yield from _tensors(part)
    elif isinstance(node, (list, tuple)):
        if len(node) >= 3 and isinstance(node[0], str) and type(node[1]) is int and type(node[2]) is int:  # noqa: PLR2004
            yield _reference(list(node[:3])), None
        else:
            for part in node:
                yield from _tensors(part)


def _references(found: Any) -> Iterator[Reference]:
    for at, _ in _tensors(found):
        yield at


def _reference(found: Any) -> Reference:
    if (
        not isinstance(found, (list, tuple))
        or len(found) < 3  # noqa: PLR2004 - name, call, tensor
        or not isinstance(found[0], str)
        or not all(type(one) is int for one in found[1:3])
    ):
        raise bad(f"{found} should name a layer, a call and a tensor")
    return found[0], found[1], found[2]


def _stated(config: Mapping[str, Any]) -> Any:
    return config.get("batch_shape") or config.get("batch_input_shape")


def _name(entry: Mapping[str, Any]) -> str:
    config = entry.get("config")
    found = config.get("name") if isinstance(config, dict) else None
    return _word(str(found or entry.get("name") or entry.get("class_name") or "")) or "layer"


def _channels_first(layers: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the first layer that says so has its channels in front."""
    for layer in layers:
        config = layer.get("config")
        if isinstance(config, dict) and config.get("data_format"):
            return bool(config["data_format"] == "channels_first")
    return False


def _unknown(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('class_name')} has no counterpart"


def _word(text: str) -> str:
    return _WORD.sub("_", text).strip("_")
