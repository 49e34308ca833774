"""`NetworkSpec`: one network as its text says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.errors import Finding, Location
    from cnncalc.geometry.shape import TensorShape
    from cnncalc.spec.items import Arg, Block, PlacedItem, Variable
    from cnncalc.spec.models import DType, Expectations, Lint, Task


@value
class OutputName:
    """One entry of `outputs:`."""

    name: str
    at: Location


@value
class NetworkSpec:
    """A network, read and checked word by word, not yet expanded. Importers make these too."""

    name: str
    source: str
    """As messages name it: a path, `<stdin>` or `<line>`."""
    text: str = ""
    """The source text, for code frames."""
    inputs: Mapping[str, TensorShape]
    """By name; a single one is called `input`."""
    batch: int = 1
    dtype: DType
    layers: tuple[PlacedItem, ...]
    blocks: Mapping[str, Block] = field(factory=dict)
    variables: Mapping[str, Variable] = field(factory=dict)
    defaults: Mapping[str, Mapping[str, Arg]] = field(factory=dict)
    """Per op the options that its layers start from; the spans are Locations."""
    outputs: tuple[OutputName, ...] = ()
    """Empty: the last layer."""
    task: Task | None = None
    expect: Expectations | None = None
    lint: Lint | None = None
    places: Mapping[str, Location] = field(factory=dict)
    """Positions of top-level keys, and of the entries below `expect`, `task` and `lint` (`expect.at.layer4.rf`,
    `lint.ignore.0`): of the value where it is a single one, else of its key."""
    comments: tuple[Comment, ...] = ()
    """Every `# cnncalc: ...` comment."""
    findings: tuple[Finding, ...] = ()
    """What was wrong with the text; the rest of the spec is what could be read all the same."""


@value
class Comment:
    """A comment that speaks to cnncalc (`# cnncalc: ignore[CNN011] reason`)."""

    text: str
    """Without the `#`."""
    at: Location
    alone: bool
    """Nothing else stands on its line."""
