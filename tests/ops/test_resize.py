from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import pytest
from pydantic import ValidationError

from cnncalc.errors import LayerError
from cnncalc.geometry.resize import ResizeMode
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops.base import FlopClass, Inference
from cnncalc.ops.resize import PixelShuffle, PixelUnshuffle, Upsample


def upsample(x: TensorShape, **options: Any) -> Inference:
    return Upsample.model_validate({"op": "upsample", **options}).infer(x)


class TestRefusals:
    def test_neither_scale_nor_size_is_a_missing_value(self) -> None:
        with pytest.raises(LayerError) as caught:
            upsample(TensorShape(3, (8,)))
        assert caught.value.code == "CNN906"

    def test_both_are_one_too_many(self) -> None:
        with pytest.raises(LayerError) as caught:
            upsample(TensorShape(3, (8,)), scale=2, size=16)
        assert (caught.value.code, caught.value.option) == ("CNN905", "size")

    def test_a_scale_that_leaves_nothing_is_refused_with_both_numbers(self) -> None:
        with pytest.raises(LayerError) as caught:
            upsample(TensorShape(3, (3, 8)), scale=Fraction(1, 4))
        assert caught.value.code == "CNN002"
        assert "height 3" in caught.value.message
        assert caught.value.help == "use a scale of at least 1/3"

    @pytest.mark.parametrize("option", ["scale", "size"])
    def test_values_for_another_number_of_axes_are_refused(self, option: str) -> None:
        with pytest.raises(LayerError) as caught:
            upsample(TensorShape(3, (8,)), **{option: (2, 2)})
        assert (caught.value.code, caught.value.option) == ("CNN905", option)

    @pytest.mark.parametrize("mode", ["nearest", "nearest_exact"])
    def test_corners_cannot_be_aligned_by_copying_the_nearest(self, mode: str) -> None:
        with pytest.raises(LayerError) as caught:
            upsample(TensorShape(3, (8,)), scale=2, mode=mode, align_corners=True)
        assert (caught.value.code, caught.value.option) == ("CNN905", "align_corners")

    @pytest.mark.parametrize("scale", [0, -1, True, "2", 1.5, 2**24 + 1, [2, 0], [], [1, 1, 1, 1]])
    def test_a_scale_is_an_exact_number_above_0(self, scale: object) -> None:
        with pytest.raises(ValidationError):
            Upsample.model_validate({"op": "upsample", "scale": scale})

    def test_an_output_beyond_the_size_limit_is_refused(self) -> None:
        with pytest.raises(LayerError) as caught:
            upsample(TensorShape(3, (2**10,)), scale=2**24)
        assert caught.value.code == "CNN902"

    def test_channels_that_the_block_of_a_pixel_shuffle_does_not_divide_are_refused(self) -> None:
        with pytest.raises(LayerError) as caught:
            PixelShuffle(upscale_factor=3).infer(TensorShape(20, (8, 8)))
        assert (caught.value.code, caught.value.option) == ("CNN003", "upscale_factor")
        assert caught.value.help == "feed 18 or 27 channels"

    def test_sizes_that_the_factor_of_an_unshuffle_does_not_divide_are_refused(self) -> None:
        with pytest.raises(LayerError) as caught:
            PixelUnshuffle(downscale_factor=2).infer(TensorShape(3, (8, 7)))
        assert caught.value.code == "CNN003"
        assert "width" in caught.value.message
        assert caught.value.help == "feed a width of 6 or 8"


class TestUpsample:
    @pytest.mark.parametrize("ndim", [1, 2, 3])
    @pytest.mark.parametrize("scale", [2, Fraction(3, 2), Fraction(1, 2), Fraction(7, 3)])
    def test_a_scale_gives_floor_of_size_times_scale(self, ndim: int, scale: Fraction) -> None:
        assert upsample(TensorShape(3, (7,) * ndim), scale=scale).output.sizes == (floor(7 * scale),) * ndim

    def test_a_size_gives_itself(self) -> None:
        assert upsample(TensorShape(3, (7, 7)), size=(9, 14)).output.sizes == (9, 14)

    def test_a_scale_per_axis_is_taken_in_their_order(self) -> None:
        assert upsample(TensorShape(3, (7, 7)), scale=(1, 2)).output.sizes == (7, 14)

    @pytest.mark.parametrize(
        ("word", "mode"),
        [
            ("bilinear", ResizeMode.LINEAR),
            ("trilinear", ResizeMode.LINEAR),
            ("bicubic", ResizeMode.CUBIC),
            ("nearest-exact", ResizeMode.NEAREST_EXACT),
            ("nearest_exact", ResizeMode.NEAREST_EXACT),
        ],
    )
    def test_pytorchs_words_for_modes_are_accepted(self, word: str, mode: ResizeMode) -> None:
        assert Upsample.model_validate({"op": "upsample", "scale": 2, "mode": word}).mode is mode

    def test_the_default_repeats_each_position(self) -> None:
        assert upsample(TensorShape(3, (7, 7)), scale=2).reads == ((AxisWindow.repeated(2),) * 2,)

    def test_scale_1_and_the_own_size_read_position_by_position(self) -> None:
        for options in ({"scale": 1}, {"size": 7}, {"size": 7, "mode": "linear", "align_corners": True}):
            found = upsample(TensorShape(3, (7, 7)), **options)
            assert found.reads == ()
            assert found.arithmetic == {}

    @pytest.mark.parametrize(
        ("mode", "scale", "taps"),
        [("nearest", 2, 1), ("nearest_exact", 2, 1), ("linear", 2, 4), ("linear", (1, 2), 2), ("cubic", 2, 16)],
    )
    def test_t_taps_are_t_multiplications_and_t_less_one_adds(self, mode: str, scale: object, taps: int) -> None:
        found = upsample(TensorShape(3, (6, 6)), scale=scale, mode=mode)
        numel = found.output.numel
        expected = {FlopClass.MUL: taps * numel, FlopClass.ADD: (taps - 1) * numel} if taps > 1 else {}
        assert found.arithmetic == expected
        assert found.macs == 0
        assert found.saved == ()


