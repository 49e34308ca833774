"""Walks the syntax tree once, in execution order: every item becomes rows of the graph."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cnncalc.errors import Frame, Location, finding
from cnncalc.graph.jumps import NoRatioError, stride_between
from cnncalc.graph.model import Graph
from cnncalc.graph.naming import Context, Names, UnknownNameError
from cnncalc.graph.options import OpMaker, RefusedError, Trailing
from cnncalc.graph.wiring import LimitError, Place, Wiring
from cnncalc.spec.items import (
    Arg,
    BranchesItem,
    CallItem,
    EachItem,
    LayerItem,
    PlacedItem,
    ResidualItem,
    SequenceItem,
    WordItem,
)
from cnncalc.spec.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cnncalc.errors import Finding
    from cnncalc.ops.base import Op
    from cnncalc.spec.items import AnyItem, Block, Span
    from cnncalc.spec.network import NetworkSpec

MAX_DEPTH = 100
"""Blocks, groups and branches inside each other."""


def build(spec: NetworkSpec) -> Graph:
    """Expand, name, order and infer a network.

    What is wrong is collected in `Graph.findings`; behind a refused layer the walk goes on with an assumed shape.
    """
    return _Builder(spec).build()


@dataclass(slots=True)
class _Builder:
    spec: NetworkSpec
    wiring: Wiring = field(default_factory=Wiring)
    maker: OpMaker = field(init=False)
    _variables: dict[str, Any] = field(default_factory=dict)
    """Of the file; the only ones that a block sees beside its parameters."""
    _places: dict[int, tuple[PlacedItem, Location, Mapping[str, Location]]] = field(default_factory=dict)
    """By identity of the item, which is kept so that its identity stays its own."""

    def __post_init__(self) -> None:
        self.maker = OpMaker(self.spec.defaults, self._shape_of)

    def build(self) -> Graph:
        wiring, spec = self.wiring, self.spec
        names = Names("")
        inputs: dict[str, int] = {}
        for name, shape in spec.inputs.items():
            inputs[name] = wiring.add_input(name, shape)
            names.full[name] = name
        outputs: dict[str, int] = {}
        if inputs:
            first = next(iter(inputs.values()))
            try:
                self._set_variables()
                context = Context(names=names, variables=self._variables, x=first)
                last = self._run(spec.layers, first, context)
                outputs = self._outputs(last, context)
            except LimitError as error:
                wiring.report(error.found)
        return Graph(
            spec=spec,
            nodes=tuple(wiring.nodes),
            layers=tuple(wiring.layers),
            scopes=wiring.scopes,
            inputs=inputs,
            outputs=outputs,
            findings=tuple(wiring.findings.values()),
        )

    # ---------------------------------------------------------------- the network as a whole

    def _set_variables(self) -> None:
        values = self._variables
        context = Context(names=Names(""), variables=values, x=0)
        for variable in self.spec.variables.values():
            placed = PlacedItem(WordItem(span=variable.at, word=variable.name), _Nowhere())
            try:
                values[variable.name] = self.maker.evaluate(Arg(variable.value, variable.at), placed, context)
            except RefusedError as error:
                self._refused(error)
                values[variable.name] = 1

    def _outputs(self, last: int, context: Context) -> dict[str, int]:
        wiring, spec = self.wiring, self.spec
        if not wiring.layers and not wiring.findings and not spec.findings:
            at = spec.places.get("layers") or Location(file=spec.source, line=1, column=1)
            wiring.report(
                finding("CNN906", "the network has no layers", at=at, help="add a line such as `- conv 64 k3`")
            )
        if not spec.outputs:
            name = self._name_of(last, context) if wiring.layers else next(iter(spec.inputs))
            return {name: last}
        outputs: dict[str, int] = {}
        for output in spec.outputs:
            try:
                outputs[output.name] = self._resolve(output.name, context, last)
            except UnknownNameError as error:
                wiring.report(finding("CNN904", error.message, at=output.at, help=error.help))
        return outputs

    def _name_of(self, node: int, context: Context) -> str:
        """The outermost name that stands for a node."""
        for name in reversed(context.names.full.values()):
            if self.wiring.scopes[name].output == node:
                return name
        return self.wiring.nodes[node].name

    # ---------------------------------------------------------------- items

    def _run(self, items: Iterable[PlacedItem], stream: int, context: Context) -> int:
        for placed in items:
            stream = self._item(placed, stream, context)
        return stream

    def _item(self, placed: PlacedItem, stream: int, context: Context) -> int:
        item = placed.item
        try:
            if context.depth > MAX_DEPTH:
                message = f"blocks and groups stand more than {MAX_DEPTH} deep inside each other"
                raise LimitError(finding("CNN902", message, at=placed.locate(item.span), stack=context.stack))
            if item.from_ is not None:
                stream = self._reference(item.from_, placed, context, stream)
            first = len(self.wiring.layers)
            if item.repeat is None:
                result = self._copy(placed, stream, context, None)
            else:
                result = self._copies(placed, stream, context)
            if item.share is not None and result is not None:
                self._share(item.share, first, placed, context)
        except RefusedError as error:
            self._refused(error)
            self.wiring.tainted.add(stream)
            if item.name:
                self._define(item.name, len(self.wiring.layers), stream, placed, context)
            return stream
        return stream if result is None else result

    def _copies(self, placed: PlacedItem, stream: int, context: Context) -> int | None:
        """`*n`: copies numbered from 0 in a scope of their own."""
        item = placed.item
        assert item.repeat is not None  # noqa: S101 - the caller looked
        count = self.maker.whole(item.repeat, "the count", placed, context)
        at = placed.locate(item.repeat.span)
        if count < 0:
            message = f"the count is {count}, it cannot be negative"
            raise RefusedError([finding("CNN905", message, at=at, stack=context.stack)])
        self.wiring.spend(count, Place(at=at, stack=context.stack))
        name = item.name or context.names.number(_unnamed(item))
        first = len(self.wiring.layers)
        inner = context.inside(name)
        done = False
        for copy in range(count):
            result = self._copy(placed, stream, replace(inner, copy=copy, copies=count), str(copy))
            if result is not None:
                stream, done = result, True
        if not done and count:
            context.names.dropped.add(name)
            return None
        self._define(name, first, stream, placed, context)
        return stream

    def _copy(self, placed: PlacedItem, stream: int, context: Context, name: str | None) -> int | None:
        """One copy of an item under its name (None: the item's own); None where `when` drops it."""
        item = placed.item
        if item.when is not None and not self._condition(item.when, placed, context):
            if item.name and name is None:
                context.names.dropped.add(item.name)
            return None
        if isinstance(item, LayerItem):
            return self._layer(item, placed, stream, context, name)
        if isinstance(item, WordItem):
            return self._word(item, placed, stream, context, name)
        if name is None:
            name = item.name
            if name is None and isinstance(item, CallItem):
                name = context.names.number(item.block)
            elif name is None and isinstance(item, EachItem):
                name = context.names.number("each")
        first = len(self.wiring.layers)
        inner = context.inside(name) if name is not None else replace(context, depth=context.depth + 1)
        run: Callable[[Any, PlacedItem, int, Context], int] = _RUNNERS[type(item)]
        stream = run(self, item, placed, stream, inner)
        if name is not None:
            self._define(name, first, stream, placed, context)
        return stream

    def _layer(self, item: LayerItem, placed: PlacedItem, stream: int, context: Context, name: str | None) -> int:
        op, trail = self.maker.make(item, placed, context)
        inputs = [stream, *(self._reference(arg, placed, context, stream) for arg in item.references)]
        if op.REFERENCES and len(inputs) < 2:  # noqa: PLR2004 - a merge has two sides
            message = f"{op.op} has one input; it joins two or more"
            help_ = f"name what it joins: `{op.op} NAME`, or `{op.op} NAME from=OTHER`"
            at = placed.locate(item.span)
            raise RefusedError([finding("CNN906", message, at=at, help=help_, stack=context.stack)])
        name = name or item.name or context.names.number(op.op)
        return self._emit(name, op, trail, inputs, placed, context)

    def _word(self, item: WordItem, placed: PlacedItem, stream: int, context: Context, name: str | None) -> int | None:
        word = context.variables.get(item.word)
        if word in ("none", None):
            return None
        op = self.maker.word(word) if isinstance(word, str) else None
        if op is None:
            message = f"`{item.word}` is {word}, which is no norm or activation"
            raise RefusedError([finding("CNN904", message, at=placed.locate(item.span), stack=context.stack)])
        return self._emit(name or item.name or context.names.number(op.op), op, (), [stream], placed, context)

    def _emit(  # noqa: PLR0913 - a row has this many parts
        self,
        name: str,
        op: Op,
        trail: tuple[Trailing, ...],
        inputs: list[int],
        placed: PlacedItem,
        context: Context,
        label: str | None = None,
        help: str | None = None,  # noqa: A002 - the word that users see
    ) -> int:
        """Add the row of an op and the rows of the norms and activations behind it."""
        wiring = self.wiring
        at, places = self._place(placed)
        place = Place(at=at, places=places, stack=context.stack, label=label, help=help)
        full = context.names.qualify(name)
        first = len(wiring.layers)
        stream = wiring.add_layer(full, op, inputs, place)
        inner: dict[str, int] = {}
        for after in trail:
            inner[after.word] = number = inner.get(after.word, 0) + 1
            after_name = f"{full}.{after.word}" + (str(number) if number > 1 else "")
            after_place = Place(at=placed.locate(after.span), stack=context.stack)
            stream = wiring.add_layer(after_name, after.op, [stream], after_place)
            wiring.cover(after_name, len(wiring.layers) - 1, stream)
        self._define(name, first, stream, placed, context)
        return stream

    def _sequence(self, item: SequenceItem, placed: PlacedItem, stream: int, context: Context) -> int:  # noqa: ARG002
        return self._run(item.items, stream, context)

    def _each(self, item: EachItem, placed: PlacedItem, stream: int, context: Context) -> int:
        self.wiring.spend(len(item.rows), Place(at=placed.locate(item.span), stack=context.stack))
        for number, row in enumerate(item.rows):
            cells = [self.maker.evaluate(cell, placed, context) for cell in row]
            variables = {**context.variables, **dict(zip(item.columns, cells, strict=True))}
            inner = replace(context.inside(str(number)), variables=variables)
            first = len(self.wiring.layers)
            stream = self._run(item.body, stream, inner)
            self._define(str(number), first, stream, placed, context)
        return stream

    def _residual(self, item: ResidualItem, placed: PlacedItem, stream: int, context: Context) -> int:
        x = stream
        main = self._run(item.body, x, context)
        shortcut = item.shortcut
        remedy = None
        if not isinstance(shortcut, str):
            skip: int | None = self._run(shortcut, x, context)
        elif shortcut == "identity":
            skip, remedy = x, self._remedy(main, x)
        else:
            skip = self._shortcut(shortcut, main, item, placed, x, context)
        if skip is not None:
            main = self._add_shortcut(main, skip, placed, context, remedy)
        return self._run(item.then, main, context)

    def _remedy(self, main: int, x: int) -> str | None:
        """What to write where an identity shortcut does not fit."""
        if self.wiring.shape(main) == self.wiring.shape(x):
            return None
        try:
            stride = stride_between(self.wiring.nodes, x, main)
        except NoRatioError:
            return "write a path as `shortcut:`, or `if_same`"
        words = "x".join(map(str, stride)) if len(set(stride)) > 1 else str(stride[0]) if stride else "1"
        return f"`shortcut: project` (1x1 conv + bn, stride {words}) or `if_same`"

    def _add_shortcut(self, main: int, skip: int, placed: PlacedItem, context: Context, remedy: str | None) -> int:
        wiring = self.wiring
        ours, theirs = wiring.shape(main), wiring.shape(skip)
        add = self.maker.op("add", {})
        if ours != theirs and main not in wiring.tainted and skip not in wiring.tainted:
            message = f"residual: main path {ours} does not match shortcut {theirs}"
            at = placed.locate(placed.item.span)
            wiring.report(finding("CNN001", message, at=at, help=remedy, stack=context.stack))
            wiring.tainted.add(main)
        return self._emit(context.names.number("add"), add, (), [main, skip], placed, context)

    def _shortcut(  # noqa: PLR0913 - a shortcut joins two paths at a place
        self, word: str, main: int, item: ResidualItem, placed: PlacedItem, x: int, context: Context
    ) -> int | None:
        """The node of a `project`, `if_same` or `pad` shortcut; None where the skip is dropped."""
        ours, theirs = self.wiring.shape(main), self.wiring.shape(x)
        if ours == theirs:
            return x
        if word == "if_same":
            return None
        span = item.shortcut_span or item.span
        at = placed.locate(span)
        try:
            stride = stride_between(self.wiring.nodes, x, main)
        except NoRatioError as error:
            message = f"shortcut: {word} needs a stride, but {error}"
            help_ = "write the shortcut as a path of its own"
            self.wiring.report(finding("CNN001", message, at=at, help=help_, stack=context.stack))
            return None
        here = PlacedItem(replace(item, span=span), placed.origin)
        trail: tuple[Trailing, ...] = ()
        if word == "project":
            options: dict[str, Any] = {"out_channels": ours.channels, "kernel_size": 1, "stride": stride, "bias": False}
            op = self.maker.op("conv", options)
            trail = (Trailing("bn", self.maker.op("bn", {}), span),)
        else:
            op = self.maker.op("residual pad", {"out_channels": ours.channels, "stride": stride})
        return self._emit(context.names.number("shortcut"), op, trail, [x], here, context, label=f"shortcut: {word}")

    def _branches(self, item: BranchesItem, placed: PlacedItem, stream: int, context: Context) -> int:
        ends: list[int] = []
        for path in item.paths:
            inner = context
            first = len(self.wiring.layers)
            if path.name is not None:
                inner = context.inside(path.name)
            ends.append(self._run(path.body, stream, inner))
            if path.name is not None:
                self._define(path.name, first, ends[-1], placed, context, path.name_span)
        options = {}
        if item.align is not None:
            options["align"] = self.maker.evaluate(item.align, placed, context)
        if len(ends) < 2:  # noqa: PLR2004 - a merge has two sides
            message = f"{item.merge} has {len(ends)} path; it joins two or more"
            at = placed.locate(item.span)
            self.wiring.report(finding("CNN906", message, at=at, help="`[]` is the identity path", stack=context.stack))
            return ends[0] if ends else stream
        op = self.maker.op(item.merge, options)
        return self._emit(context.names.number(item.merge), op, (), ends, placed, context)

    def _call(self, item: CallItem, placed: PlacedItem, stream: int, context: Context) -> int:
        block = self.spec.blocks[item.block]
        at = placed.locate(item.span)
        in_copies = context.names.path.rpartition(".")[2].isdigit()
        frame = Frame(
            block=block.name,
            at=at,
            layer=context.names.path.rpartition(".")[0] if in_copies else context.names.path,
            copy=context.copy if in_copies else None,
            copies=context.copies if in_copies else None,
        )
        variables = self._arguments(item, block, placed, context)
        inner = replace(context, variables=variables, x=stream, stack=(frame, *context.stack))
        return self._run(block.body, stream, inner)

    def _arguments(self, item: CallItem, block: Block, placed: PlacedItem, context: Context) -> dict[str, Any]:
        """The values of a block's parameters; those of the file stay in force, those of the caller do not."""
        at = placed.locate(item.span)
        given = dict(zip((parameter.name for parameter in block.parameters), item.positional, strict=False))
        problems: list[Finding] = []
        signature = ", ".join(parameter.name for parameter in block.parameters)
        if len(item.positional) > len(block.parameters):
            extra = item.positional[len(block.parameters)]
            message = f"{block.name}({signature}) takes {len(block.parameters)} values, this is one too many"
            problems.append(finding("CNN905", message, at=placed.locate(extra.span), stack=context.stack))
        known = {parameter.name for parameter in block.parameters}
        for name, arg in item.keyword.items():
            if name not in known:
                message = f"block {block.name}({signature}) has no parameter `{name}`"
                help_ = did_you_mean(name, sorted(known))
                problems.append(finding("CNN904", message, at=placed.locate(arg.span), help=help_, stack=context.stack))
            elif name in given:
                message = f"`{name}` of {block.name}({signature}) is given twice"
                problems.append(finding("CNN903", message, at=placed.locate(arg.span), stack=context.stack))
            else:
                given[name] = arg
        variables = dict(self._variables)
        for parameter in block.parameters:
            if parameter.name in given:
                variables[parameter.name] = self.maker.evaluate(given[parameter.name], placed, context)
            elif parameter.has_default:
                own = PlacedItem(WordItem(span=parameter.at, word=parameter.name), _Nowhere())
                inner = replace(context, variables=variables)
                variables[parameter.name] = self.maker.evaluate(Arg(parameter.default, parameter.at), own, inner)
            else:
                message = f"block {block.name}({signature}) needs `{parameter.name}`"
                problems.append(finding("CNN906", message, at=at, stack=context.stack))
        if problems:
            raise RefusedError(problems)
        return variables

    # ---------------------------------------------------------------- names, places, values

    def _define(  # noqa: PLR0913 - a name covers rows at a place
        self, name: str, first: int, output: int, placed: PlacedItem, context: Context, span: Span | None = None
    ) -> None:
        names = context.names
        if name in names.full and not name.isdigit():
            known = self.wiring.scopes[names.full[name]]
            rows = self.wiring.layers
            where = (
                f" (first at line {rows[known.first].at.line})" if known.first < len(rows) and known.last >= 0 else ""
            )
            at = placed.locate(span or placed.item.name_span or placed.item.span)
            message = f"the name `{name}` stands twice in its scope{where}"
            self.wiring.report(finding("CNN903", message, at=at, stack=context.stack))
        names.full[name] = full = names.qualify(name)
        self.wiring.cover(full, first, output)

    def _resolve(self, dotted: str, context: Context, stream: int) -> int:
        """The node that a name stands for."""
        if dotted == "prev":
            return stream
        return self._scope_output(dotted, context)

    def _scope_output(self, dotted: str, context: Context) -> int:
        if dotted == "x":
            return context.x
        return self.wiring.scopes[self._full_name(dotted, context)].output

    def _full_name(self, dotted: str, context: Context) -> str:
        head, _, rest = dotted.partition(".")
        for names in context.names.outwards():
            if head in names.full:
                full = names.full[head] + (f".{rest}" if rest else "")
                if full in self.wiring.scopes:
                    return full
                inside = [name for name in self.wiring.scopes if name.startswith(f"{names.full[head]}.")]
                message = f"`{head}` has no layer `{rest}` before this line"
                raise UnknownNameError(message, did_you_mean(full, inside))
            if head in names.dropped:
                raise UnknownNameError(f"`{head}` is left out here by its `when`")
        visible = [name for names in context.names.outwards() for name in names.full]
        raise UnknownNameError(f"no layer `{dotted}` before this line", did_you_mean(head, visible))

    def _shape_of(self, dotted: str, context: Context) -> tuple[int, tuple[int, ...]]:
        shape = self.wiring.shape(self._scope_output(dotted, context))
        return shape.channels, shape.sizes

    def _reference(self, arg: Arg, placed: PlacedItem, context: Context, stream: int) -> int:
        try:
            return self._resolve(str(arg.value), context, stream)
        except UnknownNameError as error:
            found = finding("CNN904", error.message, at=placed.locate(arg.span), help=error.help, stack=context.stack)
            raise RefusedError([found]) from None

    def _share(self, arg: Arg, first: int, placed: PlacedItem, context: Context) -> None:
        try:
            target = self.wiring.scopes[self._full_name(str(arg.value), context)]
        except UnknownNameError as error:
            found = finding("CNN904", error.message, at=placed.locate(arg.span), help=error.help, stack=context.stack)
            raise RefusedError([found]) from None
        self.wiring.share(first, target, Place(at=placed.locate(arg.span), stack=context.stack))

    def _condition(self, arg: Arg, placed: PlacedItem, context: Context) -> bool:
        value = self.maker.evaluate(arg, placed, context)
        if isinstance(value, (str, tuple)) or value is None:
            message = f"`when` is {value}, which is neither true nor false"
            at = placed.locate(arg.span)
            raise RefusedError([finding("CNN905", message, at=at, stack=context.stack)])
        return bool(value)

    def _place(self, placed: PlacedItem) -> tuple[Location, Mapping[str, Location]]:
        known = self._places.get(id(placed))
        if known is None:
            item = placed.item
            options = item.options if isinstance(item, LayerItem) else {}
            places = {name: placed.locate(arg.span) for name, arg in options.items()}
            known = self._places[id(placed)] = placed, placed.locate(item.span), places
        return known[1], known[2]

    def _refused(self, error: RefusedError) -> None:
        for found in error.findings:
            self.wiring.report(found)


def _unnamed(item: AnyItem) -> str:
    """What an unnamed item with a count is called: `conv1`, `basic1`, `each1`, else `repeat1`."""
    if isinstance(item, LayerItem):
        return item.op
    if isinstance(item, CallItem):
        return item.block
    return "each" if isinstance(item, EachItem) else "repeat"


class _Nowhere:
    """The origin of values whose spans are Locations already."""

    def locate(self, start: int, end: int) -> Location:
        raise NotImplementedError


_RUNNERS: dict[type, Callable[..., int]] = {
    SequenceItem: _Builder._sequence,
    EachItem: _Builder._each,
    ResidualItem: _Builder._residual,
    BranchesItem: _Builder._branches,
    CallItem: _Builder._call,
}
