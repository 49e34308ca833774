"""Known networks twice: as model code has them, and as the language has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracle.pytorch import nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable


def conv_bn(c_in: int, c_out: int, k: int, stride: int = 1, *, groups: int = 1, act: Any = None) -> list[Any]:
    """Convolution padded by half, batch norm, activation in place."""
    conv = nn.Conv2d(c_in, c_out, k, stride, k // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(c_out), *([act(inplace=True)] if act else [])]


class Residual(nn.Module):
    """`body(x) + shortcut(x)`, added in place, then an activation in place."""

    def __init__(self, body: list[Any], shortcut: list[Any] | None = None, *, then: Any = None) -> None:
        super().__init__()
        self.body, self.shortcut = nn.Sequential(*body), nn.Sequential(*(shortcut or []))
        self.then = then(inplace=True) if then else nn.Identity()

    def forward(self, x: Any) -> Any:
        out = self.body(x)
        out += self.shortcut(x)
        return self.then(out)


class Concat(nn.Module):
    """The outputs of paths from the same tensor, one after the other along the channels."""

    def __init__(self, *paths: Any) -> None:
        super().__init__()
        self.paths = nn.ModuleList(paths)

    def forward(self, x: Any) -> Any:
        return torch.cat([path(x) for path in self.paths], dim=1)


class Squeeze(nn.Module):
    """Squeeze and excitation with SiLU inside."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.down, self.up = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)
        self.act, self.gate = nn.SiLU(inplace=True), nn.Sigmoid()

    def forward(self, x: Any) -> Any:
        return x * self.gate(self.up(self.act(self.down(self.pool(x)))))


def lenet() -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


LENET = """
cnncalc: 1
input: 1x32x32
layers:
  - conv 6 k5 tanh | avgpool 2
  - conv 16 k5 tanh | avgpool 2
  - flatten | linear 120 tanh | linear 84 tanh | linear 10
"""


def fire() -> Any:
    def squeeze(c_in: int, s: int, e: int) -> list[Any]:
        one = nn.Sequential(nn.Conv2d(s, e, 1), nn.ReLU(inplace=True))
        three = nn.Sequential(nn.Conv2d(s, e, 3, padding=1), nn.ReLU(inplace=True))
        return [nn.Conv2d(c_in, s, 1), nn.ReLU(inplace=True), Concat(one, three)]

    return nn.Sequential(
        nn.Conv2d(3, 96, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True), *squeeze(96, 16, 64),
        *squeeze(128, 16, 64), nn.MaxPool2d(3, 2, ceil_mode=True), *squeeze(128, 32, 128), nn.Dropout(0.5),
        nn.Conv2d(256, 10, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


FIRE = """
cnncalc: 1
input: 3x97x97
blocks:
  fire(s, e):
    - conv s k1 relu
    - branches: [conv e k1 relu, conv e k3 p1 relu]
      merge: concat
layers:
  - conv 96 k7 s2 relu
  - maxpool 3 s2 ceil
  - fire 16 64
  - fire 16 64
  - maxpool 3 s2 ceil
  - fire 32 128
  - dropout 0.5
  - conv 10 k1 relu
  - gap
  - flatten
"""


class UNet(nn.Module):
    """Two levels: padded 3x3 convolutions, max pools, 2x2 up-convolutions, skips that are concatenated."""

    def __init__(self) -> None:
        super().__init__()
        relu = nn.ReLU
        self.down1 = nn.Sequential(*conv_bn(3, 8, 3, act=relu), *conv_bn(8, 8, 3, act=relu))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), *conv_bn(8, 16, 3, act=relu), *conv_bn(16, 16, 3, act=relu))
        self.middle = nn.Sequential(nn.MaxPool2d(2), *conv_bn(16, 32, 3, act=relu), nn.ConvTranspose2d(32, 16, 2, 2))
        self.up2 = nn.Sequential(*conv_bn(32, 16, 3, act=relu), nn.ConvTranspose2d(16, 8, 2, 2))
        self.up1 = nn.Sequential(*conv_bn(16, 8, 3, act=relu), nn.Conv2d(8, 2, 1))

    def forward(self, x: Any) -> Any:
        first = self.down1(x)
        second = self.down2(first)
        return self.up1(torch.cat([first, self.up2(torch.cat([second, self.middle(second)], dim=1))], dim=1))


