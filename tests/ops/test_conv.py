from __future__ import annotations

from itertools import product
from math import prod

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import Boundary, PaddingWord
from cnncalc.ops import ledger
from cnncalc.ops.base import FlopClass, Inference
from cnncalc.ops.conv import Conv, DepthwiseConv, SeparableConv


def multiplications(x: TensorShape, conv: Conv) -> tuple[int, int]:
    """Every multiplication of a convolution one by one: all taps, and those on real input."""
    k, s, p, d = conv.kernel_size, conv.stride, conv.padding, conv.dilation
    assert isinstance(k, int)
    assert isinstance(s, int)
    assert isinstance(p, int)
    assert isinstance(d, int)
    positions = [range(0, n + 2 * p - d * (k - 1), s) for n in x.sizes]
    in_group, out_group = x.channels // conv.groups, conv.out_channels // conv.groups
    every = real = 0
    for out_channel in range(conv.out_channels):
        group = out_channel // out_group
        for _ in range(group * in_group, (group + 1) * in_group):
            for corner in product(*positions):
                for tap in product(range(k), repeat=x.ndim):
                    every += 1
                    at = [start + d * t - p for start, t in zip(corner, tap, strict=True)]
                    real += all(0 <= i < n for i, n in zip(at, x.sizes, strict=True))
    return every, real


class TestRefusals:
    def test_groups_that_do_not_divide_the_input_channels_are_refused_with_the_nearest_ones(self) -> None:
        with pytest.raises(LayerError) as caught:
            Conv(out_channels=64, kernel_size=3, groups=32).infer(TensorShape(48, (8, 8)))
        assert caught.value.code == "CNN003"
        assert caught.value.option == "groups"
        assert "48" in caught.value.message
        assert "32" in caught.value.message
        assert caught.value.help == "use 24 or 48 groups, or feed 32 or 64 channels"

    @pytest.mark.parametrize("groups", [24, 48])
    def test_the_groups_that_the_help_offers_fit_the_input(self, groups: int) -> None:
        Conv(out_channels=48, kernel_size=3, groups=groups).infer(TensorShape(48, (8, 8)))

    def test_groups_that_do_not_divide_the_output_channels_are_refused_with_the_nearest_ones(self) -> None:
        with pytest.raises(LayerError) as caught:
            Conv(out_channels=20, kernel_size=3, groups=8).infer(TensorShape(16, (8, 8)))
        assert caught.value.code == "CNN003"
        assert caught.value.help == "use 16 or 24 output channels"

    def test_a_kernel_larger_than_the_padded_input_is_refused_with_both_numbers(self) -> None:
        with pytest.raises(LayerError) as caught:
            Conv(out_channels=8, kernel_size=3, dilation=3, padding=1).infer(TensorShape(3, (4, 9)))
        assert caught.value.code == "CNN002"
        assert "7" in caught.value.message
        assert "6" in caught.value.message
        assert "height" in caught.value.message
        assert caught.value.help == "the height must be at least 5, or the padding 1 more in all"

    def test_the_size_that_the_help_names_is_the_smallest_that_fits(self) -> None:
        conv = Conv(out_channels=8, kernel_size=3, dilation=3, padding=1)
        assert conv.infer(TensorShape(3, (5, 9))).output.sizes[0] == 1

    @pytest.mark.parametrize(
        ("boundary", "padding", "n", "fits"),
        [
            (Boundary.REFLECT, 3, 4, True),
            (Boundary.REFLECT, 4, 4, False),
            (Boundary.CIRCULAR, 4, 4, True),
            (Boundary.CIRCULAR, 5, 4, False),
            (Boundary.REPLICATE, 9, 4, True),
            (Boundary.ZEROS, 9, 4, True),
        ],
    )
    def test_reflect_padding_is_below_the_size_and_circular_padding_not_above_it(
        self, boundary: Boundary, padding: int, n: int, *, fits: bool
    ) -> None:
        conv = Conv(out_channels=1, kernel_size=3, padding=padding, padding_mode=boundary)
        if fits:
            conv.infer(TensorShape(1, (n,)))
            return
        with pytest.raises(LayerError) as caught:
            conv.infer(TensorShape(1, (n,)))
        assert caught.value.code == "CNN004"
        assert caught.value.option == "padding"

    def test_values_for_more_axes_than_the_map_has_are_refused_at_the_option(self) -> None:
        with pytest.raises(LayerError) as caught:
            Conv(out_channels=8, kernel_size=(3, 5)).infer(TensorShape(3, (100,)))
        assert (caught.value.code, caught.value.option) == ("CNN905", "kernel_size")
        assert caught.value.message == "`kernel_size` has 2 values, the map has 1 axis"

    @pytest.mark.parametrize("x", [TensorShape(512), TensorShape(512, (49,), tokens=True)])
    def test_a_vector_and_tokens_have_no_map_to_convolve(self, x: TensorShape) -> None:
        with pytest.raises(LayerError) as caught:
            Conv(out_channels=8, kernel_size=1).infer(x)
        assert caught.value.code == "CNN905"

    def test_an_output_beyond_the_size_limit_is_refused(self) -> None:
        with pytest.raises(LayerError) as caught:
            Conv(out_channels=1, kernel_size=1, padding=2**24).infer(TensorShape(1, (2**31,)))
        assert caught.value.code == "CNN902"

    def test_a_multiplier_that_makes_too_many_channels_is_refused(self) -> None:
        with pytest.raises(LayerError) as caught:
            DepthwiseConv(kernel_size=1, multiplier=2**24).infer(TensorShape(2**20, (1,)))
        assert caught.value.code == "CNN902"


