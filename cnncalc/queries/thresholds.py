"""`--fail-if params+5%`: how much a figure may move from one network to another."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.spec.quantities import QuantityError, amount
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.queries.diff import Difference

FIGURES = ("params", "buffers", "macs", "flops", "activations", "memory", "weights", "peak", "training", "layers")
FINDINGS = "findings"
_BYTES = frozenset({"memory", "weights", "peak", "training"})
_FORM = re.compile(r"([a-z]+)\s*([+-])\s*([0-9][^%\s]*)\s*(%?)")


@value
class Threshold:
    """A figure may grow (`+`) or shrink (`-`) by so much and no more."""

    figure: str
    grows: bool
    amount: int | Fraction
    percent: bool
    text: str

    def holds(self, difference: Difference) -> bool:
        """Whether the figure moved no further; a partial one never holds."""
        if self.figure == FINDINGS:
            return len(difference.new_findings if self.grows else difference.gone_findings) <= self.amount
        delta = difference.delta(self.figure)
        moved = delta.change if self.grows else -delta.change
        allowed = Fraction(self.amount) * (Fraction(delta.before, 100) if self.percent else 1)
        return not delta.partial and moved <= allowed


def threshold(text: str) -> Threshold:
    """Read a threshold; UsageError where it is none.

    >>> threshold("params+5%").amount, threshold("memory+1MiB").amount
    (5, 1048576)
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        message = f"--fail-if {text}: should be FIGURE+AMOUNT, as in params+5%, macs+10M, memory+1MiB, findings+0"
        raise UsageError(message)
    figure, sign, number, per_cent = found.groups()
    if figure not in (*FIGURES, FINDINGS):
        from cnncalc.spec.suggest import did_you_mean  # needed for mistakes only

        help_ = did_you_mean(figure, (*FIGURES, FINDINGS)) or f"there are {', '.join((*FIGURES, FINDINGS))}"
        message = f"--fail-if {text}: unknown figure `{figure}`; {help_}"
        raise UsageError(message)
    if per_cent and figure == FINDINGS:
        message = f"--fail-if {text}: findings are counted, as in findings+0"
        raise UsageError(message)
    try:
        how_much = amount(number, in_bytes=figure in _BYTES and not per_cent)
    except QuantityError as error:
        help_ = f"; {error.help}" if error.help else ""
        raise UsageError(f"--fail-if {text}: {error.message}{help_}") from error
    return Threshold(figure=figure, grows=sign == "+", amount=how_much, percent=bool(per_cent), text=text)
