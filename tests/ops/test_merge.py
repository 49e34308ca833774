from __future__ import annotations

from typing import Any

import pytest

import cnncalc
from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWhole, AxisWindow
from cnncalc.ops.base import FlopClass, Inference, Merge, Storage
from cnncalc.ops.merge import Joint

X = TensorShape(64, (28, 28))
ELEMENTWISE = ("add", "sub", "mul", "div", "max", "min")


def merge(op: str, *inputs: TensorShape, **options: Any) -> Inference:
    return Joint.model_validate({"op": op, **options}).infer(*inputs)


class TestRefusals:
    @pytest.mark.parametrize("op", [*ELEMENTWISE, "concat"])
    def test_one_input_is_too_few(self, op: str) -> None:
        with pytest.raises(LayerError) as caught:
            merge(op, X)
        assert caught.value.code == "CNN906"

    @pytest.mark.parametrize("op", ELEMENTWISE)
    def test_channels_that_differ_are_refused_with_the_difference(self, op: str) -> None:
        with pytest.raises(LayerError) as caught:
            merge(op, X, TensorShape(48, (28, 28)))
        assert caught.value.code == "CNN001"
        assert caught.value.message == "inputs 64x28x28 and 48x28x28 differ: channels 64 and 48 (16 apart)"

    @pytest.mark.parametrize("op", [*ELEMENTWISE, "concat"])
    def test_sizes_that_differ_are_refused_by_axis_with_the_difference(self, op: str) -> None:
        with pytest.raises(LayerError) as caught:
            merge(op, X, TensorShape(64, (28, 27)))
        assert caught.value.code == "CNN001"
        assert "width 28 and 27 (1 apart)" in caught.value.message
        assert "height" not in caught.value.message
        assert caught.value.help is not None
        assert "align=crop" in caught.value.help

    def test_concat_joins_any_channels_but_names_no_difference_of_theirs(self) -> None:
        with pytest.raises(LayerError) as caught:
            merge("concat", X, TensorShape(32, (14, 28)))
        assert "channels" not in caught.value.message

    @pytest.mark.parametrize("align", ["error", "crop", "pad"])
    def test_another_number_of_axes_cannot_be_aligned(self, align: str) -> None:
        with pytest.raises(LayerError) as caught:
            merge("add", X, TensorShape(64), align=align)
        assert caught.value.code == "CNN001"
        assert caught.value.help is not None
        assert "64x1x1" in caught.value.help

    def test_tokens_and_a_map_do_not_have_the_same_axes(self) -> None:
        with pytest.raises(LayerError) as caught:
            merge("add", TensorShape(64, (28,)), TensorShape(64, (28,), tokens=True))
        assert caught.value.code == "CNN001"
        assert "tokens" in caught.value.message

    @pytest.mark.parametrize("align", ["crop", "pad"])
    def test_tokens_have_no_grid_to_crop(self, align: str) -> None:
        with pytest.raises(LayerError) as caught:
            merge("add", TensorShape(64, (28,), tokens=True), TensorShape(64, (27,), tokens=True), align=align)
        assert caught.value.code == "CNN001"

    @pytest.mark.parametrize("align", ["crop", "pad"])
    def test_align_is_about_sizes_and_not_about_channels(self, align: str) -> None:
        with pytest.raises(LayerError):
            merge("add", X, TensorShape(32, (28, 28)), align=align)

    @pytest.mark.parametrize("op", ["add", "sub", "div", "max", "min", "concat"])
    def test_only_a_product_takes_a_gate(self, op: str) -> None:
        with pytest.raises(LayerError):
            merge(op, X, TensorShape(64, (1, 1)))

    @pytest.mark.parametrize("gate", [TensorShape(64, (28, 1)), TensorShape(32, (1, 1)), TensorShape(2, (28, 28))])
    def test_a_gate_is_one_position_or_one_channel(self, gate: TensorShape) -> None:
        with pytest.raises(LayerError) as caught:
            merge("mul", X, gate)
        assert caught.value.code == "CNN001"
        assert caught.value.help is not None
        assert "a gate is Cx1x1 or has one channel" in caught.value.help


