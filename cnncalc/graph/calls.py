"""Items that run a body with names of its own: block calls and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.errors import Frame, counted, finding
from cnncalc.graph.options import RefusedError
from cnncalc.graph.wiring import Place
from cnncalc.spec.items import Arg, PlacedItem, WordItem
from cnncalc.spec.suggest import did_you_mean
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.errors import Finding, Location
    from cnncalc.graph.naming import Context
    from cnncalc.graph.walk import Walk
    from cnncalc.spec.items import Block, CallItem, EachItem, Value


def call(walk: Walk, item: CallItem, placed: PlacedItem, stream: int, context: Context) -> int:
    """The body of a block, with the values of its parameters."""
    block = walk.spec.blocks[item.block]
    outer = context.names.path.rpartition(".")[0]
    numbered = item.repeat is not None  # the scope is one copy of a repeated call
    frame = Frame(
        block=block.name,
        at=placed.locate(item.span),
        layer=outer if numbered else context.names.path,
        copy=context.copy if numbered else None,
        copies=context.copies if numbered else None,
    )
    variables = _arguments(walk, item, block, placed, context)
    inner = replace(context, variables=variables, x=stream, stack=(frame, *context.stack))
    return walk.run(block.body, stream, inner)


def each(walk: Walk, item: EachItem, placed: PlacedItem, stream: int, context: Context) -> int:
    """The body once for every row of a table, with the columns as names."""
    walk.wiring.spend(len(item.rows), Place(at=placed.locate(item.span), stack=context.stack))
    for number, row in enumerate(item.rows):
        cells = [walk.maker.evaluate(cell, placed, context) for cell in row]
        inner = replace(
            context.inside(str(number)), variables={**context.variables, **dict(zip(item.columns, cells, strict=True))}
        )
        first = len(walk.wiring.layers)
        stream = walk.run(item.body, stream, inner)
        walk.define(str(number), first, stream, placed.locate(item.span), context)
    return stream


def value_at(walk: Walk, value: Value, at: Location, context: Context) -> Any:
    """The value of a default or variable, which stands at a Location of its own."""
    return walk.maker.evaluate(Arg(value, at), PlacedItem(WordItem(span=at, word=""), _Nowhere()), context)


def _arguments(walk: Walk, item: CallItem, block: Block, placed: PlacedItem, context: Context) -> dict[str, Any]:
    """The values of a block's parameters; the file's variables stay in force, the caller's do not."""
    given = _bound(item, block, placed, context)
    variables = dict(walk.variables)
    for parameter in block.parameters:
        if parameter.name in given:
            variables[parameter.name] = walk.maker.evaluate(given[parameter.name], placed, context)
        else:
            inner = replace(context, variables=variables)
            variables[parameter.name] = value_at(walk, parameter.default, parameter.at, inner)
    return variables


def _bound(item: CallItem, block: Block, placed: PlacedItem, context: Context) -> dict[str, Arg]:
    """Which argument each parameter gets; raises RefusedError with everything that does not fit."""
    parameters = {parameter.name: parameter for parameter in block.parameters}
    title = f"{block.name}({', '.join(parameters)})"
    given = dict(zip(parameters, item.positional, strict=False))
    problems: list[Finding] = []

    def refuse(code: str, message: str, span: Any, help_: str | None = None) -> None:
        problems.append(finding(code, message, at=placed.locate(span), help=help_, stack=context.stack))

    if len(item.positional) > len(parameters):
        extra = item.positional[len(parameters)]
        refuse("CNN905", f"{title} takes {counted(len(parameters), 'value')}, this is one too many", extra.span)
    for name, arg in item.keyword.items():
        if name not in parameters:
            refuse("CNN904", f"block {title} has no parameter `{name}`", arg.span, did_you_mean(name, parameters))
        elif name in given:
            refuse("CNN903", f"`{name}` of {title} is given twice", arg.span)
        else:
            given[name] = arg
    for name, parameter in parameters.items():
        if name not in given and not parameter.has_default:
            refuse("CNN906", f"block {title} needs `{name}`", item.span)
    if problems:
        raise RefusedError(problems)
    return given


class _Nowhere:
    """The origin of values whose spans are Locations already."""

    def locate(self, start: int, end: int) -> Location:
        raise NotImplementedError
