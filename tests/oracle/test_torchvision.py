"""Models of torchvision, read on the meta device: parameters, MACs and shapes to the integer."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from tests.oracle import zoo
from tests.oracle.pytorch import nn, torch

pytestmark = pytest.mark.oracle
models = zoo.collection("torchvision").models

NAMES = (
    "alexnet", "resnet18", "googlenet", "squeezenet1_1", "mobilenet_v2",
    "mobilenet_v3_small", "shufflenet_v2_x0_5", "convnext_tiny", "swin_t", "vit_b_32",
    "fcn_resnet50", "lraspp_mobilenet_v3_large", "r3d_18",
)  # fmt: skip
VIDEO = (3, 8, 112, 112)


def model(name: str) -> Any:
    parts: dict[str, object] = {"weights_backbone": None} if name.startswith(("fcn", "lraspp")) else {}
    if name == "googlenet":
        parts["init_weights"] = False
    with torch.device("meta"):
        return models.get_model(name, weights=None, **parts)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_has_the_parameters_macs_and_shapes_that_pytorch_has(name: str) -> None:
    zoo.check(model(name), VIDEO if name == "r3d_18" else (3, 224, 224))


def test_resnet_18_from_torchvision_has_the_published_parameters() -> None:
    assert cnncalc.analyze(cnncalc.from_torch(model("resnet18"), (3, 224, 224))).totals.params == 11_689_512


def test_the_maps_of_a_feature_pyramid_are_its_outputs() -> None:
    ops = zoo.collection("torchvision").ops
    with torch.device("meta"):
        pyramid = ops.FeaturePyramidNetwork([8, 16], 4)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 16, 3, 2, 1)
            self.fpn = pyramid

        def forward(self, x: Any) -> Any:
            a = self.a(x)
            return self.fpn({"0": a, "1": self.b(a)})

    with torch.device("meta"):
        net = Net()
    zoo.check(net, (3, 32, 32))
    report = cnncalc.analyze(cnncalc.from_torch(net, (3, 32, 32)))
    assert sorted(report.outputs.values()) == [(4, 8, 8), (4, 16, 16)]
