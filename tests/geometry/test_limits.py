"""What is refused before it fills the memory."""

from __future__ import annotations

import pytest

from cnncalc.engine import analyze, fields
from cnncalc.errors import LayerError
from cnncalc.geometry import limits
from cnncalc.geometry.field import AxisField
from cnncalc.geometry.window import AxisWindow
from cnncalc.graph import build
from cnncalc.spec.reader import parse

LAYERS = "cnncalc: 1\ninput: 1x4096\nlayers:\n  - conv 1 k1 s8\n  - (conv 1 k3 d2)*9\n"


def test_a_field_takes_its_phases_and_its_masks() -> None:
    plain = AxisField.source()
    holes = plain.through(AxisWindow(kernel_size=2, dilation=999), 5, 5)
    assert holes.held_bits - plain.held_bits == 1000
    repeated = plain.through(AxisWindow.repeated(7), 5, 35)
    assert repeated.held_bits == 7 * plain.held_bits


def test_fields_within_the_limit_of_a_network_pass() -> None:
    limits.check_network(limits.NETWORK_BITS)
    with pytest.raises(LayerError) as caught:
        limits.check_network(limits.NETWORK_BITS + 1)
    assert caught.value.code == "CNN902"


def test_a_network_whose_fields_take_too_much_is_told_once_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = build(parse(LAYERS, source="net.yaml"))
    assert not analyze(graph).findings
    for module in (limits, fields):
        monkeypatch.setattr(module, "NETWORK_BITS", 6000)
    (found,) = analyze(graph).findings
    assert found.code == "CNN902"
    assert found.layer is not None
    assert found.layer.startswith("repeat1.")
