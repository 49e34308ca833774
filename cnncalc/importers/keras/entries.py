"""The layers of a model as the file lists them, and the order in which they can be computed."""

from __future__ import annotations

import heapq
import re
from typing import TYPE_CHECKING, Any

from cnncalc.importers.keras.arguments import Arguments, arguments
from cnncalc.importers.keras.config import bad
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MODELS = frozenset({"Sequential", "Functional", "Model"})
MAX_NAME = 200
_WORD = re.compile(r"[^0-9A-Za-z_]+")


@value
class Unit:
    """One call of one layer."""

    entry: Mapping[str, Any]
    name: str
    number: int
    given: Arguments

    @property
    def waits_for(self) -> frozenset[tuple[str, int]]:
        """The calls that come first."""
        return frozenset(tensor.at[:2] for tensor in self.given.tensors())


def kind_of(entry: Mapping[str, Any]) -> str:
    """The class of a layer."""
    return str(entry.get("class_name"))


def config_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its configuration."""
    config = entry.get("config")
    return config if isinstance(config, dict) else {}


def name_of(entry: Mapping[str, Any]) -> str:
    """Its name, in letters that names of the language may have."""
    return word(str(config_of(entry).get("name") or entry.get("name") or entry.get("class_name") or "")) or "layer"


def key_of(entry: Mapping[str, Any]) -> str:
    """Its name as the file has it, by which others refer to it."""
    return str(entry.get("name") or config_of(entry).get("name") or name_of(entry))


def word(text: str) -> str:
    """Letters, digits and underscores alone, and no more of them than a line has room for."""
    return _WORD.sub("_", text[:MAX_NAME]).strip("_")


def is_model(entry: Mapping[str, Any]) -> bool:
    """Whether it is a model: of Keras' own classes, or of another that was made of inputs and outputs."""
    config = config_of(entry)
    return kind_of(entry) in MODELS or (isinstance(config.get("layers"), list) and "output_layers" in config)


def layers_of(entry: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    """The layers of a model; SpecError where it has none."""
    config = entry.get("config")
    layers = config if isinstance(config, list) else config_of(entry).get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        what = f"{path or 'the model'} is a {kind_of(entry)}, whose layers are not in the file"
        raise bad(f"{what}: only Sequential and Functional models say what they are made of")
    return layers


def channels_first(entry: Mapping[str, Any]) -> bool:
    """Whether the first layer that says so, also in models inside, has its channels in front."""
    waiting: list[Any] = [entry]
    while waiting:
        found = waiting.pop()
        config = found.get("config") if isinstance(found, dict) else None
        layers = config if isinstance(config, list) else config.get("layers") if isinstance(config, dict) else None
        if isinstance(config, dict) and config.get("data_format") in ("channels_first", "channels_last"):
            return bool(config["data_format"] == "channels_first")
        if isinstance(layers, list):
            waiting.extend(reversed(layers))
    return False


def stated(entry: Mapping[str, Any]) -> Any:
    """The shape, with the batch, that an input or the first layer of a Sequential says."""
    config = config_of(entry)
    return config.get("batch_shape") or config.get("batch_input_shape")


def in_order(layers: Iterable[Mapping[str, Any]]) -> list[Unit]:
    """A unit for every call, after those that it waits for; SpecError where none can be first.

    Files go by depth, all branches side by side; here a branch is followed as long as nothing else reads it.
    """
    units = [unit for layer in layers for unit in _units(layer)]
    known = {(unit.name, unit.number) for unit in units}
    missing = {at: frozenset(unit.waits_for) for at, unit in enumerate(units)}
    waiting: dict[tuple[str, int], list[int]] = {}
    left = {}
    for at, needed in missing.items():
        left[at] = len(needed)
        for call in needed:
            waiting.setdefault(call, []).append(at)
    ready = [at for at, count in left.items() if not count]
    heapq.heapify(ready)
    order: list[Unit] = []
    done: set[tuple[str, int]] = set()
    while ready:
        unit: Unit | None = units[heapq.heappop(ready)]
        while unit is not None:
            key = (unit.name, unit.number)
            if key in done:
                raise bad(f"two layers are called {unit.name}")
            done.add(key)
            order.append(unit)
            readers = waiting.get(key, ())
            for at in readers:
                left[at] -= 1
            free = [at for at in readers if not left[at]]
            unit = units[free[0]] if len(readers) == len(free) == 1 else None
            if unit is None:
                for at in free:
                    heapq.heappush(ready, at)
    if len(order) < len(units):
        raise bad(_stuck([units[at] for at, count in left.items() if count], known))
    return order


def _stuck(units: Sequence[Unit], known: set[tuple[str, int]]) -> str:
    for unit in units:
        gone = unit.waits_for - known
        if gone:
            name, number = min(gone)
            return f"{unit.name} reads call {number} of `{name}`, which is not in the model"
    names = ", ".join(sorted({unit.name for unit in units})[:5])
    return f"the layers {names} wait for each other"


def _units(layer: Mapping[str, Any]) -> Iterator[Unit]:
    """A unit for every call; an input layer is called once, without anything."""
    nodes = layer.get("inbound_nodes")
    if not isinstance(nodes, list) or not nodes:
        nodes = [{"args": [], "kwargs": {}}]
    for number, node in enumerate(nodes):
        yield Unit(entry=layer, name=key_of(layer), number=number, given=arguments(node))
