from __future__ import annotations

from itertools import product
from math import prod

import pytest

import cnncalc
from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.base import FlopClass, Inference, Storage
from cnncalc.ops.scale import Scale

SHAPES = [TensorShape(96, (7, 5)), TensorShape(96), TensorShape(96, (9,), tokens=True)]


def infer(op: str, x: TensorShape, **options: str) -> Inference:
    return Scale.model_validate({"op": op, **options}).infer(x)


class TestRefusals:
    @pytest.mark.parametrize("op", ["scale", "shift"])
    def test_a_vector_has_no_positions(self, op: str) -> None:
        with pytest.raises(LayerError) as caught:
            infer(op, TensorShape(96), over="positions")
        assert (caught.value.code, caught.value.option) == ("CNN905", "over")


@pytest.mark.parametrize("x", SHAPES)
def test_a_scale_is_one_parameter_per_channel_and_one_multiplication_per_element(x: TensorShape) -> None:
    found = infer("scale", x)
    assert found.output == x
    assert [weight.shape for weight in found.weights] == [(96,)]
    assert found.arithmetic == {FlopClass.MUL: x.numel}
    assert [kept.what for kept in found.saved] == ["input"]


@pytest.mark.parametrize("x", SHAPES)
def test_a_shift_is_one_parameter_per_channel_and_one_add_per_element(x: TensorShape) -> None:
    found = infer("shift", x)
    assert found.output == x
    assert [weight.shape for weight in found.weights] == [(96,)]
    assert found.arithmetic == {FlopClass.ADD: x.numel}
    assert (found.saved, found.storage) == ((), Storage.IN_PLACE)


@pytest.mark.parametrize("op", ["scale", "shift"])
@pytest.mark.parametrize("x", SHAPES)
def test_weights_are_as_many_as_there_are_elements_that_differ(op: str, x: TensorShape) -> None:
    places = list(product(*map(range, x)))
    for over, differing in (("channels", {place[:1] for place in places}), ("all", set(places))):
        assert sum(prod(weight.shape) for weight in infer(op, x, over=over).weights) == len(differing)
    if x.sizes:
        found = infer(op, x, over="positions").weights
        assert sum(prod(weight.shape) for weight in found) == len({place[1:] for place in places})


def test_vit_base_learns_197_positions_of_768_channels() -> None:
    line = "conv 768 k16 s16 | tokens | prepend 1 | shift over=all"
    assert cnncalc.analyze(line, input="3x224x224")["shift1"].params == 197 * 768


def test_a_position_sees_what_it_saw() -> None:
    report = cnncalc.analyze("a: conv 8 k3 p1 | b: shift over=all", input="3x8x8")
    assert report["a"].reach == report["b"].reach
    assert not report["b"].is_global
