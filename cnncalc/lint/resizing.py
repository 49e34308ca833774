"""How the sizes of all layers follow from the size of the input, on one axis: for remedies that name input sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.geometry.window import AxisWindow, PaddingWord, resolve_padding
from cnncalc.lint.axes import option_of
from cnncalc.ops.merge import Align
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cnncalc.report import LayerReport, Report

_FARTHEST = 256
"""So far from the given size others are tried."""
_MOST = 2_000_000
"""So many windows are worked out at most in one search."""
_WORDS = (PaddingWord.SAME, PaddingWord.SAME_LOWER)


@value
class _Step:
    """A size that follows from another one; layers that keep the size make none."""

    before: int
    window: AxisWindow
    word: PaddingWord | None
    """Where the padding depends on the size."""

    def at(self, n: int) -> AxisWindow:
        """The window at an input of this size."""
        window = self.window
        if self.word is None:
            return window
        padding = resolve_padding(self.word, n, window.kernel_size, window.stride, window.dilation)
        return AxisWindow(
            kernel_size=window.kernel_size, stride=window.stride, dilation=window.dilation, padding=padding
        )


@value
class Sizing:
    """The sizes of a network on one axis, as a function of the size of its input."""

    steps: tuple[_Step, ...]
    """Place 0 is the input, place i + 1 what follows from step i."""
    own: Mapping[str, int]
    """By layer the place of the size that it gives; layers whose sizes do not follow from the input are left out."""
    made_by: Mapping[str, int]
    """The steps of the layers that do not keep the size."""
    equal: frozenset[tuple[int, int]]
    """Places whose sizes are merged, and must be equal."""

    def sizes(self, n: int) -> tuple[int, ...] | None:
        """By place the sizes that follow from an input of size n; None where the network cannot be built for it."""
        sizes = [n]
        for step in self.steps:
            before = sizes[step.before]
            sizes.append(step.at(before).output_size(before))
            if sizes[-1] < 1:
                return None
        return None if any(sizes[one] != sizes[other] for one, other in self.equal) else tuple(sizes)

    def even(self, n: int, layers: Collection[str]) -> bool:
        """Whether the windows of these layers come out even with an input of size n."""
        return self._even(n, self._steps_of(layers))

    def even_sizes(self, n: int, layers: Collection[str]) -> tuple[int, ...]:
        """The input sizes next to n, below and above, at which all these layers come out even."""
        if any(name not in self.own for name in layers) or 2 * _FARTHEST * len(self.steps) > _MOST:
            return ()
        wanted = self._steps_of(layers)
        below = next((size for size in range(n - 1, max(n - _FARTHEST, 1), -1) if self._even(size, wanted)), None)
        above = next((size for size in range(n + 1, n + _FARTHEST) if self._even(size, wanted)), None)
        return tuple(size for size in (below, above) if size is not None)

    def _steps_of(self, layers: Collection[str]) -> frozenset[int]:
        return frozenset(self.made_by[name] for name in layers if name in self.made_by)

    def _even(self, n: int, wanted: frozenset[int]) -> bool:
        sizes = [n]
        for at, step in enumerate(self.steps):  # most sizes fail at one of the first
            before = sizes[step.before]
            window = step.at(before)
            if at in wanted and rest(window, before):
                return False
            sizes.append(window.output_size(before))
            if sizes[-1] < 1:
                return False
        return not any(sizes[one] != sizes[other] for one, other in self.equal)


def rest(window: AxisWindow, n: int) -> int:
    """`(n + before + after - k_eff) mod s`: so many positions at the end no window reaches.

    >>> rest(AxisWindow(kernel_size=7, stride=2, padding=(3, 3)), 224)
    1
    """
    return (n + sum(window.padding) - window.effective_kernel_size) % window.stride


def sizing(report: Report, axis: int) -> Sizing | None:
    """How the sizes of a network follow from its input's; None where its inputs differ in size."""
    shapes = [shape for shape in report.inputs.values() if len(shape) > axis + 1]
    if len({shape[axis + 1] for shape in shapes}) != 1 or len(shapes) != len(report.inputs):
        return None
    steps: list[_Step] = []
    known: dict[_Step, int] = {}
    own: dict[str, int] = dict.fromkeys(report.inputs, 0)
    made_by: dict[str, int] = {}
    equal: set[tuple[int, int]] = set()
    worked_out: dict[int, tuple[AxisWindow, PaddingWord | None] | str | None] = {}
    """By identity of the inferences, which equal layers share."""
    for layer in report.layers:
        found = [own[name] for name in layer.inputs if name in own]
        if not found or len(layer.output_shape) <= axis + 1:
            continue
        if layer.inferences[-1].merge is not None and option_of(layer, "align") is not Align.BROADCAST:
            equal.update((found[0], other) for other in found[1:] if other != found[0])
        key = id(layer.inferences)
        if key not in worked_out:
            worked_out[key] = _window(layer, axis)
        made = worked_out[key]
        if made == "same":
            own[layer.name] = found[0]
        elif isinstance(made, tuple):
            step = _Step(before=found[0], window=made[0], word=made[1])
            if step not in known:
                steps.append(step)
                known[step] = len(steps)
            own[layer.name] = known[step]
            made_by[layer.name] = known[step] - 1
    return Sizing(steps=tuple(steps), own=own, made_by=made_by, equal=frozenset(equal))


def _window(layer: LayerReport, axis: int) -> tuple[AxisWindow, PaddingWord | None] | str | None:
    """What makes the size of a layer of that of its input, with the word of a padding that depends on the size.

    "same" for nothing; None where the size does not follow (a fixed one, a table).
    """
    if any(option_of(layer, option) is not None for option in ("size", "to", "out")):
        return None
    reads = [each.reads[0] for each in layer.inferences if each.reads and each.merge is None]
    windows = [read[axis] for read in reads if read is not None and len(read) > axis]
    if not windows:
        return "same" if layer.input_shapes[0][1:] == layer.output_shape[1:] else None
    (window, *more) = windows
    if more or not isinstance(window, AxisWindow) or option_of(layer, "over") is not None:  # as large as its axis is
        return None
    word = option_of(layer, "padding")
    word = word if isinstance(word, PaddingWord) and word in _WORDS and window.input_dilation == 1 else None
    keeps = (
        window.stride == 1 and window.input_dilation == 1 and sum(window.padding) + 1 == window.effective_kernel_size
    )
    return "same" if keeps else (window, word)
