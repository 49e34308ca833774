"""One run over all combinations of numbers, in the order in which the network meets its unknowns.

Two cuts spare most of the work, and both are exact:

- The layers before the next unknown are complete. If they cannot be built, or already cost more than is allowed, no
  number behind them helps: costs only add up.
- The cost of a layer grows with its output channels. If the network up to a layer is too dear, so it is with more.

Too dear is what a goal does not allow; in a search for the nearest misses, what misses by more than all that are kept.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from heapq import heappop, heappush, nsmallest
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.engine import analyze
from cnncalc.errors import Severity
from cnncalc.graph import build
from cnncalc.queries.figures import figures
from cnncalc.queries.unknowns import Kind, substitute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cnncalc.errors import Finding
    from cnncalc.geometry.shape import TensorShape
    from cnncalc.graph import Graph
    from cnncalc.queries.goals import Goals, Miss
    from cnncalc.queries.prefixes import Prefixes
    from cnncalc.queries.unknowns import Unknown
    from cnncalc.spec.network import NetworkSpec

_KEPT_MISSES = 256
_ONLY_PADDING = "a padding of the effective kernel or more: some outputs would see padding alone"
_OFTEN = 64
"""Progress is told every so many combinations."""


class Scored(NamedTuple):
    """Enough of a combination to sort it; the rest is worked out for those that are shown."""

    order: tuple[object, ...]
    values: tuple[int, ...]
    misses: tuple[str, ...] = ()


class Search:
    """What has been found so far. Without `prefixes` nothing is left out.

    `misses` is how many of the nearest are wanted, 0 where only solutions are.
    """

    def __init__(  # noqa: PLR0913 - what to search, for what, and whom to tell
        self,
        text: str,
        read: Callable[[str], NetworkSpec],
        goals: Goals,
        found: Sequence[Unknown],
        prefixes: Prefixes | None,
        progress: Callable[[int, int], None] | None,
        misses: int = 0,
    ) -> None:
        self.text, self.read, self.goals, self.found = text, read, goals, found
        self.prefixes, self.progress, self.misses = prefixes, progress, misses
        self.order = prefixes.order if prefixes else tuple(range(len(found)))
        self.behind = [prod(len(found[at].values) for at in self.order[depth:]) for depth in range(len(found) + 1)]
        """From every depth on, how many combinations there are."""
        self.solved: list[Scored] = []
        self.missed: list[Scored] = []
        self.kept: list[Fraction] = []
        """What the nearest misses miss by, negative, the farthest first."""
        self.refused: Counter[str] = Counter()
        self.names: tuple[str, ...] = ()
        """Of the network, where the name that the goals speak of is none of them."""
        self.done = self.told = 0
        self.small_padding = any(each.kind is Kind.PADDING and not each.bounded for each in found)
        """A padding that is to be found is less than the effective kernel, unless its bounds were asked for."""

    def run(self) -> Search:
        """Try everything."""
        self._walk(0, [each.values[0] for each in self.found])
        return self

    def _walk(self, depth: int, values: list[int]) -> bool:
        """Try all numbers from `depth` on; whether, with none left to choose, the network is too dear."""
        if depth == len(self.order):
            dear = self._try(tuple(values))
            self._tell(1)
            return dear
        which = self.order[depth]
        numbers, behind = self.found[which].values, self.behind[depth + 1]
        for place, number in enumerate(numbers):
            values[which] = number
            dear, hopeless = self._prefix(depth + 1, values)
            if dear or hopeless:
                self._tell(behind)
            else:
                dear = self._walk(depth + 1, values)
            if dear and self._grows(depth, values):
                self._tell(behind * (len(numbers) - place - 1))
                break
        values[which] = numbers[0]
        return False

    def _prefix(self, depth: int, values: Sequence[int]) -> tuple[bool, bool]:
        """Whether the layers before the unknown at `depth` are too dear already, and whether they cannot be built."""
        if self.prefixes is None or depth == len(self.order):
            return False, False
        graph = self.prefixes.before(depth, self.read, values)
        if graph is None:
            return False, False
        if wrong := errors_of(graph.findings):
            self.refused[wrong[0].message] += self.behind[depth]
            return False, True
        return self._is_too_dear(graph), False

    def _grows(self, depth: int, values: Sequence[int]) -> bool:
        """Whether the network up to the layer whose channels this unknown is, is too dear."""
        graph = self.prefixes.up_to(depth, self.read, values) if self.prefixes else None
        return graph is not None and not errors_of(graph.findings) and self._is_too_dear(graph)

    def _is_too_dear(self, graph: Graph) -> bool:
        """Whether this part alone costs too much; the costs of the whole are no less."""
        return self._excludes(list(self.goals.cost_misses(figures(graph), graph.spec.batch)))

    def _excludes(self, dear: Sequence[Miss]) -> bool:
        if not self.misses:
            return bool(dear)
        return len(self.kept) >= self.misses and bool(dear) and _gap(dear) > -self.kept[0]

    def _try(self, values: tuple[int, ...]) -> bool:
        """Build one combination and sort it in; whether it is too dear."""
        spec = self.read(substitute(self.text, self.found, values))
        graph = build(spec)
        if wrong := errors_of((*spec.findings, *graph.findings)):
            self.refused[wrong[0].message] += 1
            return False
        if self.small_padding and _sees_only_padding(graph):
            self.refused[_ONLY_PADDING] += 1
            return False
        node = self.node(graph)
        if node is None:
            return False
        sums = figures(graph)
        dear = list(self.goals.cost_misses(sums, spec.batch))
        misses = [*self.goals.shape_misses(self._compared(graph), shape_of(graph, node)), *dear]
        if self.goals.rf is not None and (self.misses or not misses):
            misses += self.goals.field_misses(analyze(graph))
        cost = (spec.batch * sums.macs, sums.params, values)
        if not misses:
            self.solved.append(Scored(cost, values))
        elif self.misses:
            gap = _gap(misses)
            self.missed.append(Scored((gap, *cost), values, tuple(miss.text for miss in misses)))
            heappush(self.kept, -gap)
            if len(self.kept) > self.misses:
                heappop(self.kept)
            if len(self.missed) > 2 * max(_KEPT_MISSES, self.misses):
                self.missed = nearest(self.missed, max(_KEPT_MISSES, self.misses))
        return self._excludes(dear)

    def node(self, graph: Graph) -> int | None:
        """The node that the goals speak of."""
        if self.goals.at is None:
            return next(iter(graph.outputs.values()), None)
        scope = graph.scopes.get(self.goals.at)
        if scope is None:
            self.names = tuple(graph.scopes)
        return None if scope is None else scope.output

    def _compared(self, graph: Graph) -> TensorShape:
        """What `same` and `halve` start from: the input of the named layer, else of the network."""
        scope = graph.scopes.get(self.goals.at or "")
        if scope is None or scope.first < 0 or scope.name in graph.inputs:
            return shape_of(graph, next(iter(graph.inputs.values())))
        first = graph.nodes[graph.layers[scope.first].nodes[0]]
        return shape_of(graph, first.inputs[0])

    def _tell(self, more: int) -> None:
        self.done += more
        if self.progress and (self.done - self.told >= _OFTEN or self.done == self.behind[0]):
            self.told = self.done
            self.progress(self.done, self.behind[0])


def _sees_only_padding(graph: Graph) -> bool:
    """Whether a padding is not less than the effective kernel of its layer."""
    return any(
        max(pair) >= extent
        for layer in graph.layers
        for settings in [graph.nodes[layer.nodes[0]].inference.settings]
        if settings is not None
        for pair, extent in zip(settings.padding, settings.effective_kernel_size, strict=True)
    )


def _gap(misses: Iterable[Miss]) -> Fraction:
    return sum((miss.gap for miss in misses), start=Fraction(0))


def nearest(missed: Iterable[Scored], most: int) -> list[Scored]:
    """Those that miss least."""
    return nsmallest(most, missed, key=lambda scored: scored.order)


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """What keeps a network from being built."""
    return [found for found in findings if found.severity is Severity.ERROR]


def shape_of(graph: Graph, node: int) -> TensorShape:
    """The shape of what a node gives."""
    return graph.nodes[node].inference.output
