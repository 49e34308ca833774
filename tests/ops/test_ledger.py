"""The counts that other tools' figures are made of, on networks wired by hand."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import Any

import pytest

from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import OPS
from cnncalc.ops.ledger import (
    ADAPTIVE,
    ADAPTIVE_MAX,
    AVGPOOL,
    CONV_BIAS,
    LINEAR_BIAS,
    LPPOOL,
    MAXPOOL,
    POOLS,
    read,
    window,
    written,
)


class Tally:
    """Sums over the layers of a network."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.macs = self.valid = self.params = self.activations = 0

    def __call__(self, op: str, *inputs: TensorShape, **options: Any) -> TensorShape:
        layer = OPS[op].model_validate({"op": op, **options})
        steps = layer.expand(*inputs)
        shapes = {"x": inputs[0]}
        for name, step, takes in [(step.name, step.op, step.takes) for step in steps] or [("", layer, ())]:
            found = step.infer(*([shapes[taken] for taken in takes] or inputs))
            shapes[name] = found.output
            self.counts.update(found.ledger)
            self.macs += found.macs
            self.valid += found.macs_valid
            self.params += sum(prod(weight.shape) for weight in found.weights)
            self.activations += found.activations
        return found.output


def resnet50() -> Tally:
    """He et al. 2015 (arXiv:1512.03385) with the stride in the 3x3, as torchvision has it, at 224."""
    tally = Tally()

    def conv(x: TensorShape, out: int, kernel_size: int, stride: int = 1) -> TensorShape:
        options = {"out_channels": out, "kernel_size": kernel_size, "stride": stride, "padding": kernel_size // 2}
        return tally("bn", tally("conv", x, bias=False, **options))

    x = tally("relu", conv(TensorShape(3, (224, 224)), 64, 7, 2))
    x = tally("maxpool", x, kernel_size=3, stride=2, padding=1)
    for width, blocks, first in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            stride = 1 if block else first
            main = tally("relu", conv(x, width, 1))
            main = conv(tally("relu", conv(main, width, 3, stride)), 4 * width, 1)
            x = tally("relu", tally("add", main, x if block else conv(x, 4 * width, 1, stride)))
    tally("fc", tally("gap", x), out_channels=1000)
    return tally


@pytest.fixture(scope="module")
def tally() -> Tally:
    return resnet50()


class TestResNet50:
    # The figures are what the named tools print for torchvision's model, one image.
    def test_parameters_macs_and_activations_are_torchvisions(self, tally: Tally) -> None:
        assert tally.params == 25_557_032
        assert tally.macs == 4_089_184_256
        assert tally.activations == 11_114_984

    def test_macs_without_taps_on_padding_are_fewer(self, tally: Tally) -> None:
        assert tally.valid == 3_948_251_904

    def test_elements_of_every_kind_are_counted(self, tally: Tally) -> None:
        assert tally.counts["bn"] == 11_113_984
        assert tally.counts["relu"] == 9_608_704
        assert tally.counts[read(MAXPOOL)] == 802_816
        assert tally.counts[read(ADAPTIVE)] == 100_352
        assert tally.counts[LINEAR_BIAS] == 1000
        assert tally.counts[CONV_BIAS] == 0

    def test_ptflops_aten_is_macs_and_biases(self, tally: Tally) -> None:
        assert tally.macs + tally.counts[CONV_BIAS] + tally.counts[LINEAR_BIAS] == 4_089_185_256

    def test_fvcore_adds_norms_and_what_global_pools_read(self, tally: Tally) -> None:
        assert tally.macs + 2 * tally.counts["bn"] + tally.counts[read(ADAPTIVE)] == 4_111_512_576

    def test_ptflops_pytorch_adds_activations_and_pools_twice(self, tally: Tally) -> None:
        twice = tally.counts["bn"] + tally.counts["relu"] + sum(tally.counts[read(pool)] for pool in POOLS)
        assert tally.macs + tally.counts[LINEAR_BIAS] + 2 * twice == 4_132_436_968

    def test_thop_adds_norms_four_times_and_the_window_of_the_global_pool(self, tally: Tally) -> None:
        pool = tally.counts[window(ADAPTIVE)] + tally.counts[written(ADAPTIVE)]
        assert tally.macs + 4 * tally.counts["bn"] + pool == 4_133_742_592

    def test_calflops_counts_macs_twice(self, tally: Tally) -> None:
        once = tally.counts["relu"] + sum(tally.counts[read(pool)] for pool in POOLS)
        assert 2 * tally.macs + 2 * tally.counts["bn"] + once == 8_211_108_352


@pytest.mark.parametrize(
    ("op", "kind", "options"),
    [
        ("maxpool", MAXPOOL, {"kernel_size": 2}),
        ("avgpool", AVGPOOL, {"kernel_size": 2}),
        ("lppool", LPPOOL, {"kernel_size": 2}),
        ("adaptive", ADAPTIVE, {"size": 4}),
        ("adaptive_max", ADAPTIVE_MAX, {"size": 4}),
        ("gap", ADAPTIVE, {}),
        ("gmp", ADAPTIVE_MAX, {}),
    ],
)
def test_every_pool_counts_what_it_reads_and_what_it_writes(op: str, kind: str, options: dict[str, Any]) -> None:
    tally = Tally()
    out = tally(op, TensorShape(3, (8, 8)), **options)
    assert (tally.counts[read(kind)], tally.counts[written(kind)]) == (192, out.numel)


@pytest.mark.parametrize("op", ["conv", "dwconv", "sepconv", "convt", "se"])
def test_every_bias_of_a_convolution_counts_once_per_output_element(op: str) -> None:
    tally = Tally()
    options = {"se": {"squeeze_channels": 2}, "dwconv": {"kernel_size": 3}}.get(
        op, {"out_channels": 5, "kernel_size": 3}
    )
    out = tally(op, TensorShape(3, (8, 8)), **options)
    assert tally.counts[CONV_BIAS] == (2 + 3 if op == "se" else out.numel)
    assert tally.counts[LINEAR_BIAS] == 0
