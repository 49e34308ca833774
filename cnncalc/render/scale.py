"""`cnncalc scale`: a table over a sweep, with a bar for each point."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.queries.scale import FIGURES
from cnncalc.render.table import Column, Table
from cnncalc.render.units import count, decimal, exact, size
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from cnncalc.queries.scale import Point, Scaling
    from cnncalc.spec.network import NetworkSpec

TITLES = {
    "params": "params",
    "macs": "MACs",
    "flops": "FLOPs",
    "activations": "activations",
    "weights_bytes": "weights",
    "peak_bytes": "peak",
    "training_bytes": "training",
}
_DROPS = {
    "params": 2,
    "macs": 0,
    "flops": 6,
    "activations": 7,
    "weights_bytes": 5,
    "peak_bytes": 3,
    "training_bytes": 4,
}
BARS = 20
"""Characters of the longest bar."""
_MOST_REASONS = 5
_EIGHTHS = " \N{LEFT ONE EIGHTH BLOCK}\N{LEFT ONE QUARTER BLOCK}\N{LEFT THREE EIGHTHS BLOCK}\N{LEFT HALF BLOCK}"
_EIGHTHS += "\N{LEFT FIVE EIGHTHS BLOCK}\N{LEFT THREE QUARTERS BLOCK}\N{LEFT SEVEN EIGHTHS BLOCK}\N{FULL BLOCK}"


def table(found: Scaling, spec: NetworkSpec, *, chart: str = "macs", unicode: bool = False) -> Table[Point]:
    """One row for each point; the bars are those of one figure, as long as it is."""
    most = max((point.figures.get(chart, 0) for point in found.points), default=0)
    first = next((point.figures[chart] for point in found.points if point.figures), 0)

    def drawn(point: Point) -> str:
        if point.error:
            return ""
        number = point.figures[chart]
        times = f" {decimal(float(Fraction(number, first)))}x" if first else ""
        return f"{bar(number, most, unicode=unicode)}{times}"

    return Table(
        title=_title(found, spec),
        columns=(
            *(_setting(found, at) for at in range(len(found.sweeps))),
            *(
                []
                if _is_constant(found)
                else [
                    Column(key="output", title="output", text=_output, value=lambda point: point.output or None, drop=8)
                ]
            ),
            *(_figure(key) for key in FIGURES),
            Column(key="chart", title=f"{TITLES[chart]}, times the first", text=drawn, value=lambda _: None, drop=1),
        ),
        rows=found.points,
        facts=tuple(_errors(found)),
        notes=(
            "peak: most memory alive at one moment of inference, without weights; training: a step with plain SGD.",
            *([">=: a custom op does not declare its own."] if _partial(found) else []),
        ),
    )


def for_machines(shown: Table[Point]) -> Table[Point]:
    """With the errors for bars: machines draw their own."""
    error: Column[Point] = Column(key="error", title="error", text=_error, value=lambda point: point.error)
    return replace(shown, columns=(*(column for column in shown.columns if column.key != "chart"), error))


def _errors(found: Scaling) -> Iterator[tuple[str, str]]:
    """Every distinct reason with the first point that it holds for."""
    reasons: dict[str, list[Point]] = {}
    for point in found.points:
        if point.error:
            reasons.setdefault(point.error, []).append(point)
    for reason, points in list(reasons.items())[:_MOST_REASONS]:
        more = f" and {len(points) - 1} more" if len(points) > 1 else ""
        yield f"{', '.join(points[0].values)}{more}", reason
    if len(reasons) > _MOST_REASONS:
        yield "...", f"{len(reasons) - _MOST_REASONS} other reasons; --format csv has them all"


def _title(found: Scaling, spec: NetworkSpec) -> str:
    """The network, and what of it is the same at all points."""
    varied = {each.name for each in found.sweeps}
    name = spec.name if spec.name == spec.source else f"{spec.name} ({spec.source})"
    one = len(spec.inputs) == 1
    inputs = [
        f"{'input' if one else f'input {each}'} {shape}"
        for each, shape in spec.inputs.items()
        if each not in varied and not (one and "input" in varied)
    ]
    fixed = [
        *inputs,
        *([] if "batch" in varied else [f"batch {spec.batch}"]),
        *([] if "dtype" in varied else [spec.dtype.value]),
    ]
    return ", ".join([name, *fixed])


def bar(number: int, most: int, *, unicode: bool = False) -> str:
    """A bar whose length is the number, to an eighth of a character or to a half.

    >>> bar(50, 100), bar(1, 100), bar(0, 100)
    ('##########', '#', '')
    """
    if not most or not number:
        return ""
    eighths = max(1, round(Fraction(number * BARS * 8, most)))
    whole, rest = divmod(eighths, 8)
    if unicode:
        return _EIGHTHS[8] * whole + (_EIGHTHS[rest] if rest else "")
    return "#" * max(1, whole + (rest >= 4))  # noqa: PLR2004 - half a character


def _setting(found: Scaling, at: int) -> Column[Point]:
    name = found.sweeps[at].name
    return Column(key=name, title=name, text=lambda point: point.values[at], right=found.sweeps[at].kind != "dtype")


def _figure(key: str) -> Column[Point]:
    in_bytes = key.endswith("_bytes")

    def written(how: Callable[[int], str]) -> Callable[[Point], str]:
        def text(point: Point) -> str:
            if not point.figures:
                return "-"
            return f"{'>= ' if point.partial and key != 'activations' else ''}{how(point.figures[key])}"

        return text

    def value(point: Point) -> Any:
        return point.figures.get(key)

    return Column(
        key=key,
        title=TITLES[key],
        text=written(size if in_bytes else exact),
        short=written(size if in_bytes else count),
        value=value,
        right=True,
        drop=_DROPS[key],
    )


def _is_constant(found: Scaling) -> bool:
    return len({point.output for point in found.points if not point.error}) <= 1


def _partial(found: Scaling) -> bool:
    return any(point.partial for point in found.points)


def _output(point: Point) -> str:
    return point.output or "-"


def _error(point: Point) -> str:
    return point.error or ""
