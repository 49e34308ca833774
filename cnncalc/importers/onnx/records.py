"""What is read of an ONNX file: graphs of nodes, shapes, and the few constants that are small enough for arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.importers.onnx.protobuf import Number
    from cnncalc.importers.tensors.trace import Part

STANDARD = frozenset({"", "ai.onnx"})
"""The names of the domain of the standard."""


@value
class Tensor:
    """A constant: its dimensions, and its values where they are small and known."""

    name: str = ""
    """Of the initializer or output; tells weights that are shared from those that are only alike."""
    dims: tuple[int, ...] = ()
    values: tuple[Number, ...] | None = None
    parts: tuple[Part, ...] | None = None
    """The weights that it was computed from; None: it is one itself."""
    work: tuple[tuple[str, int], ...] = ()
    """The products by which it is computed each time, with their MACs."""
    batched: bool = False
    """It was repeated along the batch, its first axis."""
    raw: memoryview | None = None
    """The bytes of one that is not small, numbers of 4 or 2 bytes each."""


@value
class Node:
    """One operation."""

    op: str
    domain: str = ""
    overload: str = ""
    name: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(factory=dict)
    opset: int = 0
    """Of the function that it comes from; 0: that of the model."""
    parts: tuple[Node, ...] = ()
    """What it was put together from, in order: what it is where it cannot be mapped as one."""

    @property
    def is_standard(self) -> bool:
        """Of the operator set of ONNX itself."""
        return self.domain in STANDARD


Dims = tuple[Union[int, str, None], ...]
"""A size, the name of a free one, or None for one that is free and has no name."""


@value
class Graph:
    """The graph of a model, of a branch or of a loop."""

    name: str = ""
    nodes: tuple[Node, ...] = ()
    constants: Mapping[str, Tensor] = field(factory=dict)
    inputs: Mapping[str, Dims] = field(factory=dict)
    """Without those that are initializers as well."""
    outputs: tuple[str, ...] = ()
    known: Mapping[str, Dims] = field(factory=dict)
    """Shapes that the file gives for tensors."""


@value(kw_only=False)
class Reference:
    """An attribute of a function's node that is an attribute of the function."""

    name: str


Attribute = Union[int, float, str, "tuple[int, ...]", "tuple[float, ...]", Tensor, Graph, Reference, None]


@value
class Function:
    """A function of the model's own."""

    name: str
    domain: str = ""
    overload: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    nodes: tuple[Node, ...] = ()
    defaults: Mapping[str, Attribute] = field(factory=dict)
    opset: int = 0


@value
class Model:
    """A file."""

    graph: Graph
    opset: int
    functions: Mapping[tuple[str, str, str], Function] = field(factory=dict)
    """By domain, name and overload."""
