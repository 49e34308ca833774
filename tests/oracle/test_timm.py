"""Models of timm, read on the meta device: parameters, MACs and shapes to the integer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import zoo
from tests.oracle.pytorch import torch

pytestmark = pytest.mark.oracle
timm = zoo.collection("timm")

CONVOLUTIONAL = (
    "resnetblur18", "skresnet18", "resnest14d", "ecaresnet26t", "gcresnext26ts", "convnextv2_atto",
    "dla34", "repvgg_a0", "tf_efficientnetv2_b0", "mambaout_femto", "inception_next_atto",
    "cs3darknet_focus_s", "test_nfnet",
)  # fmt: skip
ATTENTION = (
    "vit_tiny_patch16_224", "test_vit_relpos", "beit_base_patch16_224", "deit_tiny_distilled_patch16_224",
    "swin_tiny_patch4_window7_224", "botnet26t_256", "lambda_resnet26t", "mobilevit_xxs", "coatnet_nano_rw_224",
    "pvt_v2_b0", "xcit_nano_12_p16_224", "efficientformer_l1", "edgenext_xx_small",
)  # fmt: skip
MIXING = ("mixer_s32_224", "resmlp_12_224")


@pytest.mark.parametrize("name", [*CONVOLUTIONAL, *ATTENTION, *MIXING])
def test_a_model_has_the_parameters_macs_and_shapes_that_pytorch_has(name: str) -> None:
    with torch.device("meta"):
        model: Any = timm.create_model(name)
    zoo.check(model, tuple(model.pretrained_cfg["input_size"]))
