"""What every mapper of an ONNX op needs: its inputs, its attributes, and a layer made of them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.importers.onnx.wire import Tensor
from cnncalc.importers.tensors.axes import BATCH, size_of
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError, Weights
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.onnx.wire import Node


@value
class Call:
    """One node with what it is given."""

    trace: Trace
    node: Node
    given: tuple[Any, ...]
    """Per input a Held, a Tensor, or None where it is left out."""
    batch: int
    """Size of the batch in the file."""
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
            raise UnmappedError("its input is a constant")
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

    def ints(self, name: str, default: Sequence[int] | None = None) -> tuple[int, ...] | None:
        """An attribute that is a list of integers."""
        found = self.node.attributes.get(name)
        if found is None:
            return tuple(default) if default is not None else None
        if not isinstance(found, tuple) or not all(isinstance(one, int) for one in found):
            raise UnmappedError(f"{name} is no list of integers")
        return tuple(int(one) for one in found)

    def integer(self, name: str, default: int = 0) -> int:
        """An attribute that is an integer."""
        found = self.node.attributes.get(name, default)
        if not isinstance(found, int):
            raise UnmappedError(f"{name} is no integer")
        return found

    def word(self, name: str, default: str = "") -> str:
        """An attribute that is a text."""
        found = self.node.attributes.get(name, default)
        return found if isinstance(found, str) else default

    def sizes(self, held: Held) -> tuple[int, ...]:
        """The dimensions of a tensor as the file has them."""
        return tuple(self.batch if any(atom.axis == BATCH for atom in dim) else size_of(dim) for dim in held.dims)

    def plain(self, held: Held) -> Held:
        """The tensor in the order N x C x sizes."""
        name = self.trace.plain(self.node, held)
        return self.trace.fresh(name, self.trace.shapes[name])

    def shape(self, held: Held) -> Shape:
        """Of the layer."""
        return self.trace.shapes[held.layer]

    def layer(
        self,
        op: str,
        inputs: Sequence[Held],
        options: Mapping[str, Option] | None = None,
        weights: Sequence[Tensor] = (),
        suffix: str = "",
    ) -> Held:
        """A layer with the shape that its op infers; inputs must be plain."""
        return add(self.trace, self.node, op, inputs, options or {}, weights, suffix)


def add(  # noqa: PLR0913 - a layer has this many parts
    trace: Trace,
    node: Any,
    op: str,
    inputs: Sequence[Held],
    options: Mapping[str, Option],
    weights: Sequence[Tensor] = (),
    suffix: str = "",
) -> Held:
    """A layer with the shape that its op infers; UnmappedError where the op refuses."""
    shapes = [trace.shapes[held.layer] for held in inputs]
    names = tuple(held.layer for held in inputs)
    given = tuple(Weights(path=one.name, shape=one.dims, trained=True) for one in weights if one.name)
    return trace.emit(node, op, names, inferred(op, shapes, options), dict(options), given, suffix)


def inferred(op: str, shapes: Sequence[Shape], options: Mapping[str, Option]) -> Shape:
    """The output shape of an op for these inputs; UnmappedError where it refuses them."""
    from cnncalc.ops import OPS

    exact = {
        name: Fraction(given) if name in ("scale", "p") and isinstance(given, str) else given
        for name, given in options.items()
    }
    tensors = [TensorShape(shape[0], shape[1:]) for shape in shapes]
    try:
        made = OPS[op].model_validate({"op": op, **exact})
        for step in made.expand(*tensors):
            tensors = [step.op.infer(*tensors).output]
        output = tensors[0] if made.expand(*tensors) else made.infer(*tensors).output
    except LayerError as error:
        raise UnmappedError(f"as `{op}`: {error.message}") from None
    except ValueError as error:  # what pydantic raises says in `errors` what is wrong
        reasons = error.errors() if hasattr(error, "errors") else [{"msg": str(error)}]
        raise UnmappedError(f"as `{op}`: {reasons[0]['msg']}") from None
    return tuple(output)
