"""A window laid over a map: one `AxisWindow` per axis, the output sizes and the counts that follow from them."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Union

from cnncalc.errors import LayerError
from cnncalc.geometry.window import AxisWindow, Boundary, PaddingWord, resolve_padding
from cnncalc.ops.base import Settings
from cnncalc.ops.options import MAX_SIZE
from cnncalc.ops.refuse import axis_names, pads_per_axis, per_axis
from cnncalc.values import value

Numbers = Union[int, tuple[int, ...]]
Pads = Union[int, tuple[Union[int, tuple[int, int]], ...], PaddingWord]
Sides = tuple[tuple[int, int], ...]


@value
class Laid:
    """Windows on a map of given sizes; counts are for one channel."""

    settings: Settings
    reads: tuple[tuple[AxisWindow, ...], ...]
    """() where every axis is read position by position."""
    sizes: tuple[int, ...]
    """Of the output."""
    positions: int
    """Of the output, all axes together."""
    taps: int
    """Taps of one window."""
    valid: int
    """Pairs (output, tap) that read a real input element rather than padding."""


def fixed_padding(padding: Pads, stride: Numbers, boundary: Boundary = Boundary.ZEROS) -> bool:
    """Whether a padding is the same numbers at every size, and no size is too small for its boundary.

    `same` depends on the size unless the stride is 1; what is mirrored or wrapped needs enough pixels.
    """
    if boundary in (Boundary.REFLECT, Boundary.CIRCULAR):
        return False
    strides = stride if isinstance(stride, tuple) else (stride,)
    return padding not in (PaddingWord.SAME, PaddingWord.SAME_LOWER) or all(step == 1 for step in strides)


@lru_cache(maxsize=4096)
def lay(  # noqa: PLR0913 - a window has this many parts
    sizes: tuple[int, ...],
    kernel_size: Numbers,
    stride: Numbers = 1,
    padding: Pads = 0,
    dilation: Numbers = 1,
    *,
    ceil_mode: bool = False,
    groups: int | None = None,
) -> Laid:
    """Windows of a convolution or pool; refuses an empty output (CNN002) and a wrong number of axes (CNN905)."""
    ndim = len(sizes)
    kernels = per_axis(kernel_size, ndim, "kernel_size")
    strides = per_axis(stride, ndim, "stride")
    dilations = per_axis(dilation, ndim, "dilation")
    if isinstance(padding, PaddingWord):
        pads = tuple(resolve_padding(padding, *axis) for axis in zip(sizes, kernels, strides, dilations, strict=True))
    else:
        pads = pads_per_axis(padding, ndim, "padding")
    windows = tuple(
        AxisWindow(kernel_size=k, stride=s, dilation=d, padding=p, ceil_mode=ceil_mode)
        for k, s, d, p in zip(kernels, strides, dilations, pads, strict=True)
    )
    settings = Settings(
        kernel_size=kernels,
        stride=strides,
        padding=pads,
        dilation=dilations,
        effective_kernel_size=tuple([window.effective_kernel_size for window in windows]),
        groups=groups,
    )
    return _laid(sizes, windows, settings)


@lru_cache(maxsize=4096)
def lay_transposed(  # noqa: PLR0913 - a window has this many parts
    sizes: tuple[int, ...],
    kernels: tuple[int, ...],
    strides: tuple[int, ...],
    pads: Sides,
    dilations: tuple[int, ...],
    extras: tuple[int, ...],
    groups: int,
) -> Laid:
    """Windows of a transposed convolution, one value per axis; `extras` is the output padding."""
    windows = tuple(
        AxisWindow.transposed(kernel_size=k, stride=s, dilation=d, padding=p, output_padding=op)
        for k, s, d, p, op in zip(kernels, strides, dilations, pads, extras, strict=True)
    )
    settings = Settings(
        kernel_size=kernels,
        stride=strides,
        padding=pads,
        dilation=dilations,
        effective_kernel_size=tuple([window.effective_kernel_size for window in windows]),
        groups=groups,
        output_padding=extras,
        transposed=True,
    )
    return _laid(sizes, windows, settings)


def _laid(sizes: tuple[int, ...], windows: tuple[AxisWindow, ...], settings: Settings) -> Laid:
    known: dict[tuple[int, AxisWindow], tuple[int, int]] = {}
    for axis, key in enumerate(zip(sizes, windows, strict=True)):
        if key not in known:  # axes that equal each other share the work
            n, window = key
            known[key] = _size(window, n, axis_names(len(sizes))[axis], settings, axis), window.valid_taps(n)
    found = [known[key] for key in zip(sizes, windows, strict=True)]
    outputs = tuple([size for size, _ in found])
    return Laid(
        settings=settings,
        reads=() if all(window.is_identity for window in windows) else (windows,),
        sizes=outputs,
        positions=prod(outputs),
        taps=prod(settings.kernel_size),
        valid=prod(valid for _, valid in found),
    )


def _size(window: AxisWindow, n: int, name: str, settings: Settings, axis: int) -> int:
    size = window.output_size(n)
    if size > MAX_SIZE:
        raise LayerError("CNN902", f"the output {name} would be {size:,}; sizes are limited to {MAX_SIZE:,}")
    before, after = settings.padding[axis]
    kept = n + min(before, 0) + min(after, 0)
    if size >= 1 and (kept >= 1 or settings.transposed):
        return size
    if settings.transposed:
        full = size + before + after
        raise LayerError(
            "CNN002",
            f"empty output: padding {before:,} + {after:,} cuts away the {name} of {full:,}, {size:,} is left",
            help=f"use less padding: at most {full - 1:,} in all",
            option="padding",
        )
    reach = window.effective_kernel_size
    padded = n + before + after
    if kept < 1:
        message = f"empty output: the {name} {n:,} is cropped by {n - kept:,}, {kept:,} is left"
        raise LayerError("CNN002", message, help=f"crop at most {n - 1:,}")
    effective = "effective kernel" if reach != settings.kernel_size[axis] else "kernel"
    short = reach - padded - (window.stride - 1 if window.ceil_mode else 0)
    how = f" ({before:,} + {n:,} + {after:,})" if before or after else ""
    raise LayerError(
        "CNN002",
        f"empty output: {effective} {reach:,} is larger than the {'padded ' * bool(how)}{name} {padded:,}{how}",
        help=f"the {name} must be at least {n + short:,}, or the padding {short:,} more in all",
        option="kernel_size" if settings.kernel_size[axis] > 1 else None,
    )
