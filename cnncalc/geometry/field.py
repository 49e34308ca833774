"""Which input pixels one output position sees, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from cnncalc.geometry.window import AxisRead


@dataclass(frozen=True, slots=True)
class AxisField:
    """The receptive fields of all units of a layer on one axis of one input."""

    offsets: tuple[int, ...]
    """Per phase the lowest pixel (`lo`), 0 where the phase sees nothing."""
    masks: tuple[int, ...]
    """Per phase the pixels seen, bit `b` for pixel `lo + b`; bit 0 is set unless the mask is 0."""
    shift: int | None
    """S: unit `o + T` sees what unit `o` sees, S pixels on. None: a table of all units, not periodic."""
    means: tuple[float, ...] = (0.5,)
    variances: tuple[float, ...] = (0.0,)
    reduced: bool = False
    """The map itself is gone: one field, the union over the map, clipped to the input."""

    @classmethod
    def source(cls) -> AxisField:
        """The field of the input itself: T = 1, S = 1, unit 0 sees pixel 0."""
        raise NotImplementedError

    def through(self, read: AxisRead, n_in: int, n_out: int) -> AxisField:
        """The field of a layer that reads units of this one (n_in units, giving n_out)."""
        raise NotImplementedError

    @staticmethod
    def merge(branches: Sequence[AxisField], weights: Sequence[int], n_units: int) -> AxisField:
        """Unit by unit the union of the branches; `weights` weigh them in erf_sigma."""
        raise NotImplementedError

    def reduce(self, n_units: int, n_pixels: int) -> AxisField:
        """The union over units 0..n_units-1, clipped to the input."""
        raise NotImplementedError

    def pixels(self, unit: int) -> tuple[int, ...]:
        """The pixels that a unit sees in the interior (not clipped at the border)."""
        raise NotImplementedError

    @property
    def period(self) -> int: ...  # T
    @property
    def jump(self) -> Fraction | None: ...
    @property
    def rf(self) -> int: ...
    @property
    def extents(self) -> tuple[tuple[int, int], ...]: ...  # (extent, how many phases), by extent
    @property
    def start(self) -> Fraction | None: ...
    @property
    def touched(self) -> int: ...
    @property
    def erf_sigma(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Field:
    """The field of a layer on every axis of one input."""

    axes: tuple[AxisField, ...]
    is_global: bool = False
    """Something on the way mixed all positions (see geometry.md)."""
    grid: tuple[int, ...] | None = None
    """Set after `tokens`: one map axis numbers the positions of this grid, row by row."""
