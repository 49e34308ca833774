"""CNN049: padding that is not the task's boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.window import Boundary
from cnncalc.lint.axes import option_of
from cnncalc.lint.base import Problem, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report


@rule("CNN049", Severity.WARNING)
def boundary_mismatch(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """Padding that is not the boundary that `task.boundary` states.

    A periodic simulation box wants circular padding, a panorama circular columns, a mirrored or smooth border reflect
    or replicate. Zeros there make an edge that the data do not have, and the error spreads inwards by the padding of
    every further layer. Checked are the layers that can be told: `conv`, `dwconv`, `sepconv`, `blurpool` and `pad`.

    Alsallakh et al. 2021, "Mind the Pad: CNNs can Develop Blind Spots" (arXiv:2010.02178).

    Bad:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k3 p1 relu]
        task: {boundary: circular}

    Good:
        cnncalc: 1
        input: 3x64x64
        layers: [conv 8 k3 p1 circular relu]
        task: {boundary: circular}
    """
    task = report.spec.task
    if task is None or task.boundary is None or layer.settings is None:
        return
    mode = option_of(layer, "padding_mode")
    most = max((max(sides) for sides in layer.settings.padding), default=0)
    if not isinstance(mode, Boundary) or mode is task.boundary or most <= 0:
        return
    wanted = task.boundary.value
    limit = min(layer.input_shapes[0][1:]) - (task.boundary is Boundary.REFLECT)
    fits = task.boundary in (Boundary.ZEROS, Boundary.REPLICATE) or most <= limit
    yield Problem(
        message=f"pads {most} with {mode.value}, the boundary of the task is {wanted}",
        help=f"write `{wanted}`" if fits else f"write `{wanted}` and pad at most {limit} here",
        option="padding_mode" if "padding_mode" in layer.places else "padding",
    )
