"""Findings with everything in them that the formats trip over."""

from __future__ import annotations

from cnncalc.errors import Edit, Finding, Frame, Location, Severity


def at(line: int = 4, column: int = 7, end: int | None = 9, file: str = "models/net.yaml") -> Location:
    return Location(file=file, line=line, column=column, end_column=end)


def finding(
    message: str = "the message",
    *,
    code: str = "CNN012",
    severity: Severity = Severity.WARNING,
    help: str | None = None,  # noqa: A002 - the word that users see
    place: Location | None = None,
    layer: str | None = None,
    stack: tuple[Frame, ...] = (),
    copies: int = 1,
    edits: tuple[Edit, ...] = (),
) -> Finding:
    return Finding(
        code=code,
        name="skipped-input",
        severity=severity,
        message=message,
        help=help,
        at=place or at(),
        layer=layer,
        stack=stack,
        copies=copies,
        edits=edits,
    )


NASTY = 'a, b: 100% <"c"> & \x1b d\r\ne ]]>'
FULL = finding(
    NASTY,
    severity=Severity.ERROR,
    help="first\nsecond",
    layer="layer1.0.conv1",
    stack=(Frame(block="basic", at=at(12, 5, None), layer="layer1", copy=0, copies=2),),
    copies=2,
    edits=(Edit(at=at(), replacement="k2"),),
)
