"""Receptive fields of random networks against the influence that autograd finds.

The networks run in their linear mode (see layers.py), in double precision; a position belongs to a field if the
gradient of the unit, summed over all its channels, is not zero there.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

import cnncalc
from cnncalc.queries.unit import unit
from tests.oracle.draw_tree import draw_network
from tests.oracle.layers import make_linear
from tests.oracle.networks import Network, document, reads_of_units

pytestmark = pytest.mark.oracle

SMALL = {1: (8, 30), 2: (6, 14), 3: (5, 8)}
LONG = {1: 320, 2: 160, 3: 72}
PHASES = 24


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
        said = [set(axis.pixels) for axis in answer.axes]
        if answer.is_global:  # the local field, beside what mixes all positions
            assert all(part <= whole for part, whole in zip(said, wanted, strict=True)), f"unit {pick} of {text}"
        else:
            assert said == wanted, f"unit {pick} of {text}"


def draw_long(seed: int) -> tuple[Any, tuple[int, ...], int, str, Any]:
    """Tree, input shape, long axis, text and report of the first network of a seed whose fields are all local.

    A table of units knows zeros around the map only; with other borders the exact walk above is what holds.
    """
    rng = Random(seed)
    while True:
        ndim = rng.choice([1, 1, 2, 3])
        axis = rng.randrange(ndim)
        shape = (rng.choice([1, 2]), *(LONG[ndim] if a == axis else rng.randint(*SMALL[ndim]) for a in range(ndim)))
        tree = draw_network(rng.randrange(10**6), shape, length=rng.randint(1, 4), limit=40000)
        text = document(tree, shape, "nested")
        report = cnncalc.analyze(text)
        row = report.layers[-1]
        is_table = row.fields["input"].axes[axis].shift is None
        if not row.is_global and not (is_table and any(mode in text for mode in ("reflect", "replicate", "circular"))):
            return tree, shape, axis, text, report


@pytest.mark.parametrize("seed", range(2000, 2250))
def test_units_of_every_phase_see_exactly_what_autograd_says_in_the_interior(seed: int) -> None:
    tree, shape, axis, text, report = draw_long(seed)
    network, ndim, row = linear(tree), len(shape) - 1, report.layers[-1]
    field = row.fields["input"].axes[axis]
    n_out, n_in = row.output_shape[1 + axis], shape[1 + axis]
    middle = range(n_out // 2 - n_out // 8, n_out // 2 + n_out // 8 + 1)
    units = [o for o in middle if abs(o - n_out // 2) <= PHASES // 2]
    picks = [tuple(o if a == axis else slice(None) for a in range(ndim)) for o in units]
    # The other axes are short: all that a branch reads there may lie in the padding, and then it has no part in a unit.
    one_path = ndim == 1 or not any(len(each.inputs) > 1 for each in report.layers)
    for o, sets in zip(units, reads_of_units(network, shape, picks), strict=True):
        said, wanted = set(field.pixels(o)), sets[axis]
        if not far_from_the_border(wanted | said, n_in):
            continue
        if ndim == 1 or (one_path and wanted):
            assert said == wanted, f"unit {o} of {text}"
        else:
            assert wanted <= said, f"unit {o} of {text}"


def far_from_the_border(pixels: set[int], n: int) -> bool:
    """Whether all lie in the middle half of an axis."""
    return all(n // 4 <= pixel < n - n // 4 for pixel in pixels)
