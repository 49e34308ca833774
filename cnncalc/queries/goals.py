"""What a solution has to reach, and by how much a candidate misses it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.errors import UsageError, counted
from cnncalc.spec.quantities import AxisQuantity, QuantityError, amount
from cnncalc.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.geometry.shape import TensorShape
    from cnncalc.queries.figures import Figures
    from cnncalc.report import LayerReport, Report

_GOALS = "--same, --halve, --shape 64x32x32, --rf 200..220, --max-params 1M, --max-macs 100M"


@value
class Miss:
    """A goal that a candidate does not reach."""

    text: str
    """What was found instead of what."""
    gap: Fraction
    """Relative to what was wanted; what is nearest is the smallest sum of these."""


@value
class Goals:
    """All have to hold."""

    at: str | None = None
    """The name that shapes and fields are asked of; None: the output, for fields the last layer that has a map."""
    shape: tuple[int | None, ...] | None = None
    """Channels and sizes; None is any number."""
    same: bool = False
    """The sizes stay as they are."""
    halve: bool = False
    """The sizes are halved; an odd one may be rounded either way."""
    rf: AxisQuantity | None = None
    max_params: int | None = None
    max_macs: int | None = None

    @property
    def budgets_only(self) -> bool:
        """Nothing but upper bounds on cost: what is wanted is the most that fits."""
        return not (self.shape or self.same or self.halve or self.rf)

    def __str__(self) -> str:
        where = f" at {self.at}" if self.at else ""
        shape = "x".join("?" if size is None else str(size) for size in self.shape or ())
        parts = [
            *([f"shape {shape}{where}"] if shape else []),
            *([f"same sizes{where}"] if self.same else []),
            *([f"half the sizes{where}"] if self.halve else []),
            *([f"rf {self.rf}{where}"] if self.rf else []),
            *([f"at most {self.max_params:,} params"] if self.max_params is not None else []),
            *([f"at most {self.max_macs:,} MACs"] if self.max_macs is not None else []),
        ]
        return ", ".join(parts)

    def shape_misses(self, before: TensorShape, after: TensorShape) -> Iterator[Miss]:
        """Of `shape`, `same` and `halve`; the sizes before are those of the input that is compared with."""
        found = (after.channels, *after.sizes)
        if self.shape is not None:
            yield from _miss("shape", found, [(size, size) for size in self.shape])
        if self.same:
            yield from _miss("size", found[1:], [(size, size) for size in before.sizes])
        if self.halve:
            yield from _miss("size", found[1:], [(size // 2, -(-size // 2)) for size in before.sizes])

    def cost_misses(self, figures: Figures, batch: int) -> Iterator[Miss]:
        """Of the upper bounds; a figure that is not known holds none."""
        for what, most, found in (
            ("params", self.max_params, figures.params),
            ("MACs", self.max_macs, batch * figures.macs),
        ):
            if most is None:
                continue
            if what.lower() in figures.unknown:
                yield Miss(text=f"{what} are partial: a custom op does not declare its own", gap=Fraction(1))
            elif found > most:
                yield Miss(
                    text=f"{found:,} {what}, {found - most:,} too many", gap=Fraction(found - most, max(most, 1))
                )

    def field_misses(self, report: Report) -> Iterator[Miss]:
        """Of `rf`."""
        if self.rf is None:
            return
        row = field_row(report, self.at)
        if row is None:
            yield Miss(text="no layer has a map whose field could be compared", gap=Fraction(1))
            return
        found = [axis.rf for axis in row.reach]
        bounds = self.rf.axes * len(found) if len(self.rf.axes) == 1 else self.rf.axes
        if len(bounds) != len(found):
            yield Miss(text=f"rf has {counted(len(found), 'axis')}, not {len(bounds)}", gap=Fraction(len(found)))
            return
        wanted = [(bound.low, bound.high) for bound in bounds]
        yield from _miss("rf", found, wanted)


def read_goals(  # noqa: PLR0913 - a keyword for each goal
    *,
    at: str | None = None,
    shape: str | Sequence[int | None] | None = None,
    same: bool = False,
    halve: bool = False,
    rf: str | int | None = None,
    max_params: str | int | None = None,
    max_macs: str | int | None = None,
) -> Goals:
    """Goals as they are written; UsageError where one cannot be read or there is none."""
    if not (shape or same or halve) and rf is None and max_params is None and max_macs is None:
        message = f"say what to reach: {_GOALS}"
        raise UsageError(message)
    if same and halve:
        message = "--same and --halve exclude each other"
        raise UsageError(message)
    try:
        fields = None if rf is None else AxisQuantity.parse(rf)
    except QuantityError as error:
        raise _refusal("--rf", rf, error) from error
    return Goals(
        at=at,
        shape=_shape(shape) if shape else None,
        same=same,
        halve=halve,
        rf=fields,
        max_params=_most("--max-params", max_params),
        max_macs=_most("--max-macs", max_macs),
    )


def field_row(report: Report, at: str | None) -> LayerReport | None:
    """The layer whose field is compared: that of a name, else the last one that has a map."""
    if at is not None:
        scope = report.scopes.get(at)
        return report.layers[scope.output_layer] if scope and scope.output_layer >= 0 else None
    rows = (row for row in reversed(report.layers) if row.reach)
    return next((row for row in rows if all(axis.phases is not None for axis in row.reach)), None)


def _miss(what: str, found: Sequence[int], wanted: Sequence[tuple[object, object]]) -> Iterator[Miss]:
    """At most one miss, over all axes."""
    shown = "x".join(map(str, found)) or "no map"
    if len(found) != len(wanted):
        yield Miss(
            text=f"{what} {shown} has {counted(len(found), 'number')}, not {len(wanted)}", gap=Fraction(len(wanted) + 1)
        )
        return
    gap, notes = Fraction(0), []
    for number, (low, high) in zip(found, wanted, strict=True):
        if isinstance(low, (int, Fraction)) and number < low:
            gap += Fraction(low - number) / low
            notes.append(f"{low - number} too few")
        elif isinstance(high, (int, Fraction)) and number > high:
            gap += Fraction(number - high) / max(high, 1)
            notes.append(f"{number - high} too many")
        else:
            notes.append("right")
    if gap:
        alike = len(set(notes)) == 1
        yield Miss(text=f"{what} {shown}: {notes[0] if alike else ', '.join(notes)}", gap=gap)


def _shape(shape: str | Sequence[int | None]) -> tuple[int | None, ...]:
    parts: Sequence[object] = shape.split("x") if isinstance(shape, str) else shape
    sizes = [None if part in ("?", None) else part for part in parts]
    whole = [str(size) for size in sizes if size is not None]
    if len(sizes) > 4 or not all(text.isascii() and text.isdigit() and text[0] != "0" for text in whole):  # noqa: PLR2004
        shown = shape if isinstance(shape, str) else "x".join("?" if part is None else str(part) for part in shape)
        message = f"--shape {shown}: should be channels x sizes, with ? for any number, as in 64x56x56 or ?x56x56"
        raise UsageError(message)
    return tuple(None if size is None else int(str(size)) for size in sizes)


def _most(option: str, text: str | int | None) -> int | None:
    if text is None:
        return None
    try:
        return int(amount(str(text).removeprefix("max ").strip()))
    except QuantityError as error:
        raise _refusal(option, text, error) from error


def _refusal(option: str, text: object, error: QuantityError) -> UsageError:
    return UsageError(f"{option} {text}: {error.message}" + (f"; {error.help}" if error.help else ""))