class TestShapes:
    @pytest.mark.parametrize(
        ("conv", "x", "out"),
        [
            (Conv(out_channels=64, kernel_size=7, stride=2, padding=3), TensorShape(3, (224, 224)), (64, 112, 112)),
            (Conv(out_channels=32, kernel_size=2, padding=PaddingWord.CAUSAL), TensorShape(1, (16000,)), (32, 16000)),
            (Conv(out_channels=64, kernel_size=3, padding=1), TensorShape(3, (16, 112, 112)), (64, 16, 112, 112)),
            (Conv(out_channels=8, kernel_size=(3, 5), padding=(1, 2)), TensorShape(3, (9, 9)), (8, 9, 9)),
            (Conv(out_channels=8, kernel_size=3, padding=((0, 1),), stride=2), TensorShape(3, (8, 8)), (8, 4, 4)),
            (
                Conv(out_channels=8, kernel_size=3, padding=PaddingWord.SAME, stride=2),
                TensorShape(3, (7, 8)),
                (8, 4, 4),
            ),
            (Conv(out_channels=8, kernel_size=4, padding=PaddingWord.HALF), TensorShape(3, (8, 8)), (8, 7, 7)),
            (Conv(out_channels=8, kernel_size=4, padding=PaddingWord.FULL), TensorShape(3, (8, 8)), (8, 11, 11)),
            (Conv(out_channels=8, kernel_size=4, padding=PaddingWord.VALID), TensorShape(3, (8, 8)), (8, 5, 5)),
        ],
    )
    def test_output_is_floor_of_padded_size_less_effective_kernel_over_stride_plus_one(
        self, conv: Conv, x: TensorShape, out: tuple[int, ...]
    ) -> None:
        assert tuple(conv.infer(x).output) == out

    def test_padding_words_are_resolved_in_the_settings(self) -> None:
        conv = Conv(out_channels=8, kernel_size=7, stride=2, padding=PaddingWord.SAME)
        settings = conv.infer(TensorShape(3, (224, 224))).settings
        assert settings is not None
        assert settings.padding == ((2, 3), (2, 3))

    def test_a_pointwise_convolution_reads_its_own_position(self) -> None:
        assert Conv(out_channels=8, kernel_size=1).infer(TensorShape(3, (9, 9))).reads == ()

    def test_equal_axes_read_through_equal_windows(self) -> None:
        (axes,) = Conv(out_channels=8, kernel_size=3).infer(TensorShape(3, (9, 9))).reads
        assert axes is not None
        assert axes[0] == axes[1]

    def test_padding_other_than_zeros_is_told_to_the_geometry(self) -> None:
        conv = Conv(out_channels=8, kernel_size=3, padding=1, padding_mode=Boundary.REFLECT)
        assert conv.infer(TensorShape(3, (9, 9))).boundary is Boundary.REFLECT


