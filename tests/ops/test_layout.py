from __future__ import annotations

import pytest
from pydantic import ValidationError

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.base import Mix, Storage
from cnncalc.ops.layout import ChannelShuffle, Plain, Slice


class TestRefusals:
    def test_a_vector_has_no_positions_to_make_tokens_of(self) -> None:
        with pytest.raises(LayerError) as caught:
            Plain(op="tokens").infer(TensorShape(512))
        assert caught.value.code == "CNN905"

    @pytest.mark.parametrize("op", ["flatten", "tokens"])
    def test_a_result_beyond_the_size_limit_is_refused(self, op: str) -> None:
        with pytest.raises(LayerError) as caught:
            Plain.model_validate({"op": op}).infer(TensorShape(1, (2**16, 2**16)))
        assert caught.value.code == "CNN902"

    @pytest.mark.parametrize(
        "channels", ["0-8", "8", 8, "a:b", "8:8", "9:8", [0], [0, 8, 16], [-1, 8], [0, True], "-1:8"]
    )
    def test_a_slice_has_a_first_channel_and_a_larger_one_after_the_last(self, channels: object) -> None:
        with pytest.raises(ValidationError) as caught:
            Slice.model_validate({"op": "slice", "channels": channels})
        assert len(caught.value.errors()) == 1

    def test_a_number_with_thousands_of_digits_is_beyond_the_limit(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Slice.model_validate({"op": "slice", "channels": "0:" + "9" * 5000})
        assert caught.value.errors()[0]["type"] == "limit_exceeded"

    @pytest.mark.parametrize("channels", ["0:117", "116:", "116:200"])
    def test_a_slice_of_channels_that_are_not_there_is_refused(self, channels: str) -> None:
        with pytest.raises(LayerError) as caught:
            Slice.model_validate({"op": "slice", "channels": channels}).infer(TensorShape(116, (28, 28)))
        assert (caught.value.code, caught.value.option) == ("CNN905", "channels")
        assert "116" in caught.value.message

    def test_a_shuffle_needs_groups_that_divide_the_channels(self) -> None:
        with pytest.raises(LayerError) as caught:
            ChannelShuffle(groups=3).infer(TensorShape(116, (28, 28)))
        assert (caught.value.code, caught.value.option) == ("CNN003", "groups")
        assert caught.value.help == "use 2 or 4 groups, or feed 114 or 117 channels"


class TestPlain:
    @pytest.mark.parametrize(
        "x", [TensorShape(512, (7, 7)), TensorShape(25088, (1,)), TensorShape(256, (98,), tokens=True)]
    )
    def test_flatten_makes_a_vector_of_all_elements(self, x: TensorShape) -> None:
        found = Plain(op="flatten").infer(x)
        assert found.output == TensorShape(25088)
        assert found.mix is Mix.REDUCE

    def test_flatten_leaves_a_vector_alone(self) -> None:
        found = Plain(op="flatten").infer(TensorShape(512))
        assert found.output == TensorShape(512)
        assert found.mix is Mix.NONE

    @pytest.mark.parametrize("sizes", [(196,), (14, 14), (4, 7, 7)])
    def test_tokens_number_the_positions_of_a_map(self, sizes: tuple[int, ...]) -> None:
        found = Plain(op="tokens").infer(TensorShape(768, sizes))
        assert found.output == TensorShape(768, (196,), tokens=True)
        assert found.mix is Mix.NONE
        assert found.reads == ()

    @pytest.mark.parametrize("x", [TensorShape(3, (8, 8)), TensorShape(3), TensorShape(3, (8,), tokens=True)])
    def test_identity_gives_what_it_was_given(self, x: TensorShape) -> None:
        assert Plain(op="identity").infer(x).output == x

    @pytest.mark.parametrize("op", ["flatten", "tokens", "identity"])
    def test_all_are_views_that_cost_nothing(self, op: str) -> None:
        found = Plain.model_validate({"op": op}).infer(TensorShape(3, (8, 8)))
        assert found.storage is Storage.VIEW
        assert (found.macs, dict(found.arithmetic), found.weights, found.saved) == (0, {}, (), ())


class TestSlice:
    @pytest.mark.parametrize(
        ("channels", "out"),
        [("0:58", 58), ("58:116", 58), ("58:", 58), (":10", 10), (":", 116), ([0, 58], 58), ((10, None), 106)],
    )
    def test_the_end_is_excluded_and_may_be_left_out(self, channels: object, out: int) -> None:
        found = Slice.model_validate({"op": "slice", "channels": channels}).infer(TensorShape(116, (28, 28)))
        assert tuple(found.output) == (out, 28, 28)


class TestShuffle:
    @pytest.mark.parametrize("x", [TensorShape(116, (28, 28)), TensorShape(116), TensorShape(116, (9,), tokens=True)])
    def test_the_shape_stays(self, x: TensorShape) -> None:
        found = ChannelShuffle(groups=2).infer(x)
        assert found.output == x
        assert found.storage is Storage.NEW
