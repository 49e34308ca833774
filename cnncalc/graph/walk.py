"""Walks the syntax tree once, in execution order: every item becomes rows of the graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cnncalc.errors import Location, finding
from cnncalc.graph import calls, paths
from cnncalc.graph.naming import UnknownNameError
from cnncalc.graph.options import OpMaker, RefusedError
from cnncalc.graph.resolve import full_name, resolve
from cnncalc.graph.wiring import LimitError, Place, Wiring
from cnncalc.spec.items import (
    BranchesItem,
    CallItem,
    EachItem,
    LayerItem,
    PlacedItem,
    ResidualItem,
    SequenceItem,
    WordItem,
)
from cnncalc.spec.words import NONE
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cnncalc.graph.naming import Context
    from cnncalc.graph.options import Trailing
    from cnncalc.ops.base import Op
    from cnncalc.spec.items import AnyItem, Arg
    from cnncalc.spec.network import NetworkSpec

MAX_DEPTH = 100
"""Blocks, groups and branches inside each other."""


@dataclass(slots=True)
class Walk:
    """The state of one expansion."""

    spec: NetworkSpec
    wiring: Wiring = field(default_factory=Wiring)
    maker: OpMaker = field(init=False)
    variables: dict[str, Any] = field(default_factory=dict)
    """Of the file; the only ones that a block sees beside its parameters."""
    stream: int = 0
    """The node that `prev` means: the running stream before the item at hand, whatever its `from` is."""
    _places: dict[int, tuple[PlacedItem, Place]] = field(default_factory=dict)
    """By identity of the item, which is kept so that its identity stays its own."""

    def __post_init__(self) -> None:
        self.maker = OpMaker(self.spec.defaults, self._shape_of, self._size_read)

    def run(self, items: Iterable[PlacedItem], stream: int, context: Context) -> int:
        """Expand items one after the other from node `stream`; return the node that they end in."""
        for placed in items:
            self.stream = stream
            stream = self._item(placed, stream, context)
        self.stream = stream
        return stream

    def emit(  # noqa: PLR0913 - a row has this many parts
        self,
        name: str,
        op: Op,
        inputs: list[int],
        place: Place,
        context: Context,
        trail: tuple[Trailing, ...] = (),
        name_at: Location | None = None,
    ) -> int:
        """Add the row of an op and the rows of the norms and activations behind it."""
        wiring = self.wiring
        full = context.names.qualify(name)
        first = len(wiring.layers)
        stream = wiring.add_layer(full, op, inputs, place)
        counts: dict[str, int] = {}
        for after in trail:
            counts[after.word] = number = counts.get(after.word, 0) + 1
            after_name = f"{full}.{after.word}" if number == 1 else f"{full}.{after.word}{number}"
            stream = wiring.add_layer(after_name, after.op, [stream], Place(at=after.at, stack=context.stack))
            wiring.cover(after_name, len(wiring.layers) - 1, stream)
        self.define(name, first, stream, name_at or place.at, context)
        return stream

    def define(self, name: str, first: int, output: int, at: Location, context: Context) -> None:
        """Let a name of this scope stand for `output` and cover the rows since `first`."""
        names = context.names
        if name in names.full:
            known = self.wiring.scopes[names.full[name]]
            rows = self.wiring.layers[known.first : known.last + 1]
            first_line = rows[0].at.line if rows else at.line
            where = "on this line" if first_line == at.line else f"in its scope, first at line {first_line}"
            message = f"the name `{name}` stands twice {where}"
            self.wiring.report(finding("CNN903", message, at=at, stack=context.stack))
        names.full[name] = full = names.qualify(name)
        self.wiring.cover(full, first, output)

    def place(self, placed: PlacedItem, context: Context) -> Place:
        """Where an item stands, worked out once for all its copies."""
        known = self._places.get(id(placed))
        if known is None:
            item = placed.item
            options = item.options if isinstance(item, LayerItem) else {}
            places = {name: placed.locate(arg.span) for name, arg in options.items()}
            known = self._places[id(placed)] = placed, Place(at=placed.locate(item.span), places=places)
        place = known[1]
        return replace(place, stack=context.stack) if context.stack else place

    def refused(self, error: RefusedError) -> None:
        """Keep the findings of an item that could not become a layer."""
        for found in error.findings:
            self.wiring.report(found)

    def _item(self, placed: PlacedItem, stream: int, context: Context) -> int:
        item = placed.item
        try:
            if context.depth > MAX_DEPTH:
                message = f"blocks and groups stand more than {MAX_DEPTH} deep inside each other"
                raise LimitError(finding("CNN902", message, at=placed.locate(item.span), stack=context.stack))
            if item.from_ is not None:
                stream = self._reference(item.from_, placed, context)
            first = len(self.wiring.layers)
            if item.repeat is None:
                result = self._copy(placed, stream, context, None)
            else:
                result = self._copies(placed, item.repeat, stream, context)
            if item.share is not None and result is not None:
                self._share(item.share, first, placed, context)
            if item.faulty and result is not None:
                self.wiring.taint(result)
        except RefusedError as error:
            if not item.faulty:  # else the reader has said already what is wrong with it
                self.refused(error)
            self.wiring.taint(stream)
            if item.name and item.name not in context.names.full:
                self.define(item.name, len(self.wiring.layers), stream, placed.locate(item.span), context)
            return stream
        return stream if result is None else result

    def _copies(self, placed: PlacedItem, repeat: Arg, stream: int, context: Context) -> int | None:
        """`*n`: copies numbered from 0 in a scope of their own; None where `when` drops all of them."""
        item = placed.item
        count = self.maker.whole(repeat, "the count", placed, context)
        at = placed.locate(repeat.span)
        if count < 0:
            message = f"the count is {count}, it cannot be negative"
            raise RefusedError([finding("CNN905", message, at=at, stack=context.stack)])
        self.wiring.spend(count, Place(at=at, stack=context.stack))
        name = item.name or context.names.number(_word_of(item))
        first = len(self.wiring.layers)
        inner = context.inside(name)
        results = []
        for copy in range(count):
            result = self._copy(placed, stream, replace(inner, copy=copy, copies=count), str(copy))
            if result is not None:
                self.stream = stream = result
                results.append(result)
        if count and not results:
            context.names.dropped.add(name)
            return None
        self.define(name, first, stream, self._name_at(placed), context)
        return stream

    def _copy(self, placed: PlacedItem, stream: int, context: Context, number: str | None) -> int | None:
        """An item once, under the number of its copy or (None) its own name; None where `when` drops it."""
        item = placed.item
        if item.when is not None and not self._condition(item.when, placed, context):
            if item.name and number is None:
                context.names.dropped.add(item.name)
            return None
        if isinstance(item, (LayerItem, WordItem)):
            return self._layer(item, placed, stream, context, number)
        name = number or item.name
        if name is None and isinstance(item, (CallItem, EachItem)):
            name = context.names.number(_word_of(item))
        first = len(self.wiring.layers)
        inner = context.inside(name) if name is not None else replace(context, depth=context.depth + 1)
        runner: Callable[[Walk, Any, PlacedItem, int, Context], int] = RUNNERS[type(item)]
        stream = runner(self, item, placed, stream, inner)
        if name is not None:
            self.define(name, first, stream, self._name_at(placed), context)
        return stream

    def _layer(
        self, item: LayerItem | WordItem, placed: PlacedItem, stream: int, context: Context, number: str | None
    ) -> int | None:
        trail: tuple[Trailing, ...] = ()
        inputs = [stream]
        if isinstance(item, WordItem):
            word = context.variables.get(item.word)
            if word in (NONE, None):
                return None
            op = self.maker.word(word) if isinstance(word, str) else None
            if op is None:
                message = f"`{item.word}` is {word}, which is no norm or activation"
                raise RefusedError([finding("CNN904", message, at=placed.locate(item.span), stack=context.stack)])
        else:
            op, trail = self.maker.make(item, placed, context)
            inputs += [self._reference(arg, placed, context) for arg in item.references]
            if op.JOINS and len(inputs) < 2:  # noqa: PLR2004 - a merge has two sides
                message = f"{op.op} has one input; it joins two or more"
                help_ = f"name what it joins: `{op.op} NAME`, or `{op.op} NAME from=OTHER`"
                at = placed.locate(item.span)
                raise RefusedError([finding("CNN906", message, at=at, help=help_, stack=context.stack)])
        name = number or item.name or context.names.number(op.op)
        place = self.place(placed, context)
        if isinstance(item, LayerItem) and self.maker.sizes_from:
            place = replace(place, sizes_from=self._sizes_from(context))
        return self.emit(name, op, inputs, place, context, trail, self._name_at(placed))

    def _sizes_from(self, context: Context) -> dict[str, int]:
        names = self.maker.sizes_from
        return {option: resolve(name, self.wiring.scopes, context, self.stream) for option, name in names.items()}

    def _name_at(self, placed: PlacedItem) -> Location:
        return placed.locate(placed.item.name_span or placed.item.span)

    def _shape_of(self, dotted: str, context: Context) -> tuple[int, tuple[int, ...]]:
        shape = self.wiring.shape(resolve(dotted, self.wiring.scopes, context, self.stream))
        return shape.channels, shape.sizes

    def _size_read(self, dotted: str, context: Context) -> None:
        self.wiring.sizes_read[resolve(dotted, self.wiring.scopes, context, self.stream)] = None

    def _reference(self, arg: Arg, placed: PlacedItem, context: Context) -> int:
        try:
            return resolve(str(arg.value), self.wiring.scopes, context, self.stream)
        except UnknownNameError as error:
            raise self._unknown(error, arg, placed, context) from None

    def _share(self, arg: Arg, first: int, placed: PlacedItem, context: Context) -> None:
        try:
            target = self.wiring.scopes[full_name(str(arg.value), self.wiring.scopes, context)]
        except UnknownNameError as error:
            raise self._unknown(error, arg, placed, context) from None
        self.wiring.share(first, target, Place(at=placed.locate(arg.span), stack=context.stack))

    def _unknown(self, error: UnknownNameError, arg: Arg, placed: PlacedItem, context: Context) -> RefusedError:
        at = placed.locate(arg.span)
        return RefusedError([finding("CNN904", error.message, at=at, help=error.help, stack=context.stack)])

    def _condition(self, arg: Arg, placed: PlacedItem, context: Context) -> bool:
        value = self.maker.evaluate(arg, placed, context)
        if isinstance(value, (str, tuple)) or value is None:
            message = f"`when` is {value}, which is neither true nor false"
            raise RefusedError([finding("CNN905", message, at=placed.locate(arg.span), stack=context.stack)])
        return bool(value)


def _sequence(walk: Walk, item: SequenceItem, placed: PlacedItem, stream: int, context: Context) -> int:  # noqa: ARG001
    return walk.run(item.items, stream, context)


def _word_of(item: AnyItem) -> str:
    """What an unnamed item with a count is called: `conv1`, `basic1`, `each1`, else `repeat1`."""
    if isinstance(item, LayerItem):
        return item.op
    if isinstance(item, CallItem):
        return item.block
    return "each" if isinstance(item, EachItem) else "repeat"


RUNNERS: dict[type, Callable[..., int]] = {
    SequenceItem: _sequence,
    EachItem: calls.each,
    ResidualItem: paths.residual,
    BranchesItem: paths.branches,
    CallItem: calls.call,
}