UNET = """
cnncalc: 1
input: 3x64x48
layers:
  - a: [conv 8 k3 p1 bn relu, conv 8 k3 p1 bn relu]
  - maxpool 2
  - b: [conv 16 k3 p1 bn relu, conv 16 k3 p1 bn relu]
  - [maxpool 2, conv 32 k3 p1 bn relu, convt 16 k2 s2]
  - concat b
  - [conv 16 k3 p1 bn relu, convt 8 k2 s2]
  - concat a
  - [conv 8 k3 p1 bn relu, conv 2 k1]
"""


def mbconv() -> Any:
    silu = nn.SiLU

    def block(c: int, out: int, k: int, stride: int) -> Any:
        wide = 4 * c
        body = [*conv_bn(c, wide, 1, act=silu), *conv_bn(wide, wide, k, stride, groups=wide, act=silu)]
        body += [Squeeze(wide, c // 4), *conv_bn(wide, out, 1)]
        return Residual(body) if stride == 1 and c == out else nn.Sequential(*body)

    return nn.Sequential(
        *conv_bn(3, 16, 3, 2, act=silu), block(16, 16, 3, 1), block(16, 24, 5, 2), block(24, 24, 5, 1),
        *conv_bn(24, 96, 1, act=silu), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(96, 10),
    )  # fmt: skip


MBCONV = """
cnncalc: 1
input: 3x64x64
blocks:
  mb(c, out, k, s):
    - residual:
        - conv 4*c k1 bn silu
        - dwconv k=k s=s half bn silu
        - se c//4 act=silu
        - conv out k1 bn
      shortcut: if_same
layers:
  - conv 16 k3 s2 p1 bn silu
  - mb 16 16 3 1
  - mb 16 24 5 2
  - mb 24 24 5 1
  - conv 96 k1 bn silu
  - gap
  - flatten
  - dropout 0.2
  - linear 10
"""


def resnet18() -> Any:
    relu = nn.ReLU

    def block(c: int, out: int, stride: int) -> Any:
        shortcut = conv_bn(c, out, 1, stride) if stride > 1 or c != out else []
        return Residual([*conv_bn(c, out, 3, stride, act=relu), *conv_bn(out, out, 3)], shortcut, then=relu)

    stages = [module for c, out, s in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
              for module in (block(c, out, s), block(out, out, 1))]  # fmt: skip
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)]
    return nn.Sequential(*conv_bn(3, 64, 7, 2, act=relu), nn.MaxPool2d(3, 2, 1), *stages, *head)


RESNET18 = """
cnncalc: 1
input: 3x224x224
blocks:
  basic(c, s=1):
    - residual:
        - conv c k3 s=s p1 bn relu
        - conv c k3 p1 bn
      shortcut: project
      then: relu
layers:
  - conv 64 k7 s2 p3 bn relu
  - maxpool 3 s2 p1
  - basic 64 *2
  - basic 128 s=first(2) *2
  - basic 256 s=first(2) *2
  - basic 512 s=first(2) *2
  - gap
  - fc 1000
"""


def mobilenet_v2() -> Any:
    relu6 = nn.ReLU6

    def block(c: int, out: int, stride: int, t: int) -> Any:
        wide = c * t
        body = conv_bn(c, wide, 1, act=relu6) if t > 1 else []
        body = [*body, *conv_bn(wide, wide, 3, stride, groups=wide, act=relu6), *conv_bn(wide, out, 1)]
        return Residual(body) if stride == 1 and c == out else nn.Sequential(*body)

    modules, c = conv_bn(3, 32, 3, 2, act=relu6), 32
    rows = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for t, out, n, s in rows:
        for copy in range(n):
            modules.append(block(c, out, s if copy == 0 else 1, t))
            c = out
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, 1000)]
    return nn.Sequential(*modules, *conv_bn(320, 1280, 1, act=relu6), *head)


MOBILENET_V2 = """
cnncalc: 1
input: 3x224x224
layers:
  - conv 32 k3 s2 p1 bn relu6
  - each: [t, c, n, s]
    rows: [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]]
    do:
      - repeat: n
        do:
          - residual:
              - {op: conv, out: t*prev.c, k: 1, norm: bn, act: relu6, when: t != 1}
              - dwconv k3 s=first(s) p1 bn relu6
              - conv c k1 bn
            shortcut: if_same
  - conv 1280 k1 bn relu6
  - gap
  - flatten
  - dropout 0.2
  - linear 1000
"""

MODELS: dict[str, tuple[Callable[[], Any], str]] = {
    "LeNet-5": (lenet, LENET),
    "fire modules": (fire, FIRE),
    "U-Net": (UNet, UNET),
    "MBConv with squeeze and excitation": (mbconv, MBCONV),
    "ResNet-18": (resnet18, RESNET18),
    "MobileNetV2": (mobilenet_v2, MOBILENET_V2),
}
