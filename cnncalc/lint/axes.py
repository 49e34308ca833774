"""What rules about windows share: a layer's window axis by axis, and one sentence for axes that are alike."""

from __future__ import annotations

import re
from math import gcd
from typing import TYPE_CHECKING, TypeVar

from cnncalc.errors import Edit
from cnncalc.geometry.window import AxisWindow, Boundary
from cnncalc.ops.refuse import axis_names
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from fractions import Fraction

    from cnncalc.ops.base import Inference, Settings
    from cnncalc.report import LayerReport, Report

Fact = TypeVar("Fact")
PLACES = {"length": "position", "height": "row", "width": "column", "depth": "slice"}
_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@value
class Axis:
    """The window of a layer on one axis: as written, and as it reads."""

    n: int
    m: int
    """Sizes of the input and the output."""
    kernel_size: int
    stride: int
    dilation: int
    padding: tuple[int, int]
    output_padding: int
    transposed: bool
    window: AxisWindow

    @property
    def effective_kernel_size(self) -> int:
        """`dilation*(kernel_size - 1) + 1`."""
        return self.dilation * (self.kernel_size - 1) + 1


_KNOWN: dict[int, tuple[tuple[Inference, ...], tuple[Axis, ...]]] = {}
"""By identity of the settings, which their inference keeps alive: half of the rules ask, of every layer."""
_MOST_KNOWN = 1_000


def window_axes(layer: LayerReport) -> tuple[Axis, ...]:
    """The axes of a layer that has a window; () for any other, and for one that reads position by position."""
    settings = layer.settings
    if settings is None:
        return ()
    known = _KNOWN.get(id(settings))
    if known is None or known[0] is not layer.inferences:  # which equal layers of a report share
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[id(settings)] = layer.inferences, _axes(layer, settings)
    return known[1]


def _axes(layer: LayerReport, settings: Settings) -> tuple[Axis, ...]:
    lead = next((each for each in layer.inferences if each.settings is settings), None)
    reads = lead.reads[0] if lead is not None and lead.reads else None
    if lead is None or reads is None:
        return ()
    extras = settings.output_padding or (0,) * len(reads)
    return tuple(
        Axis(
            n=layer.input_shapes[0][at + 1],
            m=lead.output.sizes[at],
            kernel_size=settings.kernel_size[at],
            stride=settings.stride[at],
            dilation=settings.dilation[at],
            padding=settings.padding[at],
            output_padding=extras[at],
            transposed=settings.transposed,
            window=read,
        )
        for at, read in enumerate(reads)
        if isinstance(read, AxisWindow)
    )


def reduced_axes(layer: LayerReport) -> tuple[Axis, ...]:
    """The axes of an interpolation that shrinks by whole factors, as those of a window; () for any other layer."""
    reads = layer.inferences[0].reads if layer.op == "upsample" else ()
    own = reads[0] if reads else None
    if own is None or not all(isinstance(read, AxisWindow) and read.input_dilation == 1 for read in own):
        return ()
    return tuple(
        Axis(
            n=n,
            m=m,
            kernel_size=read.kernel_size,
            stride=read.stride,
            dilation=read.dilation,
            padding=read.padding,
            output_padding=0,
            transposed=False,
            window=read,
        )
        for read, n, m in zip(own, layer.input_shapes[0][1:], layer.output_shape[1:], strict=True)
        if isinstance(read, AxisWindow)
    )


def option_of(layer: LayerReport, name: str) -> object:
    """The value of an option, None where the op has none of that name (asking pydantic for it is slow)."""
    return vars(layer.config).get(name)


def reads_zeros(layer: LayerReport) -> bool:
    """Whether taps in the padding read nothing (and do not mirror, repeat or wrap)."""
    return all(each.boundary is Boundary.ZEROS for each in layer.inferences)


