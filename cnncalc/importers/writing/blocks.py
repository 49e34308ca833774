"""Groups that repeat exactly, but for some numbers, become blocks with parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnncalc.importers.writing.references import NoNameError
from cnncalc.importers.writing.tree import Group, plain_name
from cnncalc.importers.writing.words import Hole
from cnncalc.spec.syntax import variable_error
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Imported
    from cnncalc.importers.writing.words import Part, Parts

Body = Callable[[Group, tuple[Group, ...], str], list[Any]]
"""Writes the lines of a group as those of a block: the group, the groups around it and itself, what it reads."""
LEAST_LINES = 2
PLAIN_KINDS = frozenset({"Sequential", "ModuleList", "block"})
"""A group without a kind of its own is a block only where that saves a good deal."""
LEAST_PLAIN_LINES = 3


@value
class Block:
    """A block as it is written."""

    head: str
    """`basic(c, s=1)`."""
    lines: list[Any]


@value
class Call:
    """What stands where a group was: the block's name and its arguments."""

    parts: Parts
    input: str


@value
class Candidate:
    """A group that could be a block, as it would be written."""

    group: Group
    input: str
    lines: list[Any]

    @property
    def holes(self) -> list[Hole]:
        """All numbers that may differ."""
        return [part for line in self.lines for part in line.parts if isinstance(part, Hole)]


def find_blocks(root: Group, body: Body, network: Imported) -> list[Block]:
    """Turn repeated groups into calls, the innermost first; the blocks in the order in which they are needed."""
    shared = {layer.shares for layer in network.layers if layer.shares}
    shared |= {layer.name for layer in network.layers if layer.shares}
    around: dict[int, tuple[Group, ...]] = {}

    def visit(group: Group, outer: tuple[Group, ...]) -> None:
        around[id(group)] = (*outer, group)
        for item in group.items:
            if isinstance(item, Group):
                visit(item, (*outer, group))

    visit(root, ())
    groups = list(root.groups())
    blocks: list[Block] = []
    names: set[str] = set()
    for height in range(1, root.height):
        alike: dict[object, list[Candidate]] = {}
        for group in groups:
            if group.height == height:
                candidate = _candidate(group, around[id(group)], body, shared)
                if candidate is not None:
                    kind = network.kinds.get(group.path, "block")
                    alike.setdefault((kind, _signature(candidate)), []).append(candidate)
        for (kind, _), candidates in alike.items():  # type: ignore[misc]
            least = LEAST_PLAIN_LINES if kind in PLAIN_KINDS else LEAST_LINES
            if len(candidates) > 1 and len(candidates[0].lines) >= least:
                name = _free(kind, names, root)
                names.add(name)
                blocks.append(_block(name, candidates))
    return blocks


def _candidate(group: Group, around: tuple[Group, ...], body: Body, shared: set[str]) -> Candidate | None:
    steps = list(group.steps())
    inside = {step.end for step in steps}
    outside = {name for step in steps for name in step.layer.inputs if name not in inside}
    if len(outside) != 1 or any(step.layer.name in shared or step.end in shared for step in steps):
        return None
    (source,) = outside
    try:
        lines = body(group, around, source)
    except NoNameError:
        return None
    return Candidate(group=group, input=source, lines=lines)


def _signature(candidate: Candidate) -> object:
    """What is the same in all copies: everything but the numbers."""
    return tuple(
        (line.depth, line.name, *(part.key + part.pattern if isinstance(part, Hole) else part for part in line.parts))
        for line in candidate.lines
    )


