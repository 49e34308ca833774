"""Which findings are wanted: what pyproject.toml, the file itself and the command line say, one after the other.

Each level starts from what the one before it left: its `select` replaces, its `ignore` takes away, its `severity`
overrides. So the command line has the last word. Comments in the file hold whatever the levels say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnncalc.errors import CODES
from cnncalc.lint.base import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cnncalc.errors import Severity
    from cnncalc.spec.quantities import Quantity

FIXED = frozenset({"CNN901", "CNN902", "CNN903", "CNN904", "CNN905", "CNN906"})
"""The text could not be read: neither ignored nor given another severity."""
KEPT = FIXED | {"CNN910", "CNN911"}
"""Cannot be ignored."""
ALWAYS = KEPT | {"CNN001", "CNN002", "CNN003", "CNN004", "CNN005"}
"""Reported whatever `select` says: without them a network that cannot be built would look clean."""
EVERY, DEFAULT = "all", "default"
_SELECTOR = re.compile(r"CNN[0-9]{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one place says. A selector is a code, the beginning of codes (`CNN01`), `all` or `default`."""

    select: tuple[str, ...] | None = None
    """None: as before."""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A figure that all networks are held to, from pyproject.toml or the command line."""

    key: str
    """As in `expect:`: params, buffers, macs, flops, activations, memory, peak."""
    quantity: Quantity
    origin: str
    """As messages name it: `pyproject.toml`, `--budget`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that is said outside the file."""

    project: Level = field(default_factory=Level)
    command: Level = field(default_factory=Level)
    budgets: tuple[Budget, ...] = ()


def codes() -> frozenset[str]:
    """Every code there is; the rules must have been imported."""
    return frozenset({*CODES, *RULES})


def is_on(code: str, levels: Sequence[Level]) -> bool:
    """Whether findings of a code are reported."""
    default = RULES[code].default if code in RULES else True
    on = default
    for level in levels:
        if level.select is not None and code not in ALWAYS:
            on = _selected(code, level.select, default=default)
        if code not in KEPT and any(covers(selector, code) for selector in level.ignore):
            on = False
    return on


def severity_of(code: str, own: Severity, levels: Sequence[Level]) -> Severity:
    """The severity that the last level gives a code, else its own."""
    if code not in FIXED:
        for level in levels:
            for selector, severity in level.severity.items():
                if covers(selector, code):
                    own = severity
    return own


def covers(selector: str, code: str) -> bool:
    """Whether a selector means a code.

    >>> covers("CNN01", "CNN012"), covers("all", "CNN012"), covers("CNN012", "CNN013")
    (True, True, False)
    """
    return selector == EVERY or (code.startswith(selector) and _SELECTOR.fullmatch(selector) is not None)


def unknown(selectors: Iterable[str]) -> list[str]:
    """Selectors that mean no code at all."""
    known = codes()
    return [
        selector for selector in selectors if selector != DEFAULT and not any(covers(selector, code) for code in known)
    ]


def remedy(selector: str) -> str:
    """What to write in place of an unknown selector."""
    by_name = {name: code for code, (name, _) in CODES.items()} | {rule.name: code for code, rule in RULES.items()}
    number = re.fullmatch(r"(?:CNN)?[-_ ]?([0-9]{1,3})", selector, re.IGNORECASE)
    meant = by_name.get(selector.lower()) or (f"CNN{int(number[1]):03d}" if number else "")
    return f"did you mean `{meant}`?" if meant in codes() else "`cnncalc rules` lists the codes"


def _selected(code: str, selectors: Sequence[str], *, default: bool) -> bool:
    return any(default if selector == DEFAULT else covers(selector, code) for selector in selectors)