class TestShuffles:
    def test_espcn_ends_with_nine_channels_shuffled_into_one(self) -> None:
        # Shi et al. 2016 (arXiv:1609.05158): r = 3, one colour channel.
        assert tuple(PixelShuffle(upscale_factor=3).infer(TensorShape(9, (17, 17))).output) == (1, 51, 51)

    @pytest.mark.parametrize("ndim", [1, 2, 3])
    @pytest.mark.parametrize("factor", [1, 2, 3])
    def test_unshuffle_undoes_shuffle_on_any_number_of_axes(self, ndim: int, factor: int) -> None:
        x = TensorShape(2 * factor**ndim, (4,) * ndim)
        shuffled = PixelShuffle(upscale_factor=factor).infer(x).output
        assert shuffled == TensorShape(2, (4 * factor,) * ndim)
        assert PixelUnshuffle(downscale_factor=factor).infer(shuffled).output == x

    def test_a_shuffled_position_reads_the_position_that_its_block_was(self) -> None:
        ((axis,),) = [axes for axes in PixelShuffle(upscale_factor=3).infer(TensorShape(3, (4,))).reads if axes]
        assert [axis.reads(o, 4) for o in range(12)] == [(o // 3,) for o in range(12)]

    def test_an_unshuffled_position_reads_its_block(self) -> None:
        ((axis,),) = [axes for axes in PixelUnshuffle(downscale_factor=3).infer(TensorShape(1, (12,))).reads if axes]
        assert [axis.reads(o, 12) for o in range(4)] == [(3 * o, 3 * o + 1, 3 * o + 2) for o in range(4)]

    def test_factor_1_reads_position_by_position(self) -> None:
        assert PixelShuffle(upscale_factor=1).infer(TensorShape(3, (4,))).reads == ()
        assert PixelUnshuffle(downscale_factor=1).infer(TensorShape(3, (4,))).reads == ()


class TestCoordinates:
    @pytest.mark.parametrize(
        ("given", "option"),
        [
            ({"align_corners": True, "mode": "linear", "coordinates": "asymmetric"}, "align_corners"),
            ({"antialias": True}, "antialias"),
            ({"rounding": "floor"}, "rounding"),
            ({"rounding": "floor", "mode": "linear", "coordinates": "asymmetric"}, "rounding"),
            ({"mode": "nearest_exact", "coordinates": "asymmetric"}, "coordinates"),
            ({"coordinates": "asymmetric", "region": (0, 0, 1, 1)}, "region"),
            ({"coordinates": "tf_crop_and_resize"}, "region"),
            ({"coordinates": "tf_crop_and_resize", "region": (0, 1)}, "region"),
        ],
    )
    def test_options_that_mean_nothing_beside_each_other_are_refused(self, given: dict[str, Any], option: str) -> None:
        with pytest.raises(LayerError) as caught:
            upsample(TensorShape(3, (8, 8)), scale=2, **given)
        assert (caught.value.code, caught.value.option) == ("CNN905", option)

    @pytest.mark.parametrize("region", [1, (1,), (0, 0, 1), ("0", 1), (0, 0, 0, 0, 1, 1, 1, 1)])
    def test_a_region_is_starts_and_ends(self, region: object) -> None:
        with pytest.raises(ValidationError):
            Upsample.model_validate({"op": "upsample", "scale": 2, "region": region})

    def test_scale_and_size_together_are_the_step_and_the_size(self) -> None:
        found = upsample(TensorShape(3, (8,)), scale=Fraction(3, 2), size=13, coordinates="asymmetric")
        ((axis,),) = [axes for axes in found.reads if axes]
        assert found.output.sizes == (13,)
        assert [axis.reads(o, 8) for o in range(4)] == [(0,), (1,), (1,), (2,)]  # floor(2/3), 4/3 and 2 rounded

    @pytest.mark.parametrize(("mode", "taps"), [("linear", 16), ("cubic", 64)])
    def test_antialiasing_by_a_half_weighs_twice_as_many_positions_on_each_axis(self, mode: str, taps: int) -> None:
        found = upsample(TensorShape(3, (16, 16)), scale=Fraction(1, 2), mode=mode, antialias=True)
        numel = found.output.numel
        assert found.arithmetic == {FlopClass.MUL: taps * numel, FlopClass.ADD: (taps - 1) * numel}

    def test_it_is_the_same_where_nothing_shrinks(self) -> None:
        plain = upsample(TensorShape(3, (6, 6)), scale=2, mode="linear")
        smooth = upsample(TensorShape(3, (6, 6)), scale=2, mode="linear", antialias=True)
        reads = [[axis.reads(o, 6) for axis in found.reads[0] or () for o in range(12)] for found in (plain, smooth)]
        assert reads[0] == reads[1]
        assert plain.arithmetic == smooth.arithmetic
