"""What stands in a block where its copies have different numbers: parameters, and expressions of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnncalc.importers.writing.columns import agree, family, is_constant, is_full, is_proportional, ratio
from cnncalc.importers.writing.nodes import Line, Maybe, Nest
from cnncalc.importers.writing.words import Word
from cnncalc.spec.syntax import variable_error
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.importers.writing.columns import Column
    from cnncalc.importers.writing.nodes import Bare, Node
    from cnncalc.importers.writing.words import Entry, Part

FORMAL = {"s": 1, "p": 0, "d": 1, "g": 1}
"""Defaults of parameters that go without saying."""
USUAL = frozenset({"k", "act", "norm"})
"""Parameters whose default is their most usual value."""
LONG = {"s": "stride", "k": "kernel", "p": "pad", "d": "dil", "g": "grp", "m": "mult"}
MOST_PARAMETERS = 9
MOST_VARIANTS = 6
"""Parameters of a block whose copies differ in layers, too."""
MOST_FLAGS = 1
INPUT = "x.c"


class TooManyError(ValueError):
    """The copies are too different for one block."""


@value
class Parameter:
    """A parameter of a block, with its value in each copy."""

    name: str
    key: str
    column: tuple[Entry, ...]
    default: Entry | None = None

    @property
    def declared(self) -> str:
        """As the head of the block has it."""
        return self.name if self.default is None else f"{self.name}={self.default}"

    def word(self, copy: int) -> Word:
        """The argument of a call."""
        pattern = "{}" if self.default is None else f"{self.name}={{}}"
        default = None if self.default is None else (self.default,)
        return Word(keys=(self.key,), literal=pattern, pattern=pattern, rows=((self.column[copy],),), default=default)


@dataclass
class Solver:
    """Finds the parameters of a pattern; mutable while it does."""

    inputs: tuple[int, ...]
    """Channels that each copy reads."""
    outputs: tuple[int, ...]
    """Channels that each copy gives."""
    parameters: list[Parameter] = field(default_factory=list)
    channels: list[Column] = field(default_factory=list)
    """All numbers of channels that differ and that every copy has."""
    dilations: list[Column] = field(default_factory=list)
    flags: int = 0

    def solve(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        """The pattern with its numbers replaced. Raises TooManyError."""
        found = list(_columns(nodes))
        self.channels = [col for key, col in found if family(key) == "c" and is_full(col) and not is_constant(col)]
        self.dilations = [col for key, col in found if key == "d" and not is_constant(col)]
        for key, column in found:  # what all copies have is called first
            if is_full(column) and not is_constant(column):
                self._entry(key, column)
        filled = tuple(self._node(node) for node in nodes)
        most = MOST_VARIANTS if any(map(has_variants, nodes)) else MOST_PARAMETERS
        if len(self.parameters) > most or self.flags > MOST_FLAGS:
            raise TooManyError
        self.parameters.sort(key=lambda parameter: parameter.default is not None)
        return filled

    def _node(self, node: Node) -> Node:
        if isinstance(node, Maybe):
            return replace(node, node=self._bare(node.node), condition=self._condition(node))
        return self._bare(node)

    def _bare(self, node: Bare) -> Bare:
        if isinstance(node, Line):
            parts = tuple(self._part(part) for part in node.parts)
            trail = tuple(self._word(word) for word in node.trail)
            count = self._word(node.count) if node.count else None
            return replace(node, parts=parts, trail=trail, count=count)
        if isinstance(node, Nest):
            return replace(node, items=tuple(map(self._node, node.items)))
        paths = tuple(tuple(map(self._node, path)) for path in node.paths)
        return replace(node, paths=paths, after=tuple(map(self._node, node.after)))

    def _part(self, part: Part) -> Part:
        return self._word(part) if isinstance(part, Word) else part

    def _word(self, word: Word) -> Word:
        present = [row for row in word.rows if row is not None]
        if len(set(present)) == 1 and (len(present) == len(word.rows) or not self._is_told(word)):
            return replace(word, rows=(present[0],))
        columns = zip(*(row or (None,) * len(word.keys) for row in word.rows), strict=True)
        entries = tuple(self._entry(key, column) for key, column in zip(word.keys, columns, strict=True))
        text = word.text(entries)
        return Word(keys=(), literal=text, pattern=text, rows=((),))

    def _is_told(self, word: Word) -> bool:
        """Whether a word that few copies have says what a parameter says in them: a stride, or channels."""
        if word.keys not in (("c",), ("s",)):
            return False
        column = tuple(None if row is None else row[0] for row in word.rows)
        known = [each for each in self.parameters if each.key == word.keys[0]]
        if word.keys == ("s",):
            return any(agree(each.column, column) for each in known)
        return any(ratio(each.name, each.column, column) is not None for each in known)

    def _entry(self, key: str, column: Column) -> Entry:
        if is_constant(column) and is_full(column):
            return next(entry for entry in column if entry is not None)
        kin = family(key)
        for parameter in self.parameters:
            if family(parameter.key) == kin and agree(parameter.column, column):
                return parameter.name
        if kin == "c":
            return self._channel(key, column)
        found = None
        if key == "p":
            found = self._padding(column)
        elif kin == "g":
            found = next((text for text in self._ratios(column) if "//" in text and not text[0].isdigit()), None)
        return found or self._new(key, column)

    def _channel(self, key: str, column: Column) -> str:
        """A parameter for channels, a simple ratio to one, or to the channels of the input."""
        for parameter in self.parameters:
            if family(parameter.key) == "c" and (found := ratio(parameter.name, parameter.column, column)):
                return found
        alike = [other for other in self.channels if is_proportional(other, column)]
        reads = is_proportional(self.inputs, column)
        gives = is_proportional(self.outputs, column)
        others = any(not is_proportional(self.inputs, other) for other in self.channels)
        of_input = ratio(INPUT, self.inputs, column)
        if reads and of_input and (others or not gives):
            return of_input
        base = min(alike, key=lambda other: int(other[0] or 0), default=column)
        if all(ratio("c", base, other) for other in alike):
            name = self._new(key, base)
            return ratio(name, base, column) or name
        return of_input or self._new(key, column)

    def _ratios(self, column: Column) -> Iterator[str]:
        """The ratios of a column to the parameters for channels and to the channels of the input."""
        known = [(each.name, each.column) for each in self.parameters if family(each.key) == "c"]
        for name, other in (*known, (INPUT, self.inputs)):
            if found := ratio(name, other, column):
                yield found

    def _padding(self, column: Column) -> str | None:
        """Half of the kernel, or the dilation."""
        for parameter in self.parameters:
            if parameter.key == "k" and agree([int(entry) // 2 for entry in parameter.column], column):
                return f"{parameter.name}//2"
            if parameter.key == "d" and agree(parameter.column, column):
                return parameter.name
        same = [other for other in self.dilations if other == column]
        return self._new("d", same[0]) if same else None

    def _new(self, key: str, column: Column) -> str:
        taken = {parameter.name for parameter in self.parameters}
        number, name = 1, key
        while name in taken or variable_error(name):
            number += 1
            name = f"{LONG.get(key, key)}{number}"
        usual, times = Counter(entry for entry in column if entry is not None).most_common(1)[0]
        default: Entry | None = FORMAL.get(key)
        is_usual = key.startswith("has_") or (key in USUAL and 2 * times >= len(column))
        if default is None and (None in column or is_usual):
            default = usual
        full = tuple((usual if default is None else default) if entry is None else entry for entry in column)
        self.parameters.append(Parameter(name=name, key=key, column=full, default=default))
        return name

    def _condition(self, node: Maybe) -> str:
        """When a node is there."""
        for text, column in self._tests():
            if all(is_there is None or is_there == found for is_there, found in zip(node.present, column, strict=True)):
                return text
        self.flags += 1
        key = f"has_{node.name or node.word}".rstrip("_")
        return self._new(key, tuple(None if each is None else int(each) for each in node.present))

    def _tests(self) -> Iterator[tuple[str, list[bool]]]:
        """Conditions that a person would think of, the simple ones first."""
        for parameter in self.parameters:
            if parameter.key.startswith("has_"):
                yield parameter.name, [bool(entry) for entry in parameter.column]
                yield f"(not {parameter.name})", [not entry for entry in parameter.column]
        strides = [(each.name, [entry != 1 for entry in each.column]) for each in self.parameters if each.key == "s"]
        for name, moves in strides:
            yield f"{name}!=1", moves
            yield f"{name}==1", [not each for each in moves]
        columns = [self.outputs, *self.channels]
        usual = {str(self.outputs[0]): self.outputs} if is_constant(self.outputs) else {}
        texts = {text: column for column in columns for text in self._ratios(column) if not text.startswith(INPUT)}
        changes = [
            (text, [int(entry or 0) != before for entry, before in zip(column, self.inputs, strict=True)])
            for text, column in (*texts.items(), *usual.items())
        ]
        for text, differs in changes:
            yield f"{INPUT}!={text}", differs
            yield f"{INPUT}=={text}", [not each for each in differs]
        for text, differs in changes:
            for name, moves in strides:
                either = [one or other for one, other in zip(differs, moves, strict=True)]
                yield f"({name}!=1 or {INPUT}!={text})", either
                yield f"({name}==1 and {INPUT}=={text})", [not each for each in either]


def has_variants(node: Node) -> bool:
    """Whether there is something in it that only some copies have."""
    if isinstance(node, (Line, Maybe)):
        return isinstance(node, Maybe)
    return any(
        map(has_variants, node.items if isinstance(node, Nest) else [each for path in node.paths for each in path])
    )


def _columns(nodes: Sequence[Node]) -> Iterator[tuple[str, Column]]:
    """All numbers in the order in which they are written."""
    for node in nodes:
        if isinstance(node, Maybe):
            yield from _columns([node.node])
        elif isinstance(node, Line):
            for word in (
                *(part for part in node.parts if isinstance(part, Word)),
                *([node.count] if node.count else []),
            ):
                columns = zip(*(row or (None,) * len(word.keys) for row in word.rows), strict=True)
                yield from zip(word.keys, columns, strict=True)
        elif isinstance(node, Nest):
            yield from _columns(node.items)
        else:
            for path in node.paths:
                yield from _columns(path)
