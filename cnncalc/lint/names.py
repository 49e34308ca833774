"""Which variables and blocks the text of a network reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.spec.expression import Expression
from cnncalc.spec.items import BranchesItem, CallItem, EachItem, LayerItem, ResidualItem, SequenceItem, WordItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cnncalc.spec.items import AnyItem, Arg, Block, PlacedItem, Value
    from cnncalc.spec.network import NetworkSpec

Body = tuple["PlacedItem", ...]


def names_in(value: Value) -> Iterator[str]:
    """The variables that a value reads."""
    if isinstance(value, Expression):
        yield from value.names
    elif isinstance(value, tuple):
        for part in value:
            yield from names_in(part)


def free_names(items: Iterable[PlacedItem]) -> set[str]:
    """The variables and parameters that items read, those that a table of theirs binds left out."""
    found: set[str] = set()
    for placed in items:
        item = placed.item
        found.update(name for arg in _arguments(item) for name in names_in(arg.value))
        if isinstance(item, WordItem):
            found.add(item.word)
        inside = {name for body in bodies(item) for name in free_names(body)}
        found |= inside.difference(item.columns) if isinstance(item, EachItem) else inside
    return found


def all_items(items: Iterable[PlacedItem]) -> Iterator[PlacedItem]:
    """Items, and those inside them."""
    for placed in items:
        yield placed
        for body in bodies(placed.item):
            yield from all_items(body)


def bodies(item: AnyItem) -> Iterator[Body]:
    """The lists of items that an item holds."""
    if isinstance(item, SequenceItem):
        yield item.items
    elif isinstance(item, EachItem):
        yield item.body
    elif isinstance(item, BranchesItem):
        yield from (path.body for path in item.paths)
    elif isinstance(item, ResidualItem):
        yield item.body
        yield item.then
        if not isinstance(item.shortcut, str):
            yield item.shortcut


def called_blocks(spec: NetworkSpec) -> set[str]:
    """The blocks that the layers call, and those that these call."""
    called: set[str] = set()
    waiting = [spec.layers]
    while waiting:
        for placed in all_items(waiting.pop()):
            item = placed.item
            if isinstance(item, CallItem) and item.block not in called:
                called.add(item.block)
                waiting.append(spec.blocks[item.block].body)
    return called


def read_in_block(block: Block) -> set[str]:
    """The names that a block reads, its parameters among them."""
    defaults = (name for parameter in block.parameters for name in names_in(parameter.default))
    return free_names(block.body).union(defaults)


def read_in_file(spec: NetworkSpec) -> set[str]:
    """The variables of the file that anything reads: a parameter of the same name hides one inside its block."""
    read = free_names(spec.layers)
    for block in spec.blocks.values():
        read |= read_in_block(block).difference(parameter.name for parameter in block.parameters)
    for options in spec.defaults.values():
        read.update(name for arg in options.values() for name in names_in(arg.value))
    for variable in spec.variables.values():
        read.update(names_in(variable.value))
    return read


def _arguments(item: AnyItem) -> Iterator[Arg]:
    yield from (arg for arg in (item.repeat, item.when) if arg is not None)
    if isinstance(item, LayerItem):
        yield from item.options.values()
        yield from item.trail
    elif isinstance(item, CallItem):
        yield from item.positional
        yield from item.keyword.values()
    elif isinstance(item, EachItem):
        yield from (cell for row in item.rows for cell in row)
    elif isinstance(item, BranchesItem) and item.align is not None:
        yield item.align