def residues(axis: Axis) -> int:
    """How many of `stride` neighbouring positions all windows together read: `min(k, s / gcd(d, s))`.

    Window `o` reads `o*s - before + d*t`, so of every s positions those that are `d*t - before` modulo s.
    """
    return min(axis.kernel_size, axis.stride // gcd(axis.dilation, axis.stride))


def grouped(axes: Sequence[Axis], fact: Callable[[Axis], Fact | None]) -> list[tuple[str, Axis, Fact]]:
    """The axes for which there is a fact, equal axes once: what to call them ("" for all axes), one of them, the fact.

    Only for layers all of whose axes are given.
    """
    groups: dict[Axis, list[int]] = {}
    for at, axis in enumerate(axes):
        groups.setdefault(axis, []).append(at)
    names = axis_names(len(axes))
    found = []
    for axis, members in groups.items():
        known = fact(axis)
        if known is not None:
            label = "" if len(members) == len(axes) else " and ".join(names[at] for at in members)
            found.append((label, axis, known))
    return found


def sentence(parts: Iterable[tuple[str, str]]) -> str:
    """One sentence of what is said of each group of axes.

    >>> sentence([("height", "1 row is unread"), ("width", "2 columns are unread")])
    'height: 1 row is unread; width: 2 columns are unread'
    """
    return "; ".join(f"{label}: {text}" if label else text for label, text in parts)


def places(label: str, ndim: int, count: int) -> str:
    """`1 row`, `2 rows and columns`: positions along the axes that a group names.

    >>> places("", 2, 1), places("width", 2, 3), places("", 1, 2)
    ('1 row and column', '3 columns', '2 positions')
    """
    names = label.split(" and ") if label else list(axis_names(ndim))
    words = [PLACES.get(name, "position") for name in names]
    return f"{count:,} " + " and ".join(word + "s" * (count != 1) for word in words)


def shown_padding(padding: tuple[int, int]) -> str:
    """As a layer line says it.

    >>> shown_padding((1, 1)), shown_padding((0, 1))
    ('p1', 'p0/1')
    """
    before, after = padding
    return f"p{before}" if before == after else f"p{before}/{after}"


def number(pixels: Fraction) -> str:
    """Exactly: whole, a short decimal, or a fraction.

    >>> from fractions import Fraction
    >>> number(Fraction(3, 2)), number(Fraction(4)), number(Fraction(1, 3))
    ('1.5', '4', '1/3')
    """
    if pixels.denominator in (2, 4, 8):
        return str(float(pixels))
    return str(pixels)


def distance(value: Fraction) -> str:
    """A number of pixels.

    >>> from fractions import Fraction
    >>> distance(Fraction(1)), distance(Fraction(1, 2))
    ('1 pixel', '0.5 pixels')
    """
    return f"{number(value)} pixel{'s' * (value != 1)}"


def fitting_padding(axis: Axis, kernel_size: int, dilation: int) -> int | None:
    """The least equal padding with which another kernel gives the same size; None where no sensible one does."""
    reach = dilation * (kernel_size - 1)
    padding = max(-(-((axis.m - 1) * axis.stride + reach + 1 - axis.n) // 2), 0)
    window = AxisWindow(kernel_size=kernel_size, stride=axis.stride, dilation=dilation, padding=(padding, padding))
    return padding if window.output_size(axis.n) == axis.m and 2 * padding <= reach + 1 else None


def fitting_ends(axis: Axis, kernel_size: int, dilation: int = 1) -> tuple[int, int] | None:
    """Padding and output padding with which another transposed kernel gives the same size; None where none do."""
    missing = axis.m - 1 - (axis.n - 1) * axis.stride - dilation * (kernel_size - 1)
    padding = max(-(missing // 2), 0)
    extra = missing + 2 * padding
    return (padding, extra) if extra < max(axis.stride, dilation) and padding <= dilation * (kernel_size - 1) else None


def rewritten(layer: LayerReport, report: Report, option: str, new: dict[str, str]) -> tuple[Edit, ...]:
    """The edit that puts another word for an option of a layer line; () where the word there is not one of `new`."""
    at = layer.places.get(option)
    if at is None or at.file != report.source or at.end_column is None:
        return ()
    lines = _LINE_BREAK.split(report.spec.text)
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    before, word = line[: at.column - 1].rstrip(), line[at.column - 1 : at.end_column - 1]
    if word not in new or not before or before[-1] in ":=[{,\"'":
        return ()  # the value of a key in the long form, or no text at all
    return (Edit(at=at, replacement=new[word]),)
