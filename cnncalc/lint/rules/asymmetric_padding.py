"""CNN010: padding that keeps the size, but cannot be split evenly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.window import PaddingWord
from cnncalc.lint.axes import Axis, fitting_padding, grouped, option_of, rewritten, sentence, shown_padding, window_axes
from cnncalc.lint.base import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.errors import Edit
    from cnncalc.report import LayerReport, Report

_SAME = (PaddingWord.SAME, PaddingWord.SAME_LOWER)


@rule("CNN010", Severity.WARNING)
def asymmetric_padding(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """A padding word that means "keep the size", where the padding it takes is odd and cannot be split evenly.

    To keep the size at stride 1 takes `d(k-1)` positions in all. Where that is odd, `same` puts one more on one side,
    which moves the map by half a position against its input, and `half` leaves one out, so that the size shrinks by
    one. With a stride, `same` needs an odd total at most sizes: TensorFlow then pads (0, 1), where PyTorch's
    `padding=1` pads (1, 1); weights carried over from one to the other see a map that has moved. PyTorch's `padding=p`
    can say none of these. Padding given in numbers is taken as meant. With a stride it is an info.

    Bad: conv 8 k4 same
    Good: conv 8 k5 same
    Good: conv 8 k4 p1/2
    Bad: conv 8 k2 half
    Good: conv 8 k3 half
    Bad: conv 8 k3 s2 same
    Good: conv 8 k3 s2 half

    Reference: Dumoulin & Visin 2016, arXiv:1603.07285, section 2.3 (half padding is for odd kernels); TensorFlow,
    tf.nn, "Notes on padding".
    """
    word = option_of(layer, "padding")
    if not isinstance(word, PaddingWord) or (word not in _SAME and word is not PaddingWord.HALF):
        return
    axes = window_axes(layer)
    groups = grouped(axes, lambda axis: _odd(axis, word))
    if not groups:
        return
    unmoved = all(axis.stride == 1 for _, axis, _ in groups)
    paddings = {axis.padding for axis in axes}
    new = shown_padding(next(iter(paddings)))
    edits: tuple[Edit, ...] = ()
    if word in _SAME and len(paddings) == 1 and all(axis.stride == 1 and not axis.transposed for axis in axes):
        edits = rewritten(layer, report, "padding", {each.value: new for each in _SAME})
    yield Problem(
        message=sentence((label, _fact(axis, word)) for label, axis, _ in groups),
        help=sentence((label, _remedy(axis, word)) for label, axis, _ in groups),
        option="padding",
        edits=edits,
        severity=None if unmoved else Severity.INFO,
    )


def _odd(axis: Axis, word: PaddingWord) -> bool | None:
    if word in _SAME:
        return axis.padding[0] != axis.padding[1] or None
    return (axis.stride == 1 and not axis.transposed and axis.effective_kernel_size % 2 == 0) or None


def _fact(axis: Axis, word: PaddingWord) -> str:
    before, after = axis.padding
    if word is PaddingWord.HALF:
        kept = before + after + 1
        return (
            f"`half` of kernel {axis.effective_kernel_size:,} pads {before:,} + {after:,} and {axis.n:,} becomes "
            f"{axis.m:,}: to keep it takes {kept:,} in all, which cannot be split evenly"
        )
    if axis.transposed:
        return f"`{word.value}` cuts {before:,} before and {after:,} after: {before + after:,} cannot be split evenly"
    where = f" at size {axis.n:,}" if axis.stride > 1 else ""
    return (
        f"`{word.value}` pads {before:,} before and {after:,} after{where}: {before + after:,} cannot be split evenly"
    )


def _remedy(axis: Axis, word: PaddingWord) -> str:
    if axis.transposed:
        even = axis.kernel_size + 1
        return f"a kernel of {even:,} splits evenly" if axis.dilation % 2 else "give `p` and `op` in numbers"
    if axis.stride > 1:
        padding = fitting_padding(axis, axis.kernel_size, axis.dilation)
        if padding is not None and padding == axis.dilation * (axis.kernel_size - 1) // 2:
            return f"`half` pads {padding:,} + {padding:,} and gives {axis.m:,} too"
        return f"`{shown_padding(axis.padding)}` says the same outright"
    near = [kernel for kernel in (axis.kernel_size - 1, axis.kernel_size + 1) if kernel > 1]
    kernels = " or ".join(f"`k{kernel}`" for kernel in near)
    total = axis.effective_kernel_size - 1
    exact = (total // 2, total - total // 2)
    if word is PaddingWord.SAME_LOWER:
        exact = exact[::-1]
    says = "keeps the size" if word is PaddingWord.HALF else "says the same outright"
    return f"{kernels} splits evenly; `{shown_padding(exact)}` {says}"
