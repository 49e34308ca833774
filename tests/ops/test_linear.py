from __future__ import annotations

from math import prod

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import ledger
from cnncalc.ops.base import FlopClass, Inference, Mix
from cnncalc.ops.linear import FullyConnected, Linear


class TestRefusals:
    @pytest.mark.parametrize("x", [TensorShape(512, (7, 7)), TensorShape(512, (7,)), TensorShape(512, (1, 7))])
    def test_a_map_is_refused_with_the_ways_out(self, x: TensorShape) -> None:
        with pytest.raises(LayerError) as caught:
            Linear(out_channels=1000).infer(x)
        assert caught.value.code == "CNN005"
        assert repr(x) in caught.value.message
        assert caught.value.help is not None
        assert f"`fc 1000` flattens it first ({x.numel:,} inputs)" in caught.value.help


class TestLinear:
    def test_a_vector_becomes_a_vector(self) -> None:
        found = Linear(out_channels=1000).infer(TensorShape(512))
        assert found.output == TensorShape(1000)
        assert found.mix is Mix.NONE

    @pytest.mark.parametrize("ndim", [1, 2, 3])
    def test_a_map_of_one_position_becomes_a_vector(self, ndim: int) -> None:
        found = Linear(out_channels=1000).infer(TensorShape(512, (1,) * ndim))
        assert found.output == TensorShape(1000)
        assert found.mix is Mix.REDUCE

    def test_tokens_stay_tokens_and_each_costs_the_same(self) -> None:
        one = Linear(out_channels=3072).infer(TensorShape(768))
        found = Linear(out_channels=3072).infer(TensorShape(768, (196,), tokens=True))
        assert found.output == TensorShape(3072, (196,), tokens=True)
        assert found.macs == 196 * one.macs == 196 * 768 * 3072
        assert found.weights == one.weights
        assert found.mix is Mix.NONE
        assert found.reads == ()

    def test_weight_and_bias_have_pytorchs_shapes(self) -> None:
        found = Linear(out_channels=1000).infer(TensorShape(512))
        assert [(weight.name, weight.shape) for weight in found.weights] == [("weight", (1000, 512)), ("bias", (1000,))]
        assert (found.fan_in, found.fan_out) == (512, 1000)

    def test_a_bias_is_one_add_per_output_element(self) -> None:
        found = Linear(out_channels=10).infer(TensorShape(4, (6,), tokens=True))
        assert found.arithmetic == {FlopClass.ADD: 60}
        assert found.ledger == {ledger.LINEAR_BIAS: 60}
        assert Linear(out_channels=10, bias=False).infer(TensorShape(4)).arithmetic == {}


class TestFullyConnected:
    def steps(self, layer: FullyConnected, x: TensorShape) -> list[Inference]:
        found = []
        for step in layer.expand(x):
            found.append(step.op.infer(x))
            x = found[-1].output
        return found

    def test_the_classifier_of_vgg_has_the_published_parameters(self) -> None:
        # Simonyan & Zisserman 2014 (arXiv:1409.1556): 102,760,448 weights in the first fully connected layer.
        flatten, linear = self.steps(FullyConnected(out_channels=4096), TensorShape(512, (7, 7)))
        assert prod(linear.weights[0].shape) == linear.macs == 102_760_448
        assert flatten.weights == ()

    def test_options_reach_the_linear_step(self) -> None:
        *_, step = FullyConnected(out_channels=10, bias=False, frozen=True).expand(TensorShape(4, (2, 2)))
        assert step.op == Linear(out_channels=10, bias=False, frozen=True)

    def test_the_weights_shown_are_those_of_the_linear_step(self) -> None:
        assert FullyConnected.LEAD == "linear"
