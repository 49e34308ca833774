"""What whoever reads an imported spec should know of its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cnncalc.importers.layers import Layer

GLOBAL = frozenset({"gap", "gmp", "flatten", "sdpa", "attention", "gn", "in", "se", "rearrange"})
"""Ops behind which every position does see all of the map."""
SPANNING = frozenset({"ln", "rms", "softmax", "reduce"})
"""Ops that do where they go over positions."""


def remarks(layers: Sequence[Layer], bounds: Collection[str]) -> tuple[str, ...]:
    """Where fields become larger than they are: `bounds` take all positions for what may be some of them."""
    everything: set[str] = set()
    found: list[str] = []
    for layer in layers:
        seen = any(name in everything for name in layer.inputs)
        if layer.name in bounds and not seen:
            found.append(layer.name)
        spans = layer.op in SPANNING and layer.options.get("over") in ("all", "positions")
        if seen or spans or layer.name in bounds or layer.op in GLOBAL:
            everything.add(layer.name)
    if not found:
        return ()
    place = found[0].rpartition(".")[0] or found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"receptive fields behind {place}{more} are upper bounds:",
        "windows and rearranged positions are taken to see the whole map",
    )
