"""One node of an exported graph with what it is given, as every mapper takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.nodes import op_name
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError, Weights
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.importers.layers import Option, Shape


@value
class Call:
    """A node, its arguments by the names that PyTorch gives them, defaults filled in."""

    trace: Trace
    node: Any
    args: Mapping[str, Any]

    @property
    def op(self) -> str:
        """`aten.relu_.default` -> `relu`."""
        return op_name(self.node)

    @property
    def first(self) -> Any:
        """The first argument."""
        return next(iter(self.args.values()))

    @property
    def x(self) -> Held:
        """The first argument, which must be a tensor of the network."""
        return self.held(next(iter(self.args)))

    def held(self, name: str) -> Held:
        """An argument that must be a tensor of the network."""
        found = self.args[name]
        if not isinstance(found, Held):
            raise UnmappedError(f"its {name} is a constant")
        return found

    def place(self, name: str = "dim", rank: int | None = None) -> int:
        """A dimension, counted from the first."""
        return int(self.args[name]) % (len(self.x.dims) if rank is None else rank)

    def places(self, name: str = "dim") -> list[int]:
        """Dimensions, counted from the first; all where none are given."""
        rank = len(self.x.dims)
        given = self.args.get(name)
        if given is None or given == []:
            return list(range(rank))
        return [each % rank for each in (given if isinstance(given, list) else [given])]

    @property
    def results(self) -> list[Any]:
        """What comes out, as PyTorch knows it."""
        found = self.node.meta.get("val")
        return list(found) if isinstance(found, (tuple, list)) else [found]

    def sizes(self, index: int = 0) -> tuple[int, ...]:
        """Of a result, batch first."""
        return tuple(int(size) for size in self.results[index].shape)

    def shape(self, index: int = 0) -> Shape:
        """Of a result, one sample."""
        return self.sizes(index)[1:]

    def emit(self, op: str, inputs: tuple[str, ...], shape: Shape, options: dict[str, Option] | None = None) -> Held:
        """Add a layer without weights."""
        return self.trace.emit(self.node, op, inputs, shape, options)

    def same(self, op: str, held: Held, options: dict[str, Option] | None = None) -> Held:
        """A layer that leaves shape and order of the axes alone."""
        return self.trace.same(self.node, op, held, options)

    def plain(self, held: Held) -> str:
        """The layer whose output is the tensor as it stands."""
        return self.trace.plain(self.node, held)

    def settled(self, held: Held) -> Held:
        """The tensor as the output of a layer, axis by axis."""
        name = self.plain(held)
        return Held(layer=name, dims=self.trace.whole(name))


def arguments(node: Any, resolve: Any) -> dict[str, Any]:
    """The arguments of a node by name, in the order of the op's schema."""
    schema = getattr(node.target, "_schema", None)
    given = [resolve(each) for each in node.args]
    named = {name: resolve(each) for name, each in node.kwargs.items()}
    if schema is None:
        return {**{str(at): each for at, each in enumerate(given)}, **named}
    found: dict[str, Any] = {}
    for at, argument in enumerate(schema.arguments):
        if at < len(given):
            found[argument.name] = given[at]
        elif argument.name in named:
            found[argument.name] = named[argument.name]
        else:
            found[argument.name] = argument.default_value
    return found


def flat(arguments_: Any) -> Iterator[Any]:
    """What stands in nested lists."""
    for each in arguments_:
        if isinstance(each, (list, tuple)):
            yield from flat(each)
        else:
            yield each


def tensors(call: Call) -> list[Held | Weights]:
    """All tensors among the arguments."""
    return [each for each in flat(call.args.values()) if isinstance(each, (Held, Weights))]
