"""What a cell says of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.table import per_axis
from cnncalc.render.units import count, decimal, exact, fraction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.report import AxisReach, LayerReport

NOTHING = "-"
"""Does not apply."""
UNKNOWN = "?"
"""A figure that a `custom` op leaves undeclared."""


def shape(sizes: Sequence[int]) -> str:
    """Channels and sizes: `64x56x56`."""
    return "x".join(map(str, sizes))


def inputs(row: LayerReport) -> str:
    """The input shapes, once if they are equal."""
    shapes = list(dict.fromkeys(map(shape, row.input_shapes)))
    if len(shapes) == 1 and len(row.input_shapes) > 1:
        return f"{shapes[0]} ({len(row.input_shapes)} times)"
    return " + ".join(shapes)


def padding(pairs: Sequence[tuple[int, int]]) -> str:
    """Before and after of every axis, as on a layer line: `3`, `1x0`, `0/1`."""
    return per_axis([str(before) if before == after else f"{before}/{after}" for before, after in pairs])


def params(row: LayerReport, number: int) -> str:
    """A figure that follows from the parameters; weights that are another layer's count there."""
    if "params" in row.unknown:
        return UNKNOWN
    return f"{exact(number)} (shared)" if row.shares else exact(number)


def params_short(row: LayerReport, number: int) -> str:
    """`params` with fewer digits."""
    if "params" in row.unknown:
        return UNKNOWN
    return f"{count(number)} (s)" if row.shares else count(number)


def macs(row: LayerReport, number: int) -> str:
    """A figure that follows from the multiply-accumulates."""
    return UNKNOWN if "macs" in row.unknown else exact(number)


def macs_short(row: LayerReport, number: int) -> str:
    """`macs` with fewer digits."""
    return UNKNOWN if "macs" in row.unknown else count(number)


def rf(row: LayerReport) -> str:
    """Extent of the field, from..to where it varies with the position, and what else is to be known about it."""
    if not row.reach:
        return NOTHING
    marks = [word for word, _ in marks_of(row)]
    text = per_axis([extents(axis) for axis in row.reach])
    return f"{text} ({', '.join(marks)})" if marks else text


def rf_short(row: LayerReport) -> str:
    """`rf` with letters for words."""
    if not row.reach:
        return NOTHING
    letters = [letter for _, letter in marks_of(row)]
    text = per_axis([extents(axis) for axis in row.reach])
    return f"{text} ({','.join(letters)})" if letters else text


def marks_of(row: LayerReport) -> list[tuple[str, str]]:
    """Word and letter of all that the number alone would hide."""
    marks = []
    if row.is_global and not is_reduced(row):
        marks.append(("+ global", "+g"))
    if any(axis.touched < axis.rf for axis in row.reach) and not is_reduced(row):
        marks.append(("holes", "h"))
    if is_tabled(row):
        marks.append(("at this size", "n"))
    return marks


def is_reduced(row: LayerReport) -> bool:
    """The map itself is gone: the field is the union over it."""
    return any(axis.phases is None for axis in row.reach)


def is_tabled(row: LayerReport) -> bool:
    """The fields follow no period and hold for this input size only."""
    field = next(iter(row.fields.values()), None)
    return field is not None and any(axis.shift is None and not axis.reduced for axis in field.axes)


def varies(row: LayerReport) -> bool:
    """Units at different positions see fields of different extent."""
    return any(axis.phases is not None and len(axis.phases) > 1 for axis in row.reach)


def jump(row: LayerReport) -> str:
    """Input pixels from one unit to the next."""
    return per_axis([NOTHING if axis.jump is None else fraction(axis.jump) for axis in row.reach])


def start(row: LayerReport) -> str:
    """Centre of the field of the first unit; the first pixel has its centre at 0.5."""
    return per_axis([NOTHING if axis.start is None else fraction(axis.start) for axis in row.reach])


def touched(row: LayerReport) -> str:
    """Pixels that are really read, of how many."""
    return _worded(["all" if axis.touched == axis.rf else f"{axis.touched} of {axis.rf}" for axis in row.reach])


def phases(row: LayerReport) -> str:
    """How many phases the field has; where its extent varies, how many have which."""
    return _worded([_phases(axis) for axis in row.reach])


def sigma(row: LayerReport) -> str:
    """Standard deviation of the influence, in pixels."""
    return per_axis([NOTHING if axis.erf_sigma is None else decimal(axis.erf_sigma) for axis in row.reach])


def extents(axis: AxisReach) -> str:
    """Size of the field on one axis, from-to where it varies."""
    if axis.phases is None or len(axis.phases) <= 1:
        return str(axis.rf)
    extents = [extent for extent, _ in axis.phases]
    return f"{min(extents)}-{max(extents)}"


def _worded(texts: Sequence[str]) -> str:
    """Texts of all axes, set apart where they are more than a word: `188 in 4, 204 in 12 x all`."""
    return per_axis(texts) if len({*texts}) < 2 or not any(" " in text for text in texts) else " x ".join(texts)  # noqa: PLR2004 - equal texts stand once


def _phases(axis: AxisReach) -> str:
    if axis.phases is None:
        return NOTHING
    if len(axis.phases) == 1:
        return str(axis.phases[0][1])
    return ", ".join(f"{extent} in {times}" for extent, times in axis.phases)
