"""What every importer makes: a neutral, frozen list of layers in execution order. `writing` turns it into a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Mapping

Option = Union[int, str, bool, "tuple[Option, ...]"]
"""Plain data: a number, a word, a flag, or one of these per axis; (before, after) pairs are tuples in a tuple."""
Shape = tuple[int, ...]
"""Channels first, then one size per spatial axis; one sample."""


@value
class Layer:
    """One layer: an op of the language with its options by their long names."""

    name: str
    """Dotted path in the source (`layer1.0.conv1`); unique."""
    op: str
    options: Mapping[str, Option] = field(factory=dict)
    inputs: tuple[str, ...]
    """Names of layers or network inputs, in order."""
    shape: Shape
    """Of the output, as the source knows it."""
    shares: str | None = None
    """The layer whose weights it reuses."""
    is_named: bool = True
    """The source has a name for it; else the last part of `name` was made up."""


@value
class Imported:
    """A network as an importer found it."""

    name: str
    inputs: Mapping[str, Shape]
    layers: tuple[Layer, ...]
    outputs: tuple[str, ...]
    """Names of layers or inputs."""
    kinds: Mapping[str, str] = field(factory=dict)
    """Path of a group of layers -> what the source calls its kind (`layer1.0` -> `Bottleneck`)."""
    remarks: tuple[str, ...] = ()
    """What whoever reads the figures should know; written as comments."""
