"""Shapes, parameters and multiply-accumulates of random networks against PyTorch, row by row."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import cnncalc
from tests.oracle.draw_tree import draw_network
from tests.oracle.networks import Network, document, run
from tests.oracle.pytorch import FlopCounterMode, nn, torch

pytestmark = pytest.mark.oracle

SIZES = {1: (12, 40), 2: (8, 20), 3: (6, 10)}
STYLES = ("flat", "nested", "shell")


def draw(seed: int) -> tuple[Any, tuple[int, ...]]:
    """The tree and the input shape of a seed."""
    rng = Random(seed)
    ndim = rng.choice([1, 2, 2, 3])
    shape = (rng.choice([1, 2, 3, 4]), *(rng.randint(*SIZES[ndim]) for _ in range(ndim)))
    return draw_network(seed, shape, length=rng.randint(1, 6), limit=8000), shape


def macs_of(module: Any, inputs: tuple[Any, ...]) -> tuple[Any, int]:
    """The output and half of what PyTorch's flop counter counts.

    Its formula takes the input positions of a transposed convolution and leaves biases out, as cnncalc does; fixed
    filters run as depthwise convolutions and count likewise.
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        output = module(*inputs)
    return output, counter.get_total_flops() // 2


def figures(tree: Any, shape: tuple[int, ...]) -> list[tuple[tuple[int, ...], int, int, int]]:
    """Per row output shape, parameters, buffers and MACs as PyTorch has them."""
    found = []

    def seen(module: Any, inputs: tuple[Any, ...]) -> Any:
        output, macs = macs_of(module, inputs)
        params = sum(parameter.numel() for parameter in module.parameters())
        buffers = sum(buffer.numel() for buffer in module.buffers() if buffer.ndim)  # not the step counter
        found.append((tuple(output.shape[1:]), params, buffers, macs))
        return output

    Network(tree).eval()
    run(tree, torch.rand(1, *shape), seen)
    return found


@pytest.mark.parametrize("seed", range(300))
def test_a_random_network_has_the_shapes_parameters_and_macs_of_pytorch(seed: int) -> None:
    tree, shape = draw(seed)
    text = document(tree, shape, STYLES[seed % 3])
    report = cnncalc.analyze(text)
    found = [(row.output_shape, row.params, row.buffers, row.macs) for row in report.layers]
    assert found == figures(tree, shape), text
    assert report.totals.params == sum(row[1] for row in found)
    assert report.totals.macs == sum(row[3] for row in found)


HEADS = {
    "gap | fc 10": [nn.AdaptiveAvgPool2d(1), nn.Sequential(nn.Flatten(), nn.Linear(6, 10))],
    "gmp | flatten | linear 3 nobias": [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(6, 3, bias=False)],
    "flatten | linear 5": [nn.Flatten(), nn.Linear(6 * 81, 5)],
    "fc 7": [nn.Sequential(nn.Flatten(), nn.Linear(6 * 81, 7))],
    "adaptive 2x3 | fc 4": [nn.AdaptiveAvgPool2d((2, 3)), nn.Sequential(nn.Flatten(), nn.Linear(36, 4))],
}


@pytest.mark.parametrize("head", HEADS)
def test_a_head_has_the_shapes_parameters_and_macs_of_pytorch(head: str) -> None:
    x = torch.rand(1, 6, 9, 9)
    expected = []
    for module in HEADS[head]:
        x, macs = macs_of(module, (x,))
        expected.append((tuple(x.shape[1:]), sum(p.numel() for p in module.parameters()), macs))
    report = cnncalc.analyze(cnncalc.parse(head, input="6x9x9"))
    assert [(row.output_shape, row.params, row.macs) for row in report.layers] == expected
