"""Who reads whom: the layers of a report as a graph, for rules that look at neighbours."""

from __future__ import annotations

from functools import cached_property, wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cnncalc.report import LayerReport, Report

Result = TypeVar("Result")


class Flow:
    """The layers of a network by name, and in both directions of the stream."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.layers = {layer.name: layer for layer in report.layers}

    @cached_property
    def readers(self) -> dict[str, list[LayerReport]]:
        """By layer or input the layers that read it; none for a name that nobody reads."""
        readers: dict[str, list[LayerReport]] = {name: [] for name in (*self.report.inputs, *self.layers)}
        for layer in self.report.layers:
            for source in dict.fromkeys(layer.inputs):
                readers[source].append(layer)
        return readers

    @cached_property
    def outputs(self) -> dict[str, str]:
        """By output of the network the layer (or input) that gives it."""
        scopes, layers = self.report.scopes, self.report.layers
        found: dict[str, str] = {}
        for name in self.report.outputs:
            index = scopes[name].output_layer if name in scopes else -1
            found[name] = layers[index].name if index >= 0 else name
        return found

    @cached_property
    def results(self) -> frozenset[str]:
        """The layers that give outputs."""
        return frozenset(self.outputs.values())

    @cached_property
    def titles(self) -> dict[str, str]:
        """By layer the shortest name that stands for its output: `stem` for `stem.relu`."""
        layers = self.report.layers
        found = {layer.name: layer.name for layer in layers}
        for scope in self.report.scopes.values():
            if 0 <= scope.first <= scope.output_layer <= scope.last:  # not an empty sequence
                last = layers[scope.output_layer].name
                found[last] = min(found[last], scope.name, key=len)
        return found

    def sources(self, layer: LayerReport) -> Iterator[LayerReport]:
        """The layers that a layer reads, network inputs left out."""
        for name in layer.inputs:
            source = self.layers.get(name)
            if source is not None:
                yield source

    def leading_to(self, names: Iterable[str]) -> set[str]:
        """These layers, and every layer and input that they depend on."""
        wanted = set(names)
        for layer in reversed(self.report.layers):
            if layer.name in wanted:
                wanted.update(layer.inputs)
        return wanted

    def only_reader(self, layer: LayerReport) -> LayerReport | None:
        """The layer that alone reads this one; None where there are more or none, or this one is an output."""
        readers = self.readers[layer.name]
        return readers[0] if len(readers) == 1 and layer.name not in self.results else None


def kept(work: Callable[[Report], Result]) -> Callable[[Report], Result]:
    """Decorator: keep the result for the last report, since a rule is asked anew for every layer."""
    last: list[tuple[Report, Result]] = []

    @wraps(work)
    def known(report: Report) -> Result:
        if not last or last[0][0] is not report:
            last[:] = [(report, work(report))]
        return last[0][1]

    return known


@kept
def flow(report: Report) -> Flow:
    """The flow of a report."""
    return Flow(report)
