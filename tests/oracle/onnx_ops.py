"""Ops that the reference evaluator of the onnx package does not run as the standard says, by their definitions.

Of version 1.23: `ConvTranspose` fails for several groups, `MaxPool` for windows above the map without its padding, and
`LRN` leaves out the last of the neighbouring channels.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tests.oracle.onnx_files import onnx
from tests.oracle.pytorch import F, torch

OpRun: Any = import_module(f"{onnx.__name__}.reference.op_run").OpRun


class ConvTranspose(OpRun):
    """Every input element times the kernel, summed where it lands; then `pads` are cut off."""

    op_domain = ""

    def _run(self, x: Any, w: Any, b: Any = None, **given: Any) -> tuple[Any]:
        axes = x.ndim - 2
        full = getattr(F, f"conv_transpose{axes}d")(
            torch.tensor(x.copy()),
            torch.tensor(w),
            None if b is None else torch.tensor(b),
            stride=tuple(given["strides"]),
            groups=given["group"],
            dilation=tuple(given["dilations"]),
        )
        for axis, more in enumerate(given["output_padding"]):
            before, after = given["pads"][axis], given["pads"][axes + axis] - more
            size = full.shape[2 + axis]
            if after < 0:
                rest = [full.shape[2 + other] if other != axis else -after for other in range(axes)]
                bias = torch.zeros(w.shape[1] * given["group"]) if b is None else torch.tensor(b)
                edge = bias.reshape(1, -1, *(1,) * axes).expand(x.shape[0], -1, *rest)
                full, after, size = torch.cat((full, edge), dim=2 + axis), 0, size - after
            full = full.narrow(2 + axis, before, size - before - after)
        return (full.numpy(),)


class MaxPool(OpRun):
    """Padding is never the maximum."""

    op_domain = ""

    def _run(self, x: Any, **given: Any) -> tuple[Any]:
        axes = x.ndim - 2
        dilations = given["dilations"] or (1,) * axes
        sides: list[int] = []
        windows = zip(given["kernel_shape"], given["strides"], dilations, strict=True)
        for axis, (kernel, stride, dilation) in enumerate(windows):
            before, after, n = given["pads"][axis], given["pads"][axes + axis], x.shape[2 + axis]
            reach = dilation * (kernel - 1) + 1
            rest = (n + before + after - reach) % stride
            if given["ceil_mode"] and rest:
                after += stride - rest
            sides = [before, after, *sides]
        padded = F.pad(torch.tensor(x.copy()), sides, value=float("-inf"))
        made = getattr(F, f"max_pool{axes}d")(
            padded, tuple(given["kernel_shape"]), tuple(given["strides"]), dilation=tuple(dilations)
        )
        return (made.numpy(),)


class LRN(OpRun):
    """`x / (bias + alpha/size * sum x**2) ** beta`, the sum from `floor((size-1)/2)` before to `ceil(...)` after."""

    op_domain = ""

    def _run(self, x: Any, alpha: float, beta: float, bias: float, size: int) -> tuple[Any]:
        before, given = (size - 1) // 2, torch.tensor(x.copy())
        squares = F.pad(given**2, (0, 0, 0, 0, before, size - 1 - before))
        total = sum(squares[:, tap : tap + x.shape[1]] for tap in range(size))
        return ((given / (bias + alpha / size * total) ** beta).numpy(),)


DEFINED = [ConvTranspose, MaxPool, LRN]
