"""Shapes of tensors without their batch axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator


@value(kw_only=False)
class TensorShape:
    """Channels and one size per spatial axis: `64x56x56`; a plain vector has no axes.

    >>> TensorShape(64, (56, 56))
    64x56x56
    >>> TensorShape(64, (56, 56)).numel
    200704
    """

    channels: int
    sizes: tuple[int, ...] = ()
    tokens: bool = False
    """True for CxN made by `tokens`: N positions without a grid, so that `linear` acts on each."""

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return len(self.sizes)

    @property
    def positions(self) -> int:
        """Number of spatial positions, 1 for a vector."""
        return prod(self.sizes)

    @property
    def numel(self) -> int:
        """Number of elements of one sample."""
        return self.channels * self.positions

    def __iter__(self) -> Iterator[int]:
        """Channels first, then the sizes."""
        return iter((self.channels, *self.sizes))

    def __repr__(self) -> str:
        return "x".join(str(size) for size in (self.channels, *self.sizes))
