"""`cnncalc check`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from cnncalc.cli.complete import codes, severities
from cnncalc.cli.options import Color, OutputFile, Reading
from cnncalc.errors import UsageError
from cnncalc.values import field, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.cli.checking import Plan
    from cnncalc.cli.options import Output
    from cnncalc.lint.config import Config
    from cnncalc.lint.outcome import Checked


class CheckFormat(str, Enum):
    """How findings are written."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    JSONL = "jsonl"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"


class Threshold(str, Enum):
    """From which severity on findings are a failure."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


@value
class Rules:
    """Which findings are wanted."""

    select: Annotated[
        list[str],
        typer.Option(
            "--select",
            metavar="CODES",
            help="Only these: CNN012,CNN03 (a beginning), all, default. Errors are always reported.",
            autocompletion=codes,
            show_default=False,
        ),
    ] = field(factory=list)
    ignore: Annotated[
        list[str],
        typer.Option("--ignore", metavar="CODES", help="All but these.", autocompletion=codes, show_default=False),
    ] = field(factory=list)
    severity: Annotated[
        list[str],
        typer.Option(
            "--severity",
            metavar="CODE=LEVEL",
            help="Make a code an error, a warning or an info.",
            autocompletion=severities,
            show_default=False,
        ),
    ] = field(factory=list)
    budget: Annotated[
        list[str],
        typer.Option(
            "--budget",
            metavar="FIGURE=MOST",
            help="Hold every network to it: params=5M, macs=600M, memory=64MiB.",
            show_default=False,
        ),
    ] = field(factory=list)
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Read [tool.cnncalc] there, not in the pyproject.toml of this folder or one above; none: nowhere.",
            show_default=False,
        ),
    ] = None
    marked_only: Annotated[
        bool, typer.Option("--marked-only", help="Skip named files without a `cnncalc:` key, too.")
    ] = False


@value
class Fixing:
    """Whether remedies are applied."""

    fix: Annotated[bool, typer.Option("--fix", help="Apply the remedies that are safe and exact to the files.")] = False
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, and change nothing.")] = False


@value
class Reporting:
    """What is printed, and when that is a failure."""

    format: Annotated[CheckFormat, typer.Option("--format", "-f", help="How to write the findings.")] = CheckFormat.TEXT
    fail_on: Annotated[
        Threshold | None,
        typer.Option(help="Exit 1 on findings of this severity or worse; error if not said.", show_default=False),
    ] = None
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever is found.")] = False
    statistics: Annotated[bool, typer.Option("--statistics", help="Print how often each code was found.")] = False
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", metavar="N", min=1, help="Processes; several for many files.", show_default=False),
    ] = None
    output: OutputFile = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No summary line.")] = False
    color: Annotated[Color, typer.Option("--color", help="When to use colour.")] = Color.AUTO
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False


def command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE", help="Files, folders, - for standard input, or layer lines.", show_default=False
        ),
    ],
    rules: Rules,
    fixing: Fixing,
    reading: Reading,
    reporting: Reporting,
) -> None:
    """Lint rules, `expect:` and budgets over files and folders; exit 1 where a finding is an error.

    Folders are searched for YAML files with a `cnncalc:` key that git does not ignore. `cnncalc rules` lists the rules,
    `cnncalc explain CNN012` says what one means.

      cnncalc check models/
      cnncalc check net.yaml --select CNN01 --fail-on warning
      cnncalc check . --format sarif --output cnncalc.sarif
      cnncalc check -i 3x32x32 'conv 8 k1 s2'
    """
    from cnncalc.cli import output as out
    from cnncalc.cli.files import expand
    from cnncalc.lint.outcome import all_findings, fails
    from cnncalc.render.check import problems

    config = _config(rules)
    plan = _plan(rules, reading, config, debug=reporting.debug)
    files, missing = expand(sources, marked_only=rules.marked_only)
    if fixing.fix or fixing.diff:
        changed = _fix(files, plan, fixing, reporting)
        if fixing.diff:
            raise typer.Exit(int(changed))
    checked = _checked(files, plan, reporting)
    findings = all_findings(checked)
    out.write(_written(checked, reporting), reporting.output)
    for line in (*(f"error: {text}" for text in missing), *problems(checked)):
        out.message(line)
    if any(each.crash is not None for each in checked):
        raise typer.Exit(3)
    if missing or any(each.problem is not None for each in checked):
        raise typer.Exit(2)
    threshold = reporting.fail_on.value if reporting.fail_on else config.fail_on if config else None
    if not reporting.exit_zero and fails(findings, threshold or "error"):
        raise typer.Exit(1)


def _checked(files: Sequence[str], plan: Plan, reporting: Reporting) -> list[Checked]:
    from cnncalc.cli.checking import check_all
    from cnncalc.cli.progress import watched_results

    return list(watched_results(files, check_all(files, plan, reporting.jobs)))


def _config(rules: Rules) -> Config | None:
    from cnncalc.lint.config import find, read

    if rules.config == "none":
        return None
    path = rules.config or find(".")
    return read(path) if path else None


def _plan(rules: Rules, reading: Reading, config: Config | None, *, debug: bool) -> Plan:
    import cnncalc.lint.rules  # noqa: F401 - so that their codes are known
    from cnncalc.cli.checking import Plan
    from cnncalc.lint.config import check_codes, parse_budget, parse_severity
    from cnncalc.lint.settings import FIXED, KEPT, Level

    severity = {}
    for text in rules.severity:
        code, equals, word = text.partition("=")
        if not equals:
            message = f"--severity {text}: write CODE=LEVEL, as in --severity CNN013=error"
            raise UsageError(message)
        check_codes([code], "--severity", FIXED)
        severity[code] = parse_severity(word, f"--severity {text}")
    budgets = []
    for text in rules.budget:
        key, equals, most = text.partition("=")
        if not equals:
            message = f"--budget {text}: write FIGURE=MOST, as in --budget params=5M"
            raise UsageError(message)
        budgets.append(parse_budget(key, most, "--budget"))
    select = check_codes(_split(rules.select), "--select")
    level = Level(select=select or None, ignore=check_codes(_split(rules.ignore), "--ignore", KEPT), severity=severity)
    return Plan(reading=reading, command=level, budgets=tuple(budgets), config=config, debug=debug)


def _split(texts: Sequence[str]) -> list[str]:
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def _written(checked: Sequence[Checked], reporting: Reporting) -> str:
    """The findings in the format that is asked for."""
    from cnncalc.lint.outcome import all_findings, statistics

    kind = reporting.format
    findings = all_findings(checked)
    sources = [each.source for each in checked if each.done]
    if kind in (CheckFormat.TEXT, CheckFormat.CONCISE):
        return _for_eyes(checked, reporting)
    if kind in (CheckFormat.JSON, CheckFormat.JSONL):
        from cnncalc.export.to_findings import to_json, to_jsonl

        counted = statistics(findings) if reporting.statistics else None
        return to_jsonl(findings) if kind is CheckFormat.JSONL else to_json(findings, len(sources), counted)
    if kind is CheckFormat.SARIF:
        from cnncalc.export.to_sarif import to_sarif

        return to_sarif(findings)
    if kind is CheckFormat.GITHUB:
        from cnncalc.export.to_github import to_github

        return to_github(findings)
    if kind is CheckFormat.GITLAB:
        from cnncalc.export.to_gitlab import to_gitlab

        return to_gitlab(findings)
    from cnncalc.export.to_junit import to_junit

    return to_junit(findings, sources)


def _for_eyes(checked: Sequence[Checked], reporting: Reporting) -> str:
    import sys

    from cnncalc.cli.output import colour_on
    from cnncalc.lint.outcome import all_findings, statistics
    from cnncalc.render import check

    findings = all_findings(checked)
    if reporting.statistics:
        text = check.statistics(statistics(findings))
    elif reporting.format is CheckFormat.CONCISE:
        text = check.lines(findings)
    else:
        text = check.frames(findings, checked, colour=colour_on(_output(reporting), sys.stdout))
    return text if reporting.quiet else text + check.summary(findings, checked)


def _output(reporting: Reporting) -> Output:
    """The part of the options that says where results go."""
    from cnncalc.cli.options import Output

    return Output(output=reporting.output, quiet=reporting.quiet, color=reporting.color, debug=reporting.debug)


def _fix(files: Sequence[str], plan: Plan, fixing: Fixing, reporting: Reporting) -> bool:
    """Apply the remedies, or show them; whether there were any."""
    from cnncalc.cli import output as out
    from cnncalc.cli.fixing import fix_files

    diffs, count = fix_files(files, plan, write=not fixing.diff)
    if fixing.diff:
        out.write("".join(diffs), reporting.output)
    if not reporting.quiet:
        verb = "would be" if fixing.diff else "was" if count == 1 else "were"
        remedies = "1 remedy" if count == 1 else f"{count} remedies"
        out.message(f"{remedies} {verb} applied to {len(diffs)} file{'' if len(diffs) == 1 else 's'}")
    return bool(diffs)
