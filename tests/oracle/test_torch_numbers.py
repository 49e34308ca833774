"""Import, then export: the file that comes out computes what the model computes, with the model's weights.

This proves what figures cannot: which channels and positions a slice, a shuffle or a head has.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

import cnncalc
from cnncalc.export.to_torch import to_torch
from tests.oracle import zoo
from tests.oracle.pytorch import nn, torch

pytestmark = pytest.mark.oracle

# collection, model, size of the square input
MODELS = (
    ("torchvision", "resnet18", 64),
    ("torchvision", "mobilenet_v3_small", 64),
    ("torchvision", "shufflenet_v2_x0_5", 64),
    ("torchvision", "googlenet", 64),
    ("timm", "convnext_atto", 64),
    ("timm", "cs3darknet_focus_s", 64),
    ("timm", "mambaout_femto", 64),
    ("timm", "skresnet18", 64),
    ("timm", "resnest14d", 64),
    ("timm", "eca_vovnet39b", 64),
    ("timm", "tf_efficientnetv2_b0", 64),
    ("timm", "test_vit", 160),
)


def model(collection: str, name: str) -> Any:
    found = zoo.collection(collection)
    if collection == "timm":
        made = found.create_model(name)
    else:
        made = found.models.get_model(name, weights=None, **({"init_weights": False} if name == "googlenet" else {}))
    return made.double().eval()


def with_numbers(module: Any) -> Any:
    """Numbers that tell channels apart, and the constants that the exported file has, too."""
    torch.manual_seed(0)
    for part in module.modules():
        if hasattr(part, "eps"):
            part.eps = 1e-5
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.5 / parameter[0].numel() ** 0.5)
            else:
                nn.init.uniform_(parameter, 0.5, 1.5)
        for name, buffer in module.named_buffers():
            if "running" in name:
                buffer.uniform_(0.5, 1.5)
    return module


def exported(spec: cnncalc.NetworkSpec) -> Any:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(to_torch(cnncalc.analyze(spec)), "exported.py", "exec"), names)  # noqa: S102 - it is our own file
    *_, last = names.values()
    return last().double().eval()


def take_weights(made: Any, module: Any) -> None:
    """Every tensor from the one of as many numbers whose name is most alike."""

    def kept(of: Any) -> dict[str, Any]:
        return {name: each for name, each in of.state_dict().items() if "num_batches" not in name}

    left = kept(module)
    found = {}
    for name, own in kept(made).items():
        fitting = [other for other, each in left.items() if each.numel() == own.numel()]
        best = max(fitting, key=lambda other: likeness(name, other))
        found[name] = left.pop(best).reshape(own.shape)
    made.load_state_dict(found, strict=False)


def likeness(name: str, other: str) -> tuple[int, bool]:
    a, b = (re.split(r"[._]+", each) for each in (name, other))
    same = [x == y for x, y in zip(a, b, strict=False)]
    return (same.index(False) if False in same else len(same)), a[-1] == b[-1]


@pytest.mark.parametrize(("collection", "name", "size"), MODELS)
def test_the_exported_file_computes_what_the_model_computes(collection: str, name: str, size: int) -> None:
    module = with_numbers(model(collection, name))
    made = exported(cnncalc.from_torch(module, (3, size, size)))
    take_weights(made, module)
    x = torch.randn(2, 3, size, size, dtype=torch.float64)
    with torch.no_grad():
        wanted, found = module(x), made(x)
    assert torch.allclose(found.flatten(), wanted.flatten(), rtol=1e-9, atol=1e-9 * float(wanted.abs().max()))
