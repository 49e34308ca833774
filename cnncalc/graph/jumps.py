"""The stride of one part of a network as a whole."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.geometry.window import AxisWindow
from cnncalc.ops.base import Mix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.geometry.window import AxisRead
    from cnncalc.graph.model import Node


class NoRatioError(ValueError):
    """Two nodes whose grids are not related by one whole stride on each axis."""


def stride_between(nodes: Sequence[Node], start: int, end: int) -> tuple[int, ...]:
    """Product of the strides, over that of the input dilations, on the way from `start` to `end`; per axis.

    Raises NoRatioError where the way is no chain of windows, or the ratio is no whole number.
    """
    ndim = nodes[start].inference.output.ndim
    ratios: dict[int, tuple[Fraction, ...]] = {start: (Fraction(1),) * ndim}
    for node in nodes[start + 1 : end + 1]:
        known = [ratios.get(source) for source in node.inputs]
        reads = node.inference.reads
        found = None
        for index, ratio in enumerate(known):
            if ratio is None or node.inference.mix is Mix.REDUCE or node.inference.output.ndim != ndim:
                continue
            steps = reads[index] if index < len(reads) else None
            here = ratio if not steps else _times(ratio, steps)
            found = found or here
        if found is not None:
            ratios[node.index] = found
    ratio = ratios.get(end)
    if ratio is None:
        raise NoRatioError("the main path changes its grid by more than strides")
    if any(value.denominator != 1 for value in ratio):
        raise NoRatioError(f"the main path has a jump ratio of {' x '.join(map(str, ratio))}")
    return tuple(int(value) for value in ratio)


def _times(ratio: tuple[Fraction, ...], steps: tuple[AxisRead, ...]) -> tuple[Fraction, ...] | None:
    if not all(isinstance(step, AxisWindow) for step in steps):
        return None
    return tuple(
        value * step.stride / step.input_dilation
        for value, step in zip(ratio, steps, strict=True)
        if isinstance(step, AxisWindow)
    )
