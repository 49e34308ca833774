"""A report, counted by a convention."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cnncalc.conventions.base import MAC, Convention, ConventionCount, TermCount, Variant
from cnncalc.conventions.table import CONVENTIONS
from cnncalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import Report


def count(report: Report, convention: str) -> ConventionCount:
    """Sum over the terms of an identity of factor x elements, for the whole batch.

    Raises UsageError where no convention has that name.
    """
    how = CONVENTIONS.get(convention)
    if how is None:
        message = f"unknown convention {convention!r}; there are {', '.join(CONVENTIONS)}"
        raise UsageError(message)
    counts = _ledger(report)
    terms = tuple(
        TermCount(
            label=term.label,
            factor=term.factor,
            elements=report.batch * sum(counts[key] for key in term.keys),
        )
        for term in how.terms
    )
    value = sum(term.value for term in terms)
    variants = tuple(
        Variant(text=style.text, value=value + report.batch * change)
        for style in how.styles
        if (change := style.change(report))
    )
    caveats = tuple(_caveats(report, how, variants))
    return ConventionCount(
        convention=how, value=value, terms=terms, caveat="; ".join(caveats) or None, variants=variants
    )


def _ledger(report: Report) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in report.layers:
        for inference in row.inferences:
            counts.update(inference.ledger)
            counts[MAC] += inference.macs
    return counts


def _caveats(report: Report, how: Convention, variants: tuple[Variant, ...]) -> Iterator[str]:
    if variants:
        other = ", ".join(f"{variant.value:,} where {variant.text}" for variant in variants)
        yield f"{how.name} depends on how the network is programmed: {other}"
    present = {row.op for row in report.layers} | {
        key for row in report.layers for inference in row.inferences for key in inference.ledger
    }
    unlisted = sorted(how.unlisted & present)
    if unlisted:
        yield f"the identity was not proven with {', '.join(unlisted)}"
    unknown = [row.name for row in report.layers if "macs" in row.unknown]
    if unknown:
        yield f"the MACs of {', '.join(unknown)} are not declared and count as 0"
