"""How the totals of a network move with input size, variables, batch and number type."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, UsageError
from cnncalc.graph import build
from cnncalc.memory import Optimizer, memory
from cnncalc.queries.figures import figures
from cnncalc.queries.search import errors_of
from cnncalc.queries.sweeps import Sweep, sweep
from cnncalc.spec.models import DType
from cnncalc.spec.reader import parse_shape, with_overrides
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cnncalc.graph import Graph
    from cnncalc.spec.network import NetworkSpec

MOST_POINTS = 1_000_000
FIGURES = ("params", "macs", "flops", "activations", "weights_bytes", "peak_bytes", "training_bytes")
_WORTH_IT = 1.0
"""Seconds of work from which on several processes pay."""


@value
class Point:
    """The network under one combination of values."""

    values: tuple[str, ...]
    """One for each sweep."""
    output: str
    """Shapes of its outputs; empty where there is an error."""
    figures: Mapping[str, int]
    """By the names of `FIGURES`, for the whole batch; empty where there is an error."""
    partial: bool = False
    """A `custom` op leaves some of them undeclared."""
    error: str | None = None
    """Why the network cannot be built here."""


@value
class Scaling:
    """All points, the last sweep running fastest."""

    sweeps: tuple[Sweep, ...]
    points: tuple[Point, ...]


def scale(
    spec: NetworkSpec,
    sweeps: Sequence[str],
    *,
    processes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Scaling:
    """The totals for every combination of the values of some sweeps, each written as `NAME=VALUES`.

    Where the network cannot be built, the point says why. `processes` is how many may be used, by default as many as
    there are cores where that pays. UsageError where a sweep cannot be read.

    >>> import cnncalc
    >>> found = scale(cnncalc.parse("conv 8 k3 p1", "3x32x32"), ["input=16,32", "batch=1,2"])
    >>> [(point.values, point.figures["macs"]) for point in found.points]
    [(('3x16x16', '1'), 55296), (('3x16x16', '2'), 110592), (('3x32x32', '1'), 221184), (('3x32x32', '2'), 442368)]
    """
    read = tuple(sweep(text, spec) for text in sweeps)
    if not read:
        message = "name what to vary: --sweep input=3x128x128:3x512x512/32, --sweep batch=1,8, --sweep NAME=0.5,1"
        raise UsageError(message)
    names = [each.name for each in read]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        message = f"--sweep {twice}: given twice; list all values in one: {twice}=A,B,C"
        raise UsageError(message)
    total = prod(len(each.values) for each in read)
    if total > MOST_POINTS:
        message = f"{total:,} points are more than {MOST_POINTS:,}; write larger steps"
        raise UsageError(message)
    steering = tuple(each for each in read if each.kind in {"input", "variable"})
    tasks = list(product(*(each.values for each in steering)))
    plan = _Plan(spec=spec, sweeps=read)
    found: dict[tuple[str, ...], list[Point]] = {}
    for done, (task, points) in enumerate(zip(tasks, _run(plan, tasks, processes), strict=True), 1):
        found[task] = points
        if progress:
            progress(done * (total // len(tasks)), total)
    by_values = {point.values: point for points in found.values() for point in points}
    return Scaling(sweeps=read, points=tuple(by_values[values] for values in product(*(each.values for each in read))))


@value
class _Plan:
    """What a process needs to know."""

    spec: NetworkSpec
    sweeps: tuple[Sweep, ...]


def _run(plan: _Plan, tasks: Sequence[tuple[str, ...]], processes: int | None) -> Iterator[list[Point]]:
    """The points of every task, in order; after a second's worth of work the rest goes to several processes."""
    from time import monotonic

    began = monotonic()
    for done, task in enumerate(tasks):
        yield _points(plan, task)
        spent = monotonic() - began
        left = spent / (done + 1) * (len(tasks) - done - 1)
        if left > _WORTH_IT and done >= 2 and processes != 1:  # noqa: PLR2004 - the first build imports what it needs
            workers = processes or _cores()  # NB: a network cannot be sent to a process, only inherited by a fork
            if workers > 1:
                yield from _spread(plan, tasks[done + 1 :], workers)
                return


def _cores() -> int:
    import multiprocessing
    import os

    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _spread(plan: _Plan, tasks: Sequence[tuple[str, ...]], workers: int) -> Iterator[list[Point]]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    here = multiprocessing.get_context("fork")
    chunk = max(1, min(64, len(tasks) // (workers * 8)))
    with ProcessPoolExecutor(workers, mp_context=here, initializer=_begin, initargs=(plan,)) as pool:
        try:
            yield from pool.map(_work, tasks, chunksize=chunk)
        except BaseException:  # Ctrl-C, or nobody wants the rest
            pool.shutdown(cancel_futures=True)
            raise


_plan: list[_Plan] = []


def _begin(plan: _Plan) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the work where it was begun
    _plan[:] = [plan]


def _work(task: tuple[str, ...]) -> list[Point]:
    return _points(_plan[0], task)


def _points(plan: _Plan, task: tuple[str, ...]) -> list[Point]:
    """Build the network once, and weigh it for every batch and number type."""
    chosen = dict(zip((each.name for each in plan.sweeps if each.kind in {"input", "variable"}), task, strict=True))
    others = [[chosen[each.name]] if each.name in chosen else [*each.values] for each in plan.sweeps]
    graph, error = _built(plan, chosen)
    points = []
    for values in product(*others):
        if graph is None:
            points.append(Point(values=values, output="", figures={}, error=error))
            continue
        named = {each.name: text for each, text in zip(plan.sweeps, values, strict=True)}
        batch = int(named.get("batch", plan.spec.batch))
        dtype = DType(named["dtype"]) if "dtype" in named else plan.spec.dtype
        points.append(_weighed(graph, values, batch, dtype))
    return points


def _built(plan: _Plan, chosen: Mapping[str, str]) -> tuple[Graph | None, str | None]:
    kinds = {each.name: each.kind for each in plan.sweeps}
    try:
        spec = with_overrides(
            plan.spec,
            inputs={name: parse_shape(text) for name, text in chosen.items() if kinds[name] == "input"},
            variables={name: text for name, text in chosen.items() if kinds[name] == "variable"},
        )
        graph = build(spec)
    except (UsageError, CnncalcError) as error:
        return None, str(error)
    wrong = errors_of((*spec.findings, *graph.findings))
    if wrong:
        where = f" at {wrong[0].layer}" if wrong[0].layer else ""
        return None, f"{wrong[0].code}{where}: {wrong[0].message}"
    return graph, None


def _weighed(graph: Graph, values: tuple[str, ...], batch: int, dtype: DType) -> Point:
    sums = figures(graph)
    held = memory(graph, batch=batch, element_bytes=dtype.bytes, optimizer=Optimizer.SGD)
    return Point(
        values=values,
        output=", ".join("x".join(map(str, graph.nodes[node].inference.output)) for node in graph.outputs.values()),
        figures={
            "params": sums.params,
            "macs": batch * sums.macs,
            "flops": batch * sums.flops,
            "activations": batch * sums.activations,
            "weights_bytes": (sums.params + sums.buffers) * dtype.bytes,
            "peak_bytes": held.peaks["in_place"].bytes if held.peaks else 0,
            "training_bytes": held.training.bytes,
        },
        partial=bool(sums.unknown),
    )
