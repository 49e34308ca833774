"""CNN017: what a unit looks at depends on the size of the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.window import AxisTaps, PaddingWord, resolve_padding
from cnncalc.lint.axes import grouped, option_of, sentence, window_axes
from cnncalc.lint.base import Problem, rule
from cnncalc.ops.refuse import axis_names, either, nearest_divisors, nearest_multiples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.axes import Axis
    from cnncalc.report import LayerReport, Report

_SAME = (PaddingWord.SAME, PaddingWord.SAME_LOWER)


@rule("CNN017", Severity.WARNING)
def size_dependent_alignment(layer: LayerReport, report: Report) -> Iterator[Problem]:  # noqa: ARG001 - as all checks
    """A layer whose grid moves when the size of the input changes.

    Three kinds. Adaptive pooling from n to m that does not divide: windows of two sizes that overlap here and there,
    which most exporters refuse (ONNX has no such pool). `same` with a stride at a size that the stride does not
    divide: the padding before the map differs from that at other sizes, and the grid moves by whole pixels.
    Interpolation with `align_corners`, whose step is `(n-1)/(m-1)`, or by a factor that is not whole: units are no
    longer equally far apart in the input; an info, since it is often asked for.

    Bad (8x13x13): adaptive 6
    Good (8x12x12): adaptive 6
    Bad (8x33x33): conv 8 k3 s2 same
    Good (8x33x33): conv 8 k3 s2 half
    Bad: upsample 2 mode=linear align_corners
    Good: upsample 2 mode=linear

    Reference: PyTorch, torch.nn.Upsample (the warning about align_corners) and AdaptiveAvgPool2d; TensorFlow, tf.nn,
    "Notes on padding".
    """
    if layer.op in ("adaptive", "adaptive_max"):
        yield from _adaptive(layer)
    elif layer.op == "upsample":
        yield from _interpolation(layer)
    elif (word := option_of(layer, "padding")) in _SAME:
        yield from _same(layer, PaddingWord(word))


def _adaptive(layer: LayerReport) -> Iterator[Problem]:
    groups = _groups(layer)
    if not groups:
        return
    facts, helps = [], []
    for label, n, m, read in groups:
        sizes = sorted({len(taps) for taps in read.phases})
        facts.append((label, f"{n:,} does not divide into {m:,}: windows of {either(sizes)}, some overlapping"))
        fits = " or ".join(f"{size:,}" for size in nearest_multiples(n, m))
        divisors = either(nearest_divisors(n, m))
        helps.append((label, f"feed {fits}, or pool to {divisors}"))
    yield Problem(message=sentence(facts), help=sentence(helps), option="size")


def _interpolation(layer: LayerReport) -> Iterator[Problem]:
    groups = _groups(layer)
    aligned = option_of(layer, "align_corners")
    if not groups:
        return
    facts, helps = [], []
    for label, n, m, _ in groups:
        if aligned:
            facts.append((label, f"align_corners makes {m:,} of {n:,} with steps of {n - 1:,}/{m - 1:,}"))
            helps.append((label, "without it the step is the inverse of the factor at every size"))
        else:
            facts.append((label, f"{m:,} of {n:,} is no whole factor: units are unequally far apart"))
            fits = " or ".join(f"{size:,}" for size in nearest_multiples(m, n))
            helps.append((label, f"a size of {fits} is a whole factor"))
    option = "align_corners" if aligned else next(iter(layer.places), None)
    yield Problem(message=sentence(facts), help=sentence(helps), option=option, severity=Severity.INFO)


def _groups(layer: LayerReport) -> list[tuple[str, int, int, AxisTaps]]:
    """The axes that are listed unit by unit, equal ones once: label, sizes of input and output, what they read."""
    reads = layer.inferences[0].reads
    read = reads[0] if reads else None
    if read is None:
        return []
    names = axis_names(len(read))
    found: dict[tuple[int, int], list[int]] = {}
    for at, axis in enumerate(read):
        if isinstance(axis, AxisTaps) and axis.shift is None:
            found.setdefault((layer.input_shapes[0][at + 1], layer.output_shape[at + 1]), []).append(at)
    groups = []
    for (n, m), members in found.items():
        taps = read[members[0]]
        if isinstance(taps, AxisTaps):
            label = "" if len(members) == len(read) else " and ".join(names[at] for at in members)
            groups.append((label, n, m, taps))
    return groups


def _same(layer: LayerReport, word: PaddingWord) -> Iterator[Problem]:
    axes = window_axes(layer)
    groups = grouped(axes, lambda axis: _moved(axis, word))
    if not groups:
        return
    even = all(axis.dilation * (axis.kernel_size - 1) % 2 == 0 for axis in axes)
    yield Problem(
        message=sentence((label, _fact(axis, word, usual)) for label, axis, usual in groups),
        help="`half` pads alike at every size" if even else "give the padding in numbers",
        option="padding",
    )


def _fact(axis: Axis, word: PaddingWord, usual: int) -> str:
    return (
        f"`{word.value}` pads {axis.padding[0]:,} before a size of {axis.n:,}, "
        f"but {usual:,} before one that the stride {axis.stride:,} divides"
    )


def _moved(axis: Axis, word: PaddingWord) -> int | None:
    """The padding before a map that the stride divides, where that before this one differs."""
    if axis.transposed or axis.n % axis.stride == 0:
        return None
    divided = axis.n + -axis.n % axis.stride
    before, _ = resolve_padding(word, divided, axis.kernel_size, axis.stride, axis.dilation)
    return before if before != axis.padding[0] else None
