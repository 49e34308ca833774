"""One source checked, and many: each by itself, so that a broken one never hides the others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cnncalc.lint.outcome import Checked
from cnncalc.lint.settings import Budget, Level, Settings
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.cli.options import Reading
    from cnncalc.lint.config import Config
    from cnncalc.report import Report
    from cnncalc.spec.network import NetworkSpec

MANY = 64
"""So many sources are worth several processes."""
MOST_JOBS = 8
_CHUNK = 8
_STDIN = "-"


@value
class Plan:
    """How sources are checked; travels to other processes."""

    reading: Reading
    command: Level
    budgets: tuple[Budget, ...]
    config: Config | None
    debug: bool = False


def check_one(source: str, plan: Plan) -> Checked:
    """The findings of one source, or why there are none."""
    from cnncalc.errors import CnncalcError, UsageError

    try:
        return _check(source, plan)
    except UsageError as error:
        return Checked(source=source, problem=str(error))
    except CnncalcError as error:
        return Checked(source=source, findings=error.findings)
    except Exception as error:
        if plan.debug:
            raise
        return Checked(source=source, crash=_described(error))


def check_all(sources: Sequence[str], plan: Plan, jobs: int | None = None) -> Iterator[Checked]:
    """The sources in order; several processes share the work where it is much."""
    wanted = jobs or (min(os.cpu_count() or 1, MOST_JOBS) if len(sources) >= MANY else 1)
    if wanted == 1 or len(sources) == 1 or _STDIN in sources:
        for source in sources:
            yield check_one(source, plan)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(min(wanted, len(sources))) as pool:
        yield from pool.map(check_one, sources, [plan] * len(sources), chunksize=_CHUNK)


def report_of(spec: NetworkSpec) -> Report:
    """All figures of a network, whatever is wrong with it."""
    from cnncalc.engine import analyze
    from cnncalc.graph import build

    return analyze(build(spec))


def settings_for(source: str, plan: Plan) -> Settings:
    """What the project and the command line say about one source."""
    from cnncalc.lint.config import budgets_for, level_for

    if plan.config is None:
        return Settings(command=plan.command, budgets=plan.budgets)
    return Settings(
        project=level_for(plan.config, source),
        command=plan.command,
        budgets=(*budgets_for(plan.config, source), *plan.budgets),
    )


def lint_spec(spec: NetworkSpec, source: str, plan: Plan) -> tuple[Report, Checked]:
    """A network that has been read: its figures and its findings."""
    from cnncalc.lint.config import with_task
    from cnncalc.lint.driver import lint

    report = report_of(with_task(spec, plan.config.task if plan.config else None))
    findings = lint(report, settings_for(source, plan))
    return report, Checked(source=spec.source, text=spec.text, findings=findings)


def _check(source: str, plan: Plan) -> Checked:
    from cnncalc.cli.sources import read

    return lint_spec(read(source, plan.reading), source, plan)[1]


def _described(error: Exception) -> str:
    """What happened, and in which line of the program."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({os.path.basename(last.filename)}:{last.lineno})"  # noqa: PTH119
