"""`expect:` and budgets: what was asked, what was found, and how far off it is. What is partly known never passes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Union

from cnncalc.errors import Location, counted, finding
from cnncalc.lint.base import Problem
from cnncalc.ops.refuse import axis_names
from cnncalc.render.units import exact, fraction, share, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cnncalc.errors import Finding
    from cnncalc.lint.settings import Budget
    from cnncalc.report import AxisReach, LayerReport, NamedReport, Report, Shape, Totals
    from cnncalc.spec.models import Expectations, Figures
    from cnncalc.spec.quantities import AxisQuantity, Quantity

Number = Union[int, Fraction]

COUNTS = ("params", "buffers", "macs", "flops", "activations")
BYTES = ("memory", "peak")
BUDGETS = (*COUNTS, *BYTES)
PER_AXIS = ("rf", "jump", "start")
_NEEDS = {"params": "params", "buffers": "params", "macs": "macs", "flops": "macs", "activations": "macs",
          "memory": "params"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What figures are asked of: the whole network, or one name."""

    counts: Totals | NamedReport
    layers: Sequence[LayerReport]
    """All that the counts are sums over."""
    shape: Shape
    reach: tuple[AxisReach, ...]
    assumed: bool
    """Shape and field follow from a guess."""


def problems(report: Report) -> Iterator[Problem]:
    """What of the `expect:` block of a file does not hold, entry by entry."""
    expected = report.spec.expect
    if expected is None:
        return
    places = report.spec.places
    for path, message, help_ in _all(report, expected):
        at = places.get(f"expect.{path}") or places.get("expect")
        layer = path.removeprefix("at.").rpartition(".")[0] if path.startswith("at.") else None
        yield Problem(message=message, help=help_, at=at, layer=layer)


def budget_findings(report: Report, budgets: Iterable[Budget]) -> Iterator[Finding]:
    """What of the budgets from outside the file does not hold."""
    at = Location(file=report.source, line=1, column=1)
    for budget in budgets:
        text = _count(report.totals, report.layers, budget.key, budget.quantity)
        if text:
            yield finding("CNN006", f"{budget.key}: {text}", at=at, help=f"the budget comes from {budget.origin}")


Entry = tuple[str, str, Union[str, None]]
"""Path below `expect`, message, help."""


def _all(report: Report, expected: Expectations) -> Iterator[Entry]:
    for key in BUDGETS:
        text = _count(report.totals, report.layers, key, getattr(expected, key))
        if text:
            yield key, f"{key}: {text}", None
    yield from _of_the_output(report, expected)
    for name, shape in (expected.outputs or {}).items():
        found = report.outputs.get(name)
        if found is None:
            yield f"outputs.{name}", f"there is no output `{name}`", _meant(name, report.outputs)
            continue
        row = _named(report, name)
        text = _shape(found, shape, assumed=row.assumed if row else report.partial)
        if text:
            yield f"outputs.{name}", f"outputs.{name}: {text}", None
    for name, figures in (expected.at or {}).items():
        subject = _named(report, name)
        if subject is None:
            yield f"at.{name}", f"there is no layer `{name}`", _meant(name, report.scopes)
        else:
            for key, text in _figures(subject, figures):
                yield f"at.{name}.{key}", f"{name}.{key}: {text}", None


def _of_the_output(report: Report, expected: Expectations) -> Iterator[Entry]:
    """`output`, `shape`, `rf`, `jump` and `start` speak of the only output."""
    asked = [key for key in ("output", "shape", *PER_AXIS) if getattr(expected, key) is not None]
    if not asked:
        return
    subject = _named(report, next(iter(report.outputs), ""))
    if len(report.outputs) != 1 or subject is None:
        for key in asked:
            names = ", ".join(report.outputs) or "none"
            help_ = "say which: `outputs: {NAME: SHAPE}`, or `at: {NAME: {...}}`"
            yield key, f"{key}: the network has {counted(len(report.outputs), 'output')} ({names})", help_
        return
    if expected.output is not None:
        text = _shape(subject.shape, expected.output, assumed=subject.assumed)
        if text:
            yield "output", f"output: {text}", None
    for key, text in _geometry(subject, expected):
        yield key, f"{key}: {text}", None


def _named(report: Report, name: str) -> _Subject | None:
    scope = report.scopes.get(name)
    if scope is None:
        return None
    named = report[name]
    output = report.layers[scope.output_layer] if scope.output_layer >= 0 else None
    guess = report.partial and output is not None and _is_guess(report, output)
    return _Subject(counts=named, layers=named.layers, shape=named.output_shape, reach=named.reach, assumed=guess)


def _is_guess(report: Report, output: LayerReport) -> bool:
    """Whether a layer before it, or itself, was refused."""
    guessed: set[str] = set()
    for layer in report.layers:
        if layer.assumed or not guessed.isdisjoint(layer.inputs):
            guessed.add(layer.name)
    return output.name in guessed


def _figures(subject: _Subject, figures: Figures) -> Iterator[tuple[str, str]]:
    for key in COUNTS:
        text = _count(subject.counts, subject.layers, key, getattr(figures, key))
        if text:
            yield key, text
    memory = getattr(figures, "memory", None)
    if memory is not None:
        text = _count(subject.counts, subject.layers, "memory", memory)
        if text:
            yield "memory", text
    yield from _geometry(subject, figures)