class TestCounts:
    @pytest.mark.parametrize("sizes", [(5,), (4, 3), (3, 2, 2)])
    @pytest.mark.parametrize(
        ("k", "s", "p", "d"), [(1, 1, 0, 1), (2, 1, 1, 1), (2, 2, 0, 1), (2, 1, 2, 2), (3, 2, 2, 1)]
    )
    @pytest.mark.parametrize("groups", [1, 2])
    def test_macs_are_the_multiplications_counted_one_by_one(
        self, sizes: tuple[int, ...], k: int, s: int, p: int, d: int, groups: int
    ) -> None:
        x = TensorShape(2, sizes)
        conv = Conv(out_channels=4, kernel_size=k, stride=s, padding=p, dilation=d, groups=groups)
        found = conv.infer(x)
        assert (found.macs, found.macs_valid) == multiplications(x, conv)

    def test_with_mirrored_padding_every_tap_reads_a_real_element(self) -> None:
        conv = Conv(out_channels=4, kernel_size=3, padding=1, padding_mode=Boundary.REFLECT)
        found = conv.infer(TensorShape(2, (5, 5)))
        assert found.macs_valid == found.macs

    def test_the_first_layer_of_alexnet_has_the_published_macs(self) -> None:
        # Sze et al. 2017 (arXiv:1703.09039), table II: 105M MACs for 96 kernels of 11x11x3, 55x55 outputs.
        conv = Conv(out_channels=96, kernel_size=11, stride=4)
        assert conv.infer(TensorShape(3, (227, 227))).macs == 105_415_200

    def test_the_second_layer_of_alexnet_halves_its_macs_by_two_groups(self) -> None:
        # The same table: 224M MACs for 256 kernels of 5x5x48, 27x27 outputs.
        conv = Conv(out_channels=256, kernel_size=5, padding=2, groups=2)
        assert conv.infer(TensorShape(96, (27, 27))).macs == 223_948_800

    def test_the_stem_of_resnet_has_118_million_macs_of_which_116_read_no_padding(self) -> None:
        # Per axis 112*7 taps; the first output misses 3, the second 1, the last 2: 778.
        found = Conv(out_channels=64, kernel_size=7, stride=2, padding=3, bias=False).infer(TensorShape(3, (224, 224)))
        assert found.macs == 64 * 3 * (112 * 7) ** 2 == 118_013_952
        assert found.macs_valid == 64 * 3 * (112 * 7 - 6) ** 2 == 116_214_528

    def test_the_unfold_of_a_3x3_convolution_of_a_batch_of_32_has_925_million_elements(self) -> None:
        # Batch 32, 64 channels, 3x3 same, 224x224: 9.25e8, 1.85 GB in half precision.
        conv = Conv(out_channels=64, kernel_size=3, padding=PaddingWord.SAME)
        assert 32 * conv.infer(TensorShape(64, (224, 224))).im2col == 924_844_032

    @pytest.mark.parametrize(
        ("conv", "needs"),
        [
            (Conv(out_channels=4, kernel_size=1), False),
            (Conv(out_channels=4, kernel_size=1, stride=2), True),
            (Conv(out_channels=4, kernel_size=1, padding=1), True),
        ],
    )
    def test_only_an_unpadded_pointwise_convolution_of_stride_1_needs_no_unfold(
        self, conv: Conv, *, needs: bool
    ) -> None:
        found = conv.infer(TensorShape(3, (8, 8)))
        assert found.im2col == (3 * found.output.positions if needs else 0)

    def test_weight_and_bias_have_pytorchs_shapes(self) -> None:
        found = Conv(out_channels=6, kernel_size=(3, 5), groups=2).infer(TensorShape(4, (9, 9)))
        assert [(weight.name, weight.shape) for weight in found.weights] == [("weight", (6, 2, 3, 5)), ("bias", (6,))]

    def test_without_bias_there_is_one_weight_and_no_add(self) -> None:
        found = Conv(out_channels=6, kernel_size=3, bias=False).infer(TensorShape(4, (9, 9)))
        assert len(found.weights) == 1
        assert found.arithmetic == {}
        assert found.ledger == {}

    def test_a_bias_is_one_add_per_output_element(self) -> None:
        found = Conv(out_channels=6, kernel_size=3).infer(TensorShape(4, (9, 9)))
        assert found.arithmetic == {FlopClass.ADD: 6 * 7 * 7}
        assert found.ledger == {ledger.CONV_BIAS: 6 * 7 * 7}

    def test_fans_are_those_of_one_group(self) -> None:
        found = Conv(out_channels=64, kernel_size=7).infer(TensorShape(3, (224, 224)))
        assert (found.fan_in, found.fan_out) == (3 * 49, 64 * 49)

    def test_activations_are_output_elements(self) -> None:
        assert Conv(out_channels=6, kernel_size=3).infer(TensorShape(4, (9, 9))).activations == 6 * 7 * 7

    @pytest.mark.parametrize(
        ("boundary", "saves_input", "copies"),
        [
            (Boundary.ZEROS, True, 0),
            (Boundary.REFLECT, True, 1),
            (Boundary.REPLICATE, True, 1),
            (Boundary.CIRCULAR, False, 1),
        ],
    )
    def test_padding_other_than_zeros_saves_the_padded_copy(
        self, boundary: Boundary, *, saves_input: bool, copies: int
    ) -> None:
        # As seen with PyTorch's saved_tensors_hooks: circular padding keeps nothing of its own.
        conv = Conv(out_channels=6, kernel_size=3, padding=((1, 2), (0, 1)), padding_mode=boundary)
        saved = conv.infer(TensorShape(4, (9, 9))).saved
        assert any(kept.what == "input" for kept in saved) is saves_input
        assert [kept.elements for kept in saved if kept.what == "extra"] == [4 * 12 * 10] * copies


