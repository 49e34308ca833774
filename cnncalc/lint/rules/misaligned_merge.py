"""CNN015: merges of maps that do not look at the same places."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.field import Field
from cnncalc.geometry.window import PaddingWord
from cnncalc.lint.axes import distance, number, option_of, sentence
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow, kept
from cnncalc.ops.refuse import axis_names
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.geometry.axis_field import AxisField
    from cnncalc.report import LayerReport, Report


@rule("CNN015", Severity.WARNING)
def misaligned_merge(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """A merge of branches whose units look at different places of the input.

    Unit `u` of a branch is centred at `start + u*jump`. Branches that are added or concatenated with other starts mix
    what lies so many pixels apart, at every position; with other jumps they drift apart from one side to the other.
    Typical causes: an even kernel at stride 1 on one path, up-sampling beside a map of strided 3x3 convolutions (half
    a unit of the coarser map, at every level of a feature pyramid), a crop that is not centred. Apart by less than
    half a unit of the merged map it is an info. Causal branches are compared by the last pixel they see.

    Bad: res(conv 8 k2 p0/1)
    Good: res(conv 8 k3 p1)
    Bad: e: identity | conv 8 k3 s2 p1 | upsample 2 | concat e
    Good: e: identity | maxpool 2 | upsample 2 | concat e
    Good: res(conv 8 k2 causal)

    Reference: Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", Distill,
    doi:10.23915/distill.00021 (start and alignment of paths).
    """
    inference = layer.inferences[0] if len(layer.inferences) == 1 else None
    if inference is None or inference.merge is None:
        return
    branches = [_branch(layer, report, index) for index in range(len(layer.inputs))]
    if all(branch is branches[0] for branch in branches):
        return
    found: dict[str, _Apart] = {}
    for name, first in branches[0].items():
        for other, branch in zip(layer.inputs[1:], branches[1:], strict=True):
            if name in branch:
                _compare(layer, report, (layer.inputs[0], first), (other, branch[name]), found)
    if not found:
        return
    ndim = len(layer.output_shape) - 1
    groups: dict[_Apart, list[str]] = {}
    for axis, apart in found.items():
        groups.setdefault(apart, []).append(axis)
    labelled = [("" if len(axes) == ndim else " and ".join(axes), apart) for apart, axes in groups.items()]
    serious = any(apart.units is None or abs(apart.units) >= Fraction(1, 2) for _, apart in labelled)
    yield Problem(
        message=sentence((label, apart.text) for label, apart in labelled),
        help=sentence((label, _remedy(apart)) for label, apart in labelled),
        severity=None if serious else Severity.INFO,
    )


@value
class _Apart:
    """How far two branches are apart on an axis."""

    text: str
    units: Fraction | None
    """Of the merged map, the second branch minus the first; None where the jumps differ."""
    second: str


def _branch(layer: LayerReport, report: Report, index: int) -> dict[str, Field]:
    """What an input of a merge sees, by network input, as the merge reads it."""
    name = layer.inputs[index]
    source = flow(report).layers.get(name)
    shape = layer.input_shapes[index]
    fields = dict(source.fields) if source else {name: Field.source(len(shape) - 1)}
    reads = layer.inferences[0].reads
    own = reads[index] if index < len(reads) else None
    if own is None:
        return fields
    return {key: field.through(own, shape[1:], layer.output_shape[1:]) for key, field in fields.items()}


def _compare(
    layer: LayerReport, report: Report, one: tuple[str, Field], other: tuple[str, Field], found: dict[str, _Apart]
) -> None:
    """Note the first difference on each axis."""
    (first, field), (second, field2) = one, other
    if field is field2 or field.grid is not None or field2.grid is not None:
        return
    names = axis_names(len(field.axes))
    for name, axis, axis2, units in zip(names, field.axes, field2.axes, layer.output_shape[1:], strict=False):
        if name in found or axis is axis2 or not (axis.is_local and axis2.is_local):
            continue
        apart = _apart((first, axis), (second, axis2), units, causal=_is_causal(report))
        if apart is not None:
            found[name] = apart


def _apart(one: tuple[str, AxisField], other: tuple[str, AxisField], units: int, *, causal: bool) -> _Apart | None:
    (first, axis), (second, axis2) = one, other
    start, start2, jump, jump2 = axis.start, axis2.start, axis.jump, axis2.jump
    if start is None or start2 is None or jump is None or jump2 is None or (causal and _end(axis) == _end(axis2)):
        return None
    offset, units_apart, text = start2 - start, None, ""
    if axis.shift is None or axis2.shift is None:  # tables move about: only what is half a unit and more counts
        worst = max((offset, offset + (jump2 - jump) * (units - 1)), key=abs)
        if 2 * abs(worst) >= min(jump, jump2):
            text = f"`{first}` and `{second}` are centred up to {distance(abs(worst))} apart"
    elif jump != jump2:
        text = f"neighbours are {distance(jump)} apart in `{first}`, {number(jump2)} in `{second}`"
    elif offset:
        units_apart = offset / jump
        text = (
            f"`{first}` and `{second}` are centred {distance(abs(offset))} apart "
            f"({number(start)} and {number(start2)}, jump {number(jump)})"
        )
    return _Apart(text=text, units=units_apart, second=second) if text else None


def _end(axis: AxisField) -> Fraction | int | None:
    """One past the last pixel that unit 0 sees, over all phases."""
    if axis.shift is None:
        return None
    jump = Fraction(axis.shift, axis.period)
    return max(end - phase * jump for phase, end in enumerate(axis.ends))


@kept
def _is_causal(report: Report) -> bool:
    """Whether the network pads causally anywhere, or says that its task is causal."""
    task = report.spec.task
    if task is not None and task.causal:
        return True
    return any(option_of(layer, "padding") is PaddingWord.CAUSAL for layer in report.layers)


def _remedy(apart: _Apart) -> str:
    units = apart.units
    if units is None:
        return "let both paths have the same strides, and the same whole factors of up-sampling"
    if units.denominator == 1:
        by = abs(int(units))
        path = f"pad {by}/0 | crop 0/{by}" if units > 0 else f"pad 0/{by} | crop {by}/0"
        return f"`{path}` behind `{apart.second}` moves it by {by:,} unit{'s' * (by > 1)}"
    return (
        "odd kernels at stride 1, kernels that differ from the stride by an even number (`k4 s2 p1`, `maxpool 2`) "
        "and evenly split padding keep centres in place"
    )
