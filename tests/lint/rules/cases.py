"""What the tests of rules share: a report of an example, and what one rule says about it."""

from __future__ import annotations

import re
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


def is_flagged(code: str, text: str, shape: str | None) -> bool | None:
    """Whether a rule has anything to say of a text; None where the text has errors."""
    report = report_of(text, shape)
    return None if report.findings else bool(problems(code, report))


def words(help_: str | None) -> list[str]:
    """What stands in backticks: the remedies."""
    return re.findall(r"`([^`]+)`", help_ or "")


def reads(n: int, k: int, s: int, d: int, p: tuple[int, int]) -> list[set[int]]:
    """By definition what each output reads: windows laid over the padded input as long as they fit; -1, n.. padding."""
    before, after = p
    padded = list(range(-before, n + after))
    outputs = []
    at = 0
    while at + d * (k - 1) < len(padded):
        outputs.append({padded[at + d * t] for t in range(k)})
        at += s
    return outputs


def feeds(n: int, k: int, s: int, d: int, p: int, op: int) -> list[list[int]]:
    """By definition which inputs each output of a transposed convolution is a sum of, one entry per product."""
    m = (n - 1) * s - 2 * p + d * (k - 1) + op + 1
    outputs: list[list[int]] = [[] for _ in range(max(m, 0))]
    for i in range(n):
        for t in range(k):
            o = i * s + d * t - p
            if 0 <= o < m:
                outputs[o].append(i)
    return outputs


def within(seen: set[int], n: int) -> set[int]:
    """Those that are input and no padding."""
    return {i for i in seen if 0 <= i < n}
