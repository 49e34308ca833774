"""Layers as PyTorch runs them, each with a second, linear face for the receptive-field oracle.

In linear mode a layer depends on exactly the positions that its definition reads, with positive weights: activations,
norms and gates are the identity, maxima become sums, products become sums, biases are gone.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from tests.oracle.pytorch import F, nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Pair = tuple[int, int]
Shape = tuple[int, ...]

PAD_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def by_ndim(prefix: str, ndim: int) -> Any:
    """The class of torch.nn for that many axes: Conv2d, MaxPool3d, ..."""
    return getattr(nn, f"{prefix}{ndim}d")


def pad(x: Any, padding: Sequence[Pair], mode: str = "zeros") -> Any:
    """F.pad with one (before, after) pair per axis, first axis first; negative numbers crop."""
    flat = [number for pair in reversed(padding) for number in pair]
    return F.pad(x, flat, mode=PAD_MODES[mode]) if any(flat) else x


class Layer(nn.Module):
    """A module with a linear face."""

    linear = False


class Conv(Layer):
    """Explicit padding, then an unpadded convolution."""

    def __init__(self, conv: Any, padding: Sequence[Pair], mode: str) -> None:
        super().__init__()
        self.conv, self.padding, self.mode = conv, padding, mode

    def forward(self, x: Any) -> Any:
        return self.conv(pad(x, self.padding, self.mode))


class Pool(Layer):
    """Max, average or power-average pooling; a positively weighted sum over the same window in linear mode."""

    def __init__(self, kind: str, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, *, ceil: bool) -> None:
        super().__init__()
        self.window = (kernel, stride, padding, dilation)
        ndim = len(kernel)
        if kind == "max":
            self.pool = by_ndim("MaxPool", ndim)(kernel, stride, padding, dilation, ceil_mode=ceil)
        elif kind == "avg":
            self.pool = by_ndim("AvgPool", ndim)(kernel, stride, padding, ceil_mode=ceil)
        else:
            plain = (kernel, stride) if ndim > 1 else (kernel[0], stride[0])
            self.pool = by_ndim("LPPool", ndim)(2, *plain, ceil_mode=ceil)

    def forward(self, x: Any) -> Any:
        real = self.pool(x)
        if not self.linear:
            return real
        kernel, stride, padding, dilation = self.window
        wanted = real.shape[2:]
        sides = tuple(
            (p, max(p, (out - 1) * s + d * (k - 1) + 1 - n - p))
            for n, out, k, s, p, d in zip(x.shape[2:], wanted, kernel, stride, padding, dilation, strict=True)
        )
        summed = depthwise(pad(x, sides), positive(kernel, x.dtype), stride, dilation)
        wanted_part = (..., *(slice(out) for out in wanted))
        return summed[wanted_part]


def positive(kernel: Shape, dtype: Any) -> Any:
    """Positive weights of a window, about 1 together."""
    return (torch.rand(kernel, dtype=dtype) + 0.5) / prod(kernel)


def depthwise(x: Any, weight: Any, stride: Shape, dilation: Shape) -> Any:
    """Convolve every channel with the same kernel."""
    channels = x.shape[1]
    run = (F.conv1d, F.conv2d, F.conv3d)[len(stride) - 1]
    return run(x, weight.expand(channels, 1, *weight.shape), None, stride, 0, dilation, channels)


class BlurPool(Layer):
    """A fixed binomial filter with stride, zero-padded by half the kernel (Zhang 2019, arXiv:1904.11486)."""

    def __init__(self, kernel: int, stride: int, ndim: int) -> None:
        super().__init__()
        row = torch.ones(1, dtype=torch.float64)
        for _ in range(kernel - 1):
            row = F.pad(row, (1, 0)) + F.pad(row, (0, 1))
        weight = row / row.sum()
        for _ in range(ndim - 1):
            weight = weight.unsqueeze(-1) * row
        self.weight, self.stride, self.sides = weight, (stride,) * ndim, (((kernel - 1) // 2,) * 2,) * ndim

    def forward(self, x: Any) -> Any:
        return depthwise(pad(x, self.sides), self.weight.to(x.dtype), self.stride, (1,) * len(self.stride))


class Adaptive(Layer):
    """Adaptive max or average pooling."""

    def __init__(self, kind: str, size: Shape) -> None:
        super().__init__()
        self.real = by_ndim("AdaptiveMaxPool" if kind == "max" else "AdaptiveAvgPool", len(size))(size)
        self.average = by_ndim("AdaptiveAvgPool", len(size))(size)

    def forward(self, x: Any) -> Any:
        return self.average(x) if self.linear else self.real(x)


class Pointwise(Layer):
    """An activation, a norm or a gate: the identity in linear mode."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        return x if self.linear else self.module(x)


