"""`[tool.cnncalc]` in pyproject.toml.

[tool.cnncalc]
select = ["default", "CNN047"]
ignore = ["CNN013"]
fail-on = "warning"
severity = {CNN010 = "info"}
per-file-ignores = {"legacy/*.yaml" = ["CNN042"]}
task = {boundary = "zeros"}
budgets = {params = "max 5M", "edge/*.yaml" = {memory = "max 64MiB"}}
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from cnncalc.errors import Severity, UsageError
from cnncalc.lint.expect import BUDGETS, BYTES
from cnncalc.lint.settings import FIXED, KEPT, Budget, Level, remedy, unknown
from cnncalc.spec.suggest import listed, nearest
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cnncalc.spec.models import Task
    from cnncalc.spec.network import NetworkSpec

NAME = "pyproject.toml"
KEYS = ("select", "ignore", "fail-on", "severity", "per-file-ignores", "task", "budgets")


@dataclass(frozen=True, kw_only=True)
class Config:
    """What a project says about all its networks; patterns are relative to `folder`."""

    folder: str
    level: Level = field(default_factory=Level)
    fail_on: str | None = None
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    task: Task | None = None
    """Defaults for what a file's own `task:` leaves out."""
    budgets: tuple[tuple[str, Budget], ...] = ()
    """With the pattern of the files that they are for."""


def find(start: str) -> str | None:
    """The first pyproject.toml with `[tool.cnncalc]` in a folder or above it, up to the top of its repository."""
    folder = os.path.realpath(start)
    while True:
        path = os.path.join(folder, NAME)  # noqa: PTH118 - pathlib costs more than it gives
        if os.path.isfile(path) and re.search(rb"(?m)^\s*\[+tool\.cnncalc\b", _bytes(path)):  # noqa: PTH113
            return path
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder or os.path.exists(os.path.join(folder, ".git")):  # noqa: PTH110, PTH118
            return None
        folder = above


def read(path: str) -> Config:
    """The settings of a pyproject.toml; UsageError where they are wrong."""
    return _Reader(path).config(_table(path))


def level_for(config: Config, source: str) -> Level:
    """What the project says about one file."""
    ignores = [code for pattern, codes in config.per_file_ignores if matches(pattern, source, config) for code in codes]
    return replace(config.level, ignore=(*config.level.ignore, *ignores)) if ignores else config.level


def budgets_for(config: Config, source: str) -> tuple[Budget, ...]:
    """The budgets of one file: for every figure those of all patterns that fit."""
    return tuple(budget for pattern, budget in config.budgets if matches(pattern, source, config))


def with_task(spec: NetworkSpec, task: Task | None) -> NetworkSpec:
    """The network with the project's task where its own says nothing."""
    if task is None:
        return spec
    own = {name: getattr(spec.task, name) for name in spec.task.model_fields_set} if spec.task else {}
    return replace(spec, task=task.model_copy(update=own))


def matches(pattern: str, source: str, config: Config) -> bool:
    """Whether a file is meant; a pattern without `/` is that of a name, `*` stays within a folder, `**` does not."""
    path = os.path.relpath(os.path.realpath(source), config.folder).replace(os.sep, "/")
    return _regex(pattern).fullmatch(path if "/" in pattern else path.rpartition("/")[2]) is not None


def parse_budget(key: str, text: object, origin: str) -> Budget:
    """`params`, `5M`: a number alone is the most that is allowed; UsageError."""
    from cnncalc.spec.quantities import Quantity, QuantityError

    if key not in BUDGETS:
        meant = nearest(key, BUDGETS)
        help_ = f"did you mean `{meant}`?" if meant else f"there are {listed(BUDGETS, 'and')}"
        message = f"{origin}: unknown figure `{key}`; {help_}"
        raise UsageError(message)
    try:
        quantity = Quantity.parse(text, in_bytes=key in BYTES)
        if quantity.low is not None and quantity.low == quantity.high:
            quantity = Quantity.parse(f"max {text}", in_bytes=key in BYTES)
    except QuantityError as error:
        message = f"{origin}: {key} {text}: {error.message}" + (f"; {error.help}" if error.help else "")
        raise UsageError(message) from None
    return Budget(key=key, quantity=quantity, origin=origin)


