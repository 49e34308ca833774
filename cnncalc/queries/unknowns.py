"""The `?` of a text: what kind of number each stands for, and the values it may take."""

from __future__ import annotations

import re
from enum import Enum
from math import prod
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.spec import words
from cnncalc.spec.syntax import known_op, op_syntax
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_CANDIDATES = 5_000_000
"""A search of more is refused."""
_MOST_VALUES = 1_000_000


class Kind(str, Enum):
    """What an unknown number is."""

    KERNEL = "kernel"
    STRIDE = "stride"
    PADDING = "padding"
    DILATION = "dilation"
    OUTPUT_PADDING = "output_padding"
    GROUPS = "groups"
    CHANNELS = "channels"
    MULTIPLIER = "multiplier"
    REPEAT = "repeat"
    NUMBER = "number"
    """Any other: a variable, an argument of a block, a size."""


_BOUNDS: dict[Kind, tuple[range, range]] = {
    Kind.KERNEL: (range(1, 32), range(1, 12)),
    Kind.STRIDE: (range(1, 33), range(1, 9)),
    Kind.PADDING: (range(256), range(17)),
    Kind.DILATION: (range(1, 65), range(1, 17)),
    Kind.OUTPUT_PADDING: (range(32), range(8)),
    Kind.GROUPS: (range(1, 1025), range(1, 65)),
    Kind.CHANNELS: (range(1, 4097), range(1, 513)),
    Kind.MULTIPLIER: (range(1, 65), range(1, 9)),
    Kind.REPEAT: (range(1, 129), range(1, 17)),
    Kind.NUMBER: (range(1, 1025), range(1, 65)),
}
"""The values that are tried: where there is one unknown, and where there are several."""
_OPTIONS = {
    "kernel_size": Kind.KERNEL,
    "stride": Kind.STRIDE,
    "padding": Kind.PADDING,
    "dilation": Kind.DILATION,
    "output_padding": Kind.OUTPUT_PADDING,
    "groups": Kind.GROUPS,
    "num_groups": Kind.GROUPS,
    "out_channels": Kind.CHANNELS,
    "squeeze_channels": Kind.CHANNELS,
    "multiplier": Kind.MULTIPLIER,
    "repeat": Kind.REPEAT,
}
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*", re.MULTILINE)
_DECLARED = re.compile(r"\b(?:custom|matmul)\b[^|;\n]*?\bout=\S*|\brearrange\s+(?:out=)?\S*")
_TITLE = re.compile(r"^name:.*", re.MULTILINE)
_AXES = r"[0-9?x/]*"
_SHORT = re.compile(rf"(?<!\w)(op|[kspdgm]){_AXES}$")
_COUNT = re.compile(r"(?:[\s)]|^)\*$")
_KEY = re.compile(r"(?<!\w)(\w+)=[^\s=|;]*$")
_LONG_KEY = re.compile(r"(?<!\w)(\w+)\"?:[ ]*(?:\[[^\]\n:{]*)*[\"']?$")
_BARE = re.compile(rf"(?:^|[\s,(\[]){_AXES}$")
_STEP = re.compile(r"[^|;\n(\[{]*$")
_HEAD = re.compile(r"[\s\-\"',]*(?:[A-Za-z_]\w*\s*:\s+[\"']?)*([A-Za-z_]\w*)")
_WORD = re.compile(r"[^\s|;,\[\]{}()\"']*$"), re.compile(r"[^\s|;,\[\]{}()\"'*]*")
_BOUND = re.compile(r"([0-9]{1,9})(?:\.\.([0-9]{1,9})(?:/([0-9]{1,9}))?)?")


@value
class Unknown:
    """One `?` of a text."""

    kind: Kind
    word: str
    """The word that it stands in: `p?`, `k?x3`, `?`; for a variable `width=?`."""
    at: int
    """Offset into the text."""
    line: int
    column: int
    """Both from 1."""
    values: range
    """What is tried."""
    key: str | None = None
    """The variable or option that it is the value of."""
    bounded: bool = False
    """The range was asked for."""

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"`{self.word}` ({self.kind.value})" if self.word != "?" else f"`?` ({self.kind.value})"

    @property
    def bounds(self) -> str:
        """`0..16`, or `8..512/8`."""
        step = f"/{self.values.step}" if self.values.step != 1 else ""
        return f"{self.values[0]}..{self.values[-1]}{step}" if len(self.values) > 1 else str(self.values[0])


