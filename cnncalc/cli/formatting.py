"""`export --to spec`: the formatted text of a source, proven to be the same network before it is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cnncalc.cli.sources import LINE
from cnncalc.errors import Location, Severity, UsageError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.cli.options import Reading
    from cnncalc.report import Report

_NOWHERE = Location(file="", line=1, column=1)


def spec_text(report: Report, reading: Reading) -> str:
    """The text of the spec in its normal layout; UsageError where it cannot be, or would not be the same network."""
    from cnncalc.export.to_spec import formatted, line_to_spec

    spec = report.spec
    if spec.source == LINE:
        text = line_to_spec(spec)
    elif not spec.text:
        message = f"{spec.source} is no spec file, which is all that can be formatted"
        raise UsageError(message)
    else:
        text = formatted(spec.text)
        if _characters(text) != _characters(spec.text):
            raise _changed(spec.source)
    named = "name" in spec.places
    if _meaning(_read(text, report), named=named) != _meaning(report, named=named):
        if reading.input or reading.set or reading.batch is not None or reading.dtype is not None:
            message = "--to spec formats the file as it is: --input, --batch, --dtype and --set change nothing in it"
            raise UsageError(message)
        raise _changed(spec.source)
    return text


def _changed(source: str) -> UsageError:
    return UsageError(f"{source}: its layout cannot be changed without changing what it says; nothing is written")


def _characters(text: str) -> Counter[str]:
    """All but the spaces: nothing is lost, comments neither."""
    return Counter("".join(text.split()))


def _read(text: str, report: Report) -> Report:
    from cnncalc.engine import analyze
    from cnncalc.graph import build
    from cnncalc.spec.reader import parse

    made = analyze(build(parse(text, source="formatted.yaml")), optimizer=report.optimizer)
    if any(found.severity is Severity.ERROR for found in made.findings):
        raise _changed(report.source)
    return made


def _meaning(report: Report, *, named: bool) -> tuple[object, ...]:
    """Everything that a network says but where it stands, and what it is called after its file."""
    from cnncalc.export.to_json import to_json

    spec = report.spec
    rows = tuple([replace(row, at=_NOWHERE, places={}, stack=()) for row in report])
    document = to_json(replace(report, layers=rows, findings=(), source="", name=report.name if named else ""))
    ignores = sorted(comment.text for comment in spec.comments)
    variables = {name: variable.value for name, variable in spec.variables.items()}
    return document, spec.task, spec.expect, spec.lint, ignores, variables, tuple(spec.blocks)
