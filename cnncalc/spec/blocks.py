"""`blocks:`: signatures, bodies, and no block that calls itself."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.spec.items import (
    Block,
    BranchesItem,
    CallItem,
    EachItem,
    Parameter,
    PlacedItem,
    ResidualItem,
    SequenceItem,
)
from cnncalc.spec.problems import TextError
from cnncalc.spec.syntax import name_error, variable_error
from cnncalc.spec.values import moved, plain_value
from cnncalc.spec.word_reader import Scope, Signature
from cnncalc.spec.words import GROUP_WORDS
from cnncalc.spec.yaml_nodes import MapNode, Node, ScalarNode
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.errors import Location
    from cnncalc.spec.collect import Findings
    from cnncalc.spec.item_reader import ItemReader
    from cnncalc.spec.items import Value

_SIGNATURE = re.compile(r"\s*([^\s(]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


class _Head(NamedTuple):
    """A block before its body is read."""

    name: str
    key: ScalarNode
    body: Node
    parameters: tuple[Parameter, ...] = ()


def read_heads(node: Node, variables: frozenset[str], findings: Findings) -> list[_Head]:
    """Names and parameters of all blocks."""
    if not isinstance(node, MapNode):
        findings.add("CNN905", "`blocks` should be a mapping", node.at, "write `basic(c, s=1): [...]` below it")
        return []
    heads: list[_Head] = []
    names: set[str] = set()
    for key, body in node.entries:
        found = _SIGNATURE.fullmatch(key.raw)
        if found is None:
            findings.add("CNN905", f"`{key.raw}` is no signature", key.at, "a signature is like `basic(c, s=1)`")
            continue
        name = found[1]
        message = name_error(name)
        if message is None and name in GROUP_WORDS:
            message = f"`{name}` cannot be a block: it begins a group"
        if message is None and name in names:
            findings.add("CNN903", f"two blocks are called `{name}`", key.locate(*found.span(1)))
        elif message is not None:
            findings.add("CNN905", message, key.locate(*found.span(1)), "a signature is like `basic(c, s=1)`")
        else:
            heads.append(_Head(name, key, body))
            names.add(name)
    return [head._replace(parameters=_parameters(head.key, names, variables, findings)) for head in heads]


def signatures(heads: list[_Head]) -> dict[str, Signature]:
    """What calls must know."""
    return {
        head.name: Signature(
            names=tuple(parameter.name for parameter in head.parameters),
            numbers=frozenset(
                parameter.name
                for parameter in head.parameters
                if isinstance(parameter.default, (int, Fraction)) and not isinstance(parameter.default, bool)
            ),
        )
        for head in heads
    }


def read_blocks(heads: list[_Head], scope: Scope, items: ItemReader) -> dict[str, Block]:
    """The blocks with their bodies; one that calls itself is reported and left empty."""
    blocks = {
        head.name: Block(
            name=head.name,
            parameters=head.parameters,
            body=items.items(head.body, scope.with_names([parameter.name for parameter in head.parameters])),
            at=head.key.at,
        )
        for head in heads
    }
    calls = {name: dict(_calls(block.body)) for name, block in blocks.items()}
    for name in list(blocks):
        path = _cycle(name, calls)
        if path is None:
            continue
        shown = " calls ".join(f"`{step}`" for step in (*path, name))
        message = "a block calls itself: " + shown
        items.findings.add("CNN905", message, calls[path[-1]][name], "there is no recursion; repeat with a count")
        blocks[path[-1]] = replace(blocks[path[-1]], body=())
        calls[path[-1]] = {}
    return blocks


def _parameters(
    key: ScalarNode, blocks: set[str], variables: frozenset[str], findings: Findings
) -> tuple[Parameter, ...]:
    """The parameters between the brackets of a signature; a default may use those before it."""
    found = _SIGNATURE.fullmatch(key.raw)
    parameters: list[Parameter] = []
    if found is None or found[2] is None or not found[2].strip():
        return ()
    known = set(variables)
    for text, start in _parts(found[2], found.start(2)):
        name, equals, default = text.partition("=")
        size = len(name.rstrip())
        at = key.locate(start, start + max(size, 1))
        name = name.rstrip()
        message = variable_error(name, blocks) if name else "a parameter is missing"
        if message is None and any(parameter.name == name for parameter in parameters):
            findings.add("CNN903", f"two parameters are called `{name}`", at)
            continue
        if message is not None:
            findings.add("CNN905" if name else "CNN906", message, at)
            continue
        value: Value = None
        if equals:
            begin = start + len(text) - len(default.lstrip())
            try:
                value = moved(plain_value(default.strip(), known), 0)
            except TextError as error:
                findings.text(error.shifted(begin), key)
                equals = ""
        elif parameters and parameters[-1].has_default:
            findings.add("CNN905", f"`{name}` has no default behind one that has", at, "defaults come last")
        parameters.append(Parameter(name=name, default=value, has_default=bool(equals), at=at))
        known.add(name)
    return tuple(parameters)


def _parts(text: str, offset: int) -> Iterator[tuple[str, int]]:
    """What stands between the commas outside brackets, without the space around it, and where it starts."""
    depth = start = 0
    for at, character in enumerate(text + ","):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and (depth == 0 or at == len(text)):
            part = text[start:at]
            yield part.strip(), offset + start + len(part) - len(part.lstrip())
            start = at + 1


def _calls(items: tuple[PlacedItem, ...]) -> Iterator[tuple[str, Location]]:
    """The blocks that items call, and where."""
    for placed in items:
        item = placed.item
        if isinstance(item, CallItem):
            yield item.block, placed.locate(item.span)
        elif isinstance(item, SequenceItem):
            yield from _calls(item.items)
        elif isinstance(item, EachItem):
            yield from _calls(item.body)
        elif isinstance(item, BranchesItem):
            for path in item.paths:
                yield from _calls(path.body)
        elif isinstance(item, ResidualItem):
            yield from _calls(item.body)
            yield from _calls(item.then)
            if not isinstance(item.shortcut, str):
                yield from _calls(item.shortcut)


def _cycle(name: str, calls: Mapping[str, Mapping[str, Location]]) -> list[str] | None:
    """The blocks on a way from a block back to itself; None where there is none."""
    before: dict[str, str] = {}
    waiting = [name]
    while waiting:
        caller = waiting.pop()
        for called in calls.get(caller, {}):
            if called == name:
                path = [caller]
                while path[-1] != name:
                    path.append(before[path[-1]])
                return path[::-1]
            if called not in before:
                before[called] = caller
                waiting.append(called)
    return None