def _geometry(subject: _Subject, asked: Figures | Expectations) -> Iterator[tuple[str, str]]:
    for key in PER_AXIS:
        quantity = getattr(asked, key)
        if quantity is not None:
            text = _per_axis(subject, key, quantity)
            if text:
                yield key, text
    if asked.shape is not None:
        text = _shape(subject.shape, asked.shape, assumed=subject.assumed)
        if text:
            yield "shape", text


def _count(
    counts: Totals | NamedReport, layers: Sequence[LayerReport], key: str, quantity: Quantity | None
) -> str | None:
    """What is wrong with a count or a number of bytes, None if nothing is."""
    if quantity is None:
        return None
    if any(_NEEDS.get(key) in row.unknown for row in layers):
        names = [row.name for row in layers if _NEEDS.get(key) in row.unknown]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        missing = f"`{names[0]}`{more} does not declare its {_NEEDS[key]}"
        return f"{asked(quantity)}, but the figure is only partly known: {missing}"
    if any(row.assumed for row in layers):
        return f"{asked(quantity)}, but the figure is only partly known: the network has errors"
    found = _value(counts, key)
    if quantity.admits(found):
        return None
    shown = f"{size(found)} ({exact(found)} bytes)" if key in BYTES else exact(found)
    return f"{asked(quantity)}, found {shown}: {_excess(found, quantity, in_bytes=key in BYTES)}"


def _value(counts: Totals | NamedReport, key: str) -> int:
    if key in COUNTS:
        return int(getattr(counts, key))
    weights: int = getattr(counts, "weights_bytes", 0)
    peak: int = getattr(counts, "peak_bytes", 0)
    return peak if key == "peak" else weights + peak


def asked(quantity: Quantity | AxisQuantity) -> str:
    """A quantity as a message says it.

    >>> from cnncalc.spec.quantities import Quantity
    >>> asked(Quantity.parse("max 5M")), asked(Quantity.parse(7))
    ('asked for at most 5M', 'asked for 7')
    """
    words = str(quantity).replace("max ", "at most ").replace("min ", "at least ")
    return f"asked for {words}"


def _excess(found: Number, quantity: Quantity, *, in_bytes: bool) -> str:
    low, high = quantity.low, quantity.high
    if high is not None and found > high:
        bound, off, word = high, found - high, "too many"
    elif low is not None:
        bound, off, word = low, low - found, "too few"
    else:
        raise AssertionError
    whole = -(-off.numerator // off.denominator)
    percent = f" ({share(whole, int(bound))})" if bound >= 1 and whole <= 10 * bound else ""
    return f"{size(whole) if in_bytes else exact(whole)} {word}{percent}"


def _per_axis(subject: _Subject, key: str, quantity: AxisQuantity) -> str | None:
    found = tuple(getattr(axis, key) for axis in subject.reach)
    if subject.assumed:
        return f"{asked(quantity)}, but it is not known: the network has errors"
    if not found or None in found:
        one = not subject.shape or prod(subject.shape[1:]) == 1
        why = "the map is one vector" if one else "all positions see the same"
        return f"{asked(quantity)}, but there is none: {why}"
    if quantity.admits(found):
        return None
    shown = " x ".join(map(fraction, found)) if len(set(found)) > 1 else fraction(found[0])
    if len(quantity.axes) not in (1, len(found)):
        return f"{asked(quantity)}, found {shown}: {counted(len(found), 'axis')}, not {len(quantity.axes)}"
    bounds = quantity.axes * len(found) if len(quantity.axes) == 1 else quantity.axes
    wrong = [
        (name, *_distance(value, bound))
        for name, value, bound in zip(axis_names(len(found)), found, bounds, strict=True)
        if not bound.admits(value)
    ]
    if len({(off, word) for _, off, word in wrong}) == 1 and len(wrong) == len(found):
        return f"{asked(quantity)}, found {shown}: {fraction(wrong[0][1])} {wrong[0][2]}"
    told = ", ".join(f"{name} {fraction(off)} {word}" for name, off, word in wrong)
    return f"{asked(quantity)}, found {shown}: {told}"


def _distance(value: Number, bound: Quantity) -> tuple[Number, str]:
    if bound.high is not None and value > bound.high:
        return value - bound.high, "too large"
    if bound.low is None:
        raise AssertionError
    return bound.low - value, "too small"


def _shape(found: Shape, wanted: Shape, *, assumed: bool) -> str | None:
    shown = "x".join(map(str, wanted))
    if assumed:
        return f"asked for {shown}, but it is not known: the network has errors"
    if found == wanted:
        return None
    message = f"asked for {shown}, found {'x'.join(map(str, found))}"
    if len(found) != len(wanted):
        return f"{message}: {_numbers(len(found))}, not {len(wanted)}"
    names = ("channels", *axis_names(len(found) - 1))
    off = [
        f"{name} {exact(abs(have - want))} too {'large' if have > want else 'small'}"
        for name, have, want in zip(names, found, wanted, strict=True)
        if have != want
    ]
    return f"{message}: {', '.join(off)}"


def _numbers(count: int) -> str:
    return f"{count} number{'s' if count > 1 else ''}"


def _meant(name: str, known: Mapping[str, object]) -> str | None:
    from cnncalc.spec.suggest import meant_layer  # needed for mistakes only

    return meant_layer(name, known) or (f"there are {', '.join(list(known)[:8])}" if known else None)
