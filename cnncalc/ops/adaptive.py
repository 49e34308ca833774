"""Pools that give a size: adaptive and global ones."""

from math import gcd, prod
from typing import Annotated, Literal

from pydantic import Field

from cnncalc.geometry.resize import adaptive_read
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisRead, AxisWindow
from cnncalc.ops import ledger, options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Mix, Op, Saved, register
from cnncalc.ops.pool import INDEX_BYTES
from cnncalc.ops.refuse import per_axis, spatial


@register("adaptive", "adaptive_max")
class AdaptivePool(Op):
    """Pooling to a given size: output `o` reads `floor(o*n/m) .. ceil((o+1)*n/m) - 1` of n, for m outputs.

    As in PyTorch's AdaptiveAvgPool and AdaptiveMaxPool. Size 1 on every axis is the global pool.

        adaptive 7
        adaptive 7x5
        adaptive_max 1

    FLOPs, `adaptive`: one add less than its window per output element, and one divide; `adaptive_max`: compares instead
    of adds, no divide. Training saves the input (the global average nothing), `adaptive_max` also 8 bytes per output
    element.

    >>> AdaptivePool(op="adaptive", size=7).infer(TensorShape(512, (14, 10))).output
    512x7x7

    Refuses an input without spatial axes, or another number of them (CNN905).
    """

    op: Literal["adaptive", "adaptive_max"]
    size: Annotated[options.Sizes, Field(description="Output size, for all axes or per axis.", examples=[7, [7, 5]])]

    POSITIONAL = "size"
    SIZE_OPTIONS = frozenset({"size"})

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, reads and costs for one input."""
        (x,) = inputs
        sizes = spatial(x)
        return _pooled(x, per_axis(self.size, len(sizes), "size"), maximum=self.op == "adaptive_max")


@register("gap", "gmp")
class GlobalPool(Op):
    """Global average (`gap`) or maximum (`gmp`) over all positions: `CxHxW` to `Cx1x1`.

    Lin et al. 2013 (arXiv:1312.4400). Tokens are pooled to one.

        gap
        gmp

    FLOPs, `gap`: `prod(n) - 1` adds and one divide per channel; `gmp`: compares instead of adds, no divide. Training
    saves nothing for `gap`, the input and 8 bytes per channel for `gmp`.

    >>> GlobalPool(op="gap").infer(TensorShape(2048, (7, 7))).output
    2048x1x1

    Refuses an input without spatial axes (CNN905).
    """

    op: Literal["gap", "gmp"]

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape and costs for one input."""
        (x,) = inputs
        sizes = x.sizes if x.tokens else spatial(x)
        return _pooled(x, (1,) * len(sizes), maximum=self.op == "gmp")


def _pooled(x: TensorShape, sizes: tuple[int, ...], *, maximum: bool) -> Inference:
    output = TensorShape(x.channels, sizes, x.tokens)
    everything = output.positions == 1
    # The windows of an axis have `sum(ceil((o+1)*n/m) - floor(o*n/m) for o < m)` taps: `n + m - gcd(n, m)` (each end
    # that does not fall between two positions is read twice).
    taps = x.channels * prod(n + m - gcd(n, m) for n, m in zip(x.sizes, sizes, strict=True))
    kind = ledger.ADAPTIVE_MAX if maximum else ledger.ADAPTIVE
    saved: tuple[Saved, ...] = ()
    if maximum:
        saved = (*SAVES_INPUT, Saved(what="extra", elements=output.numel, element_bytes=INDEX_BYTES))
    elif not everything:
        saved = SAVES_INPUT
    return Inference(
        output=output,
        reads=() if everything else _reads(x.sizes, sizes),
        mix=Mix.REDUCE if everything else Mix.NONE,
        arithmetic={FlopClass.COMPARE: taps - output.numel}
        if maximum
        else {FlopClass.ADD: taps - output.numel, FlopClass.DIVIDE: output.numel},
        ledger={
            ledger.read(kind): x.numel,
            ledger.written(kind): output.numel,
            ledger.window(kind): output.numel * prod(n // m for n, m in zip(x.sizes, sizes, strict=True)),
        },
        saved=saved,
    )


def _reads(sizes: tuple[int, ...], outputs: tuple[int, ...]) -> tuple[tuple[AxisRead, ...], ...]:
    reads = tuple(adaptive_read(n, m) for n, m in zip(sizes, outputs, strict=True))
    return () if all(isinstance(read, AxisWindow) and read.is_identity for read in reads) else (reads,)
