"""What modules of PyTorch may take, return and be made of; refusals first."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from math import prod
from typing import Any

import pytest

import cnncalc
from cnncalc.importers.pytorch.exporting import call
from tests.oracle import zoo
from tests.oracle.functions import Calls
from tests.oracle.pytorch import F, nn, torch

pytestmark = pytest.mark.oracle
Pair = namedtuple("Pair", "first second")  # noqa: PYI024 - the plain kind, as models have it


@dataclass
class Output:
    logits: Any
    features: Any


class Sides(nn.Module):
    """Two inputs, and more that need not be given."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(5, 4, 1)

    def forward(self, left: Any, right: Any, mask: Any = None, gain: float = 2.0) -> Any:
        y = self.a(left) + self.b(right) * gain
        return y if mask is None else y * mask


class FromDict(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, batch: Any) -> Any:
        return self.conv(batch["image"]) + batch["depth"]


def report(module: Any, *shape: int) -> cnncalc.Report:
    return cnncalc.analyze(cnncalc.from_torch(module, shape))


def ops(module: Any, *shape: int) -> list[str]:
    return [layer.op for layer in report(module, *shape)]


def decides(self: Any, x: Any) -> Any:
    y = self.conv(x)
    if y.sum() > 0:
        return y
    return x


def test_a_forward_pass_that_decides_by_numbers_is_refused_in_one_line_with_its_place() -> None:
    with pytest.raises(cnncalc.UsageError) as caught:
        report(Calls(decides, conv=nn.Conv2d(4, 4, 1)), 4, 8, 8)
    told = str(caught.value)
    assert "depends on the numbers in a tensor (test_torch_modules.py, line" in told
    assert "if y.sum() > 0:" in told
    assert "\n" not in told


def test_a_failed_export_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(cnncalc.UsageError):
        report(Calls(decides, conv=nn.Conv2d(4, 4, 1)), 4, 8, 8)
    assert capfd.readouterr() == ("", "")


def test_an_error_in_the_forward_pass_names_its_line() -> None:
    with pytest.raises(cnncalc.UsageError, match=r"no attribute 'nope' \(test_torch_modules.py, line \d+\)"):
        report(Calls(lambda self, x: self.nope(x)), 4, 8, 8)


def test_an_input_that_is_missing_is_named() -> None:
    with pytest.raises(cnncalc.UsageError, match="missing a required argument: 'right'"):
        report(Sides(), 3, 8, 8)


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_a_quantised_model_is_refused() -> None:
    module = nn.Sequential(nn.Identity(), torch.ao.nn.quantized.Conv2d(3, 4, 1))
    with pytest.raises(cnncalc.UsageError, match=r"is quantised \(1\)"):
        report(module, 3, 8, 8)


def test_a_lazy_model_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(cnncalc.UsageError, match=r"lazy layers \(1\): call it once"):
        report(nn.Sequential(nn.Identity(), nn.LazyConv2d(4, 1)), 3, 8, 8)


def test_complex_numbers_are_refused_by_name() -> None:
    module = Calls(lambda self, x: (torch.complex(x, x) * self.w).abs(), w=nn.Parameter(torch.ones(4, 1, 1)))
    with pytest.raises(cnncalc.SpecError, match=r"aten\.complex gives complex numbers"):
        report(module, 4, 8, 8)


def test_a_callable_that_lacks_arguments_says_how_to_give_them() -> None:
    with pytest.raises(cnncalc.UsageError, match="--args and --kwargs"):
        call("torch.nn:Conv2d")


def test_a_callable_takes_arguments() -> None:
    assert call("torch.nn:Conv2d", [3, 8], {"kernel_size": 3}).weight.shape == (8, 3, 3, 3)


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda self, x: {"out": self.conv(x), "aux": [x.mean((2, 3)), None]}, [(2, 8, 8), (4,)]),
        (lambda self, x: Pair(self.conv(x), x.amax((2, 3))), [(2, 8, 8), (4,)]),
        (lambda self, x: Output(logits=self.conv(x), features=x.mean((2, 3))), [(2, 8, 8), (4,)]),
        (lambda self, x: [self.conv(x), (self.conv(x),)], [(2, 8, 8), (2, 8, 8)]),
    ],
    ids=["dict", "named tuple", "dataclass", "nested"],
)
def test_whatever_a_module_returns_its_tensors_are_the_outputs(function: Any, shapes: list[tuple[int, ...]]) -> None:
    found = report(Calls(function, conv=nn.Conv2d(4, 2, 1)), 4, 8, 8)
    assert list(found.outputs.values()) == shapes


def test_inputs_are_taken_by_the_names_of_the_parameters() -> None:
    for shapes in ({"left": (3, 8, 8), "right": (5, 8, 8)}, {"right": (5, 8, 8), "left": (3, 8, 8)}):
        found = cnncalc.analyze(cnncalc.from_torch(Sides(), shapes))
        assert dict(found.inputs) == shapes
        assert found.totals.params == 3 * 4 + 4 + 5 * 4 + 4


