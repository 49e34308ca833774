"""What single modules of PyTorch become; refusals first."""

from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from tests.oracle.functions import Calls
from tests.oracle.pytorch import nn, torch

pytestmark = pytest.mark.oracle


def lines(module: Any, *shape: int, **options: Any) -> list[str]:
    """The layer lines of the flat spec, without names."""
    text = cnncalc.from_torch(module, shape, flat=True, **options).text
    body = text.partition("layers:\n")[2].partition("outputs:")[0]
    return [line.strip().removeprefix("- ").rpartition(": ")[2] for line in body.splitlines()]


def test_all_ops_without_a_counterpart_are_named_at_once() -> None:
    module = nn.Sequential(
        Calls(lambda _, x: torch.cumsum(x, 2)), nn.Conv2d(4, 4, 1), Calls(lambda _, x: torch.sort(x, 2)[0])
    )
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.from_torch(module, (4, 8, 8))
    assert [found.message for found in caught.value.findings] == [
        "0: aten.cumsum has no counterpart",
        "2: aten.sort has no counterpart",
    ]


def test_an_unknown_op_can_be_kept_with_its_shape_and_unknown_figures() -> None:
    module = nn.Sequential(Calls(lambda _, x: torch.cumsum(x, 2)), nn.Conv2d(4, 6, 1))
    report = cnncalc.analyze(cnncalc.from_torch(module, (4, 8, 8), allow_unknown=True))
    assert report.layers[0].op == "custom"
    assert report.partial
    assert report.layers[-1].output_shape == (6, 8, 8)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda _, x: torch.fft.rfft2(x).abs(), "0.fft_rfft2.*complex numbers"),
        (lambda _, x: nn.functional.grid_sample(x, x[:, :2].permute(0, 2, 3, 1)), "sampling at positions"),
        (lambda _, x: torch.topk(x, 2, 1)[0], "topk has no counterpart"),
        (lambda _, x: torch.einsum("bchw,bdhw,behw->bcde", x, x, x), "einsum bchw,bdhw,behw"),
        (lambda _, x: x[:1] + x, "slice of the batch"),
        (lambda _, x: x - x.mean(0, keepdim=True), "mean over the batch"),
        (lambda _, x: torch.gather(x, 1, x.argsort(1)), "argsort has no counterpart"),
        (lambda _, x: nn.functional.conv2d(x, x.mean((0, 2, 3)).view(1, 4, 1, 1)), "mean over the batch"),
    ],
)
def test_what_no_layer_does_is_refused_by_name(function: Any, what: str) -> None:
    with pytest.raises(cnncalc.SpecError, match=what):
        cnncalc.from_torch(nn.Sequential(Calls(function)), (4, 8, 8))


def test_a_fixed_kernel_has_no_parameters() -> None:
    def blur(self: Any, x: Any) -> Any:
        return nn.functional.conv2d(x, self.kernel.expand(4, 1, 3, 3), stride=2, padding=1, groups=4)

    module = Calls(blur)
    module.register_buffer("kernel", torch.ones(1, 1, 3, 3))
    module.kernel = module.kernel.repeat(4, 1, 1, 1)
    report = cnncalc.analyze(cnncalc.from_torch(module, (4, 8, 8)))
    assert [layer.op for layer in report] == ["blurpool"]
    assert (report.totals.params, report.layers[0].output_shape) == (0, (4, 4, 4))


@pytest.mark.parametrize(
    ("module", "written"),
    [
        (nn.Conv2d(4, 8, (3, 5), (1, 2), (1, 2), bias=False), "conv 8 k3x5 s1x2 p1x2 nobias"),
        (nn.Conv2d(4, 8, 3, padding="same", dilation=2), "conv 8 k3 same d2"),
        (nn.Conv2d(4, 8, 3, padding=1, groups=4), "dwconv k3 p1 m2"),
        (nn.ConvTranspose2d(4, 8, 3, 2, 1, output_padding=1), "convt 8 k3 s2 p1 op1"),
        (nn.MaxPool2d(3, 2, 1, ceil_mode=True), "maxpool 3 s2 p1 ceil"),
        (nn.AvgPool2d(2), "avgpool 2"),
        (nn.AdaptiveAvgPool2d((2, 4)), "adaptive 2x4"),
        (nn.AdaptiveMaxPool2d(1), "gmp"),
        (nn.GroupNorm(2, 4), "gn 2"),
        (nn.InstanceNorm2d(4, affine=True), "in affine=true"),
        (nn.BatchNorm2d(4, affine=False), "bn affine=false"),
        (nn.PReLU(4), "prelu num_parameters=4"),
        (nn.ReLU6(), "relu6"),
        (nn.Hardtanh(), "hardtanh"),
        (nn.Softmax2d(), "softmax"),
        (nn.PixelShuffle(2), "pixelshuffle 2"),
        (nn.PixelUnshuffle(2), "pixelunshuffle 2"),
        (nn.ChannelShuffle(2), "channelshuffle 2"),
        (nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), "upsample 2 mode=linear align_corners"),
        (nn.Upsample(size=(5, 7)), "upsample size=5x7"),
        (nn.Upsample(scale_factor=1.5), "upsample 3/2"),
        (nn.ReflectionPad2d((1, 2, 3, 3)), "pad 3x1/2 reflect"),
        (nn.ZeroPad2d(1), "pad 1"),
    ],
)
def test_a_module_becomes_the_line_that_a_person_would_write(module: Any, written: str) -> None:
    assert lines(module, 4, 8, 8) == [written]
    spec = cnncalc.from_torch(module, (4, 8, 8))
    out = module.eval()(torch.zeros(2, 4, 8, 8))
    report = cnncalc.analyze(spec)
    assert report.layers[-1].output_shape == tuple(out.shape[1:])
    assert report.totals.params == sum(weight.numel() for weight in module.parameters())


