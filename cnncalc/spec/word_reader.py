"""What the words of a layer have in common whatever its first word is, and what they are read against."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.spec.expression import Expression
from cnncalc.spec.items import Arg
from cnncalc.spec.problems import TextError, comma
from cnncalc.spec.syntax import AXES, PATH
from cnncalc.spec.values import moved, plain_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.spec.items import AnyItem, Value

Token = tuple[str, int, int]
"""A word of a line and its first and last character (excluded)."""
ITEM_WORDS = ("from", "when", "share", "repeat")
"""Keys that every layer takes."""


class Kind(Enum):
    """What a word does."""

    OPTION = "option"
    TRAIL = "trail"
    POSITIONAL = "positional"
    VARIABLE = "variable"
    """A variable alone: the positional where that is free, else a norm or activation."""
    REFERENCE = "reference"
    ITEM = "item"
    """What every item has: a count, `when`, `from`, `share`."""


class Meaning(NamedTuple):
    """What a word means; expressions count characters from the start of the word."""

    kind: Kind
    option: str
    value: Value


class Signature(NamedTuple):
    """What a call of a block must know of it."""

    names: tuple[str, ...]
    numbers: frozenset[str]
    """Parameters whose default is a number: a word given to them is a mistake."""


class Scope:
    """What names mean at a place of a file: the blocks, and the variables, parameters and columns in force."""

    __slots__ = ("blocks", "lines", "readers", "variables")

    def __init__(self, *, blocks: Mapping[str, Signature], variables: frozenset[str]) -> None:
        self.blocks = blocks
        self.variables = variables
        self.readers: dict[str, WordReader] = {}
        """By the first word of a layer."""
        self.lines: dict[str, Any] = {}
        """Parsed lines, see line.py."""

    def with_names(self, names: Sequence[str]) -> Scope:
        """The scope inside which these variables exist too."""
        return Scope(blocks=self.blocks, variables=self.variables.union(names))


class Parts:
    """What the words of a line have given so far."""

    __slots__ = ("item", "options", "positional", "references", "surplus", "trail", "written")

    def __init__(self) -> None:
        self.item: dict[str, Arg] = {}
        self.options: dict[str, Arg] = {}
        self.references: list[Arg] = []
        self.trail: list[Arg] = []
        self.positional: list[Arg] = []
        self.written: dict[str, str] = {}
        """By option the word that gave it."""
        self.surplus = False
        """More values than a block has parameters."""


def named(name: Token | None) -> dict[str, Any]:
    """The fields of an item that hold its name."""
    return {} if name is None else {"name": name[0], "name_span": name[1:]}


class WordReader:
    """Reads the words behind a head; the subclasses say what a word means there."""

    def __init__(self, head: str, scope: Scope) -> None:
        self.head = head
        self.scope = scope
        self.meanings: dict[str, Meaning] = {}

    def meaning(self, word: str) -> Meaning:
        """What a word means here, counted from its start; raises TextError."""
        raise NotImplementedError

    def item(self, parts: Parts, common: dict[str, Any]) -> AnyItem:
        """The item that the words have given."""
        raise NotImplementedError

    def read(self, tokens: Sequence[Token], name: Token | None, problems: list[TextError]) -> AnyItem:
        """The item; a word that cannot be read is reported and left out."""
        parts = Parts()
        common: dict[str, Any] = {"span": tokens[0][1:], **named(name)}
        before = len(problems)
        swallows, commas = 0, False
        for word, start, end in tokens[1:]:
            if swallows and (swallows > 1 or AXES.fullmatch(word)):
                swallows -= 1
                continue
            swallows = 0
            wrong = None
            if word[-1] == "," and len(word) > 1:
                wrong = comma(word) if not commas else None
                commas = True
                word, end = word[:-1], end - 1  # noqa: PLW2901 - the rest of the word is read all the same
            try:
                meaning = self.meanings.get(word)
                if meaning is None:
                    meaning = self.meanings[word] = self.meaning(word)
                kind, option, value = meaning
                if type(value) is Expression or type(value) is tuple:
                    value = moved(value, start)
                self.put(kind, option, Arg(value, (start, end)), word, parts)
            except TextError as error:
                wrong, swallows = error, error.swallows
            if wrong is not None:
                problems.append(wrong.shifted(start))
        if len(problems) > before:
            common["faulty"] = True
        common.update(parts.item)
        return self.item(parts, common)

    def put(self, kind: Kind, option: str, arg: Arg, word: str, parts: Parts) -> None:
        """Sort an argument in; raises TextError, counted from the start of the word."""
        if kind is Kind.ITEM:
            into = parts.item
        elif kind is Kind.OPTION:
            into = parts.options
        elif kind is Kind.TRAIL:
            parts.trail.append(arg)
            return
        elif kind is Kind.REFERENCE:
            parts.references.append(arg)
            return
        else:
            self.put_value(kind, arg, word, parts)
            return
        if option in into:
            message = f"{option.rstrip('_')} is given twice: `{parts.written[option]}` and `{word}`"
            raise TextError(message, 0, len(word), code="CNN903")
        into[option] = arg
        parts.written[option] = word

    def put_value(self, kind: Kind, arg: Arg, word: str, parts: Parts) -> None:
        """Sort in a value or variable that stands without a key."""
        raise NotImplementedError

    def item_key(self, key: str, text: str, at: int) -> Meaning | None:
        """`from=`, `share=`, `when=`, `repeat=`; None for another key."""
        if key in ("from", "share"):
            if not PATH.fullmatch(text):
                raise TextError(f"`{key}=` takes the name of a layer, found `{text}`", at, at + len(text))
            return Meaning(Kind.ITEM, "from_" if key == "from" else "share", text)
        if key in ("when", "repeat"):
            return Meaning(Kind.ITEM, key, self.value(text, at))
        return None

    def count(self, word: str) -> Meaning:
        """`*n`."""
        if len(word) == 1:
            error = TextError("a count is missing behind `*`", 0, 1, help="write `*2`, without a space", code="CNN906")
            error.swallows = 1
            raise error
        return Meaning(Kind.ITEM, "repeat", self.value(word[1:], 1))

    def value(self, text: str, at: int) -> Value:
        """The value that begins at character `at` of its word."""
        try:
            return moved(plain_value(text, self.scope.variables), at)
        except TextError as error:
            raise error.shifted(at) from None
