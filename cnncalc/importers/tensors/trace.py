"""The state of one import: what each node of the graph stands for, and the layers found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cnncalc.importers.layers import Layer
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import Atom, Dim, Dims
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
class Weights:
    """A parameter or buffer of the model."""

    path: str
    shape: tuple[int, ...]
    trained: bool
    frozen: bool = False


@dataclass
class Trace:
    """Mutable while the graph is walked."""

    names: dict[str, str]
    """Graph node -> name of its layer."""
    named: frozenset[str] = frozenset()
    """Layers whose name is that of a module."""
    values: dict[str, Any] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Path of a parameter -> the layer that counts it."""
    counted: set[str] = field(default_factory=set)
    """Paths of the parameters that some layer counts."""
    problems: dict[str, str] = field(default_factory=dict)
    """Where -> what has no counterpart."""
    samples: int = SAMPLES
    """Size of the batch in the source."""

    def value(self, argument: Any) -> Any:
        """What an argument of a node stands for: a Held, Weights, plain data, or None."""
        return self.values.get(argument.name) if hasattr(argument, "op") else argument

    def fresh(self, name: str, shape: Shape) -> Held:
        """The output of a layer as it comes."""
        self.shapes[name] = shape
        return Held(layer=name, dims=axes.whole((self.samples, *shape)))

    def emit(  # noqa: PLR0913 - a layer has this many parts
        self,
        node: Any,
        op: str,
        inputs: tuple[str, ...],
        shape: Shape,
        options: dict[str, Option] | None = None,
        weights: tuple[Any, ...] = (),
        suffix: str = "",
    ) -> Held:
        """Add a layer; weights that an earlier layer has are shared with it."""
        name = self.names[node.name]
        if suffix.startswith("."):  # a layer that the source does not have, beside the one that needs it
            name = f"{name.rpartition('.')[0]}{suffix}".lstrip(".")
        else:
            name += suffix
        while name in self.layers:
            name += "_"
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
            is_named=name in self.named,
        )
        return self.fresh(name, shape)

    def same(self, node: Any, op: str, held: Held, options: dict[str, Option] | None = None) -> Held:
        """A layer that leaves shape and order of the axes alone."""
        shape = self.shapes[held.layer]
        made = self.emit(node, op, (held.layer,), shape, options)
        return replace(made, dims=held.dims)

    def plain(self, node: Any, held: Held) -> str:
        """The layer whose output is the tensor as it stands, N x C x sizes; layers that move axes are added."""
        shape = self.shapes[held.layer]
        if held.dims == axes.whole((self.samples, *shape)):
            return held.layer
        for attempt in (self._flattened, self._mapped, self._shuffled, self._tokens):
            found = attempt(node, held, shape)
            if found is not None:
                return found
        raise UnmappedError(f"the axes of {_text(shape)} are rearranged in a way that no layer has")

    def _flattened(self, node: Any, held: Held, shape: Shape) -> str | None:
        atoms = [atom for dim in axes.whole((self.samples, *shape))[1:] for atom in dim]
        if len(held.dims) != 2 or list(held.dims[1]) != atoms:  # noqa: PLR2004 - batch and channels
            return None
        count = axes.size_of(held.dims[1])
        return self.emit(node, "flatten", (held.layer,), (count,), suffix=".flatten").layer

    def _mapped(self, node: Any, held: Held, shape: Shape) -> str | None:  # noqa: ARG002 - one signature for all
        """A vector seen as C x 1 x 1: its linear layers become 1x1 convolutions of the pooled map before."""
        ndim = len(held.dims) - 2
        if len(shape) != 1 or ndim < 1 or held.dims != axes.whole((self.samples, *shape, *(1,) * ndim)):
            return None
        return held.layer if self._lift(held.layer, ndim) else None

    def _lift(self, name: str, ndim: int) -> bool:
        shape = self.shapes[name]
        if len(shape) == ndim + 1:
            return all(size == 1 for size in shape[1:])
        layer = self.layers.get(name)
        if layer is None or len(layer.inputs) != 1 or not self._lift(layer.inputs[0], ndim):
            return False
        lifted = (*shape, *(1,) * ndim)
        if layer.op == "linear":
            layer = replace(layer, op="conv", options={**layer.options, "kernel_size": 1})
        elif layer.op == "flatten":
            layer = replace(layer, op="identity")
        self.layers[name] = replace(layer, shape=lifted)
        self.shapes[name] = lifted
        return True

    def _shuffled(self, node: Any, held: Held, shape: Shape) -> str | None:
        dims, plain = held.dims, axes.whole((self.samples, *shape))
        channels, sizes = shape[0], shape[1:]
        if len(dims) != len(plain) or dims[0] != plain[0]:
            return None
        if dims[2:] == plain[2:] and len(dims[1]) == 2:  # noqa: PLR2004 - groups and channels inside
            inner, groups = dims[1]
            if inner.stride == 1 and groups.stride == inner.size:
                options: dict[str, Option] = {"groups": groups.size}
                return self.emit(node, "channelshuffle", (held.layer,), shape, options, suffix=".shuffle").layer
        factor = _factor(dims, sizes, channels, up=True)
        if factor:
            after = (channels // factor ** len(sizes), *(size * factor for size in sizes))
            return self.emit(
                node, "pixelshuffle", (held.layer,), after, {"upscale_factor": factor}, suffix=".shuffle"
            ).layer
        factor = _factor(dims, sizes, channels, up=False)
        if factor:
            after = (channels * factor ** len(sizes), *(size // factor for size in sizes))
            return self.emit(
                node, "pixelunshuffle", (held.layer,), after, {"downscale_factor": factor}, suffix=".shuffle"
            ).layer
        return None

    def _tokens(self, node: Any, held: Held, shape: Shape) -> str | None:
        dims, plain = held.dims, axes.whole((self.samples, *shape))
        positions = tuple(atom for dim in plain[2:] for atom in dim)
        if len(shape) < 3 or dims != (plain[0], plain[1], positions):  # noqa: PLR2004 - two axes or more
            return None
        count = axes.size_of(positions)
        return self.emit(node, "tokens", (held.layer,), (shape[0], count), suffix=".tokens").layer


def _factor(dims: Dims, sizes: tuple[int, ...], channels: int, *, up: bool) -> int | None:
    """The factor of a pixel shuffle (`up`) or unshuffle that was written with views; None where it is none."""
    if not sizes or len(dims) != len(sizes) + 2:
        return None
    last = axes.size_of(dims[-1])
    factor = last // sizes[-1] if up else sizes[-1] // last
    volume = factor ** len(sizes)
    if factor < 2 or (channels % volume if up else any(size % factor for size in sizes)):  # noqa: PLR2004 - nothing moves
        return None
    if not up:
        rest = tuple(_part(axis, size // factor, factor) for axis, size in enumerate(sizes, axes.SPACE))
        moved = {*_part(axes.CHANNELS, channels, 1), *(Atom(axis, factor) for axis, _ in enumerate(sizes, axes.SPACE))}
        return factor if dims[2:] == rest and set(dims[1]) == moved and len(dims[1]) == len(moved) else None
    strides = [volume // factor ** (place + 1) for place in range(len(sizes))]
    spread = tuple(
        (*_part(axis, size, 1), Atom(axes.CHANNELS, factor, stride))
        for axis, (size, stride) in enumerate(zip(sizes, strides, strict=True), axes.SPACE)
    )
    return factor if dims[1:] == (_part(axes.CHANNELS, channels // volume, volume), *spread) else None


def _part(axis: int, size: int, stride: int) -> Dim:
    return (Atom(axis, size, stride),) if size > 1 else ()


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape))