def test_inputs_of_other_names_are_taken_in_order() -> None:
    found = cnncalc.analyze(cnncalc.from_torch(Sides(), {"p": (3, 8, 8), "q": (5, 8, 8)}))
    assert found["a"].layers[0].inputs == ("p",)


def test_an_input_that_has_a_default_may_be_given() -> None:
    shapes = {"left": (3, 8, 8), "right": (5, 8, 8), "mask": (1, 8, 8)}
    found = cnncalc.analyze(cnncalc.from_torch(Sides(), shapes))
    assert [layer.op for layer in found] == ["conv", "conv", "add", "mul"]


def test_inputs_may_be_the_entries_of_a_dict() -> None:
    found = cnncalc.analyze(cnncalc.from_torch(FromDict(), {"image": (3, 8, 8), "depth": (4, 8, 8)}))
    assert [layer.op for layer in found] == ["conv", "add"]


def test_a_module_that_does_nothing_is_a_network() -> None:
    assert ops(nn.Identity(), 3, 8, 8) == ["identity"]


def test_an_instance_norm_with_running_statistics_is_a_batch_norm_with_its_buffers() -> None:
    found = report(nn.InstanceNorm2d(4, affine=True, track_running_stats=True), 4, 8, 8)
    assert [layer.op for layer in found] == ["bn"]
    assert (found.totals.params, found.totals.buffers) == (8, 8)


def test_a_batch_norm_without_running_statistics_sees_the_whole_map() -> None:
    found = report(nn.BatchNorm2d(4, track_running_stats=False), 4, 8, 8)
    assert (found.totals.params, found.totals.buffers) == (8, 0)
    assert found.layers[-1].is_global


@pytest.mark.parametrize(
    ("module", "written"),
    [
        (nn.LayerNorm([4, 8, 8]), ["ln"]),
        (nn.LayerNorm([8, 8]), ["rearrange", "ln"]),
        (nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 6, 3)), ["conv", "scale"]),
        (nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 6, 3)), ["conv"]),
        (nn.utils.spectral_norm(nn.Conv2d(4, 6, 3)), ["conv"]),
    ],
)
def test_parameters_are_counted_whatever_makes_the_weight_of_them(module: Any, written: list[str]) -> None:
    found = report(module, 4, 8, 8)
    assert [layer.op for layer in found] == written
    assert found.totals.params == sum(parameter.numel() for parameter in module.parameters())


def test_a_kernel_that_is_scaled_by_a_parameter_is_a_convolution_and_a_scale() -> None:
    module = Calls(lambda self, x: F.conv2d(x, self.conv.weight * self.gain), conv=nn.Conv2d(4, 4, 3, bias=False))
    module.gain = nn.Parameter(torch.ones(4, 1, 1, 1))
    found = report(module, 4, 8, 8)
    assert [layer.op for layer in found] == ["conv", "scale"]
    assert found.totals.params == 4 * 4 * 9 + 4


def test_a_parameter_of_which_a_part_is_read_counts_as_a_whole() -> None:
    module = Calls(lambda self, x: x + self.positions[:, :8, :8], positions=nn.Parameter(torch.ones(4, 10, 10)))
    assert report(module, 4, 8, 8).totals.params == 400


def test_dropout_and_training_mode_change_nothing() -> None:
    module = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.Dropout(0.0), nn.Dropout(0.25)).train()
    assert ops(module, 4, 8, 8) == ["conv", "bn", "dropout"]
    assert module[1].training


def test_a_module_that_is_called_twice_with_norms_between_counts_once() -> None:
    conv = nn.Conv2d(4, 4, 3, padding=1)
    module = Calls(lambda self, x: self.b(self.conv(self.a(self.conv(x)))), conv=conv, a=nn.GroupNorm(2, 4))
    module.b = nn.GroupNorm(2, 4)
    found = report(module, 4, 8, 8)
    assert found.totals.params == 4 * 4 * 9 + 4 + 2 * 8
    assert found.totals.macs == 2 * 64 * 4 * 4 * 9


def tokens(x: Any) -> Any:
    return x.flatten(2).transpose(1, 2)


