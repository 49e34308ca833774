"""Ops that read more than a window: what `unit` says of every position against the gradients of the exported file.

Weights are random, so that a gradient is zero exactly where nothing depends on a pixel.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

import cnncalc
from cnncalc.export.to_torch import to_torch
from cnncalc.queries.unit import unit
from tests.oracle.pytorch import torch

pytestmark = pytest.mark.oracle

LOCAL = {
    "a reduction over an axis": "conv 4 k3 p1 | reduce mean over=h",
    "a reduction over the other axis": "conv 4 k3 s2 p1 | reduce norm over=w | conv 4 k3x1 p1x0",
    "a reduction over channels": "conv 4 k3 s2 p1 | reduce sum over=channels | conv 2 k3",
    "functions of each element": "conv 4 k3 d2 | square | sqrt | log | abs | rsqrt | neg | exp | erf",
    "a merge that repeats channels": "a: conv 4 k3 p1 | conv 1 k1 | div a align=broadcast",
    "new tokens": "conv 4 k2 s2 | tokens | prepend 2 | linear 3",
    "tokens cut off": "conv 4 k2 s2 | tokens | crop 3/2",
    "tokens before and off": "conv 4 k2 s2 | tokens | prepend 2 | linear 3 | crop 4/1",
}
PARTLY = {
    "over one axis": "a: conv 4 k3 p1 | reduce mean over=h | conv 4 k1x3 p0x1 | add a align=broadcast",
    "an axis each": "a: conv 4 k3 | b: reduce mean over=w | c: reduce mean over=h from=a | mul b align=broadcast",
}
WHOLE = {
    "softmax over positions": "conv 4 k3 p1 | softmax over=positions",
    "a norm over all": "conv 4 k3 s2 p1 | ln over=all",
    "attention": "q: conv 4 k3 p1 | k: conv 4 k2 s2 from=x | v: conv 6 k2 s2 from=x | sdpa k v heads=2 from=q",
    "attention of tokens": "a: conv 4 k2 s2 | tokens | prepend 1 | sdpa tokens1 tokens1 heads=2",
    "a product of maps": "a: conv 4 k3 p1 | b: conv 4 k1 from=x | matmul a out=4x4 inner=36",
    "a product of maps, read on": "a: conv 4 k3 p1 | matmul a out=4x2x2 inner=36 | conv 2 k1",
}


def gradients(line: str) -> tuple[Any, Any, Any]:
    """The report, the graph, and a function from a position to the pixels with influence on it."""
    spec = cnncalc.parse(line, input="2x6x6")
    graph = cnncalc.build(spec)
    report = cnncalc.analyze(spec)
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(to_torch(report), "exported.py", "exec"), names)  # noqa: S102 - it is our own file
    *_, made = names.values()
    torch.manual_seed(0)
    network = made().double().eval()
    for parameter in network.parameters():
        torch.nn.init.uniform_(parameter, 0.5, 1.5)
    is_tokens = report.layers[-1].inferences[-1].output.tokens

    def influence(index: tuple[int, ...]) -> list[tuple[int, int]]:
        x = torch.rand(1, 2, 6, 6, dtype=torch.float64).requires_grad_()
        output = network(x)
        if is_tokens:
            output = output.transpose(1, 2)
        weights = torch.rand(output.shape[1], dtype=torch.float64)
        place = (0, slice(None), *index)
        (gradient,) = torch.autograd.grad((output[place] * weights).sum(), x, allow_unused=True)
        return [] if gradient is None else [tuple(place) for place in gradient[0].abs().amax(0).nonzero().tolist()]

    return report, graph, influence


def said(answer: Any) -> set[tuple[int, ...]]:
    """The pixels of an answer, in the plane."""
    return {place for box in answer.boxes for place in product(*(axis.pixels() for axis in box))}


def positions(report: Any) -> list[tuple[int, ...]]:
    return list(product(*map(range, report.layers[-1].output_shape[1:])))


@pytest.mark.parametrize("name", LOCAL)
def test_every_position_sees_exactly_what_has_influence_on_it(name: str) -> None:
    report, graph, influence = gradients(LOCAL[name])
    for index in positions(report):
        answer = unit(graph, report.layers[-1].name, index)
        assert not answer.is_global
        assert said(answer) == set(influence(index)), index


@pytest.mark.parametrize("name", PARTLY)
def test_what_is_repeated_along_an_axis_is_seen_along_it(name: str) -> None:
    report, graph, influence = gradients(PARTLY[name])
    assert report.layers[-1].is_global
    for index in positions(report):
        answer = unit(graph, report.layers[-1].name, index)
        assert answer.is_global
        assert said(answer) == set(influence(index)), index


@pytest.mark.parametrize("name", WHOLE)
def test_every_position_of_a_global_op_depends_on_every_pixel(name: str) -> None:
    report, graph, influence = gradients(WHOLE[name])
    assert report.layers[-1].is_global
    for index in positions(report):
        assert unit(graph, report.layers[-1].name, index).is_global
        assert set(influence(index)) == set(product(range(6), range(6))), index
