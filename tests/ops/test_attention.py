from __future__ import annotations

from math import prod

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import ledger
from cnncalc.ops.attention import Attention
from cnncalc.ops.base import FlopClass, Mix


class TestRefusals:
    def test_heads_that_do_not_divide_the_channels_are_refused_with_the_nearest_ones(self) -> None:
        with pytest.raises(LayerError) as caught:
            Attention(num_heads=5).infer(TensorShape(96, (49,), tokens=True))
        assert (caught.value.code, caught.value.option) == ("CNN003", "num_heads")
        assert caught.value.help == "use 4 or 6 heads, or feed 95 or 100 channels"

    def test_a_vector_has_no_positions_to_attend_to(self) -> None:
        with pytest.raises(LayerError) as caught:
            Attention(num_heads=4).infer(TensorShape(96))
        assert caught.value.code == "CNN905"


class TestAttention:
    @pytest.mark.parametrize(
        "x", [TensorShape(768, (196,), tokens=True), TensorShape(768, (14, 14)), TensorShape(768, (4, 7, 7))]
    )
    def test_maps_and_tokens_of_as_many_positions_cost_the_same(self, x: TensorShape) -> None:
        found = Attention(num_heads=12).infer(x)
        assert found.output == x
        assert found.mix is Mix.GATE
        assert found.macs == 4 * 196 * 768**2 + 2 * 196**2 * 768

    def test_a_layer_of_vit_base_has_the_parameters_of_pytorchs_module(self) -> None:
        # 2,362,368 of nn.MultiheadAttention(768, 12).
        found = Attention(num_heads=12).infer(TensorShape(768, (197,), tokens=True))
        assert sum(prod(weight.shape) for weight in found.weights) == 4 * 768**2 + 4 * 768 == 2_362_368

    def test_the_products_are_enumerated(self) -> None:
        count, channels, heads = 5, 6, 2
        width = channels // heads
        scores = sum(width for _ in range(heads) for _ in range(count) for _ in range(count))
        mixed = sum(count for _ in range(heads) for _ in range(count) for _ in range(width))
        linear = sum(channels for _ in range(4) for _ in range(count) for _ in range(channels))
        found = Attention(num_heads=heads).infer(TensorShape(channels, (count,), tokens=True))
        assert found.macs == linear + scores + mixed
        assert found.ledger == {ledger.LINEAR_BIAS: 4 * count * channels, ledger.ATTENTION_MATMUL: scores + mixed}

    def test_the_softmax_is_over_the_scores_of_every_head(self) -> None:
        found = Attention(num_heads=2).infer(TensorShape(6, (5,), tokens=True))
        scores = 2 * 5 * 5
        assert found.arithmetic == {
            FlopClass.ADD: 4 * 5 * 6 + scores + (scores - 10),  # biases, differences to the maximum, sums
            FlopClass.MUL: 5 * 6,
            FlopClass.COMPARE: scores - 10,
            FlopClass.EXP: scores,
            FlopClass.DIVIDE: scores,
        }

    def test_heads_change_no_parameters_and_no_macs(self) -> None:
        one, eight = (Attention(num_heads=heads).infer(TensorShape(64, (9,), tokens=True)) for heads in (1, 8))
        assert (one.weights, one.macs, one.activations) == (eight.weights, eight.macs, eight.activations)

    def test_one_position_mixes_with_nothing(self) -> None:
        assert Attention(num_heads=8).infer(TensorShape(64, (1, 1))).mix is Mix.NONE
