"""CNN014: dilated windows that leave holes in the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.geometry.axis_field import AxisField
from cnncalc.geometry.window import AxisWindow
from cnncalc.lint.axes import sentence
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow, kept
from cnncalc.ops.refuse import axis_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.report import AxisReach, LayerReport, Report

_SHOWN = 8
"""So many dilations are listed."""
_RULE = "a dilation opens no hole up to the pixels seen before it, divided by the jump"


@rule("CNN014", Severity.WARNING)
def gridding(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """Dilations that leave holes in the receptive field, which no later layer fills.

    A window with dilation d reads every d-th unit; where a unit sees less than `d * jump` pixels, those between are
    never read, and neighbouring outputs depend on disjoint sets of pixels. Equal dilations, or ones with a common
    factor, keep the holes however many layers there are: 2, 2, 2 reads 7 of 13 pixels. No layer opens a hole whose
    dilation is at most (pixels seen before it) / jump: 1, 2, 4 or 1, 2, 5 with kernel 3. Reported once, at the last
    dilated layer, with the field at the end of the path; an info where the dilations stand side by side, as in ASPP,
    which samples sparsely on purpose (behind a backbone whose units see enough there are no holes).

    Bad: conv 8 k3 d2 p2 *3
    Good: conv 8 k3 p1 | conv 8 k3 d2 p2 | conv 8 k3 d4 p4
    Good: conv 8 k3 d2 p2 | conv 8 k3 p1

    Reference: Wang et al. 2018, arXiv:1702.08502, section 3.2 (hybrid dilated convolution); Yu, Koltun & Funkhouser
    2017, arXiv:1705.09914, section 4.
    """
    end = _reported(report).get(layer.name)
    if end is None:
        return
    way = [each for each in (*reversed(list(_back(report, end))), end) if _dilated(each)]
    yield Problem(
        message=f"{_holes(end.reach)}{'' if end is layer else f' at `{end.name}`'} ({_listed(way)})",
        help=_remedy(report, way, next(at for at, axis in enumerate(end.reach) if axis.touched < axis.rf)),
        option="dilation",
        severity=None if _chained(report, way) else Severity.INFO,
    )


@kept
def _reported(report: Report) -> dict[str, LayerReport]:
    """The layers at which holes are reported, with the layers at which their paths end."""
    if not any(_dilated(layer) and _holed(layer) for layer in report.layers):
        return {}
    readers = flow(report).readers
    filled: set[str] = set()
    ends: dict[str, tuple[str, ...]] = {}
    found: dict[str, LayerReport] = {}
    claimed: set[str] = set()
    for layer in reversed(report.layers):
        local = [each for each in readers[layer.name] if _is_local(each)]
        if not _holed(layer) or any(each.name in filled for each in local):
            filled.add(layer.name)
            continue
        own = tuple(dict.fromkeys(end for each in local for end in ends[each.name])) or (layer.name,)
        ends[layer.name] = own[:_SHOWN]
        if _dilated(layer) and not claimed.issuperset(own):
            claimed.update(own)
            found[layer.name] = flow(report).layers[own[0]]
    return found


def _is_local(layer: LayerReport) -> bool:
    return bool(layer.reach) and all(axis.phases is not None for axis in layer.reach)


def _holed(layer: LayerReport) -> bool:
    return _is_local(layer) and any(axis.touched < axis.rf for axis in layer.reach)


def _dilated(layer: LayerReport) -> bool:
    return layer.settings is not None and not layer.settings.transposed and max(layer.settings.dilation, default=1) > 1


def _back(report: Report, layer: LayerReport) -> Iterator[LayerReport]:
    """What a layer depends on, the last first."""
    known = flow(report)
    wanted = known.leading_to([layer.name]) - {layer.name}
    return (each for each in reversed(report.layers) if each.name in wanted)


def _holes(reach: Sequence[AxisReach]) -> str:
    facts: dict[tuple[int, int], list[str]] = {}
    for name, axis in zip(axis_names(len(reach)), reach, strict=True):
        facts.setdefault((axis.touched, axis.rf), []).append(name)
    return sentence(
        ("" if len(facts) == 1 else " and ".join(names), f"reads {touched:,} of the {rf:,} pixels of its field")
        for (touched, rf), names in facts.items()
        if touched < rf
    )


def _listed(way: Sequence[LayerReport]) -> str:
    all_ = [max(layer.settings.dilation) for layer in way if layer.settings]
    shown = ", ".join(f"{dilation:,}" for dilation in all_[:_SHOWN]) + (", ..." if len(all_) > _SHOWN else "")
    return f"dilation{'s' * (len(all_) > 1)} {shown} on the way"


def _chained(report: Report, way: Sequence[LayerReport]) -> bool:
    """Whether each of these layers depends on the one before it."""
    turns = {layer.name: turn for turn, layer in enumerate(way)}
    passed: dict[str, int] = {}
    for layer in report.layers:
        behind = max((passed.get(name, -1) for name in layer.inputs), default=-1)
        turn = turns.get(layer.name)
        if turn is not None and behind < turn - 1:
            return False
        passed[layer.name] = behind if turn is None else turn
    return True


def _remedy(report: Report, way: Sequence[LayerReport], at: int) -> str:
    """Dilations that leave no hole on this axis: each at most what is seen before it, tried on the chain alone."""
    first = way[0]
    source = flow(report).layers.get(first.inputs[0])
    field = next(iter(source.fields.values())).axes[at] if source and source.fields else AxisField.source()
    if field.touched < field.rf or not field.shift or field.period > 1:
        return _RULE
    limit = max(field.rf // field.shift, 1)
    chained = _chained(report, way)
    dilations = []
    for layer in way:
        if layer.settings is None or not field.shift or not chained:
            break
        kernel_size, stride = layer.settings.kernel_size[at], layer.settings.stride[at]
        dilations.append(min(layer.settings.dilation[at], max(field.rf // field.shift, 1)))
        field = field.through(AxisWindow(kernel_size=kernel_size, stride=stride, dilation=dilations[-1]), 1, 1)
    if len(dilations) < len(way) or field.touched < field.rf:
        return f"{_RULE}: {limit:,} at `{first.name}`"
    alone = f"dilation{'s' * (len(way) > 1)} {', '.join(map(str, dilations))}"
    return f"{alone} leave{'s' * (len(way) == 1)} none: {_RULE}"
