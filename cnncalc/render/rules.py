"""`cnncalc rules`, `cnncalc explain CODE` and the page about all rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.lint.base import Rule
from cnncalc.render.table import Column, Table
from cnncalc.render.text import PROSE_WIDTH
from cnncalc.render.wide import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_EXAMPLE = re.compile(r"(Bad|Good)(?: \(([^)]*)\))?:[ ]*(.*)")
_GROUPS = (
    ("CNN00", "The network cannot be built, or is not what it should be"),
    ("CNN01", "Geometry"),
    ("CNN03", "What the network is for"),
    ("CNN04", "Architecture"),
    ("CNN9", "The file itself"),
)


def table(rules: Sequence[Rule]) -> Table[Rule]:
    """All codes: how bad, what the pattern is called, what is flagged."""
    return Table(
        title=f"{len(rules)} codes",
        columns=(
            Column(key="code", title="code", text=lambda rule: rule.code),
            Column(key="severity", title="severity", text=lambda rule: rule.severity.value, drop=2),
            Column(key="name", title="name", text=lambda rule: rule.name),
            Column(key="default", title="on", text=_default, drop=3),
            Column(key="summary", title="what it flags", text=_summary, drop=1, prose=True),
        ),
        rows=rules,
        notes=("`cnncalc explain CODE` prints the manual of one.",),
    )


def to_json(rules: Rule | Iterable[Rule]) -> str:
    """An object for a code, or an array of them."""
    from json import dumps

    return dumps(_entry(rules) if isinstance(rules, Rule) else [_entry(rule) for rule in rules], indent=1) + "\n"


def _entry(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "default": rule.default,
        "summary": rule.summary,
        "manual": rule.manual,
    }


def page(rule: Rule, *, width: int | None = None) -> str:
    """The manual of one code as plain text."""
    width = width or PROSE_WIDTH
    lines = [f"{rule.code} {rule.name} ({_kind(rule)})", ""]
    for paragraph in rule.manual.split("\n\n"):
        if _is_prose(paragraph):
            lines += wrapped(" ".join(paragraph.split("\n")), width)
        else:
            lines += paragraph.split("\n")
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def document(rules: Sequence[Rule]) -> str:
    """The page about all rules, in Markdown."""
    lines = [
        "# Rules",
        "",
        "Every code that `cnncalc check` gives, from the manuals in the code (`cnncalc explain CODE` prints one).",
        "This page is generated: `python docs/make_rules.py`.",
    ]
    for beginning, title in _GROUPS:
        members = [rule for rule in rules if rule.code.startswith(beginning)]
        if members:
            lines += ["", f"## {title}", "", "| code | severity | name |", "|---|---|---|"]
            lines += [f"| [{rule.code}](#{_anchor(rule)}) | {_kind(rule)} | {rule.name} |" for rule in members]
            for rule in members:
                lines += ["", f"### {rule.code} {rule.name}", "", *_markdown(rule)]
    return "\n".join(lines) + "\n"


def _markdown(rule: Rule) -> Iterator[str]:
    """The manual with its examples as code."""
    paragraphs = rule.manual.split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ""
        if _is_prose(paragraph):
            yield from paragraph.split("\n")
        elif not _EXAMPLE.match(paragraph):
            yield from ("```text", *_dedented(paragraph.split("\n")), "```")
        else:
            yield from _examples(paragraph.split("\n"))


def _examples(lines: list[str]) -> Iterator[str]:
    """Runs of `Bad: LINE` as one block, whole files as a block each."""
    block: list[str] = []
    below: list[str] = []

    def flush() -> Iterator[str]:
        if block:
            yield from ("```text", *block, "```")
            block.clear()
        if below:
            yield from ("```yaml", *_dedented(below), "```")
            below.clear()

    for line in lines:
        match = _EXAMPLE.match(line)
        if match is None:
            below.append(line)
            continue
        if below:
            yield from flush()
        if match[3]:
            block.append(line)
        else:
            yield from flush()
            yield f"{match[1]}:"
    yield from flush()


def _dedented(lines: list[str]) -> list[str]:
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return [line[indent:] for line in lines]


def _is_prose(paragraph: str) -> bool:
    return not paragraph.startswith((" ", "-")) and not _EXAMPLE.match(paragraph)


def _anchor(rule: Rule) -> str:
    return f"{rule.code.lower()}-{rule.name}"


def _kind(rule: Rule) -> str:
    return rule.severity.value + ("" if rule.default else ", off by default")


def _default(rule: Rule) -> str:
    return "yes" if rule.default else "no"


def _summary(rule: Rule) -> str:
    return rule.summary.rstrip(".")
