from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops.base import Inference, Mix
from cnncalc.ops.custom import Custom

X = TensorShape(3, (32, 24))


def custom(out: object, x: TensorShape = X, **options: Any) -> Inference:
    return Custom.model_validate({"op": "custom", "out": out, **options}).infer(x)


class TestRefusals:
    @pytest.mark.parametrize(
        "out", ["", "x", "64x", "64x-1x?", "64xHxW", 0, True, 1.5, None.__class__, [], "1x2x3x4x5", "0x?x?"]
    )
    def test_out_is_channels_and_sizes(self, out: object) -> None:
        with pytest.raises(ValidationError) as caught:
            Custom.model_validate({"op": "custom", "out": out})
        assert len(caught.value.errors()) == 1

    def test_a_number_beyond_the_limit_is_told_as_such(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Custom.model_validate({"op": "custom", "out": str(2**31 + 1)})
        assert caught.value.errors()[0]["type"] == "limit_exceeded"

    def test_a_question_mark_needs_a_number_of_the_input(self) -> None:
        with pytest.raises(LayerError) as caught:
            custom("64x?x?", TensorShape(512))
        assert (caught.value.code, caught.value.option) == ("CNN905", "out")

    def test_sizes_that_change_need_a_window(self) -> None:
        with pytest.raises(LayerError) as caught:
            custom("64x16x12")
        assert caught.value.code == "CNN906"

    def test_a_window_keeps_the_number_of_axes(self) -> None:
        with pytest.raises(LayerError) as caught:
            custom("64x16", kernel_size=3)
        assert (caught.value.code, caught.value.option) == ("CNN905", "out")

    def test_out_and_a_padded_window_that_do_not_agree_are_refused_with_both_numbers(self) -> None:
        with pytest.raises(LayerError) as caught:
            custom("64x16x12", kernel_size=3, stride=2, padding=0)
        assert (caught.value.code, caught.value.option) == ("CNN905", "out")
        assert caught.value.message == "out says height 16, its window gives 15 from 32"


class TestShape:
    @pytest.mark.parametrize(
        ("out", "expected"),
        [
            ("64x?x?", (64, 32, 24)),
            ("?x?x?", (3, 32, 24)),
            (("?", 32, "?"), (3, 32, 24)),
            ((64, None, None), (64, 32, 24)),
            ([64, 32, 24], (64, 32, 24)),
        ],
    )
    def test_a_question_mark_is_the_number_of_the_input(self, out: object, expected: tuple[int, ...]) -> None:
        found = custom(out)
        assert tuple(found.output) == expected
        assert found.reads == ()
        assert found.mix is Mix.NONE

    @pytest.mark.parametrize("out", [512, "512", "512x1x1"])
    def test_an_output_without_positions_reads_the_whole_map(self, out: object) -> None:
        assert custom(out).mix is Mix.REDUCE

    def test_tokens_stay_tokens(self) -> None:
        x = TensorShape(64, (196,), tokens=True)
        assert custom("128x?", x).output == TensorShape(128, (196,), tokens=True)


class TestWindow:
    def test_padding_that_is_not_given_is_what_the_output_needs(self) -> None:
        found = custom("64x16x12", kernel_size=3, stride=2)
        assert found.reads == ((AxisWindow(kernel_size=3, stride=2, padding=(0, 1)),) * 2,)
        assert found.settings is not None
        assert found.settings.kernel_size == (3, 3)

    def test_padding_that_is_given_is_taken(self) -> None:
        found = custom("64x16x12", kernel_size=3, stride=2, padding=1)
        assert found.reads == ((AxisWindow(kernel_size=3, stride=2, padding=(1, 1)),) * 2,)

    def test_padding_may_be_a_word(self) -> None:
        found = custom("64x?x?", kernel_size=5, dilation=2, padding="half")
        assert found.reads == ((AxisWindow(kernel_size=5, dilation=2, padding=(4, 4)),) * 2,)


class TestFigures:
    def test_figures_that_are_not_given_are_unknown(self) -> None:
        found = custom("64x?x?")
        assert found.unknown == {"params", "macs"}
        assert (found.weights, found.macs) == ((), 0)

    def test_zero_is_a_figure(self) -> None:
        found = custom("64x?x?", params=0, macs=0)
        assert found.unknown == frozenset()
        assert (found.weights, found.macs) == ((), 0)

    def test_figures_that_are_given_are_taken(self) -> None:
        found = custom("64x?x?", params=1728, macs=10**9)
        assert [weight.shape for weight in found.weights] == [(1728,)]
        assert found.macs == found.macs_valid == 10**9

    @pytest.mark.parametrize("value", [-1, 1.5, True, "9"])
    @pytest.mark.parametrize("option", ["params", "macs"])
    def test_figures_are_whole_numbers(self, option: str, value: object) -> None:
        with pytest.raises(ValidationError):
            Custom.model_validate({"op": "custom", "out": "?x?x?", option: value})