class TestDepthwise:
    @pytest.mark.parametrize("multiplier", [1, 2])
    def test_it_is_a_convolution_with_a_group_per_channel(self, multiplier: int) -> None:
        x = TensorShape(4, (9, 7))
        depthwise = DepthwiseConv(kernel_size=3, stride=2, padding=1, dilation=2, multiplier=multiplier)
        plain = Conv(out_channels=4 * multiplier, kernel_size=3, stride=2, padding=1, dilation=2, groups=4)
        assert depthwise.infer(x) == plain.infer(x)

    def test_a_3x3_of_mobilenet_has_9_macs_per_output(self) -> None:
        found = DepthwiseConv(kernel_size=3, padding=1, bias=False).infer(TensorShape(32, (112, 112)))
        assert found.macs == 9 * found.output.numel
        assert prod(found.weights[0].shape) == 9 * 32


class TestSeparable:
    def steps(self, conv: SeparableConv, x: TensorShape) -> list[Inference]:
        found = []
        for step in conv.expand(x):
            found.append(step.op.infer(x))
            x = found[-1].output
        return found

    def test_parameters_are_those_of_keras(self) -> None:
        # SeparableConv2D(128, 3, depth_multiplier=2) on 64 channels: 64*2*9 + 128*128 + 128.
        found = self.steps(SeparableConv(out_channels=128, kernel_size=3, multiplier=2), TensorShape(64, (9, 9)))
        assert sum(prod(weight.shape) for each in found for weight in each.weights) == 1152 + 16384 + 128

    def test_its_cost_over_that_of_a_convolution_is_one_over_channels_plus_one_over_taps(self) -> None:
        # Howard et al. 2017 (arXiv:1704.04861), section 3.1: 1/N + 1/D_K**2.
        x = TensorShape(64, (14, 14))
        macs = sum(each.macs for each in self.steps(SeparableConv(out_channels=128, kernel_size=3, padding=1), x))
        dense = Conv(out_channels=128, kernel_size=3, padding=1).infer(x).macs
        assert macs * 128 * 9 == dense * (9 + 128)

    def test_the_settings_shown_are_those_of_the_depthwise_step(self) -> None:
        assert SeparableConv.LEAD == "depthwise"

    def test_options_reach_the_step_that_they_belong_to(self) -> None:
        conv = SeparableConv(
            out_channels=8, kernel_size=3, stride=2, padding=1, dilation=2, padding_mode=Boundary.REFLECT, frozen=True
        )
        depthwise, pointwise = (step.op for step in conv.expand(TensorShape(4, (9, 9))))
        assert depthwise == DepthwiseConv(
            kernel_size=3, stride=2, padding=1, dilation=2, bias=False, padding_mode=Boundary.REFLECT, frozen=True
        )
        assert pointwise == Conv(out_channels=8, kernel_size=1, frozen=True)
