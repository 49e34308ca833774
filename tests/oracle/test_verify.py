"""The examples are the models of torchvision, layer by layer, and a model that is changed in one place is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from tests.export.networks import CONFIGS
from tests.oracle import zoo
from tests.oracle.pytorch import nn, torch

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle
models = zoo.collection("torchvision").models

SAME = [path for path in CONFIGS if path.stem in models.list_models()]


def model(name: str) -> Any:
    parts = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    try:
        with torch.device("meta"):
            return models.get_model(name, weights=None, **parts).eval()
    except NotImplementedError:  # it computes widths with tensors
        return models.get_model(name, weights=None, **parts).eval()


@pytest.mark.parametrize("path", SAME, ids=lambda path: path.stem)
def test_an_example_is_the_model_of_its_name(path: Path) -> None:
    found = cnncalc.verify(path, model(path.stem))
    assert found.mismatches == ()
    assert found.matched >= len([row for row in found.spec if row.op not in ("dropout", "flatten")])


def test_there_are_examples_to_compare() -> None:
    assert {"resnet50", "densenet121", "efficientnet_b0", "inception_v3"} <= {path.stem for path in SAME}
    assert len(SAME) > 15


def stride(net: Any) -> None:
    net.layer2[0].conv1.stride = (1, 1)
    net.layer2[0].downsample[0].stride = (1, 1)


def norm(net: Any) -> None:
    net.layer3[1].bn2 = nn.Identity()


def channels(net: Any) -> None:
    net.fc = nn.Linear(512, 10, device="meta")


def pool(net: Any) -> None:
    net.maxpool = nn.AvgPool2d(3, 2, 1)


@pytest.mark.parametrize(
    ("change", "layers"),
    [
        (stride, {"layer2.0.conv1", "layer2.0.shortcut1"}),
        (norm, {"layer3.1.conv2.bn"}),
        (channels, {"head", ""}),
        (pool, {"maxpool1"}),
    ],
)
def test_a_change_is_found_in_its_place(change: Any, layers: set[str]) -> None:
    (path,) = [each for each in CONFIGS if each.stem == "resnet18"]
    net = model("resnet18")
    change(net)
    found = cnncalc.verify(path, net)
    assert {each.layer for each in found.mismatches if not each.follows} == layers
    assert all(each.at is not None for each in found.mismatches if each.layer)
