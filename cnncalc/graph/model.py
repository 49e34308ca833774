"""The graph of a network: what `build` makes and the engine reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.errors import Finding, Frame, Location
    from cnncalc.ops.base import Inference, Op
    from cnncalc.spec.network import NetworkSpec


@value
class Node:
    """One primitive op in execution order. `op` is None for an input of the network."""

    index: int
    name: str
    """Full dotted path; for a step of a composite the composite's name, a dot and the step's."""
    layer: int
    """Index into `Graph.layers` of the row it belongs to; -1 for an input."""
    op: Op | None
    inputs: tuple[int, ...]
    """Indices of the nodes it reads."""
    inference: Inference
    shares: int | None = None
    """Index of the node whose weights it reuses (never one that itself shares)."""
    assumed: bool = False
    """The inference failed and the output is the last good or the declared shape."""


@value
class GraphLayer:
    """One row of a report: a primitive node, or a composite with the nodes of its steps."""

    name: str
    op: Op
    """As written (the composite where it is one)."""
    nodes: tuple[int, ...]
    """Indices, in order; the last one gives the output."""
    inputs: tuple[str, ...]
    """Names of the layers (or network inputs) it reads."""
    at: Location
    places: Mapping[str, Location] = field(factory=dict)
    """Positions of its options by their long names."""
    stack: tuple[Frame, ...] = ()
    sizes_from: Mapping[str, int] = field(factory=dict)
    """Options that take the sizes of a layer (`to=enc3`), with its node."""


@value
class Scope:
    """What a name covers: a block call, a sequence, a copy, a layer with its norm and activation, an input."""

    name: str
    first: int
    last: int
    """Indices into `Graph.layers`, both included."""
    output: int
    """Index of the node that the name stands for."""


@value
class Graph:
    """A network ready to be analysed."""

    spec: NetworkSpec
    nodes: tuple[Node, ...]
    layers: tuple[GraphLayer, ...]
    scopes: Mapping[str, Scope]
    """By full dotted path; also every layer and every network input by its own name."""
    inputs: Mapping[str, int]
    """Node of each network input."""
    outputs: Mapping[str, int]
    """Node of each output."""
    findings: tuple[Finding, ...] = ()
    sizes_read: tuple[int, ...] = ()
    """Nodes whose sizes an expression read: with other sizes the network may expand differently."""
    compared: tuple[tuple[int, int], ...] = ()
    """Pairs of nodes whose shapes decided about a shortcut."""
