"""Receptive fields of models of torchvision and timm: the pixels whose gradient at an interior unit is not zero."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from tests.oracle import zoo
from tests.oracle.pytorch import nn, torch

pytestmark = pytest.mark.oracle

# collection, model, module whose output is looked at, size of the square input
MODELS = (
    ("torchvision", "resnet18", "layer2", 160),
    ("torchvision", "mobilenet_v2", "features.6", 128),
    ("torchvision", "shufflenet_v2_x0_5", "stage2", 128),
    ("timm", "convnext_atto", "stages.1", 256),
    ("timm", "cs3darknet_focus_s", "stages.0", 64),
    ("timm", "inception_next_atto", "stages.0", 144),
    ("timm", "mambaout_femto", "stages.0", 96),
)


def model(collection: str, name: str) -> Any:
    found = zoo.collection(collection)
    made = found.models.get_model(name, weights=None) if collection == "torchvision" else found.create_model(name)
    return made.double().eval()


def spread_gradients(module: Any) -> None:
    """Positive weights, and nothing that selects or saturates: every pixel that is read has a gradient."""
    torch.manual_seed(0)
    for part in module.modules():
        for name, child in part.named_children():
            if isinstance(child, nn.MaxPool2d):
                pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
                setattr(part, name, pool)
            elif isinstance(child, nn.ReLU6):  # which has no gradient above 6
                setattr(part, name, nn.ReLU())
    with torch.no_grad():
        for parameter in module.parameters():
            fan = max(1, parameter[0].numel()) if parameter.dim() > 1 else 1
            parameter.copy_(torch.rand_like(parameter).add(0.5).div(fan))


def seen_by(module: Any, name: str, size: int) -> list[tuple[int, int]]:
    """By axis, how far the pixels spread that the unit in the middle sees, and how many rows or columns they are."""
    x = torch.rand(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    outputs: list[Any] = []
    hook = module.get_submodule(name).register_forward_hook(lambda _m, _i, out: outputs.append(out))
    module(x)
    hook.remove()
    out = outputs[0]
    if out.shape[1] == out.shape[2]:  # channels last
        out = out.permute(0, 3, 1, 2)
    out[0, :, out.shape[2] // 2, out.shape[3] // 2].sum().backward()
    assert x.grad is not None
    pixels = (x.grad[0] != 0).any(0)
    found = []
    for axis in (1, 0):
        places = pixels.any(axis).nonzero()
        found.append((int(places.max() - places.min()) + 1, len(places)))
    return found


@pytest.mark.parametrize(("collection", "name", "place", "size"), MODELS)
def test_a_unit_sees_the_pixels_that_have_a_gradient(collection: str, name: str, place: str, size: int) -> None:
    module = model(collection, name)
    spread_gradients(module)
    spec = cnncalc.from_torch(module, (3, size, size))
    found = cnncalc.analyze(spec)[place]
    assert not found.is_global
    assert [(axis.rf, axis.touched) for axis in found.reach] == seen_by(module, place, size)
    assert all(axis.rf < size for axis in found.reach)  # nothing is clipped by the border
