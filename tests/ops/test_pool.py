from __future__ import annotations

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import Boundary, PaddingWord
from cnncalc.ops import ledger
from cnncalc.ops.base import FlopClass, Op
from cnncalc.ops.conv import DepthwiseConv
from cnncalc.ops.pool import AvgPool, BlurPool, LpPool, MaxPool

ADD, MUL, COMPARE, DIVIDE, EXP = FlopClass.ADD, FlopClass.MUL, FlopClass.COMPARE, FlopClass.DIVIDE, FlopClass.EXP


class TestRefusals:
    @pytest.mark.parametrize(("kernel_size", "most"), [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)])
    @pytest.mark.parametrize("kind", [MaxPool, AvgPool])
    def test_padding_is_at_most_half_of_the_kernel(
        self, kind: type[MaxPool | AvgPool], kernel_size: int, most: int
    ) -> None:
        kind(kernel_size=kernel_size, padding=most).infer(TensorShape(1, (9,)))
        with pytest.raises(LayerError) as caught:
            kind(kernel_size=kernel_size, padding=most + 1).infer(TensorShape(1, (9,)))
        assert (caught.value.code, caught.value.option) == ("CNN004", "padding")

    def test_one_side_alone_can_have_too_much_padding(self) -> None:
        with pytest.raises(LayerError) as caught:
            MaxPool(kernel_size=3, padding=PaddingWord.CAUSAL).infer(TensorShape(1, (9,)))
        assert caught.value.code == "CNN004"

    @pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5, 8])
    @pytest.mark.parametrize("stride", [1, 2, 3])
    def test_same_padding_is_never_too_much(self, kernel_size: int, stride: int) -> None:
        for n in range(1, 12):
            found = AvgPool(kernel_size=kernel_size, stride=stride, padding=PaddingWord.SAME).infer(
                TensorShape(1, (n,))
            )
            assert found.output.sizes == (-(-n // stride),)

    @pytest.mark.parametrize("op", [MaxPool(kernel_size=5), AvgPool(kernel_size=5), LpPool(kernel_size=5)])
    def test_a_window_larger_than_the_map_is_refused(self, op: Op) -> None:
        with pytest.raises(LayerError) as caught:
            op.infer(TensorShape(1, (9, 4)))
        assert caught.value.code == "CNN002"
        assert "width" in caught.value.message

    def test_the_size_that_the_help_names_counts_with_ceil_mode(self) -> None:
        pool = MaxPool(kernel_size=5, stride=3, ceil_mode=True)
        with pytest.raises(LayerError, match="empty output") as caught:
            pool.infer(TensorShape(1, (2,)))
        assert caught.value.help == "the length must be at least 3, or the padding 1 more in all"
        assert pool.infer(TensorShape(1, (3,))).output.sizes == (1,)

    def test_a_vector_has_nothing_to_pool(self) -> None:
        with pytest.raises(LayerError) as caught:
            MaxPool(kernel_size=2).infer(TensorShape(512))
        assert caught.value.code == "CNN905"

    def test_reflect_padding_of_a_blur_is_below_the_size(self) -> None:
        with pytest.raises(LayerError) as caught:
            BlurPool(kernel_size=7, padding_mode=Boundary.REFLECT).infer(TensorShape(1, (3, 9)))
        assert caught.value.code == "CNN004"


class TestShapes:
    @pytest.mark.parametrize("kind", [MaxPool, AvgPool, LpPool])
    def test_the_stride_is_the_kernel_where_it_is_not_given(self, kind: type[MaxPool | AvgPool | LpPool]) -> None:
        assert kind(kernel_size=(3, 2)).infer(TensorShape(4, (9, 9))).output.sizes == (3, 4)

    @pytest.mark.parametrize(("n", "floor", "ceil"), [(112, 55, 56), (113, 56, 56), (6, 2, 3), (5, 2, 2), (3, 1, 1)])
    def test_ceil_mode_rounds_up(self, n: int, floor: int, ceil: int) -> None:
        for mode, size in ((False, floor), (True, ceil)):
            pool = MaxPool(kernel_size=3, stride=2, ceil_mode=mode)
            assert pool.infer(TensorShape(1, (n,))).output.sizes == (size,)

    def test_ceil_mode_starts_no_window_in_the_padding(self) -> None:
        # PyTorch: ceil gives 3, but a third window would start at 6, behind the padding before and the input.
        pool = MaxPool(kernel_size=2, stride=3, padding=1, ceil_mode=True)
        assert pool.infer(TensorShape(1, (4,))).output.sizes == (2,)

    def test_three_axes_are_pooled_each_by_its_own_window(self) -> None:
        # C3D's first pool (Tran et al. 2014, arXiv:1412.0767): 1x2x2.
        assert tuple(MaxPool(kernel_size=(1, 2, 2)).infer(TensorShape(64, (16, 112, 112))).output) == (64, 16, 56, 56)

    def test_a_blur_halves_like_a_strided_convolution_with_half_padding(self) -> None:
        for kernel_size in (2, 3, 4, 5):
            for n in (8, 9):
                found = BlurPool(kernel_size=kernel_size).infer(TensorShape(4, (n, n)))
                pad = (kernel_size - 1) // 2
                assert found.output.sizes == ((n + 2 * pad - kernel_size) // 2 + 1,) * 2


class TestCounts:
    def test_a_maximum_of_k_taps_takes_k_less_one_compares(self) -> None:
        found = MaxPool(kernel_size=3, stride=2, padding=1).infer(TensorShape(2, (8, 8)))
        assert found.arithmetic == {COMPARE: 2 * 4 * 4 * 8}
        assert found.ledger == {ledger.read(ledger.MAXPOOL): 128, ledger.written(ledger.MAXPOOL): 32}

    def test_a_mean_of_k_taps_takes_k_less_one_adds_and_a_divide(self) -> None:
        found = AvgPool(kernel_size=(2, 4)).infer(TensorShape(2, (8, 8)))
        assert found.arithmetic == {ADD: 2 * 4 * 2 * 7, DIVIDE: 16}
        assert found.ledger == {ledger.read(ledger.AVGPOOL): 128, ledger.written(ledger.AVGPOOL): 16}

    @pytest.mark.parametrize(
        ("norm_type", "expected"),
        [
            (1, {ADD: 16 * 3}),
            (2, {ADD: 16 * 3, MUL: 16 * 4, EXP: 16}),
            (3, {ADD: 16 * 3, EXP: 16 * 4 + 16}),
        ],
    )
    def test_a_power_average_takes_powers_adds_and_a_root(self, norm_type: int, expected: dict[FlopClass, int]) -> None:
        found = LpPool(kernel_size=2, norm_type=norm_type).infer(TensorShape(1, (8, 8)))
        assert found.arithmetic == expected

    def test_no_pool_has_macs_or_parameters(self) -> None:
        for op in (MaxPool(kernel_size=2), AvgPool(kernel_size=2), LpPool(kernel_size=2)):
            found = op.infer(TensorShape(2, (8, 8)))
            assert (found.macs, found.weights, found.activations) == (0, (), 0)

    def test_a_blur_costs_what_a_depthwise_convolution_does_but_has_no_parameters(self) -> None:
        x = TensorShape(4, (9, 9))
        found = BlurPool(kernel_size=3).infer(x)
        twin = DepthwiseConv(kernel_size=3, stride=2, padding=1).infer(x)
        assert (found.macs, found.macs_valid, found.reads) == (twin.macs, twin.macs_valid, twin.reads)
        assert found.weights == ()

    def test_with_mirrored_padding_every_tap_of_a_blur_is_valid(self) -> None:
        found = BlurPool(kernel_size=3, padding_mode=Boundary.REFLECT).infer(TensorShape(4, (9, 9)))
        assert found.macs_valid == found.macs == 4 * 25 * 9


class TestSaved:
    def test_a_maximum_keeps_its_input_and_eight_bytes_an_output(self) -> None:
        kept, indices = MaxPool(kernel_size=2).infer(TensorShape(2, (8, 8))).saved
        assert kept.what == "input"
        assert (indices.what, indices.elements, indices.element_bytes) == ("extra", 32, 8)

    @pytest.mark.parametrize("op", [AvgPool(kernel_size=2), BlurPool(kernel_size=3)])
    def test_a_mean_keeps_its_input(self, op: Op) -> None:
        assert [kept.what for kept in op.infer(TensorShape(2, (8, 8))).saved] == ["input"]
