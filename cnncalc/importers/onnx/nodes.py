"""What every mapper of an ONNX op needs: its inputs, its attributes, and a layer made of them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx.constants import integers, numel, weights_in
from cnncalc.importers.onnx.records import Tensor
from cnncalc.importers.pytorch.weights import weighted
from cnncalc.importers.tensors.arrange import as_channels, as_map, pointwise
from cnncalc.importers.tensors.axes import size_of
from cnncalc.importers.tensors.infer import infer
from cnncalc.importers.tensors.trace import Held, Part, Trace, UnmappedError, Weights
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.onnx.records import Node


@value
class Call:
    """One node with what it is given."""

    trace: Trace
    node: Node
    given: tuple[Any, ...]
    """Per input a Held, a Tensor, or None where it is left out."""
    opset: int
    uses: Mapping[str, int]
    """How often a tensor of the graph is read."""
    makers: Mapping[str, Node]
    """The node that made a tensor."""

    @property
    def x(self) -> Held:
        """The first input, which must be a tensor of the network."""
        return self.held(0)

    def held(self, at: int) -> Held:
        """An input that must be a tensor of the network."""
        found = self.given[at] if at < len(self.given) else None
        if not isinstance(found, Held):
            raise UnmappedError(f"its input {at} is a constant" if found is not None else f"input {at} is missing")
        return found

    def constant(self, at: int) -> Tensor | None:
        """An input that is a constant, or None where it is left out."""
        found = self.given[at] if at < len(self.given) else None
        if isinstance(found, Held):
            raise UnmappedError(f"input {at} is computed by the network")
        return found if isinstance(found, Tensor) else None

    def weight(self, at: int) -> Tensor:
        """An input that must be a constant."""
        found = self.constant(at)
        if found is None:
            raise UnmappedError(f"input {at} is missing")
        return found

    def weights(self, *places: int) -> tuple[Tensor | None, ...]:
        """Inputs that must be constants, where they are given."""
        return tuple(self.constant(at) for at in places)

    def is_read(self, at: int) -> bool:
        """Whether somebody reads an output."""
        outputs = self.node.outputs
        return at < len(outputs) and bool(outputs[at]) and self.uses.get(outputs[at], 0) > 0

    def ints(self, name: str, default: Sequence[int] | None = None) -> tuple[int, ...] | None:
        """An attribute that is a list of integers."""
        found = self.node.attributes.get(name)
        if found is None:
            return tuple(default) if default is not None else None
        if not isinstance(found, tuple) or not all(isinstance(one, int) for one in found):
            raise UnmappedError(f"{name} is no list of integers")
        return tuple(int(one) for one in found)

    def numbers(self, name: str, at: int) -> tuple[int, ...] | None:
        """Integers that are an attribute in old operator sets and an input in new ones; None: left out."""
        if name in self.node.attributes:
            return self.ints(name)
        given = self.constant(at)
        if given is None:
            return None
        found = integers(given)
        if found is None:
            raise UnmappedError(f"the values of {name} are not in the file")
        return found

    def integer(self, name: str, default: int = 0) -> int:
        """An attribute that is an integer."""
        found = self.node.attributes.get(name, default)
        if not isinstance(found, int):
            raise UnmappedError(f"{name} is no integer")
        return found

    def number(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        found = self.node.attributes.get(name, default)
        if not isinstance(found, (int, float)):
            raise UnmappedError(f"{name} is no number")
        return float(found)

    def word(self, name: str, default: str = "") -> str:
        """An attribute that is a text."""
        found = self.node.attributes.get(name, default)
        return found if isinstance(found, str) else default

    def axis(self, axis: int, rank: int | None = None) -> int:
        """An axis counted from the front."""
        count = len(self.x.dims) if rank is None else rank
        if not -count <= axis < count:
            raise UnmappedError(f"axis {axis} of {count}")
        return axis % count

    def sizes(self, held: Held) -> tuple[int, ...]:
        """The dimensions of a tensor."""
        return tuple(map(size_of, held.dims))

    def plain(self, held: Held) -> str:
        """The layer whose output is the tensor as it stands, N x C x sizes."""
        return self.trace.plain(self.node, held)

    def settled(self, held: Held) -> Held:
        """The tensor on a layer whose output it is as it stands."""
        return self.fresh(self.plain(held))

    def map(self, held: Held) -> Held:
        """The same, with a grid: for ops that have a window."""
        return self.fresh(as_map(self.trace, self.node, held))

    def channels(self, held: Held, *places: int) -> Held:
        """The tensor on a layer whose channels are these dimensions."""
        return as_channels(self.trace, self.node, held, places)

    def fresh(self, name: str) -> Held:
        """The output of a layer as it comes."""
        return Held(layer=name, dims=self.trace.whole(name))

    def shape(self, held: Held) -> Shape:
        """Of the layer."""
        return self.trace.shapes[held.layer]

    def layer(
        self, op: str, inputs: Sequence[Held], options: Mapping[str, Option] | None = None, suffix: str = ""
    ) -> Held:
        """A layer without weights, with the shape that its op infers, as it comes."""
        names = tuple(held.layer for held in inputs)
        given = dict(options or {})
        output = infer(op, [self.trace.tensor(name) for name in names], _exact(given))
        return self.trace.emit(self.node, op, names, tuple(output), given, suffix=suffix)

    def weighted(
        self,
        op: str,
        x: Held,
        choices: Sequence[dict[str, Option]],
        given: Sequence[Tensor | None],
        window: Sequence[str] = (),
    ) -> Held:
        """A layer that counts these weights, by the first choice of options that fits their number; as it comes."""
        shape = tuple(infer(op, [self.trace.tensor(x.layer)], choices[-1]))
        found = [learned(one) for one in given if one is not None]
        return weighted(self, op, x.layer, shape, choices, found, window)  # type: ignore[arg-type]

    def emit(self, op: str, inputs: tuple[str, ...], shape: Shape, options: dict[str, Option] | None = None) -> Held:
        """A layer whose shape is known."""
        return self.trace.emit(self.node, op, inputs, shape, options)

    def same(self, op: str, x: Held, options: dict[str, Option] | None = None) -> Held:
        """A layer that leaves shape and order of the axes alone, whatever they are."""
        return self.trace.same(self.node, op, x, options)

    def declared(self, x: Held, params: int = 0) -> Held:
        """A function of every element by itself that the language has no word for."""
        return self.same("custom", x, pointwise(len(self.shape(x)) - 1, params=params))


def _exact(options: Mapping[str, Option]) -> dict[str, Any]:
    """Options with fractions in place of their texts."""

    def one(given: Any) -> Any:
        return (
            tuple(map(one, given)) if isinstance(given, tuple) else Fraction(given) if isinstance(given, str) else given
        )

    return {name: one(given) if name in ("scale", "region", "p") else given for name, given in options.items()}


def learned(tensor: Tensor) -> Weights:
    """A constant as the parameters that it is, or is made of; numbers alone are none."""
    made_of = weights_in([tensor])
    if tensor.parts is None and not made_of and tensor.name and numel(tensor):
        made_of = (Part(path=tensor.name, count=numel(tensor)),)
    return Weights(path=tensor.name, shape=tensor.dims, trained=bool(made_of), parts=made_of, products=tensor.work)
