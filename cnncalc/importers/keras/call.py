"""One call of a Keras layer or operation: what it is given, and the layers that it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.geometry.shape import TensorShape
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.infer import infer
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError, Weights
from cnncalc.values import field, replace, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnncalc.importers.layers import Option
    from cnncalc.importers.tensors.axes import Dims

MAX_RANK = 5
"""Batch, channels and three axes: more than that the language does not know."""
VECTORS = 2
"""Rank of a batch of vectors."""


@value
class Spot:
    """A name in the network, where layers are put."""

    name: str


@value
class Constant:
    """A tensor of numbers that the file holds; its values do not matter."""

    shape: tuple[int, ...]


@value
class Call:
    """One call. Tensors stand as Keras has them, with the channels last or first."""

    trace: Trace
    tensors: dict[str, TensorShape]
    """Of every layer so far: what it gives, and whether that is tokens."""
    spot: Spot
    kind: str
    config: Mapping[str, Any]
    owner: str
    """Of the weights: the path of the layer, the same for all calls."""
    args: tuple[Any, ...]
    """A Held where Keras has a tensor; also inside lists."""
    kwargs: Mapping[str, Any] = field(factory=dict)
    first: bool = False
    """The network has its channels first, where a layer does not say."""
    frozen: bool = False

    @property
    def given(self) -> tuple[Held, ...]:
        """All tensors of the network, in order."""
        return tuple(_held((self.args, *self.kwargs.values())))

    @property
    def x(self) -> Held:
        """The first tensor."""
        given = self.given
        if not given:
            raise UnmappedError("it has no input")
        return given[0]

    @property
    def channels_first(self) -> bool:
        """Whether its tensors have the channels in front."""
        found = self.argument("data_format")
        return self.first if found not in ("channels_first", "channels_last") else bool(found == "channels_first")

    def argument(self, name: str, place: int | None = None, default: Any = None) -> Any:
        """An option of a layer, or an argument of an operation, wherever the file has it."""
        if name in self.config:
            return self.config[name]
        if name in self.kwargs:
            return self.kwargs[name]
        return self.args[place] if place is not None and place < len(self.args) else default

    def flag(self, name: str, *, default: bool) -> bool:
        """A yes or no."""
        found = self.argument(name)
        return default if found is None else bool(found)

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        found = self.argument(name)
        found = default if found is None else found
        if type(found) is not int:
            raise UnmappedError(f"{name} is {shown(found)}")
        return found

    def numbers(self, name: str, ndim: int, default: int = 1, place: int | None = None) -> tuple[int, ...]:
        """A whole number for every axis."""
        found = self.argument(name, place)
        found = default if found is None else found
        numbers = tuple(found) if isinstance(found, (list, tuple)) else (found,) * ndim
        if len(numbers) != ndim or not all(type(one) is int for one in numbers):
            raise UnmappedError(f"{name} is {shown(found)} on {ndim} axes")
        return numbers

    def axis(self, name: str, rank: int, default: Any = -1, place: int | None = None) -> tuple[int, ...]:
        """Axes of a tensor, counted from the batch."""
        found = self.argument(name, place)
        found = default if found is None else found
        many = tuple(found) if isinstance(found, (list, tuple)) else (found,)
        if not all(type(one) is int and -rank <= one < rank for one in many):
            raise UnmappedError(f"{name} is {shown(found)} on a tensor of {rank} axes")
        return tuple(sorted(one % rank for one in many))

    def tensor(self, held: Held) -> TensorShape:
        """What the layer of a tensor gives."""
        shape = self.trace.shapes[held.layer]
        known = self.tensors.get(held.layer)
        if known is not None and tuple(known) == shape:
            return known
        layer = self.trace.layers.get(held.layer)
        return TensorShape(shape[0], shape[1:], tokens=layer is not None and layer.op == "tokens")

    def whole(self, layer: str) -> Held:
        """What a layer gives, as it comes."""
        return Held(layer=layer, dims=axes.whole((self.trace.samples, *self.trace.shapes[layer])))

    def plain(self, held: Held, *, first: bool) -> Held:
        """The tensor as N x C x sizes, when Keras has its channels first or last; layers that move axes are added."""
        if not 1 < len(held.dims) <= MAX_RANK:
            raise UnmappedError(f"a tensor of {len(held.dims)} axes")
        dims = in_front(held.dims, first=first)
        if any(atom.axis == axes.BATCH for dim in dims[1:] for atom in dim):
            raise UnmappedError("the batch is mixed with other axes")
        try:
            return self.whole(self.trace.plain(self.spot, replace(held, dims=dims)))
        except UnmappedError:
            return self.rearranged(held.layer, tuple(axes.size_of(dim) for dim in dims[1:]))

    def rearranged(self, layer: str, shape: tuple[int, ...]) -> Held:
        """The elements of a layer in another shape, channels first."""
        options: dict[str, Option] = {"out": "x".join(map(str, shape))}
        x = self.whole(layer)
        if len(shape) == 2 and self.tensor(x).tokens:  # noqa: PLR2004 - channels and one axis: a map, not tokens
            options["tokens"] = False
        return self.layer("rearrange", options, x, suffix=":rearranged")

    def map(self, held: Held, *, first: bool) -> Held:
        """The tensor as a map, on which windows move."""
        if len(held.dims) <= VECTORS:
            raise UnmappedError("its input has no positions")
        x = self.plain(held, first=first)
        tensor = self.tensor(x)
        return self.rearranged(x.layer, tuple(tensor)) if tensor.tokens else x

    def layer(
        self, op: str, options: Mapping[str, Option], *inputs: Held, weights: str | None = None, suffix: str = ""
    ) -> Held:
        """A layer with the shape that its op infers, of inputs that stand as they come.

        `weights` is the path of its weights, "" for that of the layer itself; None: it has none.
        """
        output = infer(op, [self.tensor(held) for held in inputs], options)
        given = () if weights is None else (Weights(path=f"{self.owner}{weights}", shape=(), trained=True,
                                                    frozen=self.frozen),)  # fmt: skip
        names = tuple(held.layer for held in inputs)
        made = self.trace.emit(self.spot, op, names, tuple(output), dict(options), given, suffix)
        self.tensors[made.layer] = output
        if made.layer == self.spot.name:
            self.trace.layers[made.layer] = replace(self.trace.layers[made.layer], is_named=True)
        return made

    def same(self, op: str, options: Mapping[str, Option], held: Held, *, suffix: str = "") -> Held:
        """A layer that acts on every element alike, wherever its axes stand."""
        return replace(self.layer(op, options, self.whole(held.layer), suffix=suffix), dims=held.dims)

    def inside(self, name: str) -> Call:
        """For a layer that this one is made of."""
        path = f"{self.spot.name}.{name}"
        self.trace.names[path] = path
        return replace(self, spot=Spot(name=path))


def in_front(dims: Dims, *, first: bool) -> Dims:
    """The axes of a tensor with the channels in front."""
    return dims if first or len(dims) <= VECTORS else (dims[0], dims[-1], *dims[1:-1])


def in_place(held: Held, *, first: bool) -> Held:
    """A layer's output with its channels where Keras has them."""
    dims = held.dims
    return held if first or len(dims) <= VECTORS else replace(held, dims=(dims[0], *dims[2:], dims[1]))


