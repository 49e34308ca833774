"""Did you mean: the known word that is nearest to an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


MAX_KNOWN = 2_000
"""Words that are compared with."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most alike, None where none is alike enough.

    >>> nearest("dilatoin", ["padding", "dilation"])
    'dilation'
    >>> nearest("banana", ["padding", "dilation"])
    """
    import difflib  # costs 6 ms and is needed for mistakes only
    from itertools import islice

    by_lower = {candidate.lower(): candidate for candidate in sorted(set(islice(known, MAX_KNOWN)), reverse=True)}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.65)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A help line that names the nearest known word, None where none is alike enough."""
    found = nearest(word, known)
    return f"did you mean `{found}`?" if found else None


def meant_layer(name: str, known: Iterable[str]) -> str | None:
    """A help line for the name of a layer: by its end inside another scope, else by its letters.

    >>> meant_layer("conv2", ["stem", "layer1.0.conv1", "layer1.0.conv2"])
    'did you mean `layer1.0.conv2`?'
    >>> meant_layer("conv1", ["layer1.0.conv1", "layer1.1.conv1"])
    'did you mean `layer1.1.conv1`, one of 2?'
    >>> meant_layer("stm", ["stem", "layer1"])
    'did you mean `stem`?'
    """
    paths = list(dict.fromkeys(known))
    ends = [path for path in paths if path.endswith(f".{name}")]
    if ends:
        return f"did you mean `{ends[-1]}`" + (f", one of {len(ends):,}?" if len(ends) > 1 else "?")
    by_end = {path.rpartition(".")[2]: path for path in paths}
    found = nearest(name, paths) or by_end.get(nearest(name, by_end) or "")
    return f"did you mean `{found}`?" if found else None


def listed(words: Iterable[str], joint: str = "or") -> str:
    """Words as a sentence lists them.

    >>> listed(["add", "mul", "max"])
    '`add`, `mul` or `max`'
    """
    quoted = [f"`{word}`" for word in words]
    if len(quoted) < 2:  # noqa: PLR2004 - one word needs no joint
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {joint} {quoted[-1]}"
