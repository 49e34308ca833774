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
}


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


@pytest.mark.parametrize("line", [line for line in LAYERS if not line.startswith("lrn")])
def test_a_layer_behind_a_trained_one_saves_what_autograd_saves(line: str) -> None:
    # Not lrn: PyTorch pads by a copy on the way, which is no part of the formula.
    module = nn.Sequential(nn.Conv2d(8, 8, 1), LAYERS[line]()).train()
    report = cnncalc.analyze(f"conv 8 k1 | {line}", input="8x7x6", batch=3)
    assert report.totals.saved_bytes == saved_bytes(module, torch.rand(3, 8, 7, 6))
