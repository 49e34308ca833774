"""What one output position of a layer reads, on one axis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Union


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
    """(before, after) that a padding word stands for at input size `n`."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisWindow:
    """Output `o` reads positions `o*stride - padding[0] + dilation*t`, `t < kernel_size`, of the dilated input."""

    kernel_size: int
    stride: int = 1
    dilation: int = 1
    padding: tuple[int, int] = (0, 0)
    input_dilation: int = 1
    ceil_mode: bool = False

    @classmethod
    def transposed(  # PyTorch's ConvTranspose as a window on the dilated input
        cls, *, kernel_size: int, stride: int = 1, dilation: int = 1, padding: tuple[int, int] = (0, 0), output_padding: int = 0
    ) -> AxisWindow:
        raise NotImplementedError

    @property
    def is_identity(self) -> bool:
        raise NotImplementedError

    @property
    def effective_kernel_size(self) -> int:
        raise NotImplementedError

    def output_size(self, n: int) -> int:
        """May come out below 1: the caller refuses it."""
        raise NotImplementedError

    def reads(self, o: int, n: int, boundary: Boundary = Boundary.ZEROS) -> tuple[int, ...]:
        """Sorted distinct input indices in [0, n) that output `o` reads."""
        raise NotImplementedError

    def valid_taps(self, n: int) -> int:
        """Number of pairs (output, tap) that read a real input element rather than padding."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AxisTaps:
    """Listed reads: unit `o = q*T + p` reads `t + q*shift` for `t` in `phases[p]`; shift None: a table of all units."""

    phases: tuple[tuple[int, ...], ...]
    shift: int | None = None

    def reads(self, o: int, n: int, boundary: Boundary = Boundary.ZEROS) -> tuple[int, ...]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AxisWhole:
    """Every output reads the whole axis."""

    def reads(self, o: int, n: int, boundary: Boundary = Boundary.ZEROS) -> tuple[int, ...]:
        raise NotImplementedError


AxisRead = Union[AxisWindow, AxisTaps, AxisWhole]
