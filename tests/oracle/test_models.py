"""Known networks against PyTorch: parameters, MACs, what is alive in inference and saved in training."""

from __future__ import annotations

import operator
from typing import Any

import pytest

import cnncalc
from tests.oracle.models import MODELS
from tests.oracle.programs import AliveMode, saved_bytes
from tests.oracle.pytorch import FlopCounterMode, nn, torch

pytestmark = [pytest.mark.oracle, pytest.mark.parametrize("name", MODELS)]


def load(name: str, batch: int = 1) -> tuple[Any, Any, Any]:
    """The module, an input for it and the report of a network."""
    make, text = MODELS[name]
    report = cnncalc.analyze(text, batch=batch)
    (shape,) = report.inputs.values()
    return make().eval(), torch.rand(batch, *shape), report


def really_alive(module: Any, inputs: list[Any], *, in_place: bool) -> int:
    """Most bytes of storages alive in inference when every value is dropped after its last use.

    `inputs` holds the only reference to the input, so that it goes like any other value.
    """
    for part in module.modules():
        if hasattr(part, "inplace"):
            part.inplace = in_place
        elif in_place and isinstance(part, nn.Tanh):
            part.forward = torch.tanh_
    traced = torch.fx.symbolic_trace(module)
    for node in traced.graph.nodes:
        if node.target is operator.iadd and not in_place:
            node.target = operator.add
    with torch.no_grad(), AliveMode(module, inputs) as mode:
        torch.fx.Interpreter(traced).boxed_run(inputs)
    return int(mode.most)


def test_parameters_and_buffers_are_those_of_the_module(name: str) -> None:
    module, _, report = load(name)
    assert report.totals.params == sum(tensor.numel() for tensor in module.parameters())
    assert report.totals.buffers == sum(tensor.numel() for tensor in module.buffers() if tensor.ndim)


def test_macs_are_half_of_what_the_flop_counter_counts(name: str) -> None:
    module, x, report = load(name, batch=2)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        output = module(x)
    assert 2 * report.totals.macs == counter.get_total_flops()
    assert [*report.outputs.values()] == [tuple(output.shape[1:])]


@pytest.mark.parametrize(("variant", "in_place"), [("in_place", True), ("not_in_place", False)])
def test_the_peak_is_what_is_really_alive_at_once(name: str, variant: str, in_place: bool) -> None:  # noqa: FBT001
    module, x, report = load(name)
    inputs = [x]
    del x
    assert report.totals.peaks[variant].bytes == really_alive(module, inputs, in_place=in_place)


def test_saved_bytes_are_the_storages_that_autograd_holds(name: str) -> None:
    module, x, report = load(name, batch=2)
    assert report.totals.saved_bytes == saved_bytes(module.train(), x)
