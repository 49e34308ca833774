"""What one output position of a layer reads, on one axis."""

from __future__ import annotations

from enum import Enum
from math import gcd
from typing import Union

from cnncalc.geometry.counting import pairs_up_to
from cnncalc.values import value


class Boundary(str, Enum):
    """What a tap outside the input reads."""

    ZEROS = "zeros"
    REFLECT = "reflect"
    REPLICATE = "replicate"
    CIRCULAR = "circular"


class PaddingWord(str, Enum):
    """Paddings with a name, see `resolve_padding`."""

    SAME = "same"
    SAME_LOWER = "same_lower"
    HALF = "half"
    VALID = "valid"
    FULL = "full"
    CAUSAL = "causal"


def resolve_padding(word: PaddingWord, n: int, kernel_size: int, stride: int, dilation: int) -> tuple[int, int]:
    """(before, after) that a padding word stands for at input size `n`.

    `same`: `max((ceil(n/s) - 1)*s + k_eff - n, 0)` in all, the odd one after (TensorFlow, ONNX SAME_UPPER), or before
    in `same_lower`; `half`: `d*(k-1)//2` on both sides; `full`: `d*(k-1)` on both; `causal`: `d*(k-1)` before.

    >>> resolve_padding(PaddingWord.SAME, 224, 7, 2, 1)
    (2, 3)
    """
    reach = dilation * (kernel_size - 1)
    if word is PaddingWord.SAME or word is PaddingWord.SAME_LOWER:
        total = max((-(-n // stride) - 1) * stride + reach + 1 - n, 0)
        less = total // 2
        return (less, total - less) if word is PaddingWord.SAME else (total - less, less)
    if word is PaddingWord.HALF:
        return reach // 2, reach // 2
    if word is PaddingWord.FULL:
        return reach, reach
    return (reach, 0) if word is PaddingWord.CAUSAL else (0, 0)


@value
class AxisWindow:
    """Output `o` reads positions `o*stride - padding[0] + dilation*t`, `t < kernel_size`, of the dilated input.

    The dilated input has `input_dilation - 1` zeros between neighbours; a position `m*input_dilation` is input `m`.
    """

    kernel_size: int
    stride: int = 1
    dilation: int = 1
    padding: tuple[int, int] = (0, 0)
    """(before, after); negative padding crops."""
    input_dilation: int = 1
    ceil_mode: bool = False

    @classmethod
    def transposed(
        cls,
        *,
        kernel_size: int,
        stride: int = 1,
        dilation: int = 1,
        padding: tuple[int, int] = (0, 0),
        output_padding: int = 0,
    ) -> AxisWindow:
        """PyTorch's ConvTranspose as a window: stride 1 on the input dilated by `stride`, padding `d(k-1) - p`.

        >>> AxisWindow.transposed(kernel_size=3, stride=2, padding=(1, 1), output_padding=1).output_size(5)
        10
        """
        reach = dilation * (kernel_size - 1)
        before, after = padding
        return cls(
            kernel_size=kernel_size,
            dilation=dilation,
            padding=(reach - before, reach - after + output_padding),
            input_dilation=stride,
        )

    @classmethod
    def repeated(cls, factor: int) -> AxisWindow:
        """Output `o` reads `floor(o/factor)`: nearest up-sampling and pixel shuffle by an integer."""
        return cls(kernel_size=factor, padding=(factor - 1, factor - 1), input_dilation=factor)

    @property
    def is_identity(self) -> bool:
        """Output `o` reads input `o` and there are as many."""
        return self.kernel_size == 1 and self.stride == 1 and self.input_dilation == 1 and self.padding == (0, 0)

    @property
    def effective_kernel_size(self) -> int:
        """`dilation*(kernel_size - 1) + 1`: from the first tap to the last."""
        return self.dilation * (self.kernel_size - 1) + 1

    def output_size(self, n: int) -> int:
        """`floor((i + before + after - k_eff) / s) + 1`, `i = (n-1)*input_dilation + 1`; may come out below 1.

        Dumoulin & Visin, arXiv:1603.07285. `ceil_mode` takes the ceiling, less one where the last window would start
        in the padding after the input (PyTorch, Caffe). The caller refuses a size below 1.

        >>> AxisWindow(kernel_size=3, stride=2, ceil_mode=True).output_size(112)
        56
        """
        before, after = self.padding
        size = (n - 1) * self.input_dilation + 1
        room = size + before + after - self.effective_kernel_size
        if not self.ceil_mode:
            return room // self.stride + 1
        out = -(-room // self.stride) + 1
        return out - 1 if (out - 1) * self.stride >= size + before else out

    def taps(self, o: int) -> range:
        """Input indices that output `o` reads where the input goes on without end, in order.

        With input dilation the taps that fall on zeros between neighbours are left out.

        >>> AxisWindow(kernel_size=3, dilation=2, padding=(2, 2)).taps(0)
        range(-2, 4, 2)
        """
        first = o * self.stride - self.padding[0]
        zeros = self.input_dilation
        if zeros == 1:
            return range(first, first + self.dilation * self.kernel_size, self.dilation)
        common = gcd(self.dilation, zeros)
        if first % common:
            return range(0)
        # The taps that hit an input element are `t0 + j*every`.
        every = zeros // common
        t0 = (-first // common) * pow(self.dilation // common, -1, every) % every
        count = max(-((t0 - self.kernel_size) // every), 0)
        start = (first + self.dilation * t0) // zeros
        step = self.dilation // common
        return range(start, start + step * count, step)

    def reads(self, o: int, n: int, boundary: Boundary = Boundary.ZEROS) -> tuple[int, ...]:
        """Sorted distinct input indices in [0, n) that output `o` reads."""
        return settle(self.taps(o), n, boundary)

    def valid_taps(self, n: int) -> int:
        """Number of pairs (output, tap) that read a real input element rather than padding.

        `#{(o, t, m): o*s + d*t = m*a + before, o < n_out, t < k, m < n}` with input dilation `a`. Where `a` or `s` is
        1, one unknown drops out and the lattice points are counted in closed form.

        >>> AxisWindow(kernel_size=3, padding=(1, 1)).valid_taps(5)
        13
        """
        out, before = self.output_size(n), self.padding[0]
        if out < 1 or n < 1:
            return 0
        if self.input_dilation == 1:
            box = (self.stride, self.dilation, out, self.kernel_size)
            return pairs_up_to(n - 1 + before, *box) - pairs_up_to(before - 1, *box)
        if self.stride == 1:
            reach = self.dilation * (self.kernel_size - 1) - before
            box = (self.input_dilation, self.dilation, n, self.kernel_size)
            return pairs_up_to(reach + out - 1, *box) - pairs_up_to(reach - 1, *box)
        # NB: linear in the outputs; no op has both a stride and an input dilation.
        return sum(len(inside(self.taps(o), n)) for o in range(out))


@value(kw_only=False)
class AxisTaps:
    """Listed reads: unit `o = q*T + p` reads `t + q*shift` for `t` in `phases[p]`; shift None: a table of all units."""

    phases: tuple[range, ...]
    shift: int | None = None

    def taps(self, o: int) -> range:
        """Input indices that output `o` reads where the input goes on without end, in order."""
        if self.shift is None:
            return self.phases[o]
        turn, phase = divmod(o, len(self.phases))
        taps = self.phases[phase]
        move = turn * self.shift
        return range(taps.start + move, taps.stop + move, taps.step)

    def reads(self, o: int, n: int, boundary: Boundary = Boundary.ZEROS) -> tuple[int, ...]:
        """Sorted distinct input indices in [0, n) that output `o` reads."""
        return settle(self.taps(o), n, boundary)


@value(kw_only=False)
class AxisWhole:
    """Every output reads the whole axis."""

    def reads(self, o: int, n: int, boundary: Boundary = Boundary.ZEROS) -> tuple[int, ...]:  # noqa: ARG002 - as the others
        """All of [0, n)."""
        return tuple(range(n))


AxisRead = Union[AxisWindow, AxisTaps, AxisWhole]


def inside(taps: range, n: int) -> range:
    """The taps (in rising order) that lie in [0, n).

    >>> inside(range(-2, 9, 3), 5)
    range(1, 7, 3)
    """
    skip = max(-(taps.start // taps.step), 0)
    keep = -((taps.start - n) // taps.step)
    return taps[skip : max(keep, 0)]


def settle(taps: range, n: int, boundary: Boundary) -> tuple[int, ...]:
    """Sorted distinct indices in [0, n) that these taps read, those outside as the boundary says."""
    within = inside(taps, n)
    if boundary is Boundary.ZEROS or len(within) == len(taps):
        return tuple(within)
    if boundary is Boundary.REPLICATE:
        return tuple(sorted({min(max(tap, 0), n - 1) for tap in taps}))
    if boundary is Boundary.CIRCULAR:
        return tuple(sorted({tap % n for tap in taps}))
    around = max(2 * (n - 1), 1)  # reflect: the index runs to and fro between 0 and n-1
    return tuple(sorted({min(tap % around, around - tap % around) if n > 1 else 0 for tap in taps}))
