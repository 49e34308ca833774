"""Groups that repeat become blocks with parameters."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cnncalc.importers.writing.copies import joined, signature
from cnncalc.importers.writing.nodes import Call, Line, Maybe, Nest, Split
from cnncalc.importers.writing.parameters import Solver, TooManyError
from cnncalc.importers.writing.references import NoNameError
from cnncalc.importers.writing.repeats import counted
from cnncalc.importers.writing.tree import Group, groups, here, plain_name, steps
from cnncalc.importers.writing.unify import unified
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from cnncalc.importers.layers import Imported, Shape
    from cnncalc.importers.writing.compose import Composer
    from cnncalc.importers.writing.nodes import Node

LEAST_SAVED, LEAST_SAVED_PLAIN = 1, 2
"""Lines that a block makes a file shorter by; more where the source has no name for it."""
PLAIN_KINDS = frozenset({"Sequential", "ModuleList"})
"""Kinds that say nothing: their groups are one block only if they differ in numbers alone."""
MOST_MORE = 3
"""Parameters that a block may have beyond the number of its lines."""
MOST_OPTIONAL = 3
"""Parts that only some copies of a block have."""
_NUMBER = re.compile(r"[0-9]+")


@value
class Block:
    """A block as it is written."""

    name: str
    head: str
    """`basic(c, s=1)`."""
    nodes: tuple[Node, ...]
    groups: tuple[int, ...]
    """Identities of the groups that are calls of it."""


@value
class Pattern:
    """Groups that could be one block."""

    nodes: tuple[Node, ...]
    groups: tuple[Group, ...]
    inputs: tuple[str, ...]
    reads: tuple[Shape, ...]
    gives: tuple[Shape, ...]

    @property
    def lines(self) -> int:
        """How many it would have."""
        return line_count(self.nodes)


def find_blocks(root: Group, composer: Composer, network: Imported, written_out: Collection[int]) -> list[Block]:
    """Turn repeated groups into calls, the innermost first; the blocks in the order in which they are needed.

    The groups of `written_out` become none.
    """
    shared = {layer.shares for layer in network.layers if layer.shares}
    shared |= {layer.name for layer in network.layers if layer.shares}
    around: dict[int, tuple[Group, ...]] = {id(root): (root,)}
    for group in (root, *groups(root.items)):
        for inner in _directly(group):
            around[id(inner)] = (*around[id(group)], inner)
    kinds = {id(group): _kind(group, network) for group in groups(root.items)}
    taken = set(root.names).union(*(group.names for group in groups(root.items)))
    blocks: list[Block] = []
    for level in _levels(root, kinds):
        patterns: list[Pattern] = []
        plain: list[Pattern] = []
        for kind, members in level.items():
            found = [
                pattern
                for group in members
                if id(group) not in written_out
                and (pattern := _pattern(group, around[id(group)], composer, shared)) is not None
            ]
            (plain if _is_plain(kind) else patterns).extend(_united(kind, found))
        for pattern in (*patterns, *_equal(plain)):
            kind = kinds[id(pattern.groups[0])]
            saved = (len(pattern.groups) - 1) * pattern.lines - 1
            if pattern.lines < 2 or saved < (LEAST_SAVED_PLAIN if _is_plain(kind) else LEAST_SAVED):  # noqa: PLR2004
                continue
            block = _block(kind, pattern, taken)
            if block is not None:
                taken.add(block.name)
                blocks.append(block)
    return blocks


def _directly(group: Group) -> Iterator[Group]:
    return (item for item in here(group.items) if isinstance(item, Group))


Kind = tuple[str, object]
"""What the source calls it, and what tells apart groups that it gives no kind of their own."""


def _kind(group: Group, network: Imported) -> Kind:
    told = network.kinds.get(group.path)
    if told is None:
        return "", _NUMBER.sub("#", group.path)
    return told, _height(group) if told in PLAIN_KINDS else None


def _is_plain(kind: Kind) -> bool:
    return kind[0] in PLAIN_KINDS or not kind[0]


def _height(group: Group) -> int:
    return 1 + max((_height(inner) for inner in _directly(group)), default=0)


def _levels(root: Group, kinds: Mapping[int, Kind]) -> list[dict[Kind, list[Group]]]:
    """The groups by kind, those kinds first that stand in others."""
    level: dict[Kind, int] = {}
    all_groups = list(groups(root.items))
    inside = {(kinds[id(group)], kinds[id(inner)]) for group in all_groups for inner in _directly(group)}
    for kind in kinds.values():
        level.setdefault(kind, 0)
    for _ in range(min(len(level), 30)):  # kinds may stand in themselves
        for outer, inner in inside:
            if outer != inner:
                level[outer] = max(level[outer], level[inner] + 1)
    found: dict[int, dict[Kind, list[Group]]] = {}
    for group in all_groups:
        kind = kinds[id(group)]
        found.setdefault(level[kind], {}).setdefault(kind, []).append(group)
    return [found[at] for at in sorted(found)]


def _pattern(group: Group, around: tuple[Group, ...], composer: Composer, shared: set[str]) -> Pattern | None:
    own = list(steps(group.items))
    inside = {step.end for step in own}
    outside = {name for step in own for name in step.layer.inputs if name not in inside}
    if len(outside) != 1 or any(step.layer.name in shared or step.end in shared for step in own):
        return None
    (source,) = outside
    try:
        nodes = composer.body(group, around, source)
    except NoNameError:
        return None
    if counted("", nodes):  # which says more
        return None
    reads, gives = composer.shapes[source], composer.shapes[group.end]
    return Pattern(nodes=nodes, groups=(group,), inputs=(source,), reads=(reads,), gives=(gives,))


def _equal(patterns: Sequence[Pattern]) -> list[Pattern]:
    """Patterns that differ in numbers alone as one."""
    alike: dict[object, list[Pattern]] = {}
    for pattern in patterns:
        alike.setdefault(signature(pattern.nodes), []).append(pattern)
    return [_merged(joined([each.nodes for each in same]), same) for same in alike.values()]


def _merged(nodes: tuple[Node, ...], patterns: Sequence[Pattern]) -> Pattern:
    return Pattern(
        nodes=nodes,
        groups=tuple(group for each in patterns for group in each.groups),
        inputs=tuple(name for each in patterns for name in each.inputs),
        reads=tuple(shape for each in patterns for shape in each.reads),
        gives=tuple(shape for each in patterns for shape in each.gives),
    )


def _united(kind: Kind, patterns: Sequence[Pattern]) -> list[Pattern]:
    """Groups of one kind in as few patterns as are still simple."""
    found = _equal(patterns)
    if kind[0] in PLAIN_KINDS:
        return found
    found.sort(key=lambda pattern: -len(pattern.groups))
    kept: list[Pattern] = []
    for pattern in found:
        for place, known in enumerate(kept):
            nodes = unified(known.nodes, pattern.nodes, (known.reads, pattern.reads))
            if nodes is not None and _is_simple(nodes):
                both = _merged(nodes, (known, pattern))
                if _solved(both) is not None:
                    kept[place] = both
                    break
        else:
            kept.append(pattern)
    return kept


def _is_simple(nodes: Sequence[Node]) -> bool:
    """Whether most of a pattern is there in all copies."""
    optional = list(_optional(nodes))
    lines = line_count(nodes)
    return len(optional) <= MOST_OPTIONAL and 2 * line_count(optional) <= lines and lines - line_count(optional) > 1


def _optional(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node, Maybe):
            yield node.node
        elif isinstance(node, Nest):
            yield from _optional(node.items)
        elif isinstance(node, Split):
            for path in node.paths:
                yield from _optional(path)


def line_count(nodes: Iterable[Node]) -> int:
    """Layers and calls."""
    count = 0
    for node in nodes:
        bare = node.node if isinstance(node, Maybe) else node
        if isinstance(bare, Line):
            count += 1
        elif isinstance(bare, Nest):
            count += line_count(bare.items)
        else:
            count += 1 + sum(map(line_count, bare.paths))
    return count


def _solved(pattern: Pattern) -> tuple[Solver, tuple[Node, ...]] | None:
    solver = Solver(
        inputs=tuple(shape[0] for shape in pattern.reads), outputs=tuple(shape[0] for shape in pattern.gives)
    )
    try:
        return solver, solver.solve(pattern.nodes)
    except TooManyError:
        return None


def _block(kind: Kind, pattern: Pattern, taken: Collection[str]) -> Block | None:
    """Make every group of a pattern a call, and return what they call."""
    solved = _solved(pattern)
    if solved is None:
        return None
    solver, nodes = solved
    if len(solver.parameters) > pattern.lines + MOST_MORE:  # calls would say no less than the lines
        return None
    name = _free(_named(kind, pattern), taken)
    for copy, (group, source) in enumerate(zip(pattern.groups, pattern.inputs, strict=True)):
        arguments = tuple(parameter.word(copy) for parameter in solver.parameters)
        group.call = Call(parts=(name, *arguments), input=source)
    declared = ", ".join(parameter.declared for parameter in solver.parameters)
    return Block(
        name=name,
        head=f"{name}({declared})" if declared else name,
        nodes=nodes,
        groups=tuple(map(id, pattern.groups)),
    )


def _named(kind: Kind, pattern: Pattern) -> str:
    """What the source calls it; where that says nothing, what all groups with it are called."""
    stems = Counter(_stem(group.path) for group in pattern.groups)
    if not kind[0] or (kind[0] in PLAIN_KINDS and len(stems) == 1):
        return stems.most_common(1)[0][0]
    return f"{kind[0]}_block" if kind[0].islower() and kind[0].isalnum() else kind[0]  # `c` may be a parameter


def _stem(path: str) -> str:
    """`layer1.0` -> `layer_block`."""
    words = [word.strip("0123456789_") for word in path.split(".")]
    stem = next((word for word in reversed(words) if word), "")
    return stem if stem.endswith("block") else f"{stem}_block".lstrip("_")


def _free(kind: str, taken: Collection[str]) -> str:
    stem = plain_name(kind)
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}{number}"
    return name
