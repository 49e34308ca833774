"""A layer as the words of a layer line, with holes where a block may put a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from cnncalc.ops import OPS
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.importers.layers import Option

SHORTS = {
    "kernel_size": "k",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "groups": "g",
    "multiplier": "m",
    "output_padding": "op",
}
DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
"""Of convolutions: not written where they have these values."""
WINDOWED = frozenset({"conv", "dwconv", "convt"})
NORMS = frozenset({"bn", "gn", "in", "ln", "rms"})
FLAGS = {"ceil_mode": "ceil", "align_corners": "align_corners", "frozen": "frozen"}


@value
class Hole:
    """A number that may differ from copy to copy of a block."""

    key: str
    """What a parameter for it would be called."""
    number: int
    literal: str
    """The word with the number; "" where it is the default."""
    pattern: str
    """The word with an expression in place of `{}`."""
    default: int | None = None


Part = Union[str, Hole]
Parts = tuple[Part, ...]


def text(parts: Parts) -> str:
    """The words with their own numbers."""
    words = [part if isinstance(part, str) else part.literal for part in parts]
    return " ".join(word for word in words if word)


def words(op: str, options: Mapping[str, Option], trail: tuple[str, ...] = ()) -> Parts:
    """The op, its positional, its other options, and the norms and activations behind it."""
    positional = OPS[op].POSITIONAL
    parts: list[Part] = [op]
    given = dict(options)
    if positional in given:
        parts.append(_bare(positional, given.pop(positional)))
    for option, letter in SHORTS.items():
        default = DEFAULTS.get(option) if op in WINDOWED and option in OPS[op].model_fields else None
        found = given.pop(option, default)
        if found is not None:
            parts.append(_short(letter, found, default))
    bias = given.pop("bias", None)
    if bias is not None and bias is (trail[:1] != () and trail[0] in NORMS):
        parts.append("bias" if bias else "nobias")
    for option, found in given.items():
        if option == "padding_mode":
            parts.append(str(found))
        elif option in FLAGS and found is True:
            parts.append(FLAGS[option])
        else:
            parts.append(f"{option}={_plain(found)}")
    return (*parts, *trail)


def _bare(option: str, found: Option) -> Part:
    if isinstance(found, int) and not isinstance(found, bool):
        key = {"out_channels": "c", "kernel_size": "k"}.get(option, "n")
        return Hole(key=key, number=found, literal=str(found), pattern="{}")
    return _plain(found, flat=option in ("padding", "cropping"))


def _short(letter: str, found: Option, default: int | None) -> Part:
    key = "output_padding" if letter == "op" else letter
    if isinstance(found, int):
        literal = "" if found == default else f"{letter}{found}"
        return Hole(key=letter, number=found, literal=literal, pattern=f"{key}={{}}", default=default)
    if isinstance(found, str):
        return found
    return letter + _plain(found, flat=True)


def _plain(found: Option, *, flat: bool = False) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if not isinstance(found, tuple):
        return str(found)
    if flat and all(isinstance(each, tuple) for each in found):  # (before, after) pairs
        return "x".join(str(each[0]) if each[0] == each[1] else f"{each[0]}/{each[1]}" for each in found)  # type: ignore[index]
    return (
        "x".join(map(str, found)) if all(isinstance(each, int) for each in found) else f"({','.join(map(str, found))})"
    )
