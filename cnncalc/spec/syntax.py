"""What the words of a line may be: names, literals, and which options, flags and shorts an op takes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.ops.base import OPS, SYNONYMS
from cnncalc.spec import words
from cnncalc.spec.problems import TextError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cnncalc.spec.items import Value

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
NUMBER = re.compile(r"0|[1-9][0-9]{0,5}")
"""Also a name, where it is the key of an item: `- 0: conv 8`, as frameworks number what stands in a sequence."""
PATH = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*", re.ASCII)
SHORT = re.compile(r"(op|[kspdgm])([0-9].*)", re.DOTALL)
NEGATIVE = re.compile(r"(op|[kspdgm])-[0-9]+")
"""A short with a sign, where its letter is no variable."""
KEY = re.compile(r"([A-Za-z_]\w*)=(?!=)", re.ASCII)
INTEGER = re.compile(r"0|[1-9][0-9]*")
DECIMAL = re.compile(r"[-+]?[0-9]*\.?[0-9]*")
AXES = re.compile(r"[0-9]+(?:/[0-9]+)?(?:x[0-9]+(?:/[0-9]+)?)*")
DECLARED = re.compile(r"(?:\?|[0-9]+)(?:x(?:\?|[0-9]+))*")
MAX_DIGITS = 20
PAIRED = frozenset({"padding", "cropping"})
"""Options in which `a/b` is (before, after) and no division."""

RANGES = frozenset({"channels"})
"""Options that take `a:b`."""


class OpSyntax(NamedTuple):
    """How an op reads the words of its line."""

    op: str
    options: tuple[str, ...]
    positional: str | None
    references: bool
    sizes: frozenset[str]
    """Options that take the name of a layer."""
    worded: Mapping[str, frozenset[str]]
    """Options that take words of their own -> the words."""

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that mean something to it."""
        return tuple(flag for flag in words.FLAGS if self.flag(flag))

    def flag(self, word: str) -> tuple[str, Value] | None:
        """The option that a flag sets, and its value; None where it means nothing here."""
        option, value = words.FLAGS.get(word, ("", None))
        return (option, value) if option in (self.worded if isinstance(value, str) else self.options) else None

    def option(self, key: str) -> str | None:
        """The option that a key means, None where it means none."""
        if key in self.options:
            return key
        return next((option for option in words.KEY_SYNONYMS.get(key, ()) if option in self.options), None)

    def short(self, option: str) -> str | None:
        """The letter of an option's short."""
        return next((letter for letter, name in words.SHORTS.items() if name == option), None)


@cache
def op_syntax(op: str) -> OpSyntax:
    """The syntax of a known op, read from its model."""
    model = OPS[op]
    fields = {name: field for name, field in model.model_fields.items() if name != "op"}
    words_of = {
        name: frozenset(word for each in field.metadata for word in _words(getattr(each, "json_schema", None)))
        for name, field in fields.items()
    }
    return OpSyntax(
        op=op,
        options=tuple(fields),
        positional=model.POSITIONAL,
        references=model.REFERENCES,
        sizes=model.SIZE_OPTIONS,
        worded={name: known for name, known in words_of.items() if known},
    )


def known_op(word: str) -> str | None:
    """The op that a word names, by its own name or PyTorch's; None where it names none."""
    name = SYNONYMS.get(word, word)
    return name if name in OPS else None


def trailing_word(word: str) -> str | None:
    """The norm or activation that a word names."""
    name = SYNONYMS.get(word, word)
    return name if name in words.TRAILING else None


def axes_literal(text: str, *, pairs: bool) -> Value:
    """`3`, `3x5`, and with pairs `0/1`, `0/1x2/2`, as options hold them; TextError where it is no such literal.

    >>> axes_literal("3x5", pairs=False), axes_literal("0/1", pairs=True)
    ((3, 5), ((0, 1),))
    """
    if not AXES.fullmatch(text):
        raise TextError(f"`{text}` is no number", 0, len(text), help="one number for all axes, or one per axis: `3x5`")
    axes: list[tuple[int, ...]] = []
    at = 0
    for axis in text.split("x"):
        sides = []
        for side in axis.split("/"):
            sides.append(integer_literal(side, at))
            at += len(side) + 1
        axes.append(tuple(sides))
    if "/" not in text:
        return axes[0][0] if len(axes) == 1 else tuple(axis[0] for axis in axes)
    if not pairs:
        raise TextError("before/after is for padding", 0, len(text), help="one number per axis: `3x5`")
    return tuple(axis if len(axis) == 2 else axis * 2 for axis in axes)  # noqa: PLR2004 - before and after


def integer_literal(text: str, at: int = 0) -> int:
    """A decimal integer, starting at character `at` of a word."""
    if len(text) > MAX_DIGITS:
        raise TextError(f"a number of {len(text)} digits", at, at + len(text), code="CNN902")
    if not INTEGER.fullmatch(text):
        help_ = f"write `{text.lstrip('0') or 0}`"
        raise TextError(f"`{text}` has leading zeros", at, at + len(text), help=help_)
    return int(text)


def name_error(name: str, blocks: Collection[str] = ()) -> str | None:
    """Why a layer, block or input cannot have this name; None where it can."""
    if not NAME.fullmatch(name):
        return f"`{name}` is no name: a letter or `_`, then letters, digits and `_`"
    if name in words.STREAM_WORDS:
        meaning = {"x": "the input", "prev": "the running stream", "i": "the copy"}[name]
        return f"`{name}` cannot be a name: it stands for {meaning}"
    kind = "a norm or activation" if trailing_word(name) or name == words.NONE else "an op" if known_op(name) else None
    if kind is None and name in words.ITEM_KEYS:
        kind = "a key of items"
    if kind is None and name in blocks:
        kind = "a block"
    return f"`{name}` cannot be a name: it is {kind}" if kind else None


def variable_error(name: str, blocks: Collection[str] = ()) -> str | None:
    """Why a var, parameter or table column cannot have this name; None where it can."""
    short = SHORT.fullmatch(name)
    if short:
        return f"`{name}` cannot be a name here: it reads as the short for {words.SHORTS[short[1]]} {short[2]}"
    if name in words.FLAGS:
        return f"`{name}` cannot be a name here: it is a flag"
    if name in words.EXPRESSION_WORDS:
        return f"`{name}` cannot be a name here: it is a word of expressions"
    if name in words.ITEM_KEYS and name not in words.CALL_KEYS:
        return None  # a parameter called `act` is what people write
    return name_error(name, blocks)


def _words(schema: Any) -> Iterator[str]:
    """The words that a JSON Schema lists, in all its alternatives."""
    if isinstance(schema, dict):
        yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
        for part in schema.get("anyOf", ()):
            yield from _words(part)
