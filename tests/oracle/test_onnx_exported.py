"""Modules as PyTorch exports them to ONNX against the modules: parameters, MACs, shapes and receptive fields."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from tests.frameworks import needed
from tests.oracle.pytorch import F, nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable

needed("onnx")  # the exporter looks through the model with it

pytestmark = pytest.mark.oracle


def exported(module: Any, shape: tuple[int, ...], *, free: bool, opset: int) -> bytes:
    """The bytes of a file, norms left apart; `free`: the batch and the sizes are."""
    data = io.BytesIO()
    dynamic = {"x": {0: "N", 2: "H", 3: "W"}} if free else {}
    apart: dict[str, Any] = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
    names: dict[str, Any] = {"input_names": ["x"], "dynamic_axes": dynamic}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter by tracing will go some day
        x = (torch.randn(1, *shape),)
        torch.onnx.export(module.eval(), x, data, opset_version=opset, dynamo=False, **apart, **names)
    return data.getvalue()


def unlike(module: Any) -> Any:
    """With weights that all differ: the exporter gives equal ones one name."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    return module


class Residual(nn.Module):
    def __init__(self, into: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(into, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.shortcut = nn.Sequential(nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class Squeeze(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(channels, 4), nn.Linear(4, channels)

    def forward(self, x: Any) -> Any:
        y = torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3))))))
        return x * y[:, :, None, None]


class ConvNext(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dw = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.a, self.b = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
        self.gamma = nn.Parameter(torch.randn(channels))

    def forward(self, x: Any) -> Any:
        y = self.norm(self.dw(x).permute(0, 2, 3, 1))
        return x + (self.b(F.gelu(self.a(y))) * self.gamma).permute(0, 3, 1, 2)


class Transformer(nn.Module):
    def __init__(self, channels: int, heads: int, tokens: int) -> None:
        super().__init__()
        self.heads = heads
        self.token = nn.Parameter(torch.randn(1, 1, channels))
        self.place = nn.Parameter(torch.randn(1, tokens + 1, channels))
        self.norm, self.qkv = nn.LayerNorm(channels), nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Any) -> Any:
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x.flatten(2).transpose(1, 2)], 1) + self.place
        n, count, channels = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, count, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, count, channels)
        return (x + self.proj(y))[:, 0]


class Shuffled(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels // 2, channels // 2, 3, padding=1)

    def forward(self, x: Any) -> Any:
        a, b = x.chunk(2, 1)
        x = torch.cat([a, self.conv(b)], 1)
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Unet(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, 2 * channels, 3, 2, 1)
        self.up = nn.ConvTranspose2d(2 * channels, channels, 2, 2)
        self.out = nn.Conv2d(2 * channels, 4 * channels, 3, padding=1)

    def forward(self, x: Any) -> Any:
        y = self.out(torch.cat([x, self.up(F.silu(self.down(x)))], 1))
        return F.pixel_shuffle(y, 2) + F.interpolate(x, scale_factor=2, mode="bilinear")


class Windows(nn.Module):
    """Shifted windows, Liu et al. 2021 (arXiv:2103.14030)."""

    def __init__(self, channels: int, heads: int, size: int) -> None:
        super().__init__()
        self.heads, self.size = heads, size
        self.qkv = nn.Linear(channels, 3 * channels)
        self.bias = nn.Parameter(torch.randn(heads, size**2, size**2))

    def forward(self, x: Any) -> Any:
        n, c, h, w = x.shape
        s, m = self.size, self.heads
        y = torch.roll(x.permute(0, 2, 3, 1), (-s // 2, -s // 2), (1, 2))
        y = y.reshape(n, h // s, s, w // s, s, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, s * s, c)
        q, k, v = self.qkv(y).reshape(-1, s * s, 3, m, c // m).permute(2, 0, 3, 1, 4)
        y = torch.softmax(q @ k.transpose(-2, -1) * (c // m) ** -0.5 + self.bias, -1) @ v
        y = y.transpose(1, 2).reshape(n, h // s, w // s, s, s, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)
        return x + y


MODULES: dict[str, Callable[[], Any]] = {
    "residual": lambda: nn.Sequential(Residual(8, 8, 1), Residual(8, 16, 2)),
    "squeeze": lambda: nn.Sequential(nn.Conv2d(8, 8, 3, groups=8), nn.Hardswish(), Squeeze(8), nn.Conv2d(8, 16, 1)),
    "convnext": lambda: nn.Sequential(ConvNext(8), ConvNext(8)),
    "transformer": lambda: nn.Sequential(nn.Conv2d(8, 16, 4, 4), Transformer(16, 4, 16), nn.Linear(16, 10)),
    "shuffled": lambda: nn.Sequential(Shuffled(8), Shuffled(8)),
    "unet": lambda: Unet(8),
    "windows": lambda: nn.Sequential(nn.Conv2d(8, 16, 1), Windows(16, 2, 4), nn.Conv2d(16, 8, 3, padding=1)),
    "norms": lambda: nn.Sequential(
        nn.Conv2d(8, 8, 3), nn.GroupNorm(2, 8), nn.Mish(), nn.InstanceNorm2d(8, affine=True), nn.LeakyReLU(),
        nn.PReLU(8),
    ),
    "pools": lambda: nn.Sequential(
        nn.MaxPool2d(3, 2, 1), nn.Conv2d(8, 8, 3, padding=2, dilation=2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 4), nn.Softmax(1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
class TestModules:
    @pytest.mark.parametrize("opset", [14, 17])
    @pytest.mark.parametrize("free", [False, True])
    def test_a_file_has_the_figures_of_its_module(self, name: str, opset: int, *, free: bool) -> None:
        shape = (8, 16, 16)
        module = unlike(MODULES[name]())
        ours = cnncalc.analyze(cnncalc.from_torch(module, shape))
        found = cnncalc.analyze(cnncalc.from_onnx(exported(module, shape, free=free, opset=opset), {"x": shape}))
        assert found.totals.params == sum(parameter.numel() for parameter in module.parameters())
        assert found.totals.macs == ours.totals.macs
        assert found.totals.buffers == ours.totals.buffers
        assert list(found.outputs.values()) == list(ours.outputs.values())
        fields = [[report[out].reach for out in report.outputs] for report in (found, ours)]
        assert fields[0] == fields[1]
