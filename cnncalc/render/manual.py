"""`cnncalc ops` and `cnncalc explain OP`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.queries.manual import Manual
from cnncalc.render.table import Column, Table
from cnncalc.render.text import PROSE_WIDTH, fact_lines
from cnncalc.render.wide import wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.queries.manual import Option


def table(ops: Sequence[Manual]) -> Table[Manual]:
    """All ops: how they are written, what they are, what else they take."""
    return Table(
        title=f"{len(ops)} ops",
        columns=(
            Column(key="op", title="op", text=lambda op: op.op),
            Column(key="usage", title="written", text=lambda op: op.usage, drop=2),
            Column(
                key="summary", title="what it is", text=lambda op: op.summary, short=_first_words, drop=1, prose=True
            ),
            Column(key="options", title="options", text=_options, drop=4),
            Column(key="synonyms", title="also", text=lambda op: ", ".join(op.synonyms), drop=3),
        ),
        rows=ops,
        notes=("`cnncalc explain OP` prints the manual of one. N stands for a number per axis: k3, k3x5.",),
    )


def to_json(ops: Manual | Sequence[Manual]) -> str:
    """An object for an op, or an array of them; `default` is null where an option must be given."""
    from json import dumps

    return dumps(_entry(ops) if isinstance(ops, Manual) else [_entry(op) for op in ops], indent=1) + "\n"


def page(manual: Manual, *, width: int | None = None) -> str:
    """The manual of one op as plain text."""
    width = width or PROSE_WIDTH
    lines = [manual.usage, ""]
    for paragraph in manual.text.rstrip().split("\n\n"):
        verbatim = paragraph.startswith((" ", "-"))
        lines += paragraph.split("\n") if verbatim else wrapped(" ".join(paragraph.split("\n")), width)
        lines.append("")
    if manual.options:
        lines += ["Options:", *fact_lines([(option.written, _told(option)) for option in manual.options], width), ""]
    if manual.synonyms:
        lines += wrapped(f"Also written: {', '.join(manual.synonyms)}.", width)
    return "\n".join(lines).rstrip("\n") + "\n"


def _entry(op: Manual) -> dict[str, object]:
    options = [
        {"name": each.name, "written": each.written, "default": each.default, "description": each.text}
        for each in op.options
    ]
    return {
        "op": op.op,
        "usage": op.usage,
        "summary": op.summary,
        "manual": op.text,
        "options": options,
        "synonyms": [*op.synonyms],
    }


def _told(option: Option) -> str:
    name = "" if option.written.startswith(option.name) else f"{option.name}: "
    default = "Must be given." if option.default is None else f"Default: {option.default}."
    return f"{name}{option.text} {default}"


def _options(op: Manual) -> str:
    return " ".join(option.written for option in op.options if option.default is not None)


def _first_words(op: Manual) -> str:
    """The summary up to its formula or its first stop."""
    ends = [at for mark in (": ", ", `", ". ") if (at := op.summary.find(mark)) > 0]
    return op.summary[: min(ends)] if ends else op.summary.rstrip(".")
