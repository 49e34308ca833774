"""Layers that the random networks leave out, against PyTorch: shape, parameters, buffers, MACs, saved tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from tests.oracle.layers import Function, Squeeze
from tests.oracle.programs import saved_bytes
from tests.oracle.pytorch import F, FlopCounterMode, nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.oracle


def plain_attention() -> Any:
    """Inside of it attention runs as two products, which PyTorch's flop counter knows on every machine."""
    kernels = torch.nn.attention
    return kernels.sdpa_kernel(kernels.SDPBackend.MATH)


class Attention(nn.Module):
    """Multi-head self-attention over the positions of a map, with the parameters of nn.MultiheadAttention."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.joint = nn.MultiheadAttention(channels, heads)

    def forward(self, x: Any) -> Any:
        joint = self.joint
        tokens = x.flatten(2).transpose(1, 2)
        parts = F.linear(tokens, joint.in_proj_weight, joint.in_proj_bias).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        mixed = (q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1)).softmax(-1) @ v
        return joint.out_proj(mixed.transpose(1, 2).flatten(2)).transpose(1, 2).reshape(x.shape)


class Weighted(nn.Module):
    """A learned factor or offset."""

    def __init__(self, apply: Callable[[Any, Any], Any], *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.run = apply

    def forward(self, x: Any) -> Any:
        return self.run(x, self.weight)


def separable() -> Any:
    return nn.Sequential(nn.Conv2d(8, 8, 3, 2, 1, groups=8, bias=False), nn.Conv2d(8, 12, 1))


LAYERS: dict[str, Callable[[], Any]] = {
    "sepconv 12 k3 s2 p1": separable,
    "attention 2": lambda: Attention(8, 2),
    "se 2": lambda: Squeeze(8, 2, 2),
    "gn 4": lambda: nn.GroupNorm(4, 8),
    "in": lambda: nn.InstanceNorm2d(8),
    "lrn 5": lambda: nn.LocalResponseNorm(5),
    "prelu": nn.PReLU,
    "softmax": lambda: nn.Softmax(dim=1),
    "softplus": nn.Softplus,
    "mish": nn.Mish,
    "celu": nn.CELU,
    "selu": nn.SELU,
    "hsigmoid": nn.Hardsigmoid,
    "hardtanh": nn.Hardtanh,
    "gap": lambda: nn.AdaptiveAvgPool2d(1),
    "gmp": lambda: nn.AdaptiveMaxPool2d(1),
    "flatten": nn.Flatten,
    "fc 5": lambda: nn.Sequential(nn.Flatten(), nn.Linear(8 * 7 * 6, 5)),
    "tokens": lambda: nn.Flatten(2),
    "channelshuffle 4": lambda: nn.ChannelShuffle(4),
    "slice 2:5": lambda: Function(lambda x: x[:, 2:5]),
    "lppool 2": lambda: nn.LPPool2d(2, 2),
    "pad 2 reflect": lambda: nn.ReflectionPad2d(2),
    "pad 1": lambda: nn.ZeroPad2d(1),
    "dropout 0.3": lambda: nn.Dropout(0.3),
    **{
        name: lambda name=name: Function(getattr(torch, name))  # type: ignore[misc] # a lambda with a default
        for name in ("exp", "log", "sqrt", "rsqrt", "square", "abs", "neg", "erf")
    },
    "softmax over=positions": lambda: Function(lambda x: x.flatten(2).softmax(2).view(x.shape)),
    "softmax over=w": lambda: nn.Softmax(dim=3),
    "scale": lambda: Weighted(torch.mul, 8, 1, 1),
    "scale over=positions": lambda: Weighted(torch.mul, 1, 7, 6),
    "scale over=all": lambda: Weighted(torch.mul, 8, 7, 6),
    "shift": lambda: Weighted(torch.add, 8, 1, 1),
    "shift over=all": lambda: Weighted(torch.add, 8, 7, 6),
    "ln over=all": lambda: nn.LayerNorm((8, 7, 6)),
    "rms over=all": lambda: nn.RMSNorm((8, 7, 6)),
    "reduce mean over=channels": lambda: Function(lambda x: x.mean(1, keepdim=True)),
    "reduce max over=h": lambda: Function(lambda x: x.amax(2, keepdim=True)),
    "reduce min over=w": lambda: Function(lambda x: x.amin(3, keepdim=True)),
    "reduce sum over=positions": lambda: Function(lambda x: x.sum((2, 3), keepdim=True)),
    "reduce norm over=channels": lambda: Function(lambda x: torch.linalg.vector_norm(x, dim=1, keepdim=True)),
    "rearrange 4x12x7": lambda: Function(lambda x: x.reshape(-1, 4, 12, 7)),
    "crop 1/0x2/1": lambda: Function(lambda x: x[:, :, 1:, 2:-1]),
}


class Parallel(nn.Module):
    """What several 1x1 convolutions give, joined."""

    def __init__(self, join: Callable[..., Any], *outputs: int) -> None:
        super().__init__()
        self.paths = nn.ModuleList(nn.Conv2d(8, out, 1) for out in outputs)
        self.join = join

    def forward(self, x: Any) -> Any:
        return self.join(*(path(x) for path in self.paths))


class ClassToken(nn.Module):
    """Tokens, one more before them, a linear layer on each."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, 8))
        self.linear = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        tokens = x.flatten(2).transpose(1, 2)
        joined = torch.cat((self.weight.expand(len(tokens), -1, -1), tokens), dim=1)
        return self.linear(joined)[:, 1:].transpose(1, 2)


