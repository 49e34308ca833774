from __future__ import annotations

import pytest

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops import OPS
from cnncalc.ops.shortcut import ShortcutPad


def test_channels_cannot_be_padded_away() -> None:
    with pytest.raises(LayerError) as caught:
        ShortcutPad(out_channels=16).infer(TensorShape(32, (8, 8)))
    assert caught.value.code == "CNN001"


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_every_stride_th_position_is_taken_from_the_first_on(n: int, stride: int) -> None:
    found = ShortcutPad(out_channels=32, stride=stride).infer(TensorShape(16, (n, n)))
    assert tuple(found.output) == (32, *(len(range(0, n, stride)),) * 2)
    window = AxisWindow(kernel_size=1, stride=stride)
    assert found.reads == (() if stride == 1 else ((window,) * 2,))


def test_it_has_neither_parameters_nor_costs() -> None:
    found = ShortcutPad(out_channels=32, stride=(2, 1)).infer(TensorShape(16, (8, 8)))
    assert (found.weights, found.macs, dict(found.arithmetic), found.saved) == ((), 0, {}, ())


def test_a_vector_gets_channels_alone() -> None:
    assert ShortcutPad(out_channels=32, stride=()).infer(TensorShape(16)).output == TensorShape(32)


def test_no_word_that_can_be_written_names_it() -> None:
    (name,) = [name for name, kind in OPS.items() if kind is ShortcutPad]
    assert len(name.split()) > 1
