"""`task.sizes`: every size is tried, and the first at which the network cannot be built is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import build
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.errors import Finding
    from cnncalc.report import Report, Shape


def size_findings(report: Report) -> Iterator[Finding]:
    """The first error at the first size that fails; how many of all sizes fail stands in the message.

    A size is that of every spatial axis of the first input; other inputs keep their ratio to it.
    """
    task = report.spec.task
    if task is None or not task.sizes:
        return
    failing: list[tuple[int, Finding]] = []
    for wanted in task.sizes:
        inputs = _resized(report, wanted)
        if inputs is None:
            continue
        built = build(replace(report.spec, inputs=inputs))
        error = next((each for each in built.findings if each.severity is Severity.ERROR), None)
        if error is not None:
            failing.append((wanted, error))
    if failing:
        wanted, error = failing[0]
        more = f", the first of {len(failing)} that fail" if len(failing) > 1 else ""
        yield replace(error, message=f"{error.message} (at input size {wanted} of `task.sizes`{more})")


def _resized(report: Report, wanted: int) -> dict[str, TensorShape] | None:
    """The inputs at that size; None where another input would not have a whole size."""
    first: Shape = next(iter(report.inputs.values()))
    inputs: dict[str, TensorShape] = {}
    for name, (channels, *sizes) in report.inputs.items():
        scaled = []
        for number, own in enumerate(sizes):
            base = first[1 + min(number, len(first) - 2)]
            part, rest = divmod(own * wanted, base)
            if name == next(iter(report.inputs)):
                part, rest = wanted, 0
            if rest or part < 1:
                return None
            scaled.append(part)
        inputs[name] = TensorShape(channels, tuple(scaled))
    return inputs
