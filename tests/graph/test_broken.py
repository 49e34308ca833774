"""A network of nothing but mistakes is still read in time and memory that grow with its length alone."""

from __future__ import annotations

import tracemalloc

from cnncalc.graph import build
from cnncalc.spec.reader import parse_line, parse_shape


def peak_of(layers: int) -> int:
    spec = parse_line(" | ".join(["conv 8 k99"] * layers), {"input": parse_shape("8x16x16")})
    tracemalloc.start()
    graph = build(spec)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(graph.findings) == layers
    return peak


def test_memory_for_broken_layers_grows_with_their_number_not_with_its_square() -> None:
    assert peak_of(3200) < 3 * peak_of(1600)
