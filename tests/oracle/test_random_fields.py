"""Receptive fields of random networks against the influence that autograd finds.

The networks run in their linear mode (see layers.py), in double precision; a position belongs to a field if the
gradient of the unit, summed over all its channels, is not zero there.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from cnncalc.queries.unit import unit

import cnncalc
from tests.oracle.draw_tree import draw_network
from tests.oracle.layers import make_linear
from tests.oracle.networks import Network, document, reads_of_units

pytestmark = pytest.mark.oracle

SMALL = {1: (8, 30), 2: (6, 14), 3: (5, 8)}
LONG = {1: 320, 2: 160, 3: 72}
PHASES = 12


def linear(tree: Any) -> Any:
    """The network of the tree in linear mode."""
    return make_linear(Network(tree).eval())


@pytest.mark.parametrize("seed", range(1000, 1250))
def test_units_see_exactly_what_autograd_says_at_the_border_too(seed: int) -> None:
    rng = Random(seed)
    ndim = rng.choice([1, 2, 2, 3])
    shape = (rng.choice([1, 2, 3]), *(rng.randint(*SMALL[ndim]) for _ in range(ndim)))
    tree = draw_network(seed, shape, length=rng.randint(1, 4), limit=6000)
    network = linear(tree)
    text = document(tree, shape, "flat")
    graph = cnncalc.build(cnncalc.parse(text))
    last = graph.layers[-1]
    sizes = graph.nodes[last.nodes[-1]].inference.output.sizes
    picks = [tuple(rng.choice([0, n - 1, rng.randrange(n)]) for n in sizes) for _ in range(16)]
    expected = reads_of_units(network, shape, picks)
    for pick, wanted in zip(picks, expected, strict=True):
        answer = unit(graph, last.name, pick)
        assert [set(axis.pixels) for axis in answer.axes] == wanted, f"unit {pick} of {text}"


@pytest.mark.parametrize("seed", range(2000, 2250))
def test_units_of_every_phase_see_exactly_what_autograd_says_in_the_interior(seed: int) -> None:
    rng = Random(seed)
    ndim = rng.choice([1, 2, 2, 3])
    axis = rng.randrange(ndim)
    shape = (rng.choice([1, 2]), *(LONG[ndim] if a == axis else rng.randint(*SMALL[ndim]) for a in range(ndim)))
    tree = draw_network(seed, shape, length=rng.randint(1, 4), limit=40000)
    network = linear(tree)
    text = document(tree, shape, "nested")
    report = cnncalc.analyze(text)
    field = report.layers[-1].fields["input"]
    n_out, n_in = report.layers[-1].output_shape[1 + axis], shape[1 + axis]
    units = list(range(max(0, n_out // 2 - PHASES // 2), min(n_out, n_out // 2 + PHASES // 2)))
    everywhere = slice(None)
    picks = [tuple(o if a == axis else everywhere for a in range(ndim)) for o in units]
    expected = [sets[axis] for sets in reads_of_units(network, shape, picks)]
    for o, wanted in zip(units, expected, strict=True):
        said = set(field.axes[axis].pixels(o))
        if wanted and (min(wanted) < n_in // 4 or max(wanted) > n_in - n_in // 4):
            assert wanted <= said, f"unit {o} of {text}"  # perhaps not interior: the border may take something away
        else:
            assert said == wanted, f"unit {o} of {text}"
