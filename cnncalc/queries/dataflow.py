"""What layers compute from what: equal things are found wherever they stand, and whatever they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from cnncalc.report import LayerReport

SILENT = frozenset({"dropout", "identity", "flatten", "tokens"})
"""Layers that a network may have or not: they change no figure but the layout."""
COMMUTES = frozenset({"add", "mul", "max", "min"})


def same_work(left: Sequence[LayerReport], right: Sequence[LayerReport]) -> dict[int, int]:
    """Layers that compute the same from the same, wherever they stand; first those that also serve the same."""
    ahead, behind = (forward(left), forward(right)), (_backward(left), _backward(right))
    found: dict[int, int] = {}
    for key in (
        lambda side, row: (ahead[side][row.name], behind[side][row.name]),
        lambda side, row: ahead[side][row.name],
        lambda side, row: behind[side][row.name],
    ):
        taken = set(found.values())
        waiting: dict[Hashable, list[int]] = {}
        for at, row in enumerate(right):
            if at not in taken and row.op not in SILENT:
                waiting.setdefault(key(1, row), []).append(at)
        for at, row in enumerate(left):
            places = waiting.get(key(0, row)) if at not in found and row.op not in SILENT else None
            if places:
                named = [place for place in places if right[place].name == row.name]
                found[at] = (named or places)[0]
                places.remove(found[at])
    return found


def forward(rows: Sequence[LayerReport]) -> dict[str, int]:
    """What each layer computes, from the inputs of the network on: equal numbers for equal things."""
    found: dict[str, int] = {}
    for row in rows:
        sources = [found.get(name, -1) for name in row.inputs]
        if row.op in SILENT:
            found[row.name] = sources[0]
        else:
            found[row.name] = hash((_signature(row), tuple(sorted(sources) if row.op in COMMUTES else sources)))
    return found


def _backward(rows: Sequence[LayerReport]) -> dict[str, int]:
    """What each layer serves, from the outputs of the network back."""
    served: dict[str, list[int]] = {}
    found: dict[str, int] = {}
    for row in reversed(rows):
        readers = tuple(sorted(served.get(row.name, ())))
        silent = row.op in SILENT and len(readers) == 1
        found[row.name] = readers[0] if silent else hash((_signature(row), readers))
        for name in row.inputs:
            served.setdefault(name, []).append(found[row.name])
    return found


def _signature(row: LayerReport) -> Hashable:
    settings = row.settings
    window = settings and (settings.kernel_size, settings.stride, settings.padding, settings.dilation)
    return kind_of(row), window, bare(row.output_shape), row.params, row.buffers, row.macs


def kind_of(row: LayerReport) -> str:
    """Its op: `conv` for a depthwise one, `linear` for one that reads a single position."""
    is_point = all(size == 1 for shape in row.input_shapes for size in shape[1:])
    if row.op in ("conv", "linear") and is_point and row.input_shapes:
        return "linear"
    return "conv" if row.op == "dwconv" else row.op


def bare(shape: Sequence[int]) -> tuple[int, ...]:
    """A map of one position is a vector."""
    return (shape[0],) if all(size == 1 for size in shape[1:]) else tuple(shape)
