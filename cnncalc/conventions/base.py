"""What a convention is, and what comes out of counting by it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import Report

MAC = "mac"
"""Key of a term: the multiply-accumulates of the network, which are in no ledger."""


class Unit(str, Enum):
    """What a tool calls its number."""

    MACS = "MACs"
    FLOPS = "FLOPs"


@value
class Term:
    """A factor times the sum of some counts of the ledger."""

    label: str
    keys: tuple[str, ...]
    factor: int = 1

    def __str__(self) -> str:
        return self.label if self.factor == 1 else f"{self.factor} {self.label}"


@value
class Style:
    """A way to program a network that no spec can tell, and what it changes in a tool's count."""

    text: str
    change: Callable[[Report], int]
    """For one sample; 0 where it makes no difference."""


@value
class Convention:
    """How one tool counts."""

    name: str
    tool: str
    unit: Unit
    """In the tool's own sense of the word."""
    terms: tuple[Term, ...]
    styles: tuple[Style, ...] = ()
    """Known exceptions."""
    unlisted: frozenset[str] = frozenset()
    """Ops that the tool counts in some way that the identity leaves out."""

    @property
    def identity(self) -> str:
        """The terms in one line: `C + 2 BN + 5 LN + ...`."""
        return " + ".join(map(str, self.terms))


@value
class TermCount:
    """One term of an identity with its value: `factor * elements`."""

    label: str
    factor: int
    elements: int

    @property
    def value(self) -> int:
        """What the term adds."""
        return self.factor * self.elements


@value
class Variant:
    """What the tool prints if the network is programmed in some other way."""

    text: str
    """Completes "where ..."."""
    value: int


@value
class ConventionCount:
    """A network, counted as a tool does it; for the whole batch."""

    convention: Convention
    value: int
    terms: tuple[TermCount, ...]
    """All terms of the identity, those that are 0 here too."""
    caveat: str | None
    """Why the tool may print another number for this network; None where nothing is known against it."""
    variants: tuple[Variant, ...] = ()
    """Those other numbers, as far as they are known."""

    @property
    def unit(self) -> Unit:
        """What the tool calls its number."""
        return self.convention.unit