class TestBroadcast:
    @pytest.mark.parametrize("op", ELEMENTWISE)
    @pytest.mark.parametrize(
        ("one", "other", "expected"),
        [
            ((4, 5, 6), (4, 5, 1), (4, 5, 6)),
            ((4, 5, 6), (4, 1, 6), (4, 5, 6)),
            ((4, 5, 6), (1, 5, 6), (4, 5, 6)),
            ((4, 1, 6), (4, 5, 1), (4, 5, 6)),
            ((1, 5, 1), (4, 1, 6), (4, 5, 6)),
            ((4, 5, 6), (1, 1, 1), (4, 5, 6)),
            ((4, 5), (4, 1), (4, 5)),
            ((4, 5, 6, 7), (1, 5, 1, 7), (4, 5, 6, 7)),
        ],
    )
    def test_what_has_size_one_is_repeated(
        self, op: str, one: tuple[int, ...], other: tuple[int, ...], expected: tuple[int, ...]
    ) -> None:
        for first, second in ((one, other), (other, one)):
            x, y = (TensorShape(shape[0], shape[1:]) for shape in (first, second))
            found = merge(op, x, y, align="broadcast")
            assert tuple(found.output) == expected
            for each, reads in zip((x, y), found.reads or (None, None), strict=True):
                whole = [isinstance(read, AxisWhole) for read in reads or ()]
                assert whole == ([n < m for n, m in zip(each.sizes, expected[1:], strict=True)] if reads else [])
                assert (reads is None) is (each.sizes == expected[1:])

    def test_tokens_are_repeated_too_and_stay_tokens(self) -> None:
        found = merge("mul", TensorShape(8, (5,), tokens=True), TensorShape(8, (1,), tokens=True), align="broadcast")
        assert found.output == TensorShape(8, (5,), tokens=True)

    def test_vectors_have_channels_alone(self) -> None:
        assert merge("div", TensorShape(8), TensorShape(1), align="broadcast").output == TensorShape(8)

    @pytest.mark.parametrize("other", [(4, 5, 2), (2, 5, 6), (4, 3, 1)])
    def test_other_sizes_are_refused(self, other: tuple[int, ...]) -> None:
        with pytest.raises(LayerError) as caught:
            merge("add", TensorShape(4, (5, 6)), TensorShape(other[0], other[1:]), align="broadcast")
        assert caught.value.code == "CNN001"

    def test_channels_are_not_repeated_by_joining_them(self) -> None:
        with pytest.raises(LayerError) as caught:
            merge("concat", TensorShape(4, (5, 6)), TensorShape(4, (1, 6)), align="broadcast")
        assert (caught.value.code, caught.value.option) == ("CNN905", "align")

    @pytest.mark.parametrize("other", [(4, 1, 6), (1, 5, 6)])
    def test_where_it_would_do_it_is_offered(self, other: tuple[int, ...]) -> None:
        with pytest.raises(LayerError) as caught:
            merge("add", TensorShape(4, (5, 6)), TensorShape(other[0], other[1:]))
        assert "`align=broadcast` repeats what has size 1" in (caught.value.help or "")

    def test_an_axis_repeated_is_left_out_beside_one_that_is_local(self) -> None:
        line = "a: conv 4 k3 p1 | b: reduce mean over=h | conv 4 k1x5 p0x2 | add a align=broadcast"
        report = cnncalc.analyze(line, input="3x16x16")
        row = report["add1"]
        assert row.is_global
        assert [axis.rf for axis in row.reach] == [3, 7]
        assert {axis.jump for axis in row.reach} == {1}


