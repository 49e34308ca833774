from __future__ import annotations

from itertools import product

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisTaps, AxisWindow
from cnncalc.ops import ledger
from cnncalc.ops.adaptive import AdaptivePool, GlobalPool
from cnncalc.ops.base import FlopClass, Mix

ADD, COMPARE, DIVIDE = FlopClass.ADD, FlopClass.COMPARE, FlopClass.DIVIDE


def taps(n: int, m: int) -> int:
    """Positions in all windows of adaptive pooling of n to m, by PyTorch's definition of a window."""
    return sum(len(range(o * n // m, -(-(o + 1) * n // m))) for o in range(m))


class TestRefusals:
    @pytest.mark.parametrize("op", ["gap", "gmp"])
    def test_a_vector_has_nothing_to_pool(self, op: str) -> None:
        with pytest.raises(LayerError) as caught:
            GlobalPool.model_validate({"op": op}).infer(TensorShape(512))
        assert caught.value.code == "CNN905"

    def test_a_size_for_another_number_of_axes_is_refused(self) -> None:
        with pytest.raises(LayerError) as caught:
            AdaptivePool(op="adaptive", size=(7, 7)).infer(TensorShape(512, (14,)))
        assert (caught.value.code, caught.value.option) == ("CNN905", "size")

    def test_tokens_have_no_grid_to_divide(self) -> None:
        with pytest.raises(LayerError):
            AdaptivePool(op="adaptive", size=7).infer(TensorShape(512, (196,), tokens=True))


class TestAdaptive:
    @pytest.mark.parametrize("ndim", [1, 2, 3])
    def test_the_output_has_the_size_asked_for(self, ndim: int) -> None:
        found = AdaptivePool(op="adaptive", size=7).infer(TensorShape(512, (14,) * ndim))
        assert tuple(found.output) == (512, *(7,) * ndim)

    def test_adds_and_divides_are_those_of_the_windows_enumerated(self) -> None:
        for n, m in product(range(1, 13), repeat=2):
            found = AdaptivePool(op="adaptive", size=(m, 3)).infer(TensorShape(2, (n, 5)))
            outputs = 2 * m * 3
            assert found.arithmetic == {ADD: 2 * taps(n, m) * taps(5, 3) - outputs, DIVIDE: outputs}

    def test_a_maximum_compares_instead_and_keeps_indices(self) -> None:
        found = AdaptivePool(op="adaptive_max", size=3).infer(TensorShape(2, (5, 5)))
        assert found.arithmetic == {COMPARE: 2 * taps(5, 3) ** 2 - 18}
        assert [(kept.what, kept.elements, kept.element_bytes) for kept in found.saved] == [
            ("input", 0, None),
            ("extra", 18, 8),
        ]

    def test_the_ledger_has_the_window_that_tools_assume(self) -> None:
        found = AdaptivePool(op="adaptive", size=3).infer(TensorShape(2, (7, 9)))
        assert found.ledger == {"adaptive_in": 126, "adaptive_out": 18, "adaptive_window_out": 18 * (7 // 3) * (9 // 3)}

    def test_a_size_that_divides_is_a_plain_window_and_one_that_does_not_a_table(self) -> None:
        (axes,) = AdaptivePool(op="adaptive", size=(7, 3)).infer(TensorShape(2, (14, 10))).reads
        assert axes is not None
        assert axes[0] == AxisWindow(kernel_size=2, stride=2)
        assert isinstance(axes[1], AxisTaps)

    def test_the_size_that_the_map_has_changes_nothing(self) -> None:
        found = AdaptivePool(op="adaptive", size=6).infer(TensorShape(256, (6, 6)))
        assert found.reads == ()
        assert found.mix is Mix.NONE

    def test_size_1_on_all_axes_is_the_global_pool(self) -> None:
        x = TensorShape(8, (5, 6))
        assert AdaptivePool(op="adaptive", size=1).infer(x) == GlobalPool(op="gap").infer(x)
        assert AdaptivePool(op="adaptive_max", size=1).infer(x) == GlobalPool(op="gmp").infer(x)

    def test_size_1_on_one_axis_alone_leaves_a_map(self) -> None:
        found = AdaptivePool(op="adaptive", size=(1, 6)).infer(TensorShape(8, (5, 6)))
        assert found.mix is Mix.NONE
        assert found.output.sizes == (1, 6)


class TestGlobal:
    @pytest.mark.parametrize("sizes", [(7,), (7, 7), (2, 7, 7)])
    def test_every_axis_becomes_1_and_the_map_is_gone(self, sizes: tuple[int, ...]) -> None:
        found = GlobalPool(op="gap").infer(TensorShape(2048, sizes))
        assert tuple(found.output) == (2048, *(1,) * len(sizes))
        assert found.mix is Mix.REDUCE

    def test_tokens_are_pooled_to_one(self) -> None:
        found = GlobalPool(op="gap").infer(TensorShape(768, (196,), tokens=True))
        assert found.output == TensorShape(768, (1,), tokens=True)

    def test_the_global_average_saves_nothing(self) -> None:
        assert GlobalPool(op="gap").infer(TensorShape(8, (7, 7))).saved == ()

    def test_the_global_average_of_resnet_counts_as_adaptive_pool(self) -> None:
        # What fvcore adds for it, 100,352, and what thop does: 49 taps and one divide for each of 2048 channels.
        counts = GlobalPool(op="gap").infer(TensorShape(2048, (7, 7))).ledger
        assert counts[ledger.read(ledger.ADAPTIVE)] == 100_352
        assert counts[ledger.window(ledger.ADAPTIVE)] + counts[ledger.written(ledger.ADAPTIVE)] == 50 * 2048
