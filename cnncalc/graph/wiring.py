"""The growing graph: nodes, rows and scopes are added here, shapes inferred, findings collected."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from cnncalc.errors import LayerError, counted, finding
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph.model import GraphLayer, Node, Scope
from cnncalc.ops.base import Inference, Op, Step
from cnncalc.ops.declared import declared
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.errors import Finding, Frame, Location

MAX_LAYERS = 100_000
MAX_ORIGINS = 64
"""So many of the latest assumptions behind a shape are kept."""


class LimitError(Exception):
    """Expansion stops here: a limit was exceeded; the finding says which."""

    def __init__(self, found: Finding) -> None:
        super().__init__(found.message)
        self.found = found


@value
class Place:
    """Where the thing at hand stands: for nodes, rows and findings."""

    at: Location
    places: Mapping[str, Location] = MappingProxyType({})
    """Positions of options by their long names."""
    stack: tuple[Frame, ...] = ()
    label: str | None = None
    """What a message calls it where it is not the op's own word: `residual`."""
    sizes_from: Mapping[str, int] = MappingProxyType({})
    """Options that take the sizes of a layer, with its node."""


@dataclass(slots=True)
class Wiring:
    """Mutable while a network is expanded."""

    nodes: list[Node] = field(default_factory=list)
    layers: list[GraphLayer] = field(default_factory=list)
    scopes: dict[str, Scope] = field(default_factory=dict)
    findings: dict[tuple[str, Location | None], Finding] = field(default_factory=dict)
    tainted: dict[int, frozenset[int]] = field(default_factory=dict)
    """For nodes whose shape is assumed, or follows from assumed ones: which those are."""
    spent: int = 0
    """Rows and copies made so far."""
    sizes_read: dict[int, None] = field(default_factory=dict)
    """Nodes whose sizes an expression read."""
    compared: dict[tuple[int, int], None] = field(default_factory=dict)
    """Pairs of nodes whose shapes decided about a shortcut."""
    _inferences: dict[tuple[int, tuple[TensorShape, ...]], Inference] = field(default_factory=dict)
    _steps: dict[tuple[int, tuple[TensorShape, ...]], tuple[Step, ...]] = field(default_factory=dict)
    _node_layer: list[str] = field(default_factory=list)
    """Per node the name by which a row says that it reads it."""

    def report(self, found: Finding) -> None:
        """Keep a finding; the same one in another copy of a block is counted, not repeated."""
        key = (found.code, found.at)
        known = self.findings.get(key)
        if known is None:
            self.findings[key] = found
        elif known.stack != found.stack or known.layer != found.layer:
            self.findings[key] = replace(known, copies=known.copies + 1)

    def spend(self, amount: int, place: Place) -> None:
        """Count rows and copies against the limit, before they are made."""
        self.spent += amount
        if self.spent > MAX_LAYERS:
            message = f"the network expands to more than {MAX_LAYERS:,} layers"
            help_ = "lower the count, or fold the repeated part into fewer layers"
            raise LimitError(finding("CNN902", message, at=place.at, help=help_, stack=place.stack))

    def taint(self, node: int) -> None:
        """From here on the shape of this node is a guess."""
        self.tainted[node] = self.tainted.get(node, frozenset()) | {node}

    def differs_by_assumption(self, nodes: Sequence[int]) -> bool:
        """Whether these nodes may differ only because shapes were assumed on the way to some of them."""
        return len({self.tainted.get(node, frozenset()) for node in nodes}) > 1

    def shape(self, node: int) -> TensorShape:
        """Output shape of a node."""
        return self.nodes[node].inference.output

    def add_input(self, name: str, shape: TensorShape) -> int:
        """Add an input of the network."""
        index = self._add(name, None, (), Inference(output=shape), layer=-1, reader_name=name)
        self.scopes[name] = Scope(name=name, first=0, last=-1, output=index)
        return index

    def add_layer(self, name: str, op: Op, inputs: Sequence[int], place: Place) -> int:
        """Add a row with its node, or the nodes of its steps; return the node that gives the output."""
        self.spend(1, place)
        layer = len(self.layers)
        first = len(self.nodes)
        shapes = tuple(self.nodes[node].inference.output for node in inputs)
        reads_from = tuple(self._node_layer[node] for node in inputs)
        try:
            steps = self._expand(op, shapes)
            if steps:
                self._add_steps(name, layer, steps, inputs)
            else:
                inference = self._infer(op, shapes)
                self._add(name, op, tuple(inputs), inference, layer=layer, reader_name=name)
        except LayerError as error:
            del self.nodes[first:], self._node_layer[first:]
            if error.code != "CNN001" or not self.differs_by_assumption(inputs):
                self._refuse(error, name, op, place)
            self._assume(name, op, inputs, layer)
        output = len(self.nodes) - 1
        origins = frozenset().union(*(self.tainted.get(node, ()) for node in inputs))
        if len(origins) > MAX_ORIGINS:  # or a file of broken layers takes memory that grows with their square
            origins = frozenset(sorted(origins)[-MAX_ORIGINS:])
        if origins:
            for index in range(first, output + 1):
                self.tainted[index] = origins | self.tainted.get(index, frozenset())
        self.layers.append(
            GraphLayer(
                name=name,
                op=op,
                nodes=tuple(range(first, output + 1)),
                inputs=reads_from,
                at=place.at,
                places=place.places,
                stack=place.stack,
                sizes_from=place.sizes_from,
            )
        )
        return output

    def cover(self, name: str, first: int, output: int) -> None:
        """Let a name stand for `output` and cover the rows added since row `first`."""
        self.scopes[name] = Scope(name=name, first=first, last=len(self.layers) - 1, output=output)

    def share(self, first: int, target: Scope, place: Place) -> None:
        """Let the rows since `first` reuse the weights of the rows of `target`, pair by pair."""
        own = [node for row in self.layers[first:] for node in row.nodes if self.nodes[node].inference.weights]
        others = [
            node
            for row in self.layers[target.first : target.last + 1]
            for node in row.nodes
            if self.nodes[node].inference.weights
        ]
        if not others:
            message = f"`{target.name}` has no weights to share"
            self.report(finding("CNN905", message, at=place.places.get("share", place.at), stack=place.stack))
            return
        if not own or len(own) % len(others):
            message = (
                f"this has {counted(len(own), 'layer')} with weights, `{target.name}` has {len(others)}: "
                "they cannot be shared"
            )
            self.report(finding("CNN905", message, at=place.places.get("share", place.at), stack=place.stack))
            return
        for position, node in enumerate(own):
            source = self.nodes[others[position % len(others)]]
            mine = self.nodes[node]
            if mine.inference.weights != source.inference.weights:
                message = (
                    f"weights of `{mine.name}` are {_weights(mine.inference)}, those of `{source.name}` "
                    f"{_weights(source.inference)}: they cannot be shared"
                )
                self.report(finding("CNN905", message, at=place.places.get("share", place.at), stack=place.stack))
                return
            root = source.index if source.shares is None else source.shares
            self.nodes[node] = replace(mine, shares=root)

    def _add(  # noqa: PLR0913 - a node has this many parts
        self, name: str, op: Op | None, inputs: tuple[int, ...], inference: Inference, *, layer: int, reader_name: str
    ) -> int:
        index = len(self.nodes)
        self.nodes.append(Node(index=index, name=name, layer=layer, op=op, inputs=inputs, inference=inference))
        self._node_layer.append(reader_name)
        return index

    def _add_steps(self, name: str, layer: int, steps: tuple[Step, ...], inputs: Sequence[int]) -> None:
        made: dict[str, int] = {}
        for step in steps:
            takes: list[int] = []
            for taken in step.takes:
                takes.extend(inputs if taken == "x" else (made[taken],))
            shapes = tuple(self.nodes[node].inference.output for node in takes)
            inference = self._infer(step.op, shapes)
            made[step.name] = self._add(
                f"{name}.{step.name}", step.op, tuple(takes), inference, layer=layer, reader_name=name
            )

    def _infer(self, op: Op, shapes: tuple[TensorShape, ...]) -> Inference:
        # Ops live as long as the builder's cache of them, so that their identity is a key.
        key = (id(op), shapes)
        known = self._inferences.get(key)
        if known is None:
            known = self._inferences[key] = op.infer(*shapes)
        return known

    def _expand(self, op: Op, shapes: tuple[TensorShape, ...]) -> tuple[Step, ...]:
        if type(op).expand is Op.expand:
            return ()
        key = (id(op), shapes)
        known = self._steps.get(key)
        if known is None:
            known = self._steps[key] = op.expand(*shapes)
        return known

    def _refuse(self, error: LayerError, name: str, op: Op, place: Place) -> None:
        label = place.label or op.op
        at = place.places.get(error.option, place.at) if error.option else place.at
        self.report(
            finding(
                error.code,
                f"{label}: {error.message}",
                at=at,
                help=error.help,
                layer=name,
                stack=place.stack,
            )
        )

    def _assume(self, name: str, op: Op, inputs: Sequence[int], layer: int) -> None:
        """Go on behind a refused layer with what it declares, a shape or channels, else with its input's."""
        shape = self.nodes[inputs[0]].inference.output
        channels, out = getattr(op, "out_channels", None), getattr(op, "out", None)
        if isinstance(channels, int):
            shape = replace(shape, channels=channels)
        elif isinstance(out, tuple):
            with suppress(LayerError):
                shape = declared(out, shape, tokens=getattr(op, "tokens", None))
        index = self._add(name, op, tuple(inputs), Inference(output=shape), layer=layer, reader_name=name)
        self.nodes[index] = replace(self.nodes[index], assumed=True)
        self.taint(index)


def _weights(inference: Inference) -> str:
    return ", ".join(f"{weight.name} {'x'.join(map(str, weight.shape))}" for weight in inference.weights)
