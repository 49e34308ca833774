"""Keras models from `.keras` files and `to_json()`, Keras 2 and 3: read as data with the standard library alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import SpecError, UsageError, finding
from cnncalc.importers.keras import entries
from cnncalc.importers.keras.config import bad, read_config
from cnncalc.importers.keras.walk import Place, Walk
from cnncalc.importers.layers import Imported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.importers.keras.config import Source
    from cnncalc.importers.layers import Shape


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
    walk = Walk(dict(shapes or {}), first=entries.channels_first(config), allow_unknown=allow_unknown)
    outputs = walk.model(config, Place(frozen=False), None)
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
    names = tuple(dict.fromkeys(walk.output(held) for held in outputs))
    if not walk.trace.layers:
        raise bad("the model has no layer")
    return Imported(
        name=name or entries.word(str(entries.config_of(config).get("name") or "")) or "network",
        inputs=walk.inputs,
        layers=tuple(walk.trace.layers.values()),
        outputs=names,
    )