def sizes_of(dims: Dims) -> tuple[int, ...]:
    """The shape of a tensor as Keras has it, with the batch that is traced."""
    return tuple(axes.size_of(dim) for dim in dims)


def like_input(ndim: int) -> str:
    """The shape of a `custom` that keeps the shape.

    >>> like_input(2)
    '?x?x?'
    """
    return "x".join("?" * (ndim + 1))


def shown(found: Any) -> str:
    """A value of a file in a message, no longer than a line."""
    text = str(found)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004


def _held(found: Any) -> Iterator[Held]:
    if isinstance(found, Held):
        yield found
    elif isinstance(found, (list, tuple)):
        for one in found:
            yield from _held(one)
    elif isinstance(found, dict):
        for one in found.values():
            yield from _held(one)


def vectors(call: Call, many: Sequence[Held]) -> tuple[Held, ...] | None:
    """Pooled maps that Keras holds as vectors, as the maps that they are; None where one is no such."""
    ndims = {len(call.trace.shapes[held.layer]) for held in many}
    if len(ndims) > 1 or ndims == {1} or any(not is_vector(call, held) for held in many):
        return None
    return tuple(call.whole(held.layer) for held in many)


def is_vector(call: Call, held: Held) -> bool:
    """Whether a tensor is a vector of all that its layer gives: the channels of a map of one position."""
    channels, *sizes = call.trace.shapes[held.layer]
    return (
        len(held.dims) == VECTORS
        and all(size == 1 for size in sizes)
        and axes.only(held.dims[1], axes.CHANNELS, channels)
    )
