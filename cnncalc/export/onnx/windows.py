"""Convolutions and pools with a window as ONNX nodes; all padding is in numbers, which every runtime reads alike."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

from cnncalc.geometry.window import Boundary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.export.onnx.draft import Draft
    from cnncalc.export.onnx.network import Attribute

MODES = {
    Boundary.ZEROS: "constant",
    Boundary.REFLECT: "reflect",
    Boundary.REPLICATE: "edge",
    Boundary.CIRCULAR: "wrap",
}
"""Padding modes as `Pad` calls them."""
Sides = tuple[tuple[int, int], ...]


def conv(draft: Draft) -> str:
    """`conv` and `dwconv`; padding that is not zeros is a node of its own."""
    settings = draft.settings
    x, sides = _padded(draft, draft.op.padding_mode)
    return draft.node(
        "Conv",
        x,
        *draft.weights(),
        **_window(draft, sides),
        dilations=settings.dilation,
        group=settings.groups or 1,
    )


def convt(draft: Draft) -> str:
    """Transposed; padding may differ between the sides."""
    settings = draft.settings
    return draft.node(
        "ConvTranspose",
        draft.x,
        *draft.weights(),
        **_window(draft, settings.padding),
        dilations=settings.dilation,
        output_padding=settings.output_padding or (0,) * len(settings.stride),
        group=settings.groups or 1,
    )


def maxpool(draft: Draft) -> str:
    """Padding is never the maximum."""
    return draft.node("MaxPool", draft.x, **_pool(draft), dilations=draft.settings.dilation)


def avgpool(draft: Draft) -> str:
    """The divisor counts padding or not; what rounding up adds to it never counts, which older runtimes get wrong."""
    pool = _pool(draft)
    counts = draft.op.count_include_pad and (any(map(any, draft.settings.padding)) or not pool["ceil_mode"])
    return draft.node("AveragePool", draft.x, **pool, count_include_pad=int(counts))


def lppool(draft: Draft) -> str:
    """Power-average pooling."""
    return draft.node("LpPool", draft.x, **_pool(draft), p=draft.op.norm_type)


def blurpool(draft: Draft) -> str:
    """A depthwise convolution with a constant filter."""
    settings, channels = draft.settings, draft.shape.channels
    x, sides = _padded(draft, draft.op.padding_mode)
    taps = [1.0]
    for size in settings.kernel_size:
        row = [comb(size - 1, tap) / 2 ** (size - 1) for tap in range(size)]
        taps = [before * one for before in taps for one in row]
    kernel = draft.numbers("filter", taps, (channels, 1, *settings.kernel_size))
    return draft.node("Conv", x, kernel, **_window(draft, sides), dilations=settings.dilation, group=channels)


def pad(draft: Draft) -> str:
    """Negative numbers crop."""
    return resided(draft, draft.x, draft.settings.padding, draft.op.padding_mode)


def crop(draft: Draft) -> str:
    """Positions cut off."""
    cuts = tuple((-before, -after) for before, after in draft.settings.padding)
    return cut(draft, draft.x, cuts)


def resided(draft: Draft, x: str, sides: Sides, mode: Boundary = Boundary.ZEROS, *, place: int = 0) -> str:
    """With positions added, and then cut off where the number is negative; `place` is the input that x is."""
    more = tuple((max(before, 0), max(after, 0)) for before, after in sides)
    if any(map(any, more)):
        pads = flat(((0, 0), (0, 0), *more))
        if draft.shapes[place].tokens:
            pads = flat(((0, 0), *more, (0, 0)))
        x = draft.node("Pad", x, draft.ints("pads", *pads), mode=MODES[mode])
    less = tuple((max(-before, 0), max(-after, 0)) for before, after in sides)
    if not any(map(any, less)):
        return x
    return cut(draft, x, less, tuple(n + sum(pair) for n, pair in zip(draft.shapes[place].sizes, more, strict=True)))


def cut(draft: Draft, x: str, cuts: Sides, sizes: Sequence[int] = ()) -> str:
    """Without so many positions before and after on each axis."""
    axes = [axis for axis, pair in enumerate(cuts) if any(pair)]
    sizes = sizes or draft.shape.sizes
    first = 1 if draft.shape.tokens else 2
    if not axes:
        return x
    return draft.node(
        "Slice",
        x,
        draft.ints("starts", *(cuts[axis][0] for axis in axes)),
        draft.ints("ends", *(sizes[axis] - cuts[axis][1] for axis in axes)),
        draft.ints("axes", *(first + axis for axis in axes)),
    )


def flat(sides: Sides) -> tuple[int, ...]:
    """Padding as ONNX lists it.

    >>> flat(((0, 1), (2, 3)))
    (0, 2, 1, 3)
    """
    return (*(before for before, _ in sides), *(after for _, after in sides))


def _window(draft: Draft, sides: Sides) -> dict[str, Attribute]:
    settings = draft.settings
    return {"kernel_shape": settings.kernel_size, "strides": settings.stride, "pads": flat(sides)}


def _padded(draft: Draft, mode: Boundary) -> tuple[str, Sides]:
    """The input, and the padding that is left for the layer itself."""
    sides = draft.settings.padding
    if mode is Boundary.ZEROS or not any(map(any, sides)):
        return draft.x, sides
    return resided(draft, draft.x, sides, mode), ((0, 0),) * len(sides)


def _pool(draft: Draft) -> dict[str, Attribute]:
    """The window of a pool; it rounds up only where that gives a window more.

    A window that would begin in the padding is left out, but not by older runtimes: on an axis that has one, padding
    behind the last window goes.
    """
    settings = draft.settings
    axes = list(zip(draft.shape.sizes, settings.padding, settings.effective_kernel_size, settings.stride, strict=True))
    floors = tuple((n + sum(pair) - reach) // stride + 1 for n, pair, reach, stride in axes)
    rounds_up = floors != draft.output.sizes
    sides = settings.padding
    if rounds_up:
        rests = [(n + sum(pair) - reach) % stride for n, pair, reach, stride in axes]
        sides = tuple(
            (before, max(after - rest, 0) if down == size else after)
            for (before, after), rest, down, size in zip(sides, rests, floors, draft.output.sizes, strict=True)
        )
    return {**_window(draft, sides), "ceil_mode": int(rounds_up)}
