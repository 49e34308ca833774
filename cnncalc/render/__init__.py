"""Reports for eyes: numbers are rounded here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.render.notebook import Html
    from cnncalc.report import Report

__all__ = ["html"]


def html(report: Report) -> Html:
    """The summary of a report as an HTML fragment; as the last value of a notebook's cell it shows itself.

    >>> import cnncalc
    >>> page = cnncalc.render.html(cnncalc.analyze("conv 8 k3 p1", input="3x32x32"))
    >>> "<td>8x32x32</td>" in page
    True
    """
    from cnncalc.render.notebook import page  # needed in notebooks only

    return page(report)
