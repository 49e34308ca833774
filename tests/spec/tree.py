"""The syntax tree written out in one line, for tests: `name: op option=value @reference +trail *count`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.spec.expression import Expression
from cnncalc.spec.items import (
    BranchesItem,
    CallItem,
    EachItem,
    LayerItem,
    ResidualItem,
    SequenceItem,
    WordItem,
)
from cnncalc.spec.line import parse_line
from cnncalc.spec.word_reader import Scope, Signature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnncalc.spec.items import AnyItem, Arg, PlacedItem

SCOPE_BLOCKS = {
    "basic": Signature(names=("c", "s"), numbers=frozenset("s")),
    "unit": Signature(names=("c", "act"), numbers=frozenset()),
    "single": Signature(names=("c",), numbers=frozenset()),
    "plain": Signature(names=(), numbers=frozenset()),
}
VARIABLES = frozenset({"c", "k", "act", "nl", "t"})


def scope() -> Scope:
    """A fresh scope with a few blocks and variables."""
    return Scope(blocks=SCOPE_BLOCKS, variables=VARIABLES)


def read(line: str) -> str:
    """What a line is read as; it must be without mistakes."""
    parsed = parse_line(line, scope())
    assert not parsed.problems, [problem.message for problem in parsed.problems]
    return " | ".join(shown(item) for item in parsed.items)


def mistakes(line: str) -> list[tuple[str, str, str]]:
    """Of each mistake its code, the characters it stands at, and the message."""
    return [
        (problem.code, line[problem.start : problem.end], problem.message)
        for problem in parse_line(line, scope()).problems
    ]


def value(written: object) -> str:
    """A value: expressions stand in braces."""
    if isinstance(written, Expression):
        return "{" + written.text + "}"
    if isinstance(written, tuple):
        return "(" + ",".join(map(value, written)) + ")"
    return str(written)


def placed(items: Iterable[PlacedItem]) -> str:
    return " | ".join(shown(each.item) for each in items)


def shown(item: AnyItem) -> str:
    """An item with everything that it carries."""
    words = [f"{item.name}:"] if item.name else []
    words.append(_body(item))
    for key, arg in (("from", item.from_), ("when", item.when), ("share", item.share)):
        if arg is not None:
            words.append(f"{key}={value(arg.value)}")
    if item.repeat is not None:
        words.append(f"*{value(item.repeat.value)}")
    return " ".join(words)


def _body(item: AnyItem) -> str:  # noqa: PLR0911 - one for each kind of item
    if isinstance(item, LayerItem):
        return " ".join(
            [
                item.op,
                *_options(item.options.items()),
                *(f"@{arg.value}" for arg in item.references),
                *(f"+{value(arg.value)}" for arg in item.trail),
            ]
        )
    if isinstance(item, WordItem):
        return f"word {item.word}"
    if isinstance(item, CallItem):
        return " ".join(
            [f"call {item.block}", *(value(arg.value) for arg in item.positional), *_options(item.keyword.items())]
        )
    if isinstance(item, SequenceItem):
        return f"({placed(item.items)})"
    if isinstance(item, EachItem):
        rows = " ".join(value(tuple(cell.value for cell in row)) for row in item.rows)
        return f"each({','.join(item.columns)}; {rows}; {placed(item.body)})"
    if isinstance(item, ResidualItem):
        shortcut = item.shortcut if isinstance(item.shortcut, str) else f"[{placed(item.shortcut)}]"
        then = f"; then {placed(item.then)}" if item.then else ""
        return f"res({placed(item.body)}; {shortcut}{then})"
    assert isinstance(item, BranchesItem)
    paths = "; ".join((f"{path.name}: " if path.name else "") + placed(path.body) for path in item.paths)
    align = f" align={value(item.align.value)}" if item.align else ""
    return f"{item.merge}({paths}){align}"


def _options(options: Iterable[tuple[str, Arg]]) -> list[str]:
    return [f"{name}={value(arg.value)}" for name, arg in options]