def unknowns(text: str, bounds: Mapping[str, str] | None = None) -> tuple[Unknown, ...]:
    """Every `?` that stands for a number, in order; `bounds` are ranges by kind, by key, or by number counted from 1.

    UsageError where there is none, where one stands for no number, and where bounds are wrong.

    >>> [(each.kind.value, each.bounds) for each in unknowns("conv 64 k3 d2 p? | (maxpool ?)*?")]
    [('padding', '0..16'), ('kernel', '1..11'), ('repeat', '1..16')]
    """
    blanked = text
    for outside in (_COMMENT, _DECLARED, _TITLE):
        blanked = outside.sub(lambda found: found[0].replace("?", " "), blanked)
    places = [found.start() for found in re.finditer(r"\?", blanked)]
    if not places:
        message = (
            "nothing is unknown: write `?` for the number to find, as in 'conv 64 k3 d2 p?'; "
            "also k? for a kernel, s? for a stride, op? for an output padding, `conv ?` for channels, *? for a count"
        )
        raise UsageError(message)
    found = tuple(_unknown(text, at, several=len(places) > 1) for at in places)
    return _bounded(found, bounds or {})


def substitute(text: str, found: Sequence[Unknown], values: Sequence[int]) -> str:
    """The text with numbers in the place of its unknowns.

    >>> line = "conv 64 k? p?"
    >>> substitute(line, unknowns(line), (3, 1))
    'conv 64 k3 p1'
    """
    parts, end = [], 0
    for each, number in zip(found, values, strict=True):
        parts += [text[end : each.at], str(number)]
        end = each.at + 1
    return "".join((*parts, text[end:]))


def candidates(found: Sequence[Unknown]) -> int:
    """How many combinations there are; UsageError where they are too many to search."""
    number = prod(len(each.values) for each in found)
    if number > MOST_CANDIDATES:
        within = ", ".join(f"{each.word} {each.bounds}" for each in found)
        widest = max(found, key=lambda each: len(each.values))
        fewer = f"{widest.kind.value}={widest.values[0]}..{widest.values[len(widest.values) // 4]}"
        message = (
            f"{number:,} combinations ({within}) are more than {MOST_CANDIDATES:,}; narrow them, as in --bounds {fewer}"
        )
        raise UsageError(message)
    return number


def _unknown(text: str, at: int, *, several: bool) -> Unknown:
    start = text.rfind("\n", 0, at) + 1
    before = text[start:at]
    left, right = _WORD[0].search(before), _WORD[1].match(text, at)
    word = (left[0] if left else "") + (right[0] if right else "?")
    line, column = text.count("\n", 0, at) + 1, at - start + 1
    kind = _kind(before)
    if kind is None:
        message = (
            f"line {line}, column {column}: `{word}`: a `?` stands for a whole number: "
            "k? s? p? d? g? op? m?, a positional as in `conv ?`, KEY=?, or a count *?"
        )
        raise UsageError(message)
    values = _BOUNDS[kind][several]
    named = _KEY.search(before) or _LONG_KEY.search(before)
    key = named[1] if named else None
    word = f"{key}=?" if key and word == "?" and kind is Kind.NUMBER else word
    return Unknown(kind=kind, word=word, at=at, line=line, column=column, values=values, key=key)


def _kind(before: str) -> Kind | None:
    """What kind of number stands behind this part of a line; None where none can."""
    if short := _SHORT.search(before):
        return _OPTIONS[words.SHORTS[short[1]]]
    if _COUNT.search(before):
        return Kind.REPEAT
    if key := _KEY.search(before) or _LONG_KEY.search(before):
        option = next(iter(words.KEY_SYNONYMS.get(key[1], (key[1],))))
        return _OPTIONS.get(option, Kind.NUMBER)
    if not _BARE.search(before):
        return None
    step = _STEP.search(before)
    head = _HEAD.match(step[0]) if step else None
    op = known_op(head[1]) if head else None
    return _OPTIONS.get(op_syntax(op).positional or "", Kind.NUMBER) if op else Kind.NUMBER


def _bounded(found: tuple[Unknown, ...], bounds: Mapping[str, str]) -> tuple[Unknown, ...]:
    kinds = {name for each in found for name in (each.kind.value, each.key) if name}
    numbers = {str(number): number - 1 for number in range(1, len(found) + 1)}
    made = list(found)
    for which, text in sorted(bounds.items(), key=lambda pair: pair[0].isdigit()):
        values = _range(which, text)
        if which not in kinds and which not in numbers:
            known = ", ".join([*sorted(kinds), *numbers])
            message = f"--bounds {which}={text}: no unknown is a {which}; the unknowns here are {known}"
            raise UsageError(message)
        for index, each in enumerate(made):
            if which in {each.kind.value, each.key} or numbers.get(which) == index:
                made[index] = replace(each, values=values, bounded=True)
    return tuple(made)


def _range(which: str, text: str) -> range:
    match = _BOUND.fullmatch(text)
    low, high, step = (int(part) if part else None for part in match.groups()) if match else (None, None, None)
    if low is None or step == 0 or (high is not None and high < low):
        message = f"--bounds {which}={text}: should be A..B or A..B/STEP, as in --bounds channels=8..512/8"
        raise UsageError(message)
    values = range(low, (low if high is None else high) + 1, step or 1)
    if len(values) > _MOST_VALUES:
        message = f"--bounds {which}={text}: {len(values):,} values are more than {_MOST_VALUES:,}"
        raise UsageError(message)
    return values
