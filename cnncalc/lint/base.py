"""What a lint rule is: a code, a severity, a docstring that is its manual, and one generator function."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from cnncalc.errors import Edit, Location, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a rule yields: the fact with its numbers, and apart from it the remedy."""

    message: str
    help: str | None = None
    option: str | None = None
    """The option of the layer at which to point (`padding`); None: the layer."""
    at: Location | None = None
    """A place of its own, for rules about the network."""
    layer: str | None = None
    """The layer meant, for rules about the network."""
    edits: tuple[Edit, ...] = ()
    """A remedy that is safe and exact, for `--fix`."""
    severity: Severity | None = None
    """Where it differs from the rule's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A `Bad` or `Good` of a manual: a layer line with its input shape, or a whole YAML file."""

    text: str
    input: str | None
    """`8x32x32` for a layer line, None for YAML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One lint rule."""

    code: str
    name: str
    """What the pattern is called, from the function's name: `skipped-input`."""
    severity: Severity
    check: Callable[..., Iterator[Problem]]
    """Takes (layer, report) once a layer, or (report) once a network."""
    per_layer: bool
    default: bool
    """False: only with `--select`."""
    manual: str
    """The docstring: what it flags, why it matters, Bad, Good, reference."""

    @property
    def summary(self) -> str:
        """The first line of the manual."""
        return self.manual.partition("\n")[0]

    @property
    def bad(self) -> tuple[Example, ...]:
        """Examples that the rule must flag."""
        return tuple(_examples(self.manual, "Bad"))

    @property
    def good(self) -> tuple[Example, ...]:
        """Examples that the rule must pass."""
        return tuple(_examples(self.manual, "Good"))


RULES: dict[str, Rule] = {}
"""Every rule by its code; importing `cnncalc.lint.rules` fills it."""


def rule(code: str, severity: Severity, *, default: bool = True) -> Callable[[Any], Any]:
    """Decorator: make a function a rule, named after it; a code that is taken raises."""

    def add(check: Callable[..., Iterator[Problem]]) -> Callable[..., Iterator[Problem]]:
        if code in RULES:
            message = f"rule {code} is registered twice"
            raise ValueError(message)
        RULES[code] = Rule(
            code=code,
            name=check.__name__.replace("_", "-"),
            severity=severity,
            check=check,
            per_layer="layer" in inspect.signature(check).parameters,
            default=default,
            manual=inspect.cleandoc(check.__doc__ or ""),
        )
        return check

    return add


DEFAULT_INPUT = "8x32x32"
"""The input of an example that names none."""


def _examples(manual: str, word: str) -> Iterator[Example]:
    """`Bad: LINE`, `Bad (3x7x7): LINE`, or `Bad:` with an indented YAML file below it."""
    pattern = re.compile(rf"^{word}(?: \(([^)]*)\))?:[ ]*(.*)\n?((?:(?:[ ]+.*)?\n)*(?:[ ]+.*)?)", re.MULTILINE)
    for shape, line, below in pattern.findall(manual):
        if line:
            yield Example(text=line.strip(), input=shape or DEFAULT_INPUT)
        else:
            yield Example(text=dedent(below).strip("\n") + "\n", input=None)
