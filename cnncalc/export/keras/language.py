"""Keras as a language that a network is written in."""

from __future__ import annotations

from cnncalc.export.keras.ops import OPS
from cnncalc.export.program.bodies import Language

KERAS = Language(
    name="Keras",
    ops=OPS,
    taken=frozenset({"build", "float", "inputs", "keras", "layers", "math", "name", "ops", "outputs", "x"}),
)
