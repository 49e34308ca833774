from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import Boundary
from cnncalc.ops.border import Crop, Pad


def crop(x: TensorShape, **options: Any) -> tuple[int, ...]:
    return Crop.model_validate({"op": "crop", **options}).infer(x).output.sizes


class TestRefusals:
    @pytest.mark.parametrize(
        ("padding", "size", "message"),
        [
            (-4, 8, "empty output: the length 8 is cropped by 8, 0 is left"),
            (((-9, 4),), 8, "empty output: the length 8 is cropped by 9, -1 is left"),
        ],
    )
    def test_a_pad_that_cuts_everything_away_is_refused_with_both_numbers(
        self, padding: object, size: int, message: str
    ) -> None:
        with pytest.raises(LayerError) as caught:
            Pad.model_validate({"op": "pad", "padding": padding}).infer(TensorShape(1, (size,)))
        assert (caught.value.code, caught.value.message) == ("CNN002", message)
        assert caught.value.help == "crop at most 7"

    @pytest.mark.parametrize(("boundary", "most"), [(Boundary.REFLECT, 7), (Boundary.CIRCULAR, 8)])
    def test_mirrored_padding_is_limited_by_the_size(self, boundary: Boundary, most: int) -> None:
        Pad(padding=most, padding_mode=boundary).infer(TensorShape(1, (8,)))
        with pytest.raises(LayerError) as caught:
            Pad(padding=((0, most + 1),), padding_mode=boundary).infer(TensorShape(1, (8,)))
        assert caught.value.code == "CNN004"
        assert caught.value.help is not None
        assert f"at most {most}" in caught.value.help

    def test_padding_words_speak_of_a_kernel_that_a_pad_has_not(self) -> None:
        with pytest.raises(ValidationError):
            Pad.model_validate({"op": "pad", "padding": "same"})

    def test_a_crop_must_say_how_much_and_only_once(self) -> None:
        with pytest.raises(LayerError) as caught:
            crop(TensorShape(1, (8,)))
        assert caught.value.code == "CNN906"
        with pytest.raises(LayerError) as caught:
            crop(TensorShape(1, (8,)), cropping=1, to=6)
        assert (caught.value.code, caught.value.option) == ("CNN905", "to")

    def test_a_crop_cannot_enlarge(self) -> None:
        with pytest.raises(LayerError) as caught:
            crop(TensorShape(1, (8, 8)), to=(8, 9))
        assert (caught.value.code, caught.value.option) == ("CNN905", "to")
        assert "width 8 to 9" in caught.value.message
        with pytest.raises(ValidationError):
            Crop.model_validate({"op": "crop", "cropping": -1})

    def test_a_crop_that_leaves_nothing_is_refused(self) -> None:
        with pytest.raises(LayerError) as caught:
            crop(TensorShape(1, (8,)), cropping=4)
        assert caught.value.code == "CNN002"


class TestPad:
    @pytest.mark.parametrize(
        ("padding", "sizes"),
        [(1, (10, 8)), ((1, 2), (10, 10)), (((0, 1), (2, 3)), (9, 11)), (((0, 1),), (9, 7)), (-2, (4, 2)), (0, (8, 6))],
    )
    def test_before_and_after_are_added_to_every_axis(self, padding: Any, sizes: tuple[int, ...]) -> None:
        assert Pad(padding=padding).infer(TensorShape(3, (8, 6))).output.sizes == sizes

    def test_a_padded_position_reads_its_own_place_less_the_padding(self) -> None:
        ((axis,),) = [axes for axes in Pad(padding=((2, 1),)).infer(TensorShape(3, (4,))).reads if axes]
        assert [axis.reads(o, 4) for o in range(7)] == [(), (), (0,), (1,), (2,), (3,), ()]

    @pytest.mark.parametrize("boundary", list(Boundary))
    def test_only_mirrored_and_repeated_padding_keeps_the_input(self, boundary: Boundary) -> None:
        # As seen with PyTorch's saved_tensors_hooks.
        found = Pad(padding=1, padding_mode=boundary).infer(TensorShape(3, (4,)))
        assert bool(found.saved) is (boundary in (Boundary.REFLECT, Boundary.REPLICATE))
        assert found.boundary is boundary


class TestCrop:
    @pytest.mark.parametrize(("cropping", "sizes"), [(1, (6, 4)), ((0, 2), (8, 2)), (((1, 0), (0, 3)), (7, 3))])
    def test_before_and_after_are_cut_from_every_axis(self, cropping: object, sizes: tuple[int, ...]) -> None:
        assert crop(TensorShape(3, (8, 6)), cropping=cropping) == sizes

    @pytest.mark.parametrize(("n", "m", "first"), [(64, 56, 4), (9, 6, 1), (9, 8, 0), (5, 5, 0)])
    def test_to_cuts_centred_and_the_odd_row_after(self, n: int, m: int, first: int) -> None:
        found = Crop(to=m).infer(TensorShape(3, (n,)))
        assert found.output.sizes == (m,)
        (axes,) = found.reads or ((None),)
        pixels = range(m) if axes is None else [axes[0].reads(o, n)[0] for o in range(m)]
        assert list(pixels) == list(range(first, first + m))

    @pytest.mark.parametrize(("cropping", "kept"), [(((1, 0),), range(1, 5)), (((0, 4),), range(1)), (2, range(2, 3))])
    def test_tokens_are_cut_by_numbers(self, cropping: Any, kept: range) -> None:
        found = Crop(cropping=cropping).infer(TensorShape(3, (5,), tokens=True))
        assert found.output == TensorShape(3, (len(kept),), tokens=True)
        ((axis,),) = [axes for axes in found.reads if axes]
        assert [axis.reads(o, 5) for o in range(len(kept))] == [(place,) for place in kept]

    def test_the_middle_of_tokens_means_nothing(self) -> None:
        with pytest.raises(LayerError) as caught:
            Crop(to=3).infer(TensorShape(3, (5,), tokens=True))
        assert (caught.value.code, caught.value.option) == ("CNN905", "to")

    def test_three_axes_are_cropped_each_by_its_own_amount(self) -> None:
        assert crop(TensorShape(3, (8, 6, 7)), to=(8, 4, 2)) == (8, 4, 2)