def _block(name: str, candidates: Sequence[Candidate]) -> Block:
    """Make every candidate a call, and return what they call."""
    columns = list(zip(*([hole.number for hole in candidate.holes] for candidate in candidates), strict=True))
    holes = candidates[0].holes
    parameters: dict[tuple[int, ...], tuple[str, Hole]] = {}
    expressions: list[str | None] = []
    for hole, column in zip(holes, columns, strict=True):
        if len(set(column)) == 1:
            expressions.append(None)
            continue
        known = _expression(column, parameters)
        if known is None:
            taken = [parameter for parameter, _ in parameters.values()]
            parameters[column] = (known := _parameter(hole.key, taken)), hole
        expressions.append(known)
    # positionals first: a parameter with a default cannot stand before one without
    order = sorted(parameters.items(), key=lambda entry: entry[1][1].default is not None)
    for number, candidate in enumerate(candidates):
        parts: list[Part] = [name]
        for column, (parameter, hole) in order:
            parts.append(_argument(parameter, hole, column[number]))
        candidate.group.call = Call(parts=tuple(parts), input=candidate.input)
    signature = ", ".join(
        parameter if hole.default is None else f"{parameter}={hole.default}" for _, (parameter, hole) in order
    )
    filled = iter(expressions)
    lines = [replace(line, parts=tuple(_filled(part, filled) for part in line.parts)) for line in candidates[0].lines]
    return Block(head=f"{name}({signature})" if signature else name, lines=lines)


def _filled(part: Part, expressions: Any) -> Part:
    if not isinstance(part, Hole):
        return part
    expression = next(expressions)
    return part if expression is None else part.pattern.format(expression)


def _argument(parameter: str, hole: Hole, number: int) -> Hole:
    if hole.default is None:
        return Hole(key=hole.key, number=number, literal=str(number), pattern="{}")
    literal = "" if number == hole.default else f"{parameter}={number}"
    return Hole(key=hole.key, number=number, literal=literal, pattern=f"{parameter}={{}}", default=hole.default)


def _expression(column: tuple[int, ...], parameters: dict[tuple[int, ...], tuple[str, Hole]]) -> str | None:
    """A parameter, or a whole multiple or part of one, that gives these numbers."""
    if column in parameters:
        return parameters[column][0]
    for known, (parameter, hole) in parameters.items():
        if hole.default is not None or 0 in known or 0 in column:
            continue
        pairs = list(zip(column, known, strict=True))
        if all(a % b == 0 and a // b == column[0] // known[0] for a, b in pairs):
            return f"{column[0] // known[0]}*{parameter}"
        if all(b % a == 0 and b // a == known[0] // column[0] for a, b in pairs):
            return f"{parameter}//{known[0] // column[0]}"
    return None


def _parameter(key: str, taken: Sequence[str]) -> str:
    long = {"s": "stride", "k": "kernel", "p": "pad", "d": "dil", "g": "grp", "m": "mult"}
    number = 1
    name = key
    while name in taken or variable_error(name):
        number += 1
        name = f"{long.get(key, key)}{number}"
    return name


def _free(kind: str, names: set[str], root: Group) -> str:
    stem = plain_name(kind)
    taken = names | {item.name for item in root.items if item.name} | {group.name for group in root.groups()}
    taken |= {step.name for step in root.steps() if step.name}
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}{number}"
    return name


def repeated(group: Group) -> Call | None:
    """A group whose items are calls of one block, numbered from 0: one call with a count."""
    calls = [item.call for item in group.items if isinstance(item, Group) and isinstance(item.call, Call)]
    if len(calls) < 2 or len(calls) != len(group.items):  # noqa: PLR2004 - a count of two or more
        return None
    if [item.name for item in group.items] != [str(number) for number in range(len(calls))]:
        return None
    if any(call.input != before.end for call, before in zip(calls[1:], group.items, strict=False)):
        return None
    first = calls[0].parts
    parts: list[Part] = []
    for place, part in enumerate(first):
        others = [call.parts[place] if place < len(call.parts) else None for call in calls]
        if not isinstance(part, Hole):
            if any(other != part for other in others):
                return None
            parts.append(part)
            continue
        numbers = [other.number for other in others if isinstance(other, Hole)]
        if len(numbers) != len(calls) or len(set(numbers[1:])) != 1:
            return None
        if numbers[0] == numbers[1]:
            parts.append(part)
        else:
            rest = "" if numbers[1] == 1 else f",{numbers[1]}"
            parts.append(part.pattern.format(f"first({numbers[0]}{rest})"))
    return Call(parts=(*parts, f"*{len(calls)}"), input=calls[0].input)
