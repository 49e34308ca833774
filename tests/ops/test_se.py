from __future__ import annotations

from math import prod

import pytest
from pydantic import ValidationError

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import ledger
from cnncalc.ops.base import Inference, Mix
from cnncalc.ops.se import SqueezeExcitation


def steps(se: SqueezeExcitation, x: TensorShape) -> dict[str, Inference]:
    shapes = {"x": x}
    found = {}
    for step in se.expand(x):
        found[step.name] = step.op.infer(*(shapes[name] for name in step.takes))
        shapes[step.name] = found[step.name].output
    return found


class TestRefusals:
    @pytest.mark.parametrize("word", ["bn", "leaky_rel", "", "none", 1, None])
    @pytest.mark.parametrize("option", ["act", "gate"])
    def test_only_an_activation_can_stand_inside(self, option: str, word: object) -> None:
        with pytest.raises(ValidationError) as caught:
            SqueezeExcitation.model_validate({"op": "se", "squeeze_channels": 8, option: word})
        assert len(caught.value.errors()) == 1

    def test_a_vector_has_nothing_to_squeeze(self) -> None:
        with pytest.raises(LayerError):
            steps(SqueezeExcitation(squeeze_channels=8), TensorShape(64))


class TestSqueezeExcitation:
    @pytest.mark.parametrize("sizes", [(28,), (28, 28), (8, 28, 28)])
    def test_the_shape_stays_on_any_number_of_axes(self, sizes: tuple[int, ...]) -> None:
        x = TensorShape(64, sizes)
        found = steps(SqueezeExcitation(squeeze_channels=16), x)
        assert found["mul"].output == x
        assert found["pool"].mix is Mix.REDUCE

    def test_parameters_and_macs_are_those_of_two_pointwise_convolutions_with_bias(self) -> None:
        found = steps(SqueezeExcitation(squeeze_channels=8), TensorShape(32, (112, 112)))
        params = sum(prod(weight.shape) for each in found.values() for weight in each.weights)
        assert params == 2 * 32 * 8 + 8 + 32
        assert sum(each.macs for each in found.values()) == 2 * 32 * 8
        assert sum(each.activations for each in found.values()) == 8 + 32

    def test_its_pool_and_biases_are_in_the_ledger(self) -> None:
        found = steps(SqueezeExcitation(squeeze_channels=8), TensorShape(32, (14, 14)))
        assert found["pool"].ledger[ledger.read(ledger.ADAPTIVE)] == 32 * 196
        assert sum(each.ledger.get(ledger.CONV_BIAS, 0) for each in found.values()) == 8 + 32

    def test_the_activations_are_those_asked_for(self) -> None:
        se = SqueezeExcitation.model_validate({"op": "se", "squeeze_channels": 8, "act": "SiLU", "gate": "hardsigmoid"})
        found = steps(se, TensorShape(32, (14, 14)))
        assert found["act"].ledger == {"silu": 8}
        assert found["gate"].ledger == {"hsigmoid": 32}

    def test_relu_and_sigmoid_are_the_defaults(self) -> None:
        found = steps(SqueezeExcitation(squeeze_channels=8), TensorShape(32, (14, 14)))
        assert found["act"].ledger == {"relu": 8}
        assert found["gate"].ledger == {"sigmoid": 32}

    def test_frozen_reaches_both_convolutions(self) -> None:
        ops = [step.op for step in SqueezeExcitation(squeeze_channels=8, frozen=True).expand(TensorShape(32, (4,)))]
        assert [getattr(op, "frozen", None) for op in ops] == [None, True, None, True, None, None]
