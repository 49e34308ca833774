from __future__ import annotations

import pytest

from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.base import FlopClass
from cnncalc.ops.scale import Scale


@pytest.mark.parametrize("x", [TensorShape(96, (7, 7)), TensorShape(96), TensorShape(96, (9,), tokens=True)])
def test_a_scale_is_one_parameter_per_channel_and_one_multiplication_per_element(x: TensorShape) -> None:
    found = Scale().infer(x)
    assert found.output == x
    assert [weight.shape for weight in found.weights] == [(96,)]
    assert found.arithmetic == {FlopClass.MUL: x.numel}
    assert [kept.what for kept in found.saved] == ["input"]
