"""CNN006: an entry of `expect:` that does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import rule
from cnncalc.lint.expect import problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.lint.base import Problem
    from cnncalc.report import Report


@rule("CNN006", Severity.ERROR)
def expectation_failed(report: Report) -> Iterator[Problem]:
    """An entry of `expect:` does not hold, or a budget is exceeded.

    The message says what was asked for, what was found, and how far off that is. A figure that is only partly known (a
    `custom` op leaves it undeclared) never passes. Budgets come from `[tool.cnncalc.budgets]` in pyproject.toml or from
    `--budget params=5M`; they are held against every network.

    Bad:
        cnncalc: 1
        input: 3x32x32
        layers: [conv 64 k3 p1 relu, gap, fc 10]
        expect: {params: max 2K}

    Good:
        cnncalc: 1
        input: 3x32x32
        layers: [conv 64 k3 p1 relu, gap, fc 10]
        expect: {params: max 2500}
    """
    yield from problems(report)
