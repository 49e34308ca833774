"""The state of one import: what each node of the graph stands for, and the layers found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.geometry.shape import TensorShape
from cnncalc.importers.layers import Layer
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import Dim, Dims
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option, Shape

SAMPLES = 2
"""In the batch that is traced: with one, the batch could not be told from any other axis of size 1."""


class UnmappedError(Exception):
    """What a node does has no counterpart; the text says what."""


@value
class Held:
    """A tensor: the output of a layer, its axes perhaps elsewhere."""

    layer: str
    dims: Dims


@value
class Part:
    """Parameters that a constant is made of: one, or a piece of one."""

    path: str
    count: int
    piece: str = ""
    """Which piece; "" for all of it."""
    frozen: bool = False


@value
class Weights:
    """A parameter or buffer of the model, or what is made of parameters and constants alone."""

    path: str
    shape: tuple[int, ...]
    trained: bool
    frozen: bool = False
    parts: tuple[Part, ...] = ()
    """What it is made of, where it is no parameter itself."""
    products: tuple[tuple[str, int], ...] = ()
    """Nodes that make it, and the MACs of each."""
    batched: bool = False
    """It was repeated along the batch, its first axis."""

    @property
    def pieces(self) -> tuple[Part, ...]:
        """The parameters in it."""
        if self.parts or not self.trained:
            return self.parts
        return (Part(path=self.path, count=prod(self.shape), frozen=self.frozen),)


@dataclass
class Trace:
    """Mutable while the graph is walked."""

    names: dict[str, str]
    """Graph node -> name of its layer."""
    named: frozenset[str] = frozenset()
    """Layers whose name is that of a module."""
    groups: frozenset[str] = frozenset()
    """Names that have layers inside."""
    values: dict[str, Any] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    """Layers whose one axis is tokens: positions without a grid."""
    roots: dict[str, tuple[Held | None, ...]] = field(default_factory=dict)
    """Scores: for each axis, what dimension of which layer it was; None where it was none."""
    owners: dict[str, str] = field(default_factory=dict)
    """Path of a parameter -> the layer that counts it."""
    counted: set[str] = field(default_factory=set)
    """Paths of the parameters that some layer counts."""
    counts: dict[str, int] = field(default_factory=dict)
    """Path of a parameter -> its size."""
    taken: dict[str, dict[str, int]] = field(default_factory=dict)
    """Path of a parameter -> the pieces that layers count, and their sizes; "" is all of it."""
    takers: dict[str, str] = field(default_factory=dict)
    """Path of a parameter -> the first layer that counts some of it."""
    bounds: set[str] = field(default_factory=set)
    """Layers that are taken to see more positions than they may do."""
    made: set[str] = field(default_factory=set)
    """Nodes that make constants, whose MACs some layer counts."""
    problems: dict[str, str] = field(default_factory=dict)
    """Where -> what has no counterpart."""
    samples: int = SAMPLES
    """Size of the batch in the source."""
    names_of_weights: bool = False
    """A layer without a name is called after its weight: the names of parameters are those of modules."""

    def value(self, argument: Any) -> Any:
        """What an argument of a node stands for: a Held, Weights, plain data, or None."""
        return self.values.get(argument.name) if hasattr(argument, "op") else argument

    def fresh(self, name: str, shape: Shape) -> Held:
        """The output of a layer as it comes."""
        self.shapes[name] = shape
        return Held(layer=name, dims=self.whole(name))

    def whole(self, name: str) -> Dims:
        """The dimensions of the output of a layer as it comes."""
        return axes.whole((self.samples, *self.shapes[name]))

    def tensor(self, name: str) -> TensorShape:
        """The shape of a layer's output as its readers see it."""
        channels, *sizes = self.shapes[name]
        return TensorShape(channels, tuple(sizes), name in self.tokens)

    def emit(  # noqa: PLR0913 - a layer has this many parts
        self,
        node: Any,
        op: str,
        inputs: tuple[str, ...],
        shape: Shape,
        options: dict[str, Option] | None = None,
        weights: tuple[Any, ...] = (),
        suffix: str = "",
        called: str | None = None,
    ) -> Held:
        """Add a layer; weights that an earlier layer has are shared with it. `called`: a name that the source has."""
        name = self._name(node, suffix)
        if called is not None and called not in self.layers:
            name = called
        given = [each for each in weights if isinstance(each, Weights)]
        shares = None
        if given:
            owner = self.owners.setdefault(given[0].path, name)
            shares = owner if owner != name else None
            self.counted.update(each.path for each in given)
            trained = [each for each in given if each.trained]
            if trained and all(each.frozen for each in trained):
                options = {**(options or {}), "frozen": True}
        self.layers[name] = Layer(
            name=name,
            op=op,
            options=options or {},
            inputs=inputs,
            shape=shape,
            shares=shares,
            is_named=name in self.named or name == called,
        )
        if op == "rearrange" or (options or {}).get("sees_all") or (options or {}).get("windows"):
            self.bounds.add(name)
        if len(shape) == 2 and self._makes_tokens(op, inputs, options or {}):  # noqa: PLR2004 - channels and one axis
            self.tokens.add(name)
        return self.fresh(name, shape)

    def _name(self, node: Any, suffix: str) -> str:
        name = self.names[node.name]
        if suffix.startswith("."):  # a layer that the source does not have, beside the one that needs it
            name = f"{name.rpartition('.')[0]}{suffix}".lstrip(".")
        else:
            name += suffix
        while name in self.layers:
            name += "_"
        return name

    def _makes_tokens(self, op: str, inputs: tuple[str, ...], options: dict[str, Option]) -> bool:
        return op in ("tokens", "prepend") or bool(options.get("tokens", inputs[0] in self.tokens))

    def same(self, node: Any, op: str, held: Held, options: dict[str, Option] | None = None) -> Held:
        """A layer that leaves shape and order of the axes alone."""
        made = self.emit(node, op, (held.layer,), self.shapes[held.layer], options)
        return self.like(made, held)

    def like(self, made: Held, held: Held) -> Held:
        """The output of a layer that leaves shape and order alone, seen as its input was."""
        if held.layer in self.roots:
            self.roots[made.layer] = self.roots[held.layer]
        return replace(made, dims=held.dims)

    def plain(self, node: Any, held: Held) -> str:
        """The layer whose output is the tensor as it stands, N x C x sizes; layers that move axes are added."""
        from cnncalc.importers.tensors.arrange import arranged, spread

        if held.dims == self.whole(held.layer):
            return held.layer
        if axes.has(held.dims, axes.REPEAT):
            return self.plain(node, spread(self, node, held))
        first, *rest = held.dims
        if any(atom.axis != axes.BATCH for atom in first) or axes.has(rest, axes.BATCH) or not rest:
            raise UnmappedError("positions stand in the batch")
        return arranged(self, node, held, tuple(rest)).layer

    def root(self, held: Held, dim: Dim) -> Held | None:
        """Where parts of scores come from: the layer itself, or those that were multiplied."""
        roots = self.roots.get(held.layer)
        if roots is None or not dim:
            return replace(held, dims=(dim,))
        found: list[Held] = []
        for atom in dim:
            root = roots[atom.axis - axes.CHANNELS] if atom.axis > axes.BATCH else None
            taken = None if root is None else axes.part(root.dims[0], atom.size, atom.stride)
            if root is None or taken is None:
                return None
            found.append(replace(root, dims=(taken,)))
        if len({root.layer for root in found}) != 1:
            return None
        return replace(found[0], dims=(axes.joined(atom for root in found for atom in root.dims[0]),))
