"""A graph of a network from which sizes can be followed: built at its own sizes, or at others near them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity, SpecError
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import build
from cnncalc.spec.reader import with_overrides

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.graph import Graph
    from cnncalc.spec.network import NetworkSpec


def reference(spec: NetworkSpec) -> tuple[Graph, bool]:
    """A graph without errors, at the sizes of the spec or others near them; whether it is at its own."""
    graph = build(spec)
    found = [each for each in (*spec.findings, *graph.findings) if each.severity is Severity.ERROR]
    if not found:
        return graph, True
    if not any(each.severity is Severity.ERROR for each in spec.findings) and spec.inputs:
        for shapes in _candidates(spec):
            other = build(with_overrides(spec, inputs=shapes))
            if not _broken(other):
                return other, False
    raise SpecError(found)


def _candidates(spec: NetworkSpec) -> Iterator[dict[str, TensorShape]]:
    """Inputs of sizes that are likely to work."""
    for multiple in (2, 4, 8, 16, 32, 64, 128, 256, 512):
        yield _each(spec, [[-(-n // multiple) * multiple for n in shape.sizes] for shape in spec.inputs.values()])
    for more in range(1, 65):
        yield _each(spec, [[n + more for n in shape.sizes] for shape in spec.inputs.values()])
    for size in (64, 256, 1024):
        yield _each(spec, [[size for _ in shape.sizes] for shape in spec.inputs.values()])


def _each(spec: NetworkSpec, sizes: list[list[int]]) -> dict[str, TensorShape]:
    return {
        name: TensorShape(shape.channels, tuple(made), shape.tokens)
        for (name, shape), made in zip(spec.inputs.items(), sizes, strict=True)
    }


def _broken(graph: Graph) -> bool:
    return any(found.severity is Severity.ERROR for found in graph.findings)
