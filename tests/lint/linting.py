"""Rules made for tests, so that what the linter does is seen apart from what the real rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.engine import analyze
from cnncalc.errors import Edit, Severity
from cnncalc.graph import build
from cnncalc.lint.base import Problem, Rule
from cnncalc.lint.driver import lint
from cnncalc.lint.settings import Settings
from cnncalc.spec.reader import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.errors import Finding
    from cnncalc.report import LayerReport, Report

HEAD = "cnncalc: 1\ninput: 3x32x32\n"


def one_by_one(layer: LayerReport, report: Report) -> Iterator[Problem]:  # noqa: ARG001 - the form of a rule
    if layer.settings and set(layer.settings.kernel_size) == {1}:
        yield Problem(message="reads one pixel", help="k3", option="kernel_size")


def strided(layer: LayerReport, report: Report) -> Iterator[Problem]:  # noqa: ARG001 - the form of a rule
    if layer.settings and layer.settings.stride[0] > 1:
        at = layer.places["stride"]
        yield Problem(message="takes steps", option="stride", edits=(Edit(at=at, replacement="s1"),))


def nameless(report: Report) -> Iterator[Problem]:
    if report.name == "nameless":
        yield Problem(message="the network has no name of its own")


def rule(code: str, check: object, severity: Severity = Severity.WARNING, *, default: bool = True) -> Rule:
    name = getattr(check, "__name__", "rule").replace("_", "-")
    per_layer = check is not nameless
    return Rule(
        code=code,
        name=name,
        severity=severity,
        check=check,  # type: ignore[arg-type] # a function in the form of a rule
        per_layer=per_layer,
        default=default,
        manual="What it flags.",
    )


TEST_RULES = {
    "CNN071": rule("CNN071", one_by_one),
    "CNN072": rule("CNN072", strided, Severity.INFO),
    "CNN073": rule("CNN073", nameless),
    "CNN074": rule("CNN074", one_by_one, default=False),
}


def report_of(text: str, source: str = "net.yaml") -> Report:
    return analyze(build(parse(text, source=source)))


def linted(text: str, settings: Settings | None = None, source: str = "net.yaml") -> tuple[Finding, ...]:
    return lint(report_of(text, source), settings or Settings())


def brief(findings: tuple[Finding, ...]) -> list[str]:
    """`line:column CODE` of each."""
    return [f"{found.at.line}:{found.at.column} {found.code}" for found in findings if found.at]
