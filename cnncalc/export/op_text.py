"""A layer in a few words, as the language has them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.report import LayerReport


def op_text(row: LayerReport) -> str:
    """`conv 64 k7 s2`, `maxpool k3 s2`, `dropout 0.2`: the op, what it makes, and its window where it has one."""
    positional = type(row.config).POSITIONAL
    given = getattr(row.config, positional) if positional else None
    words = [row.op]
    if positional not in (None, "kernel_size", "padding", "p") and given is not None:
        words.append(_word(given))
    elif positional == "p":
        words.append(f"{float(given):g}")  # type: ignore[arg-type] # a probability
    settings = row.settings
    if settings is not None:
        shorts = (("k", settings.kernel_size), ("s", settings.stride), ("d", settings.dilation))
        words += [key + _axes(axes) for key, axes in shorts if key == "k" or any(number != 1 for number in axes)]
        if settings.groups and settings.groups > 1 and row.op == "conv":
            words.append(f"g{settings.groups}")
    return " ".join(words)


def _word(given: object) -> str:
    if isinstance(given, tuple):
        return "x".join("?" if part is None else str(part) for part in given)
    return str(given.value if isinstance(given, Enum) else given)


def _axes(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else "x".join(map(str, numbers))
