"""The syntax tree of a network: what the text says, before blocks are expanded and expressions evaluated.

All nodes are frozen. A span is a pair of offsets (in code points) into the text of the node's `Origin`, or a
`Location` where the node was written as a YAML mapping, so that equal layer lines share one parsed tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Union

from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from cnncalc.errors import Location
    from cnncalc.spec.expression import Expression


class Origin(Protocol):
    """Where a text stands in a source file."""

    def locate(self, start: int, end: int) -> Location:
        """The position of characters start..end of the text (end excluded)."""


Span = Union["tuple[int, int]", "Location"]
Value = Union[int, "Fraction", str, bool, None, "Expression", "tuple[Value, ...]"]
"""A value as written: plain data, or an expression still to be evaluated. A str is a bare word (`same`, `bilinear`,
a layer name); per-axis values are tuples; (before, after) pairs are tuples inside such a tuple."""


@value(kw_only=False)
class Arg:
    """One argument with its place."""

    value: Value
    span: Span


@value
class Item:
    """What every item of a list may carry."""

    span: Span
    """The head of the item: the op or block word, or the key that makes it what it is."""
    name: str | None = None
    name_span: Span | None = None
    repeat: Arg | None = None
    """`*3`: number of copies; None where there is no count (unlike a count of 1, which numbers its copy)."""
    when: Arg | None = None
    share: Arg | None = None
    """Name of the layer, or of the call of the same block, whose weights are reused."""
    from_: Arg | None = None
    """Name of the layer whose output is taken instead of the stream."""
    faulty: bool = False
    """A part of it could not be read (a finding of the spec says which): shapes behind it are guesses."""


@value
class LayerItem(Item):
    """One op with its options, by their long names, and its trailing norm and activation words."""

    op: str
    options: Mapping[str, Arg] = field(factory=dict)
    references: tuple[Arg, ...] = ()
    """Names of further inputs (of merges)."""
    trail: tuple[Arg, ...] = ()
    """Norms and activations that follow, in order; each value is the word (str) or an Expression (a parameter that
    holds such a word or `none`), or a tuple (word, argument) where one is given."""


@value
class WordItem(Item):
    """A line of one word that is a parameter or table cell holding a norm, an activation or `none`."""

    word: str


@value
class CallItem(Item):
    """The call of a block."""

    block: str
    positional: tuple[Arg, ...] = ()
    keyword: Mapping[str, Arg] = field(factory=dict)


@value
class SequenceItem(Item):
    """Items one after the other; `{repeat: n, do: [...]}` and `(a | b)*n` are sequences with a count."""

    items: tuple[PlacedItem, ...]


@value
class EachItem(Item):
    """A table: the body once for every row, with the columns as names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Arg, ...], ...]
    body: tuple[PlacedItem, ...]


@value
class ResidualItem(Item):
    """A main path, a shortcut around it, their sum, and what follows (`then`)."""

    body: tuple[PlacedItem, ...]
    shortcut: str | tuple[PlacedItem, ...] = "identity"
    """`identity`, `project`, `if_same`, `pad`, or a path of its own."""
    shortcut_span: Span | None = None
    then: tuple[PlacedItem, ...] = ()


@value
class BranchesItem(Item):
    """Parallel paths from the same input, then a merge."""

    paths: tuple[BranchPath, ...]
    merge: str
    """`concat`, `add`, `mul`, `max`, `min`."""
    align: Arg | None = None


@value
class BranchPath:
    """One path of a BranchesItem; an empty body is the identity."""

    name: str | None = None
    name_span: Span | None = None
    body: tuple[PlacedItem, ...] = ()


@value(kw_only=False)
class PlacedItem:
    """An item with the text it was read from; the same parsed item may stand in several places."""

    item: AnyItem
    origin: Origin

    def locate(self, span: Span) -> Location:
        """The position of a span of this item."""
        return self.origin.locate(*span) if isinstance(span, tuple) else span


AnyItem = Union[LayerItem, WordItem, CallItem, SequenceItem, EachItem, ResidualItem, BranchesItem]


@value
class Parameter:
    """A parameter of a block, with its default."""

    name: str
    default: Value | None = None
    has_default: bool = False
    at: Location


@value
class Block:
    """A block definition."""

    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[PlacedItem, ...]
    at: Location


@value
class Variable:
    """One entry of `vars:`."""

    name: str
    value: Value
    at: Location
