"""What stands in a list of the spec: lines, named groups, forks; each in one copy, or in all copies of a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.importers.layers import Shape
    from cnncalc.importers.writing.words import Part, Word

Shapes = tuple[Union["Shape", None], ...]
"""By copy; None where a copy does not have it."""


@value
class Line:
    """A layer or the call of a block."""

    name: str | None
    parts: tuple[Part, ...]
    """The op or block, what it takes; not what follows."""
    trail: tuple[Word, ...] = ()
    tail: tuple[str, ...] = ()
    """`share=` and `from=`."""
    count: Word | None = None
    shapes: Shapes
    is_call: bool = False


@value
class Nest:
    """A named group."""

    name: str
    items: tuple[Node, ...]
    shapes: Shapes


@value
class Split:
    """Paths and their merge."""

    paths: tuple[tuple[Node, ...], ...]
    merge: str
    is_residual: bool
    is_if_same: bool = False
    """Some copies have no skip: those whose shape changes."""
    after: tuple[Node, ...]
    """Activations."""
    tail: tuple[str, ...] = ()
    starts: Shapes
    """What the paths read."""
    shapes: Shapes


@value
class Maybe:
    """What only some copies have."""

    node: Bare
    present: tuple[bool | None, ...]
    """None where it does not matter, because what it stands in is not there."""
    condition: str = ""
    """What `when` says."""

    @property
    def name(self) -> str | None:
        """Of what it is."""
        return None if isinstance(self.node, Split) else self.node.name

    @property
    def word(self) -> str:
        """What it is called if it has no name."""
        return str(self.node.parts[0]) if isinstance(self.node, Line) else "residual"

    @property
    def shapes(self) -> Shapes:
        """Of what it is."""
        return self.node.shapes


Bare = Union[Line, Nest, Split]
Node = Union[Line, Nest, Split, Maybe]


@value
class Call:
    """What stands where a group was: the block's name and its arguments."""

    parts: tuple[Part, ...]
    input: str
