from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

import cnncalc
from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWhole, AxisWindow
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


class TestSeesAll:
    @pytest.mark.parametrize(
        ("out", "mix"), [("64x?x?", Mix.GATE), ("64x16x12", Mix.REDUCE), ("64x?", Mix.REDUCE), ("8x2x3x4", Mix.REDUCE)]
    )
    def test_sizes_may_change(self, out: str, mix: Mix) -> None:
        found = custom(out, sees_all=True)
        assert (found.mix, found.reads, found.settings) == (mix, (), None)

    def test_one_position_mixes_with_nothing(self) -> None:
        assert custom("64x?x?", TensorShape(3, (1, 1)), sees_all=True).mix is Mix.NONE

    def test_everything_and_a_window_contradict_each_other(self) -> None:
        with pytest.raises(LayerError) as caught:
            custom("64x?x?", kernel_size=3, sees_all=True)
        assert (caught.value.code, caught.value.option) == ("CNN905", "sees_all")

    def test_the_flag_is_written_global(self) -> None:
        rows = [
            cnncalc.analyze(f"cnncalc: 1\ninput: 3x8x8\nlayers: [{line}]\n").layers[0]
            for line in (
                "custom out=4x2x2 global params=0 macs=0",
                "{op: custom, out: 4x2x2, global: true, params: 0, macs: 0}",
            )
        ]
        assert rows[0].config == rows[1].config
        assert all(row.is_global for row in rows)


class TestInputs:
    Y = TensorShape(5, (32, 24))
    SMALL = TensorShape(7, (4, 3))

    def several(self, *others: TensorShape, **options: Any) -> Inference:
        return Custom.model_validate({"op": "custom", "out": "8x?x?", **options}).infer(X, *others)

    def test_an_input_of_the_same_positions_is_read_position_by_position(self) -> None:
        assert self.several(self.Y).reads == ()

    def test_another_input_is_read_as_a_whole(self) -> None:
        whole = (AxisWhole(), AxisWhole())
        assert self.several(self.SMALL).reads == (None, whole)
        assert self.several(self.Y, self.SMALL, TensorShape(9)).reads == (None, None, whole, None)

    def test_the_window_is_that_of_the_first(self) -> None:
        found = self.several(self.Y, kernel_size=3, padding=1)
        assert found.reads == ((AxisWindow(kernel_size=3, padding=(1, 1)),) * 2, None)

    def test_globally_all_are_read_as_a_whole(self) -> None:
        assert self.several(self.Y, sees_all=True).reads == (None, (AxisWhole(), AxisWhole()))

    def test_training_saves_all_of_them(self) -> None:
        assert [saved.index for saved in self.several(self.Y, self.SMALL).saved] == [0, 1, 2]

    def test_a_line_names_them(self) -> None:
        line = "a: conv 4 k2 s2 | b: conv 4 k3 p1 from=x | custom a x out=4x?x? params=0 macs=0"
        report = cnncalc.analyze(line, input="3x8x8")
        row = report.layers[-1]
        assert row.inputs == ("b", "a", "input")
        assert row.is_global
        assert [axis.rf for axis in row.reach] == [3, 3]


class TestTokens:
    @pytest.mark.parametrize(
        ("x", "option", "expected"),
        [(X, None, False), (X, True, True), (TensorShape(3, (9,), tokens=True), False, False)],
    )
    def test_an_axis_is_tokens_where_it_is_said_or_was(
        self, x: TensorShape, *, option: bool | None, expected: bool
    ) -> None:
        given = {} if option is None else {"tokens": option}
        assert custom("8x5", x, sees_all=True, **given).output.tokens is expected


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
