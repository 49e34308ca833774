"""Models of PyTorch read with `torch.export`, compared with the modules themselves and with the published networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.importers.pytorch.module import from_module
from cnncalc.importers.writing.to_yaml import to_yaml
from tests.oracle import models
from tests.oracle.pytorch import nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import Report

pytestmark = pytest.mark.oracle
EXAMPLES = Path(__file__).parents[2] / "examples" / "configs"


class Basic(nn.Module):
    def __init__(self, c_in: int, c: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c_in, c, 3, stride, 1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = nn.Conv2d(c, c, 3, 1, 1, bias=False), nn.BatchNorm2d(c)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or c_in != c:
            self.downsample = nn.Sequential(nn.Conv2d(c_in, c, 1, stride, bias=False), nn.BatchNorm2d(c))

    def forward(self, x: Any) -> Any:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    def __init__(self, c_in: int, c: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c_in, c, 1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = nn.Conv2d(c, c, 3, stride, 1, bias=False), nn.BatchNorm2d(c)
        self.conv3, self.bn3 = nn.Conv2d(c, 4 * c, 1, bias=False), nn.BatchNorm2d(4 * c)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or c_in != 4 * c:
            self.downsample = nn.Sequential(nn.Conv2d(c_in, 4 * c, 1, stride, bias=False), nn.BatchNorm2d(4 * c))

    def forward(self, x: Any) -> Any:
        out = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        out = self.bn3(self.conv3(out))
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, block: Any, counts: tuple[int, ...], wide: int) -> None:
        super().__init__()
        self.conv1, self.bn1, self.relu = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        c_in = 64
        for number, count in enumerate(counts):
            c = 64 * 2**number
            stage = []
            for copy in range(count):
                stage.append(block(c_in, c, 2 if number and not copy else 1))
                c_in = c * wide
            setattr(self, f"layer{number + 1}", nn.Sequential(*stage))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(c_in, 1000)

    def forward(self, x: Any) -> Any:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def vgg16() -> Any:
    layers: list[Any] = []
    c_in = 3
    for word in (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"):
        if isinstance(word, str):
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(c_in, word, 3, padding=1), nn.ReLU(inplace=True)]
            c_in = word
    head = [nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(7), nn.Flatten(), *head, nn.Linear(4096, 1000))


class DenseLayer(nn.Module):
    def __init__(self, c_in: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(c_in), nn.Conv2d(c_in, 128, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(128), nn.Conv2d(128, 32, 3, padding=1, bias=False)

    def forward(self, x: Any) -> Any:
        out = self.conv1(torch.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(torch.relu(self.norm2(out)))], 1)


def densenet121() -> Any:
    layers: list[Any] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    c = 64
    for number, count in enumerate((6, 12, 24, 16)):
        if number:
            layers += [nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, c // 2, 1, bias=False), nn.AvgPool2d(2)]
            c //= 2
        layers += [DenseLayer(c + 32 * step) for step in range(count)]
        c += 32 * count
    return nn.Sequential(
        *layers, nn.BatchNorm2d(c), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 1000)
    )


PUBLISHED: dict[str, Callable[[], Any]] = {
    "resnet18": lambda: ResNet(Basic, (2, 2, 2, 2), 1),
    "resnet50": lambda: ResNet(Bottleneck, (3, 4, 6, 3), 4),
    "vgg16": vgg16,
    "densenet121": densenet121,
    "mobilenet_v2": models.mobilenet_v2,
}


def meta(make: Callable[[], Any]) -> Any:
    with torch.device("meta"):
        return make()


def weighted(report: Report) -> list[tuple[int, ...]]:
    """Output shapes of the layers with MACs, which every way to write a network has."""
    return sorted(layer.output_shape for layer in report if layer.macs)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_in_code_has_the_figures_of_our_file(name: str) -> None:
    imported = from_module(meta(PUBLISHED[name]), {"input": (3, 224, 224)})
    ours = cnncalc.analyze(EXAMPLES / f"{name}.yaml")
    for text in (to_yaml(imported), to_yaml(imported, flat=True)):
        report = cnncalc.analyze(text)
        assert report.totals.params == ours.totals.params
        assert report.totals.buffers == ours.totals.buffers
        assert report.totals.macs == ours.totals.macs
        assert weighted(report) == weighted(ours)
        assert list(report.outputs.values()) == [(1000,)]


def test_resnet_50_is_a_page_with_a_count_for_every_repeat() -> None:
    text = to_yaml(from_module(meta(PUBLISHED["resnet50"]), {"input": (3, 224, 224)}))
    assert len(text.splitlines()) < 50
    names = {layer.name for layer in cnncalc.analyze(text)}
    wanted = {name for name, part in meta(PUBLISHED["resnet50"]).named_modules() if isinstance(part, nn.Conv2d)}
    assert {name.removesuffix(".0") for name in wanted if "downsample" in name} <= names
    assert {name for name in wanted if "downsample" not in name} <= names


def test_the_shape_of_every_module_is_that_which_pytorch_gives() -> None:
    module = PUBLISHED["resnet18"]()
    shapes: dict[str, tuple[int, ...]] = {}
    for name, part in module.named_modules():
        if isinstance(part, nn.Conv2d):
            part.register_forward_hook(lambda _m, _i, out, name=name: shapes.update({name: tuple(out.shape[1:])}))
    module.eval()(torch.zeros(1, 3, 64, 64))
    report = cnncalc.analyze(cnncalc.from_torch(module, (3, 64, 64)))
    for name, shape in shapes.items():
        assert report[name.removesuffix(".0") if "downsample" in name else name].output_shape == shape


def test_the_receptive_field_is_that_of_the_gradient() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3, dilation=2)).double()
    for part in module:
        for weight in part.parameters():
            nn.init.constant_(weight, 1)
    module[1] = nn.AvgPool2d(2)  # a gradient to every tap
    report = cnncalc.analyze(cnncalc.from_torch(module, (1, 32, 32)))
    x = torch.ones(1, 1, 32, 32, dtype=torch.float64, requires_grad=True)
    y = module(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    seen = (x.grad[0, 0] != 0).any(1).sum().item()
    assert report.layers[-1].reach[0].rf == seen == 12
