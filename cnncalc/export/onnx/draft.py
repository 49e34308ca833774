"""What one layer becomes: nodes and initializers, called after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.onnx.network import INT64, Node, Tensor
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.export.onnx.network import Attribute, Dims
    from cnncalc.geometry.shape import TensorShape
    from cnncalc.ops.base import Inference, Settings


class Weights:
    """The initializers of a network by name; layers that share one may want it in another shape."""

    def __init__(self, dtype: str, batch: int | None) -> None:
        self.dtype, self.batch = dtype, batch
        self.made: dict[str, Tensor] = {}
        self.turned: dict[str, bool] = {}
        """Whether a matrix stands transposed."""


class Draft:
    """A layer under way. `x` is its input, `node` adds an ONNX node and gives the name of its output."""

    def __init__(  # noqa: PLR0913 - what a layer is
        self,
        name: str,
        op: Any,
        inference: Inference,
        inputs: Sequence[tuple[str, TensorShape]],
        weights: Weights,
        owner: str,
    ) -> None:
        self.name, self.op, self.inference = name, op, inference
        self.values = tuple(value for value, _ in inputs)
        self.shapes = tuple(shape for _, shape in inputs)
        self.output = inference.output
        self.nodes: list[Node] = []
        self._weights, self._owner = weights, owner
        self._main: int | None = None
        self._taken: set[str] = set()

    @property
    def x(self) -> str:
        """The first input."""
        return self.values[0]

    @property
    def shape(self) -> TensorShape:
        """Of the first input."""
        return self.shapes[0]

    @property
    def dtype(self) -> str:
        """Of the network."""
        return self._weights.dtype

    @property
    def batch(self) -> int | None:
        """Of the network; None: any."""
        return self._weights.batch

    @property
    def settings(self) -> Settings:
        """Of a layer with a window."""
        if self.inference.settings is None:
            message = f"{self.name} has no window"
            raise AssertionError(message)
        return self.inference.settings

    def node(self, kind: str, *inputs: str, **attributes: Attribute) -> str:
        """One node with one output."""
        return self.nodes_of(kind, 1, *inputs, **attributes)[0]

    def nodes_of(self, kind: str, count: int, *inputs: str, **attributes: Attribute) -> tuple[str, ...]:
        """One node with several outputs."""
        label = self._label(kind)
        outputs = (label,) if count == 1 else tuple(f"{label}.{number}" for number in range(count))
        self.nodes.append(Node(kind=kind, name=label, inputs=inputs, outputs=outputs, attributes=attributes))
        return outputs

    def weights(self) -> tuple[str, ...]:
        """All weights of the layer as PyTorch has them."""
        return tuple(self.weight(place) for place in range(len(self.inference.weights)))

    def weight(self, place: int, dims: Dims | None = None, *, turned: bool = False) -> str:
        """A weight, if need be in another shape or as a transposed matrix; a weight that is shared stands once."""
        own = self.inference.weights[place]
        shape = own.shape[::-1] if turned else own.shape
        dims = dims or shape
        name = f"{self._owner}.{own.name}"
        made = self._weights.made.get(name)
        if self._main is None:
            self._main = len(self.nodes)
        if made is None:
            self._weights.made[name] = Tensor(name=name, dims=dims, dtype=self.dtype, fill=(0,), trained=True)
            self._weights.turned[name] = turned
            return name
        if self._weights.turned[name] != turned:
            if made.dims != shape[::-1]:
                name = self.reshape(name, shape[::-1])
            name, made = self.node("Transpose", name, perm=(1, 0)), replace(made, dims=shape)
        return name if made.dims == dims else self.reshape(name, dims)

    def numbers(self, label: str, numbers: Sequence[float], dims: Dims | None = None, dtype: str = "") -> str:
        """A constant of the number type of the network (or another); fewer numbers than `dims` has are repeated."""
        name = self._label(label)
        dims = (len(numbers),) if dims is None else dims
        tensor = Tensor(name=name, dims=dims, dtype=dtype or self.dtype, fill=tuple(numbers))
        self._weights.made[name] = tensor
        return name

    def buffer(self, label: str, number: float, dims: Dims) -> str:
        """A running statistic; it is shared with the weights."""
        name = f"{self._owner}.{label}"
        self._weights.made[name] = Tensor(name=name, dims=dims, dtype=self.dtype, fill=(number,))
        return name

    def ints(self, label: str, *numbers: int) -> str:
        """A constant list of integers."""
        return self.numbers(label, numbers, dtype=INT64)

    def reshape(self, x: str, dims: Dims) -> str:
        """To dimensions that are all given; 0 as the first one keeps the batch."""
        return self.node("Reshape", x, self.ints("shape", *dims))

    def transpose(self, x: str, *order: int) -> str:
        """Another order of the axes, the batch among them."""
        return self.node("Transpose", x, perm=order)

    def turned(self, x: str, shape: TensorShape) -> str:
        """Channels last, or first again."""
        if shape.ndim == 0:
            return x
        return self.transpose(x, 0, *range(2, 2 + shape.ndim), 1)

    def back(self, x: str, shape: TensorShape) -> str:
        """From channels last to channels first."""
        return x if shape.ndim == 0 else self.transpose(x, 0, 1 + shape.ndim, *range(1, 1 + shape.ndim))

    def finish(self, result: str, value: str) -> tuple[Node, ...]:
        """The nodes; the one with the weights is called as the layer, the last value as the network calls it."""
        if result in self.values:
            result = self.node("Identity", result)
        main = len(self.nodes) - 1 if self._main is None else min(self._main, len(self.nodes) - 1)

        def named(name: str) -> str:
            return value if name == result else name

        return tuple(
            replace(
                node,
                name=self.name if place == main else node.name,
                inputs=tuple(map(named, node.inputs)),
                outputs=tuple(map(named, node.outputs)),
            )
            for place, node in enumerate(self.nodes)
        )

    def _label(self, what: str) -> str:
        """`conv1/Pad`; layers have no slash in their names."""
        label, count = f"{self.name}/{what}", 1
        while label in self._taken:
            label = f"{self.name}/{what}_{count}"
            count += 1
        self._taken.add(label)
        return label


def dims_of(shape: TensorShape) -> Dims:
    """Without the batch: channels first, but tokens are positions x channels.

    >>> from cnncalc.geometry.shape import TensorShape
    >>> dims_of(TensorShape(64, (56, 56))), dims_of(TensorShape(768, (196,), tokens=True))
    ((64, 56, 56), (196, 768))
    """
    return tuple(shape)[::-1] if shape.tokens else tuple(shape)


def channel_axis(shape: TensorShape) -> int:
    """Where the channels stand, the batch being axis 0."""
    return 2 if shape.tokens else 1


def beside(channels: int, shape: TensorShape) -> Dims:
    """The dimensions of a number per channel that is multiplied with a map."""
    return (channels,) if shape.tokens else (channels, *(1,) * shape.ndim)