def test_a_channel_shuffle_written_with_views_is_one() -> None:
    def shuffle(_: Any, x: Any) -> Any:
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)

    assert lines(nn.Sequential(Calls(shuffle), nn.Conv2d(6, 2, 1)), 6, 4, 4) == ["channelshuffle 2", "conv 2 k1"]


def test_a_pixel_shuffle_written_with_views_is_one() -> None:
    def shuffle(_: Any, x: Any) -> Any:
        n, c, h, w = x.shape
        return x.view(n, c // 4, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3).reshape(n, c // 4, 2 * h, 2 * w)

    assert lines(nn.Sequential(Calls(shuffle), nn.Conv2d(2, 2, 1)), 8, 4, 6) == ["pixelshuffle 2", "conv 2 k1"]


def test_a_linear_layer_on_channels_that_stand_last_is_a_1x1_convolution() -> None:
    module = Calls(
        lambda self, x: self.out(torch.relu(self.norm(x.permute(0, 2, 3, 1)))).permute(0, 3, 1, 2),
        norm=nn.LayerNorm(4),
        out=nn.Linear(4, 16),
    )
    assert lines(module, 4, 5, 7) == ["ln", "relu", "conv 16 k1"]


def test_a_gate_of_linear_layers_becomes_1x1_convolutions_on_the_pooled_map() -> None:
    def gate(self: Any, x: Any) -> Any:
        weights = torch.sigmoid(self.up(torch.relu(self.down(x.mean((2, 3))))))
        return x * weights.view(x.shape[0], -1, 1, 1)

    module = Calls(gate, down=nn.Linear(8, 2), up=nn.Linear(2, 8))
    assert lines(module, 8, 6, 6) == ["gap", "conv 2 k1", "relu", "conv 8 k1", "sigmoid", "mul x"]
    assert cnncalc.analyze(cnncalc.from_torch(module, (8, 6, 6))).totals.macs == 2 * 8 * 2


def test_parts_of_a_split_are_slices() -> None:
    def halves(self: Any, x: Any) -> Any:
        first, second = x.chunk(2, 1)
        return torch.cat([self.conv(first), second], 1)

    module = Calls(halves, conv=nn.Conv2d(3, 5, 1))
    assert lines(module, 6, 4, 4) == ["slice 0:3", "slice 3:6 from=x", "conv 5 k1 from=chunk_0", "concat chunk_1"]
    assert cnncalc.analyze(cnncalc.from_torch(module, (6, 4, 4))).layers[-1].output_shape == (8, 4, 4)


def test_a_module_that_is_called_twice_counts_once() -> None:
    conv = nn.Conv2d(4, 4, 3, padding=1)
    report = cnncalc.analyze(cnncalc.from_torch(Calls(lambda self, x: self.conv(self.conv(x)), conv=conv), (4, 8, 8)))
    assert report.totals.params == 4 * 4 * 9 + 4
    assert report.totals.macs == 2 * 64 * 4 * 4 * 9


def test_frozen_weights_are_frozen() -> None:
    conv = nn.Conv2d(4, 4, 1).requires_grad_(requires_grad=False)
    assert lines(conv, 4, 8, 8) == ["conv 4 k1 frozen"]


def test_training_mode_is_given_back() -> None:
    module = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))
    module[1].eval()
    cnncalc.from_torch(module, (4, 8, 8))
    assert [part.training for part in module.modules()] == [True, True, False]
