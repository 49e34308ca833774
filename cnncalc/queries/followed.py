"""What became of input sizes that were followed through a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from cnncalc.geometry.shape import TensorShape
from cnncalc.values import value

Cell = Union[int, TensorShape]
"""The size on the axis, the rest of the shape being that of the graph; where the axis is gone, the whole shape."""
Column = list[Cell]


@value
class Refusal:
    """Why a size does not work."""

    node: int
    code: str
    message: str
    help: str | None


@dataclass(kw_only=True)
class Followed:
    """What became of the input sizes."""

    sizes: list[int]
    """Those that every layer takes."""
    outputs: dict[int, Column]
    """Per node of an output, what it has at each of `sizes`."""
    refused: dict[int, Refusal]
    unread: dict[int, int]
    """Input size -> the first node that leaves the last rows of its map unread."""
    aside: list[int]
    """Sizes at which the network would expand differently: they need a build of their own."""
    resized: dict[int, None]
    """Nodes whose weights have another shape at another size."""
