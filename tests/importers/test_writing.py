"""What importers write, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
from hypothesis import given, settings

import cnncalc
from cnncalc.importers.writing.to_yaml import to_yaml
from tests.importers.comparing import COMMUTES, figures
from tests.importers.trees import networks

if TYPE_CHECKING:
    from cnncalc.importers.layers import Imported
    from cnncalc.report import Report


def read(text: str) -> Report:
    """The report of a text; a note with the text where that fails."""
    hypothesis.note(text)
    return cnncalc.analyze(cnncalc.parse(text))


def agrees(report: Report, network: Imported) -> None:
    """Every layer is a row, in order, with the shape and the inputs that the source knows."""
    names = {layer.name: row.name for layer, row in zip(network.layers, report, strict=True)}
    names |= dict(zip(network.inputs, report.inputs, strict=True))
    for layer, row in zip(network.layers, report, strict=True):
        inputs = [names[name] for name in layer.inputs]
        assert row.output_shape == layer.shape
        assert sorted(row.inputs) == sorted(inputs)
        assert layer.op in COMMUTES or list(row.inputs) == inputs
    assert [
        report.layers[report.scopes[name].output_layer].name for name in report.outputs if name not in report.inputs
    ] == [names[name] for name in network.outputs if name not in network.inputs]


@settings(max_examples=150, deadline=None)
@given(networks())
def test_with_and_without_blocks_it_is_the_same_network(network: Imported) -> None:
    flat, grouped = read(to_yaml(network, flat=True)), read(to_yaml(network))
    agrees(flat, network)
    agrees(grouped, network)
    assert figures(grouped) == figures(flat)