class Squeeze(nn.Module):
    """Squeeze and excitation: pool, two 1x1 convolutions with bias, gate (Hu 2018, arXiv:1709.01507)."""

    def __init__(self, channels: int, squeezed: int, ndim: int) -> None:
        super().__init__()
        conv = by_ndim("Conv", ndim)
        self.down, self.up, self.ndim = conv(channels, squeezed, 1), conv(squeezed, channels, 1), ndim

    def forward(self, x: Any) -> Any:
        pooled = x.mean(dim=tuple(range(2, 2 + self.ndim)), keepdim=True)
        return x * self.up(self.down(pooled).relu()).sigmoid()


class Function(Layer):
    """A function without parameters."""

    def __init__(self, call: Callable[[Any], Any]) -> None:
        super().__init__()
        self.call = call

    def forward(self, x: Any) -> Any:
        return self.call(x)


class Summing(Layer):
    """A function for every day, another one in linear mode."""

    def __init__(self, real: Callable[[Any], Any], linear: Callable[[Any], Any]) -> None:
        super().__init__()
        self.calls = (real, linear)

    def forward(self, x: Any) -> Any:
        return self.calls[self.linear](x)


JOINS: dict[str, Callable[[Any, Any], Any]] = {
    "add": torch.add,
    "mul": torch.mul,
    "div": torch.div,
    "max": torch.maximum,
    "min": torch.minimum,
}


class Merge(Layer):
    """Join several tensors; add in linear mode, except for concat. Sizes that differ are aligned first."""

    def __init__(self, merge: str, align: str | None) -> None:
        super().__init__()
        self.merge, self.align = merge, align

    def forward(self, *inputs: Any) -> Any:
        if self.align is not None:
            gates = [self.merge == "mul" and set(x.shape[2:]) == {1} for x in inputs]  # these are broadcast
            maps = [x for x, gate in zip(inputs, gates, strict=True) if not gate] or inputs
            pick = min if self.align == "crop" else max
            wanted = [pick(sizes) for sizes in zip(*(x.shape[2:] for x in maps), strict=True)]
            inputs = tuple(x if gate else centred(x, wanted) for x, gate in zip(inputs, gates, strict=True))
        if self.merge == "concat":
            return torch.cat(inputs, dim=1)
        total = inputs[0]
        for other in inputs[1:]:
            join = torch.add if self.linear else JOINS[self.merge]
            total = join(total, other)
        return total


def centred(x: Any, sizes: Sequence[int]) -> Any:
    """Crop or pad both ends alike, the odd one after."""
    missing = [size - n for size, n in zip(sizes, x.shape[2:], strict=True)]
    return pad(x, [split(m) for m in missing])


def split(missing: int) -> Pair:
    """(before, after) of that sum, the larger part after; negative where there is too much."""
    half = abs(missing) // 2
    sign = 1 if missing > 0 else -1
    return sign * half, missing - sign * half


def make_linear(module: Any) -> Any:
    """Switch a module to its linear face, in double precision, with positive weights and no biases.

    Weights are of the size of 1 by the number of taps, so that a long branch does not drown a short one.
    """
    module.double()
    for part in module.modules():
        part.linear = True
    for name, parameter in module.named_parameters():
        with torch.no_grad():
            if name.endswith("bias"):
                parameter.zero_()
            else:
                parameter.uniform_(0.5, 1.5).div_(parameter[0].numel())
        parameter.requires_grad_(requires_grad=False)
    return module
