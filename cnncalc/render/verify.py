"""`cnncalc verify`: what is not as the spec says, one line each, and how much was compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.remarks import safe
from cnncalc.render.table import Column, Table
from cnncalc.render.units import exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.queries.mismatches import Mismatch
    from cnncalc.queries.verify import Total, Verification
    from cnncalc.report import Report

MOST_ROWS = 30
"""More differences are told by their number alone, if not all are asked for."""
_TITLES = {"macs": "MACs", "kernel_size": "kernel"}


def table(found: Verification, *, everything: bool = False) -> Table[Mismatch] | Table[Total]:
    """What differs in itself; with `everything` also what follows from that. The sums, where nothing does."""
    if not found.mismatches:
        return _sums(found)
    return differences(found, everything=everything)


def differences(found: Verification, *, everything: bool = False) -> Table[Mismatch]:
    """What differs; for machines, where nothing does, too."""
    own = [each for each in found.mismatches if not each.follows]
    rows = found.mismatches if everything else own[:MOST_ROWS]
    return Table(
        title=_title(found),
        columns=(
            Column(key="layer", title="layer", text=lambda row: row.layer or "network"),
            Column(
                key="what", title="what", text=lambda row: _TITLES.get(row.what, row.what), value=lambda row: row.what
            ),
            Column(key="spec", title="spec", text=lambda row: _text(row.spec), value=lambda row: row.spec),
            Column(key="model", title="model", text=lambda row: _text(row.model), value=lambda row: row.model),
            Column(key="at", title="at", text=lambda row: str(row.at) if row.at else "", drop=1),
            Column(key="follows", title="follows", text=lambda row: "true" if row.follows else "false", machine=True),
        ),
        rows=rows,
        facts=tuple(_facts(found, len(own), len(rows))),
    )


def _sums(found: Verification) -> Table[Total]:
    def number(figure: int, *, known: bool) -> str:
        return exact(figure) if known else f">= {exact(figure)}"

    return Table(
        title=_title(found),
        columns=(
            Column(key="figure", title="total", text=lambda row: _TITLES.get(row.figure, row.figure)),
            Column(key="spec", title="spec", text=lambda row: number(row.spec, known=row.known), right=True),
            Column(key="model", title="model", text=lambda row: number(row.model, known=row.known), right=True),
        ),
        rows=found.totals,
        facts=tuple(_facts(found, 0, 0)),
    )


def _title(found: Verification) -> str:
    return f"{_named(found.spec)} against {_named(found.model)}: {_verdict(found)}"


def _verdict(found: Verification) -> str:
    own = sum(not each.follows for each in found.mismatches)
    if found.folded and not own:
        return "the same but for folded norms"
    if found.is_match:
        return "they match"
    return "1 difference" if own == 1 else f"{exact(own)} differences"


def _facts(found: Verification, own: int, shown: int) -> Iterator[tuple[str, str]]:
    if shown < own:
        yield "not shown", f"{exact(own - shown)} more differences; --all lists them"
    following = [each for each in found.mismatches if each.follows]
    if following and shown <= own:
        layers = len({each.layer for each in following})
        yield "follow", f"{exact(len(following))} differences of {exact(layers)} layers behind these; --all lists them"
    if found.folded:
        norms = "1 batch norm" if found.folded == 1 else f"{exact(found.folded)} batch norms"
        yield "folded", f"the model has {norms} folded away, and was compared so; --folded takes that as right"
    yield "layers", f"{exact(found.matched)} compared, {exact(found.by_name)} of them by name"
    if found.mismatches:
        yield from ((_TITLES.get(total.figure, total.figure), _total(total)) for total in found.totals)
    if found.unknown:
        names = ", ".join(found.unknown[:3]) + (", .." if len(found.unknown) > 3 else "")  # noqa: PLR2004 - so many are shown
        yield "unknown", f"not compared where no figure is declared: {names}"
    if len(found.only) < 4:  # noqa: PLR2004 - all that can be compared
        yield "only", f"{', '.join(each.value for each in found.only)} compared"


def _total(total: Total) -> str:
    if not total.known:
        return f">= {exact(total.spec)} in the spec, >= {exact(total.model)} in the model: not compared"
    if total.spec == total.model:
        return f"{exact(total.spec)} in both"
    moved = total.model - total.spec
    change = f"{exact(abs(moved))} {'more' if moved > 0 else 'less'}"
    return f"{exact(total.spec)} in the spec, {exact(total.model)} in the model: {change}"


def _text(found: str) -> str:
    """A count in groups of three."""
    return exact(int(found)) if found.isdigit() else found


def _named(report: Report) -> str:
    return safe(report.source or report.name)