class TestShapes:
    @pytest.mark.parametrize("op", ELEMENTWISE)
    @pytest.mark.parametrize("x", [X, TensorShape(64), TensorShape(64, (9,), tokens=True), TensorShape(64, (4, 4, 4))])
    def test_inputs_of_one_shape_keep_it(self, op: str, x: TensorShape) -> None:
        found = merge(op, x, x, x)
        assert found.output == x
        assert found.reads == ()
        assert found.merge is Merge(op)

    def test_concat_adds_the_channels_up(self) -> None:
        assert tuple(merge("concat", X, X, TensorShape(3, (28, 28))).output) == (131, 28, 28)
        assert merge("concat", TensorShape(5), TensorShape(7)).output == TensorShape(12)

    def test_concat_beyond_the_channel_limit_is_refused(self) -> None:
        with pytest.raises(LayerError) as caught:
            merge("concat", TensorShape(2**31), TensorShape(1))
        assert caught.value.code == "CNN902"

    @pytest.mark.parametrize(
        ("gate", "read"),
        [
            (TensorShape(64, (1, 1)), (AxisWhole(), AxisWhole())),
            (TensorShape(1, (1, 1)), (AxisWhole(), AxisWhole())),
            (TensorShape(1, (28, 28)), None),
        ],
    )
    def test_a_product_spreads_a_gate_over_positions_or_channels(self, gate: TensorShape, read: object) -> None:
        for inputs in ((X, gate), (gate, X)):
            found = merge("mul", *inputs)
            assert found.output == X
            assert found.reads == (() if read is None else tuple(None if each is X else read for each in inputs))

    def test_crop_cuts_the_larger_map_centred_and_the_odd_row_after(self) -> None:
        found = merge("concat", TensorShape(64, (28, 28)), TensorShape(64, (33, 28)), align="crop")
        assert tuple(found.output) == (128, 28, 28)
        assert found.reads == (
            None,
            (AxisWindow(kernel_size=1, padding=(-2, -3)), AxisWindow(kernel_size=1, padding=(0, 0))),
        )

    def test_pad_fills_the_smaller_map_up_centred_and_the_odd_row_after(self) -> None:
        found = merge("add", TensorShape(64, (28,)), TensorShape(64, (33,)), align="pad")
        assert found.output.sizes == (33,)
        assert found.reads == ((AxisWindow(kernel_size=1, padding=(2, 3)),), None)

    def test_crop_takes_the_smallest_size_of_each_axis(self) -> None:
        found = merge("add", TensorShape(8, (5, 9)), TensorShape(8, (7, 6)), align="crop")
        assert found.output.sizes == (5, 6)
        for axes, x in zip(found.reads, ((5, 9), (7, 6)), strict=True):
            assert axes is not None
            assert [axis.output_size(n) for axis, n in zip(axes, x, strict=True) if isinstance(axis, AxisWindow)] == [
                5,
                6,
            ]

    def test_u_net_crops_64_to_56_by_4_on_both_sides(self) -> None:
        # Ronneberger et al. 2015 (arXiv:1505.04597), figure 1: the deepest skip.
        found = merge("concat", TensorShape(512, (56, 56)), TensorShape(512, (64, 64)), align="crop")
        assert tuple(found.output) == (1024, 56, 56)
        assert found.reads[1] == (AxisWindow(kernel_size=1, padding=(-4, -4)),) * 2


class TestCosts:
    @pytest.mark.parametrize(
        ("op", "kind"),
        [
            ("add", FlopClass.ADD),
            ("sub", FlopClass.ADD),
            ("mul", FlopClass.MUL),
            ("div", FlopClass.DIVIDE),
            ("max", FlopClass.COMPARE),
            ("min", FlopClass.COMPARE),
        ],
    )
    def test_every_input_after_the_first_is_one_operation_an_element(self, op: str, kind: FlopClass) -> None:
        assert merge(op, X, X).arithmetic == {kind: X.numel}
        assert merge(op, X, X, X).arithmetic == {kind: 2 * X.numel}

    def test_concat_computes_nothing(self) -> None:
        assert merge("concat", X, X).arithmetic == {}

    def test_only_sums_may_overwrite_an_input(self) -> None:
        places = {op: merge(op, X, X).storage for op in (*ELEMENTWISE, "concat")}
        assert [op for op, storage in places.items() if storage is Storage.IN_PLACE] == ["add", "sub"]

    @pytest.mark.parametrize("op", ["mul", "div", "max", "min"])
    def test_a_product_keeps_all_its_inputs_and_what_is_in_between(self, op: str) -> None:
        assert [(kept.what, kept.index) for kept in merge(op, X, X).saved] == [("input", 0), ("input", 1)]
        *inputs, between = merge(op, X, X, X).saved
        assert [kept.index for kept in inputs] == [0, 1, 2]
        assert (between.what, between.elements) == ("extra", X.numel)

    @pytest.mark.parametrize("op", ["add", "sub", "concat"])
    def test_the_others_keep_nothing(self, op: str) -> None:
        assert merge(op, X, X).saved == ()
