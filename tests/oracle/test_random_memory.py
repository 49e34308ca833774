"""Peaks and saved tensors of random networks against the storages that PyTorch holds."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import cnncalc
from tests.oracle.draw_plain import draw_plain
from tests.oracle.networks import Network, document
from tests.oracle.programs import alive_bytes, program, saved_bytes
from tests.oracle.pytorch import torch

pytestmark = pytest.mark.oracle

SIZES = {1: (12, 40), 2: (8, 20), 3: (6, 10)}


def draw(seed: int) -> tuple[Any, tuple[int, ...]]:
    rng = Random(seed)
    ndim = rng.choice([1, 2, 2, 3])
    shape = (rng.choice([2, 3, 4]), *(rng.randint(*SIZES[ndim]) for _ in range(ndim)))
    return draw_plain(seed, shape, length=rng.randint(1, 6)), shape


@pytest.mark.parametrize("seed", range(3000, 3200))
def test_the_peak_of_inference_is_what_is_really_alive(seed: int) -> None:
    tree, shape = draw(seed)
    text = document(tree, shape, "flat")
    peaks = cnncalc.analyze(text).totals.peaks
    for part in Network(tree).eval().modules():
        part.inplace = False
    steps = program(tree)
    for variant, in_place in (("not_in_place", False), ("in_place", True)):
        assert peaks[variant].bytes == alive_bytes(steps, torch.rand(1, *shape), in_place=in_place), f"{variant} {text}"


@pytest.mark.parametrize("seed", range(4000, 4200))
def test_the_saved_tensors_are_those_that_autograd_holds(seed: int) -> None:
    tree, shape = draw(seed)
    text = document(tree, shape, "nested")
    module = Network(tree).train()
    report = cnncalc.analyze(text, batch=2)
    assert report.totals.saved_bytes == saved_bytes(module, torch.rand(2, *shape)), text
