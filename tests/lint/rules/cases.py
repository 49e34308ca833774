"""What the tests of rules share: a report of an example, and what one rule says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.engine import analyze
from cnncalc.graph import build
from cnncalc.lint import rules as _rules  # noqa: F401 - registers them
from cnncalc.lint.base import RULES
from cnncalc.spec.reader import parse, parse_line, parse_shape

if TYPE_CHECKING:
    from cnncalc.lint.base import Example, Problem
    from cnncalc.report import Report


def report_of(text: str, shape: str | None = "8x32x32") -> Report:
    """The report of a layer line with the shape of its input, or of a YAML file (shape None)."""
    spec = parse(text) if shape is None else parse_line(text, {"input": parse_shape(shape)})
    return analyze(build(spec))


def sound(text: str, shape: str | None = "8x32x32") -> Report:
    """The report of a text without errors."""
    report = report_of(text, shape)
    assert report.findings == ()
    return report


def problems(code: str, report: Report) -> list[tuple[str, Problem]]:
    """What a rule says, with the layers it says it of."""
    rule = RULES[code]
    if not rule.per_layer:
        return [(problem.layer or "", problem) for problem in rule.check(report)]
    return [(layer.name, problem) for layer in report.layers for problem in rule.check(layer, report)]


def said(code: str, text: str, shape: str | None = "8x32x32") -> list[tuple[str, Problem]]:
    """What a rule says of a text without errors."""
    return problems(code, sound(text, shape))


def of_example(code: str, example: Example) -> list[tuple[str, Problem]]:
    """What a rule says of an example of a manual."""
    return said(code, example.text, example.input)
