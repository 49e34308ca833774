from __future__ import annotations

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.over import What, axes_over


@pytest.mark.parametrize(
    ("over", "x", "expected"),
    [
        ("channels", TensorShape(4), ()),
        ("channels", TensorShape(4, (5, 6)), ()),
        ("positions", TensorShape(4, (5, 6, 7)), (0, 1, 2)),
        ("positions", TensorShape(4, (5,), tokens=True), (0,)),
        ("l", TensorShape(4, (5,)), (0,)),
        ("h", TensorShape(4, (5, 6)), (0,)),
        ("w", TensorShape(4, (5, 6)), (1,)),
        ("d", TensorShape(4, (5, 6, 7)), (0,)),
        ("h", TensorShape(4, (5, 6, 7)), (1,)),
        ("w", TensorShape(4, (5, 6, 7)), (2,)),
    ],
)
def test_a_word_means_these_axes(over: str, x: TensorShape, expected: tuple[int, ...]) -> None:
    assert axes_over(What(over), x) == expected


@pytest.mark.parametrize(
    ("over", "x"),
    [
        ("positions", TensorShape(4)),
        ("w", TensorShape(4)),
        ("l", TensorShape(4, (5, 6))),
        ("d", TensorShape(4, (5, 6))),
        ("l", TensorShape(4, (5, 6, 7))),
    ],
)
def test_axes_that_are_not_there_are_refused(over: str, x: TensorShape) -> None:
    with pytest.raises(LayerError) as caught:
        axes_over(What(over), x)
    assert (caught.value.code, caught.value.option) == ("CNN905", "over")
