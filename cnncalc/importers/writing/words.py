"""A layer as the words of a layer line, the numbers in them told apart: where copies differ, a parameter stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Union

from cnncalc.ops import OPS
from cnncalc.spec.words import FLAGS, SHORTS
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cnncalc.importers.layers import Option

DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
"""Of convolutions: not written where they have these values."""
WINDOWED = frozenset({"conv", "dwconv", "convt"})
NORMS = frozenset({"bn", "gn", "in", "ln", "rms"})
_FLAG_OF = {(option, set_to): flag for flag, (option, set_to) in FLAGS.items() if option != "bias"}
_KEY_OF = {"sees_all": "global", "num_heads": "heads", "num_kv_heads": "kv_heads"}
_LETTERS = {"out_channels": "c", "kernel_size": "k", "channels": "c", "num_heads": "heads"}
"""What a parameter for a positional would be called; others are `n`."""
_SHAPE = re.compile(r"[0-9]+(?:x[0-9]+)+")
_STRETCH = re.compile(r"[0-9]+:[0-9]+")

Entry = Union[int, str]
Row = Union["tuple[Entry, ...]", None]
"""The numbers of a word in one copy; None where the copy does not have the word."""


@value
class Word:
    """A word with numbers, in one or several copies of a block."""

    keys: tuple[str, ...]
    """What a parameter for each number would be called."""
    literal: str
    """The word, `{}` for each number."""
    pattern: str
    """The word where expressions stand in it, `{}` for each."""
    rows: tuple[Row, ...]
    default: tuple[Entry, ...] | None = None
    """Not written where it has these numbers."""

    def text(self, entries: Sequence[object] | None = None) -> str:
        """The word with its own numbers, or with an expression for each; "" where it is the default."""
        if entries is None:
            row = self.rows[0]
            return "" if row is None or row == self.default else self.literal.format(*row)
        return (self.pattern if self.is_varied(entries) else self.literal).format(*entries)

    @staticmethod
    def is_varied(entries: Sequence[object]) -> bool:
        """Whether some of the entries are no plain numbers."""
        return not all(str(entry).isdigit() for entry in entries)


Part = Union[str, Word]


def words(op: str, options: Mapping[str, Option], norm: str | None = None) -> tuple[Part, ...]:
    """The op, its positional and its other options; `norm` says which follows, and with it whether a bias is usual."""
    positional = OPS[op].POSITIONAL
    parts: list[Part] = [op]
    given = dict(options)
    if positional in given:
        parts.append(_bare(positional, given.pop(positional)))
    for letter, option in SHORTS.items():
        default = DEFAULTS.get(option) if op in WINDOWED and option in OPS[op].model_fields else None
        found = given.pop(option, default)
        if found is not None:
            parts.append(_short(letter, found, default))
    bias = given.pop("bias", None)
    if bias is not None and bias is (norm in NORMS):
        parts.append("bias" if bias else "nobias")
    for option, found in given.items():
        flag = _FLAG_OF.get((option, found)) if isinstance(found, (str, bool)) else None
        parts.append(flag or _keyed(_KEY_OF.get(option, option), found, is_plain=op == "upsample"))
    return tuple(parts)


def _bare(option: str, found: Option) -> Part:
    key = _LETTERS.get(option, "n")
    if isinstance(found, str):
        if _STRETCH.fullmatch(found):
            first, last = map(int, found.split(":"))
            return Word(keys=("c", "c"), literal="{}:{}", pattern="{}:{}", rows=((first, last),))
        if _SHAPE.fullmatch(found):
            return _shape(found, "")
        if found.replace(".", "", 1).isdigit():
            return Word(keys=(key,), literal="{}", pattern="{}", rows=((found,),))
        return found
    if isinstance(found, int) and not isinstance(found, bool):
        return Word(keys=(key,), literal="{}", pattern="{}", rows=((found,),))
    return _plain(found, flat=option in ("padding", "cropping"))


def _short(letter: str, found: Option, default: int | None) -> Part:
    name = "output_padding" if letter == "op" else letter
    if isinstance(found, int):
        return Word(
            keys=(letter,),
            literal=letter + "{}",
            pattern=name + "={}",
            rows=((found,),),
            default=None if default is None else (default,),
        )
    if isinstance(found, str):
        return found
    if all(isinstance(each, int) for each in found):
        holes = ["{}"] * len(found)
        numbers: tuple[int, ...] = tuple(each for each in found if isinstance(each, int))
        pattern = f"{name}=({','.join(holes)})"
        return Word(keys=(letter,) * len(found), literal=letter + "x".join(holes), pattern=pattern, rows=(numbers,))
    return letter + _plain(found, flat=True)


def _keyed(key: str, found: Option, *, is_plain: bool) -> Part:
    if isinstance(found, int) and not isinstance(found, bool):
        return Word(keys=(key,), literal=f"{key}={{}}", pattern=f"{key}={{}}", rows=((found,),))
    if isinstance(found, str) and _SHAPE.fullmatch(found) and not is_plain:
        return _shape(found, f"{key}=")
    return f"{key}={_plain(found)}"


def _shape(found: str, before: str) -> Word:
    """`64x28x28` as an output: channels, then sizes."""
    numbers = tuple(map(int, found.split("x")))
    holes = ["{}"] * len(numbers)
    keys = ("c", *"n" * (len(numbers) - 1))
    return Word(keys=keys, literal=before + "x".join(holes), pattern=f"{before}({','.join(holes)})", rows=(numbers,))


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
