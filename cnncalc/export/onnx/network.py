"""An ONNX graph as plain values: what an op makes, and what the file is written from."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Union

from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Mapping

Attribute = Union[int, float, str, tuple[int, ...]]
Dims = tuple[int, ...]
INT64 = "int64"
"""The type of shapes, axes and positions."""


class NoNodeError(Exception):
    """A layer that ONNX has no way to say; the message says why."""


@value
class Node:
    """One ONNX node."""

    kind: str
    """`Conv`, `Relu`."""
    name: str
    inputs: tuple[str, ...]
    """Names of values; "" where one is left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute] = field(factory=dict)


@value
class Tensor:
    """An initializer."""

    name: str
    dims: Dims
    dtype: str
    fill: tuple[float, ...]
    """Its elements, row by row; a shorter list is repeated."""
    trained: bool = False

    @property
    def numel(self) -> int:
        """Elements."""
        return prod(self.dims)


@value
class Port:
    """A value with its dimensions without the batch: an input, an output, or what a layer gives."""

    name: str
    dims: Dims


@value
class Network:
    """All that the file says."""

    name: str
    about: str
    opset: int
    dtype: str
    batch: int | None
    """None: any."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    between: tuple[Port, ...]
    """What the layers give that is no output."""
    nodes: tuple[Node, ...]
    tensors: tuple[Tensor, ...]
