"""Which mapper an entry of a file has: layers by their class, operations by their function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.keras import entries
from cnncalc.importers.keras.call import shown
from cnncalc.importers.keras.layers import LAYERS, REFUSED, WRAPPERS
from cnncalc.importers.keras.operations import OPERATIONS, RENAMED, TENSORFLOW
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cnncalc.importers.keras.call import Call

    Mapper = Callable[[Call], Held | list[Held]]

LAMBDAS = frozenset({"TFOpLambda", "SlicingOpLambda"})
"""How Keras 2 writes TensorFlow's functions on tensors."""


def mapped(entry: Mapping[str, Any], call: Call) -> list[Held]:
    """The outputs of one call; UnmappedError where the language has nothing for it."""
    mapper, kind, config = mapper_of(entry)
    kwargs = call.kwargs
    if entries.kind_of(entry) in LAMBDAS:
        kwargs = {RENAMED.get(key, key): found for key, found in kwargs.items()}
    try:
        found = mapper(replace(call, kind=kind, config=config, kwargs=kwargs))
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError, OverflowError) as error:
        raise UnmappedError(f"its configuration does not fit ({error})") from error
    return found if isinstance(found, list) else [found]


def mapper_of(entry: Mapping[str, Any]) -> tuple[Mapper, str, Mapping[str, Any]]:
    """The mapper, the kind it goes by and the configuration; of a wrapper those of the layer inside."""
    while entries.kind_of(entry) in WRAPPERS:
        inner = entries.config_of(entry).get("layer")
        if not isinstance(inner, dict):
            raise UnmappedError(f"{entries.kind_of(entry)} without a layer")
        entry = inner
    kind, config = entries.kind_of(entry), entries.config_of(entry)
    if not isinstance(entry.get("config"), dict):
        raise UnmappedError(f"{shown(kind)} has no configuration")
    if kind in LAMBDAS:
        called = str(config.get("function", "__operators__.getitem"))
        if called not in TENSORFLOW:
            raise UnmappedError(f"tf.{shown(called)} has no counterpart")
        return OPERATIONS[TENSORFLOW[called]], TENSORFLOW[called], {}
    if ".ops." in str(entry.get("module")):
        if kind not in OPERATIONS:
            raise UnmappedError(f"the operation {shown(kind)} has no counterpart")
        return OPERATIONS[kind], kind, config
    if kind not in LAYERS:
        why = REFUSED.get(kind, "a class of its own, whose code is not in the file")
        raise UnmappedError(f"{shown(kind)} has no counterpart: {why}")
    return LAYERS[kind], kind, config
