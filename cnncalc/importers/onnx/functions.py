"""Functions of the model's own written out, and every node given a name of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import SpecError, finding
from cnncalc.importers.onnx.records import Graph, Reference
from cnncalc.importers.onnx.wire import MAX_NODES
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cnncalc.importers.onnx.records import Attribute, Function, Model, Node

MAX_CALLS = 50
"""Functions inside of functions."""


def inlined(model: Model) -> Graph:
    """The graph with calls replaced by the nodes of their functions; nodes have unique names, `NUMBER/NAME`.

    SpecError where functions call themselves, or where more nodes come out than a file may have.
    """
    writer = _Writer(model)
    graph = writer.graph(model.graph, depth=0) if model.functions else model.graph
    return numbered(graph, _Counter())


class _Writer:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.written = 0
        self.calls = 0

    def graph(self, graph: Graph, depth: int) -> Graph:
        return replace(graph, nodes=tuple(self.nodes(graph.nodes, depth)))

    def nodes(self, nodes: Iterable[Node], depth: int) -> Iterator[Node]:
        for node in nodes:
            function = self.model.functions.get((node.domain, node.op, node.overload))
            if function is not None:
                yield from self.call(node, function, depth)
                continue
            self.written += 1
            if self.written > MAX_NODES:
                raise _refused(f"its functions make more than {MAX_NODES:,} nodes")
            yield _with_graphs(node, lambda inner: self.graph(inner, depth))

    def call(self, node: Node, function: Function, depth: int) -> Iterator[Node]:
        if depth >= MAX_CALLS:
            raise _refused(f"function `{function.name}` calls itself, or stands in more than {MAX_CALLS} others")
        self.calls += 1
        if self.calls > MAX_NODES:
            raise _refused(f"more than {MAX_NODES:,} calls of functions")
        prefix = f"{node.outputs[0] if node.outputs else function.name}/{self.calls}/"
        names = dict(zip(function.inputs, (*node.inputs, *("",) * len(function.inputs)), strict=False))
        names.update(zip(function.outputs, node.outputs, strict=False))
        given = {**function.defaults, **node.attributes}
        scope = f"{node.name}/" if node.name else ""
        body = (
            replace(
                renamed(_bound(inner, given), names, prefix),
                name=f"{scope}{inner.name}" if inner.name else "",
                opset=function.opset,
            )
            for inner in function.nodes
        )
        yield from self.nodes(body, depth + 1)
        passed = [(name, source) for name, source in zip(node.outputs, function.outputs, strict=False)]
        for output, source in passed:  # an input that is given out as it is
            if source in function.inputs:
                given_ = node.inputs[function.inputs.index(source)]
                yield replace(node, op="Identity", domain="", inputs=(given_,), outputs=(output,), attributes={})


def _refused(why: str) -> SpecError:
    return SpecError([finding("CNN905", f"the model cannot be written out: {why}")])


def _bound(node: Node, given: Mapping[str, Attribute]) -> Node:
    """With the attributes that are attributes of the call; those that the call leaves out are left out."""
    attributes: dict[str, Attribute] = {}
    for name, found in node.attributes.items():
        if isinstance(found, Reference):
            if found.name in given:
                attributes[name] = given[found.name]
        elif isinstance(found, Graph):
            attributes[name] = replace(found, nodes=tuple(_bound(inner, given) for inner in found.nodes))
        else:
            attributes[name] = found
    return replace(node, attributes=attributes)


def renamed(node: Node, names: Mapping[str, str], prefix: str) -> Node:
    """With other names for tensors: those that are given, and a prefix for all others."""

    def new(name: str) -> str:
        return names.get(name, f"{prefix}{name}") if name else ""

    def inner(graph: Graph) -> Graph:
        return Graph(
            name=graph.name,
            nodes=tuple(renamed(each, names, prefix) for each in graph.nodes),
            constants={new(name): replace(tensor, name=new(name)) for name, tensor in graph.constants.items()},
            inputs={new(name): dims for name, dims in graph.inputs.items()},
            outputs=tuple(map(new, graph.outputs)),
            known={new(name): dims for name, dims in graph.known.items()},
        )

    changed = _with_graphs(node, inner)
    return replace(changed, inputs=tuple(map(new, node.inputs)), outputs=tuple(map(new, node.outputs)))


def _with_graphs(node: Node, of: Callable[[Graph], Graph]) -> Node:
    if not any(isinstance(found, Graph) for found in node.attributes.values()):
        return node
    attributes = {name: of(found) if isinstance(found, Graph) else found for name, found in node.attributes.items()}
    return replace(node, attributes=attributes)


class _Counter:
    def __init__(self) -> None:
        self.count = 0

    def next(self) -> int:
        self.count += 1
        return self.count


def numbered(graph: Graph, counter: _Counter) -> Graph:
    """Every node, also of branches, with its number before its name."""
    nodes = tuple(
        replace(_with_graphs(node, lambda inner: numbered(inner, counter)), name=f"{counter.next()}/{node.name}")
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)
