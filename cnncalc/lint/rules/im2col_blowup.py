"""CNN045: unfolds that do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report

LIMIT_BYTES = 2**30
"""1 GiB."""


@rule("CNN045", Severity.INFO)
def im2col_blowup(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """An explicit unfold (im2col) of this convolution takes more than 1 GiB at the file's batch and dtype.

    `batch * C * prod(kernel_size) * prod(out)` elements, the kernel's number of taps times the map. GPU libraries
    rarely make it in full; CPU back ends, custom kernels written with `unfold`, and some exporters do, and then this
    one buffer is larger than all else. A 1x1 convolution needs none.

    Chellapilla et al. 2006, "High Performance Convolutional Neural Networks for Document Processing".

    Bad (64x1024x1024): conv 64 k3 p1
    Good (64x224x224): conv 64 k3 p1
    """
    size = layer.im2col_bytes
    if size <= LIMIT_BYTES:
        return
    times = size // max(layer.output_bytes, 1)
    yield Problem(
        message=f"an explicit unfold takes {size:,} bytes at batch {report.batch} in {report.dtype}, "
        f"{times:,} times the output of {layer.output_bytes:,}",
        help=_remedy(size, report),
    )


def _remedy(size: int, report: Report) -> str:
    most = LIMIT_BYTES // (size // report.batch)
    if most:
        return f"a batch of {most} stays within 1 GiB"
    return f"unfold it in {-(-(size // report.batch) // LIMIT_BYTES)} parts, or use an implicit algorithm"
