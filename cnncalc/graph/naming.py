"""Names while a network is expanded: scopes of layers, variables, copies; what an expression may read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.errors import Frame


class UnknownNameError(LookupError):
    """A name that stands for nothing here."""

    def __init__(self, message: str, help: str | None = None) -> None:  # noqa: A002 - the word that users see
        super().__init__(message)
        self.message = message
        self.help = help


@dataclass(slots=True)
class Names:
    """The layer names of one scope; mutable while the scope is being filled."""

    path: str
    """Full dotted path of the scope, "" for the network."""
    outer: Names | None = None
    full: dict[str, str] = field(default_factory=dict)
    """Plain name -> full path."""
    dropped: set[str] = field(default_factory=set)
    """Names of layers that a `when` left out."""
    counters: dict[str, int] = field(default_factory=dict)

    def number(self, word: str) -> str:
        """The name of the next unnamed `word`: conv1, conv2, ...; one that is taken is passed over."""
        count = self.counters.get(word, 0) + 1
        while f"{word}{count}" in self.full:
            count += 1
        self.counters[word] = count
        return f"{word}{count}"

    def qualify(self, name: str) -> str:
        """The full path of a name of this scope."""
        return f"{self.path}.{name}" if self.path else name

    def outwards(self) -> Iterator[Names]:
        """This scope, then the ones around it."""
        scope: Names | None = self
        while scope is not None:
            yield scope
            scope = scope.outer


@value
class Context:
    """Where the expansion stands: the names and variables in force, the copy, the block's input, the call stack."""

    names: Names
    variables: Mapping[str, object]
    x: int
    """Node that `x` means: the input of the enclosing block, or of the network."""
    copy: int = 0
    copies: int = 1
    stack: tuple[Frame, ...] = ()
    depth: int = 0

    def inside(self, name: str) -> Context:
        """The context of a scope of that name."""
        return replace(self, names=Names(self.names.qualify(name), self.names), depth=self.depth + 1)
