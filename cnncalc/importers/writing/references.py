"""How a step refers to others: what the running stream is, `x`, and names from where the step stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.writing.tree import Group, Step
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COMMUTES = frozenset({"add", "mul", "max"})


class NoNameError(LookupError):
    """A layer cannot be named from here."""


@value
class Place:
    """Where a step stands: the groups around it, outermost first."""

    around: tuple[Group, ...]
    name: str | None


def places(root: Group) -> dict[str, Place]:
    """The place of every step, by the name of its last layer in the source."""
    found: dict[str, Place] = {}

    def visit(group: Group, around: tuple[Group, ...]) -> None:
        for item in group.items:
            if isinstance(item, Step):
                found[item.end] = Place(around=around, name=item.name)
            else:
                visit(item, (*around, item))

    visit(root, (root,))
    return found


def reference(target: str, around: Sequence[Group], where: Mapping[str, Place], start: int) -> str:
    """The shortest name that means a layer from inside the groups `around`, of which those since `start` are visible.

    Raises NoNameError where there is none.
    """
    place = where[target]
    for depth in range(len(around) - 1, start - 1, -1):
        if len(place.around) <= depth or place.around[depth] is not around[depth]:
            continue
        groups = place.around[depth + 1 :]
        path = [group.name for group in groups]
        ends = [used for used, group in enumerate(groups, 1) if group.end == target and not _within(around, group)]
        ended = ends[0] if ends else None
        if ended is not None:  # the name of a group stands for its end
            path = path[:ended]
        elif place.name is None:
            raise NoNameError(target)
        else:
            path.append(place.name)
        if not path[0].isdigit() and not _is_hidden(path[0], around[depth + 1 :]):
            return ".".join(path)
    raise NoNameError(target)


def _within(around: Sequence[Group], group: Group) -> bool:
    """Whether a group is one of those around."""
    return any(group is each for each in around)


def _is_hidden(head: str, inner: Sequence[Group]) -> bool:
    """Whether a group nearer by has something of that name."""
    return any(item.name == head for group in inner for item in group.items)


def needed(steps: Sequence[Step], outputs: Sequence[str]) -> dict[str, set[str]]:
    """The layers that have to be named, and by whom: read, but not from the running stream; outputs by `""`."""
    found: dict[str, set[str]] = {name: {""} for name in outputs}
    stream = None
    for step in steps:
        inputs = list(step.layer.inputs)
        if stream is not None and stream in inputs and (inputs[0] == stream or step.layer.op in COMMUTES):
            inputs.remove(stream)
        for name in (*inputs, *([step.layer.shares] if step.layer.shares else ())):
            found.setdefault(name, set()).add(step.end)
        stream = step.end
    return found