FUNCTIONS: dict[str, Any] = {
    "crop and pad": lambda _, x: F.pad(x, (1, -2, 0, 3)),
    "channels padded": lambda _, x: F.pad(x, (0, 0, 0, 0, 2, 1)),
    "flip": lambda _, x: x.flip(2),
    "roll": lambda _, x: x.roll((1, 2), (2, 3)),
    "channels rolled": lambda _, x: x.roll(1, 1),
    "patches": lambda _, x: F.unfold(x, 3, 2, 1, 2),
    "patches added up": lambda _, x: F.fold(F.unfold(x, 2, stride=2), (8, 8), 2, stride=2),
    "windows": lambda _, x: x.unfold(2, 3, 2).unfold(3, 4, 4),
    "rows beside rows": lambda _, x: torch.cat([x, x.flip(2)], 2),
    "stack": lambda _, x: torch.stack([x, x], 2),
    "outer product": lambda _, x: x.mean(2).unsqueeze(-1) * x.mean(3).unsqueeze(-2),
    "steps": lambda _, x: x[:, 1::2, ::3, 2::2],
    "channels by number": lambda _, x: x[:, [2, 0, 1]],
    "rows by number": lambda _, x: x[:, :, [2, 0, 1]],
    "where": lambda _, x: torch.where(x > 0, x, x * 2),
    "masked": lambda _, x: x.masked_fill(x > 0, 0.0),
    "variance": lambda _, x: x.var((2, 3)),
    "deviation of channels": lambda _, x: x.std(1, keepdim=True),
    "unit vectors": lambda _, x: F.normalize(x, dim=1),
    "sums of rows": lambda _, x: x.sum(3),
    "largest channel": lambda _, x: x.max(1)[0],
    "smallest": lambda _, x: x.amin((1, 2)),
    "response norm": lambda _, x: F.local_response_norm(x, 3),
    "gated": lambda _, x: F.glu(x, 1),
    "antialiased": lambda _, x: F.interpolate(x, (5, 5), mode="bilinear", antialias=True),
    "similarity": lambda _, x: tokens(x).softmax(-1) @ tokens(x).transpose(1, 2),
    "einsum": lambda _, x: torch.einsum("bchw,bdhw->bcd", x, x),
    "sums over parts of channels": lambda _, x: x.view(-1, 2, 2, 8, 8).sum(2),
    "largest of halves": lambda _, x: x.view(-1, 2, 2, 8, 8).amax(1),
    "repeated": lambda _, x: x.mean((2, 3), keepdim=True).expand_as(x) + x.repeat_interleave(1, 1),
    "tiled": lambda _, x: torch.cat([x.repeat(1, 2, 1, 1), x.mean(1, keepdim=True).expand(-1, 3, -1, -1)], 1),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_result_of_a_function_has_as_many_elements_as_pytorch_gives(name: str) -> None:
    module = Calls(FUNCTIONS[name])
    out = module(torch.rand(2, 4, 8, 8))
    found = report(module, 4, 8, 8)
    assert not found.partial
    assert prod(found.layers[-1].output_shape) * 2 == out.numel()


@pytest.mark.parametrize("batch_first", [True, False])
def test_multihead_attention_has_the_parameters_and_macs_that_pytorch_counts(*, batch_first: bool) -> None:
    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=batch_first)

        def forward(self, x: Any) -> Any:
            rows = tokens(x) if batch_first else x.flatten(2).permute(2, 0, 1)
            return self.attention(rows, rows, rows)[0]

    module = Attends()
    ours, theirs = zoo.figures(module, (8, 4, 5))
    assert ours == theirs


@pytest.mark.parametrize(
    "layer",
    [
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2),
    ],
    ids=["layer", "stack"],
)
def test_a_transformer_has_the_parameters_and_macs_that_pytorch_counts(layer: Any) -> None:
    class Encodes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Any) -> Any:
            return self.layer(tokens(x))

    with torch.device("meta"):
        module = Encodes().to("meta")
    ours, theirs = zoo.figures(module, (8, 4, 5))
    assert ours == theirs


def test_frozen_attention_is_written_out_too() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).requires_grad_(requires_grad=False)
    found = report(Calls(lambda self, x: self.layer(tokens(x)), layer=layer), 8, 4, 5)
    assert "sdpa" in [row.op for row in found]
    assert all(row.frozen for row in found if row.weights)


def without_gradients(self: Any, x: Any) -> Any:
    with torch.no_grad():
        return self.conv(x) + x


def in_half_precision(self: Any, x: Any) -> Any:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = self.conv(x)
    return y.float() + x


@pytest.mark.parametrize("function", [without_gradients, in_half_precision])
def test_parts_in_another_mode_are_read_like_any(function: Any) -> None:
    assert ops(Calls(function, conv=nn.Conv2d(4, 4, 1)), 4, 8, 8) == ["conv", "add"]


def test_names_are_those_inside_of_a_parallel_module() -> None:
    module = nn.DataParallel(nn.Sequential(nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)))
    assert [layer.name for layer in report(module, 4, 8, 8)] == ["_0", "_1"]


def test_positions_that_are_flattened_and_given_back_stay_local() -> None:
    def mixed(self: Any, x: Any) -> Any:
        n, _, h, w = x.shape
        return self.out(self.norm(tokens(x))).transpose(1, 2).reshape(n, -1, h, w)

    module = nn.Sequential(
        nn.Conv2d(4, 8, 3), Calls(mixed, norm=nn.LayerNorm(8), out=nn.Linear(8, 6)), nn.Conv2d(6, 2, 3)
    )
    found = report(module, 4, 9, 9)
    assert not found.layers[-1].is_global
    assert found.layers[-1].reach[0].rf == 5


def test_windows_that_are_rearranged_are_said_to_give_upper_bounds() -> None:
    text = cnncalc.from_torch(Calls(lambda _, x: x.roll((1, 1), (2, 3))), (4, 8, 8)).text
    assert "# receptive fields behind roll are upper bounds:" in text
    assert "upper bounds" not in cnncalc.from_torch(nn.Conv2d(4, 4, 3), (4, 8, 8)).text