def attend(q: Any, k: Any, v: Any) -> Any:
    """Two heads, as the mathematical formula has it: scaled once, weights kept."""
    one, *others = (part.flatten(2).unflatten(1, (2, -1)).transpose(2, 3) for part in (q, k, v))
    mixed = (one * one.shape[-1] ** -0.5 @ others[0].transpose(2, 3)).softmax(-1) @ others[1]
    return mixed.transpose(2, 3).flatten(1, 2).unflatten(2, q.shape[2:])


def grouped(q: Any, k: Any, v: Any) -> Any:
    """Four heads of the query, two of key and value, in windows of 21 positions."""
    parts = []
    for part, heads in ((q, 4), (k, 2), (v, 2)):
        windows = part.flatten(2).unflatten(2, (2, 21)).movedim(2, 1).flatten(0, 1)
        split = windows.unflatten(1, (heads, -1)).transpose(2, 3)
        parts.append(split.repeat_interleave(4 // heads, dim=1))
    mixed = F.scaled_dot_product_attention(*parts).transpose(2, 3).flatten(1, 2)
    return mixed.unflatten(0, (-1, 2)).movedim(1, 2).flatten(2).unflatten(2, q.shape[2:])


JOINED: dict[str, Callable[[], Any]] = {
    "b: conv 8 k1 | a: conv 8 k1 from=x | div b": lambda: Parallel(torch.div, 8, 8),
    "b: conv 8 k1 | a: conv 8 k1 from=x | min b": lambda: Parallel(torch.minimum, 8, 8),
    "b: conv 1 k1 | a: conv 8 k1 from=x | sub b align=broadcast": lambda: Parallel(torch.sub, 8, 1),
    "b: conv 1 k1 | a: conv 8 k1 from=x | div b align=broadcast": lambda: Parallel(torch.div, 8, 1),
    "b: conv 8 k1 | gap | a: conv 8 k1 from=x | mul gap1 align=broadcast": lambda: Parallel(
        lambda a, b: a * b.mean((2, 3), keepdim=True), 8, 8
    ),
    "q: conv 8 k1 | k: conv 8 k1 from=x | v: conv 6 k1 from=x | sdpa k v heads=2 from=q": lambda: Parallel(
        attend, 8, 8, 6
    ),
    "b: conv 42 k1 | a: conv 6 k1 from=x | matmul b out=6x42 inner=42": lambda: Parallel(
        lambda a, b: a.flatten(2) @ b.flatten(2), 6, 42
    ),
    "b: conv 6 k1 | a: conv 6 k1 from=x | matmul b out=6x7x7 inner=6": lambda: Parallel(
        lambda a, b: a @ b.transpose(2, 3), 6, 6
    ),
    "tokens | prepend 2 | linear 5 | crop 1/0": ClassToken,
}
SCORED: dict[str, Callable[[], Any]] = {
    "q: conv 8 k1 | k: conv 4 k1 from=x | v: conv 6 k1 from=x | sdpa k v heads=4 kv_heads=2 windows=2 from=q": (
        lambda: Parallel(grouped, 8, 4, 6)
    ),
}
"""Whose saved tensors are those of a fused kernel, or of copies that PyTorch makes on the way."""


def totals(module: Any) -> tuple[int, int]:
    """Parameters, and buffers without the step counter."""
    buffers = sum(tensor.numel() for tensor in module.buffers() if tensor.ndim)
    return sum(tensor.numel() for tensor in module.parameters()), buffers


@pytest.mark.parametrize("line", LAYERS)
def test_a_layer_has_the_shape_the_parameters_and_the_macs_of_pytorch(line: str) -> None:
    module = LAYERS[line]().eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = module(torch.rand(1, 8, 7, 6))
    (row,) = cnncalc.analyze(line, input="8x7x6").layers
    assert row.output_shape == tuple(output.shape[1:])
    assert (row.params, row.buffers) == totals(module)
    assert 2 * row.macs == counter.get_total_flops()


@pytest.mark.parametrize("line", [*JOINED, *SCORED])
def test_what_joins_several_maps_has_the_shape_the_parameters_and_the_macs_of_pytorch(line: str) -> None:
    module = {**JOINED, **SCORED}[line]().eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter, plain_attention():
        output = module(torch.rand(1, 8, 7, 6))
    report = cnncalc.analyze(line, input="8x7x6")
    assert report.layers[-1].output_shape == tuple(output.shape[1:])
    assert (report.totals.params, report.totals.buffers) == totals(module)
    assert 2 * report.totals.macs == counter.get_total_flops()


@pytest.mark.parametrize("line", JOINED)
def test_what_joins_several_maps_saves_what_autograd_saves(line: str) -> None:
    report = cnncalc.analyze(line, input="8x7x6", batch=3)
    assert report.totals.saved_bytes == saved_bytes(JOINED[line]().train(), torch.rand(3, 8, 7, 6))


@pytest.mark.parametrize("line", [line for line in LAYERS if not line.startswith(("lrn", "rms"))])
def test_a_layer_behind_a_trained_one_saves_what_autograd_saves(line: str) -> None:
    # Not lrn: PyTorch pads by a copy on the way, which is no part of the formula. Not rms: on a CPU it has no kernel.
    module = nn.Sequential(nn.Conv2d(8, 8, 1), LAYERS[line]()).train()
    report = cnncalc.analyze(f"conv 8 k1 | {line}", input="8x7x6", batch=3)
    assert report.totals.saved_bytes == saved_bytes(module, torch.rand(3, 8, 7, 6))
