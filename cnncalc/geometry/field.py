"""Which input pixels one output position sees, exactly, on every axis of one input."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.geometry.axis_field import AxisField
from cnncalc.geometry.limits import check_field
from cnncalc.geometry.window import AxisWhole, AxisWindow
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.geometry.window import AxisRead

__all__ = ["AxisField", "Field"]


@value(kw_only=False)
class Field:
    """The field of a layer on every axis of one input."""

    axes: tuple[AxisField, ...]
    is_global: bool = False
    """Something on the way mixed all positions (see geometry.md)."""
    grid: tuple[int, ...] | None = None
    """Set after `tokens`: one map axis numbers the positions of this grid, row by row."""

    @classmethod
    def source(cls, ndim: int) -> Field:
        """The field of an input itself; its axes are one object."""
        return cls((AxisField.source(),) * ndim)

    def through(self, reads: Sequence[AxisRead] | None, in_sizes: Sequence[int], out_sizes: Sequence[int]) -> Field:
        """The field of a layer that reads this one so, one read and one size per axis of the map.

        No reads are the identity. Equal axes share their work and stay one object. A read of a whole axis makes the
        field global. After `tokens` all axes of the input hang on the one axis of the map: a read other than the
        identity numbers the grid out, each axis becomes a table over tokens.
        """
        if not reads or len(reads) > len(self.axes):  # on more axes than the input has, all positions see the same
            return self
        axes = self.axes
        if self.grid is not None:
            if all(isinstance(read, AxisWindow) and read.is_identity for read in reads):
                return self
            axes = _numbered(axes, self.grid)
        count = len(axes)
        if len(reads) < count:  # all axes of the input hang on one axis of the map
            reads, in_sizes = [reads[0]] * count, [in_sizes[0]] * count
        if len(out_sizes) != count:  # axes of the result that the input does not have see it alike
            out_sizes = [out_sizes[0] if out_sizes else 1] * count
        made: list[AxisField] = []
        whole = changed = False
        last: tuple[AxisField, AxisRead, int, int] | None = None
        for step in zip(axes, reads, in_sizes, out_sizes, strict=True):
            axis, read, n_in, n_out = step
            if last is not None and axis is last[0] and (read, n_in, n_out) == last[1:]:
                made.append(made[-1])
                continue
            last = step
            made.append(axis.through(read, n_in, n_out))
            whole = whole or isinstance(read, AxisWhole)
            changed = changed or made[-1] is not axis
        if not changed and whole <= self.is_global:
            return self
        return Field(tuple(made), is_global=self.is_global or whole)

    @staticmethod
    def merge(fields: Sequence[Field], weights: Sequence[int], sizes: Sequence[int]) -> Field:
        """Position by position the union of the branches, for a merged map of these sizes.

        Global where a branch is, or where one that all positions see alike (reduced, or broadcast by a read of its
        whole axis) joins local ones; such a branch is left out of the union. `weights` weigh branches in erf_sigma.
        """
        first = fields[0]
        if all(field is first for field in fields):
            return first
        is_global = any(field.is_global for field in fields)
        ndim = len(first.axes)
        grid = None
        axes = [field.axes for field in fields]
        if any(field.grid is not None for field in fields):
            grids = {field.grid for field in fields if any(axis.is_local for axis in field.axes)}
            grid = next(iter(grids)) if len(grids) == 1 else None
            axes = [field._over(grid) for field in fields]  # noqa: SLF001 - of this class
        units = grid or tuple(sizes)
        if len(units) != ndim:
            units = (units[:1] or (1,)) * ndim
        made: dict[tuple[int, ...], AxisField] = {}
        result: list[AxisField] = []
        for count, *branches in zip(units, *axes, strict=True):
            key = (count, *map(id, branches))
            if key not in made:
                made[key] = AxisField.merge(branches, weights, count)
            result.append(made[key])
        return Field(tuple(result), is_global=is_global, grid=grid)

    def reduce(self, map_sizes: Sequence[int], input_sizes: Sequence[int]) -> Field:
        """The field where the map itself is gone: on each axis the union over the map, clipped to the input; global."""
        units = self.grid or tuple(map_sizes)
        units = units if len(units) == len(self.axes) else (units[:1] or (1,)) * len(self.axes)
        made: dict[tuple[int, int, int], AxisField] = {}
        keys = list(zip(map(id, self.axes), units, input_sizes, strict=True))
        for key, axis in zip(keys, self.axes, strict=True):
            if key not in made:
                made[key] = axis.reduce(*key[1:])
        return Field(tuple(made[key] for key in keys), is_global=True)

    def as_tokens(self, map_sizes: Sequence[int]) -> Field:
        """The field after `tokens`: the positions of the map become one axis, numbered row by row."""
        numbered = len(map_sizes) > 1 and self.grid is None and any(axis.is_local for axis in self.axes)
        return replace(self, grid=tuple(map_sizes)) if numbered else self

    def _over(self, grid: tuple[int, ...] | None) -> tuple[AxisField, ...]:
        """The axes over this grid, or over the single axis of a map of tokens."""
        return self.axes if self.grid is None or self.grid == grid else _numbered(self.axes, self.grid)


def _numbered(axes: Sequence[AxisField], grid: tuple[int, ...]) -> tuple[AxisField, ...]:
    """Each axis of a grid as a table over its tokens: token `n` has the place `n // prod(grid[i+1:]) % grid[i]`."""
    tokens = prod(grid)
    check_field(tokens, 1)
    made = []
    for at, axis in enumerate(axes):
        inner = prod(grid[at + 1 :])
        made.append(axis.table([token // inner % grid[at] for token in range(tokens)]))
    return tuple(made)
