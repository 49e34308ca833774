from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import ValidationError

from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.base import FlopClass, Storage
from cnncalc.ops.dropout import Dropout

X = TensorShape(256, (6, 6))


@pytest.mark.parametrize("p", [-1, 2, Fraction(11, 10), True, "0.5", 0.5, None])
def test_a_probability_is_an_exact_number_from_0_to_1(p: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Dropout.model_validate({"op": "dropout", "p": p})
    assert len(caught.value.errors()) == 1


@pytest.mark.parametrize("p", [0, 1, Fraction(1, 5)])
def test_at_inference_it_is_a_view_that_costs_nothing(p: int | Fraction) -> None:
    found = Dropout(p=p).infer(X)
    assert found.output == X
    assert found.storage is Storage.VIEW
    assert (found.macs, dict(found.arithmetic), found.weights) == (0, {}, ())


def test_training_keeps_a_mask_in_the_dtype_of_the_input() -> None:
    found = Dropout().infer(X)
    (mask,) = found.saved
    assert (mask.what, mask.elements, mask.element_bytes, mask.per_sample) == ("extra", X.numel, None, True)
    assert found.training_arithmetic == {FlopClass.MUL: X.numel}


def test_with_probability_0_there_is_no_mask() -> None:
    found = Dropout(p=0).infer(X)
    assert found.saved == ()
    assert found.training_arithmetic is None
