"""All figures at once are the figures one by one."""

from __future__ import annotations

import pytest

from cnncalc.memory import Optimizer, memory, peaks, saved_bytes, training
from tests.graph.building import graph_of


@pytest.mark.parametrize("dropout", ["", "- dropout 0.5", "- dropout 0"])
def test_they_agree_with_and_without_dropout(dropout: str) -> None:
    graph = graph_of(f"- conv 8 k3 bn relu\n{dropout}\n- res(conv 8 k3 p1 bn)\n- gap\n- fc 10")
    scale = {"batch": 2, "element_bytes": 4}
    found = memory(graph, **scale, optimizer=Optimizer.ADAM)
    assert found.peaks == peaks(graph, **scale)
    assert found.saved_bytes == saved_bytes(graph, **scale)
    assert found.training == training(graph, **scale, optimizer=Optimizer.ADAM)
