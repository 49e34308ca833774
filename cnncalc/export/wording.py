"""Words that the exporters to other tools share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cnncalc.errors import UsageError, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import Location
    from cnncalc.report import Report


class Placed(Protocol):
    """A layer of a report or of a graph."""

    @property
    def at(self) -> Location: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102


def refusal(tool: str, problems: Sequence[tuple[Placed, str]]) -> UsageError:
    """All layers that have no words there, with their reasons."""
    lines = "".join(f"\n  {layer.at}: {layer.name}: {reason}" for layer, reason in problems)
    return UsageError(f"{tool} has no way to say {counted(len(problems), 'layer')}:{lines}")


def input_shapes(report: Report) -> str:
    """The shapes of all inputs: `3x32x32, 10x1x1`."""
    return ", ".join("x".join(map(str, shape)) for shape in report.inputs.values())