def parse_severity(text: object, origin: str) -> Severity:
    """`error`, `warning` or `info`; UsageError."""
    try:
        return Severity(text)
    except ValueError:
        message = f"{origin}: `{text}` is no severity; there are `error`, `warning` and `info`"
        raise UsageError(message) from None


def check_codes(selectors: Iterable[str], origin: str, fixed: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The selectors; UsageError where one means no code, or is one of those about which nothing can be said."""
    found = tuple(selectors)
    for selector in found:
        if selector in fixed:
            what = "be ignored" if fixed is KEPT else "have another severity"
            message = f"{origin}: {selector} cannot {what}; mend what it reports"
            raise UsageError(message)
    for selector in unknown(found):
        message = f"{origin}: unknown code `{selector}`; {remedy(selector)}"
        raise UsageError(message)
    return found


class _Reader:
    """Reads the keys one by one and says where a mistake is."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = os.path.relpath(path)

    def config(self, table: Mapping[str, Any]) -> Config:
        for key in table:
            if key not in KEYS:
                meant = nearest(key, KEYS)
                self.fail(
                    key, f"unknown key; {f'did you mean `{meant}`?' if meant else f'its keys are {listed(KEYS)}'}"
                )
        select = table.get("select")
        return Config(
            folder=os.path.dirname(os.path.realpath(self.path)),  # noqa: PTH120
            level=Level(
                select=None if select is None else self.codes("select", select),
                ignore=self.codes("ignore", table.get("ignore", []), KEPT),
                severity=self.severity(table.get("severity", {})),
            ),
            fail_on=self.fail_on(table.get("fail-on")),
            per_file_ignores=tuple(
                (pattern, self.codes(f"per-file-ignores.{pattern}", codes, KEPT))
                for pattern, codes in self.table("per-file-ignores", table.get("per-file-ignores", {})).items()
            ),
            task=self.task(table["task"]) if "task" in table else None,
            budgets=tuple(self.budgets(table.get("budgets", {}))),
        )

    def codes(self, key: str, value: object, fixed: frozenset[str] = frozenset()) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            self.fail(key, 'should be a list of codes: ["CNN012"]')
        return check_codes(value, self.where(key), fixed)

    def severity(self, value: object) -> dict[str, Severity]:
        table = self.table("severity", value)
        check_codes(table, self.where("severity"), FIXED)
        return {code: parse_severity(text, self.where(f"severity.{code}")) for code, text in table.items()}

    def fail_on(self, value: object) -> str | None:
        if value not in (None, "error", "warning", "info", "never"):
            self.fail("fail-on", "should be error, warning, info or never")
        return None if value is None else str(value)

    def task(self, value: object) -> Task:
        from cnncalc.spec.models import NetworkFile
        from cnncalc.spec.validation import mistakes

        table = self.table("task", value)
        for path, message in mistakes(NetworkFile, {"task": table}):
            self.fail(path, message)
        task = NetworkFile.model_validate({"task": table}).task
        if task is None:
            raise AssertionError
        return task

    def budgets(self, value: object) -> Iterable[tuple[str, Budget]]:
        for key, entry in self.table("budgets", value).items():
            if isinstance(entry, dict):
                for figure, text in entry.items():
                    yield key, parse_budget(figure, text, self.where(f"budgets.{key}"))
            else:
                yield "**", parse_budget(key, entry, self.where("budgets"))

    def table(self, key: str, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.fail(key, "should be a table")
        return value

    def where(self, key: str) -> str:
        return f"{self.name}: tool.cnncalc.{key}"

    def fail(self, key: str, message: str) -> NoReturn:
        raise UsageError(f"{self.where(key)}: {message}")


def _table(path: str) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found, unused-ignore] # a dependency below 3.11 alone
    try:
        tools = tomllib.loads(_bytes(path).decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{os.path.relpath(path)}: {error}"
        raise UsageError(message) from None
    found = tools.get("cnncalc", {}) if isinstance(tools, dict) else {}
    if not isinstance(found, dict):
        message = f"{os.path.relpath(path)}: tool.cnncalc should be a table"
        raise UsageError(message)
    return found


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise UsageError(message) from None


def _regex(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression.

    >>> [bool(_regex("a/**/*.yaml").fullmatch(path)) for path in ("a/b.yaml", "a/b/c/d.yaml", "b/a/c.yaml")]
    [True, True, False]
    """
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
