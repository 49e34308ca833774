"""Whose number is it: which way of counting a network gives a published figure.

Searched, and combined one by one: what is counted (the conventions of tools and their variants, FLOPs by class, MACs
without padding taps, parameters, activations), MACs called FLOPs and the other way round (a factor of 2), batch, input
size, and parts of the network left out. A number that is written with all its digits has to be met to the integer; a
rounded one (`4.12G`) is met by everything that rounds to it.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.conventions import CONVENTIONS, count
from cnncalc.engine import analyze
from cnncalc.errors import Severity, UsageError
from cnncalc.geometry.shape import TensorShape
from cnncalc.graph import build
from cnncalc.queries.parts import parts
from cnncalc.spec.reader import with_overrides
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cnncalc.queries.parts import Part
    from cnncalc.report import Report
    from cnncalc.spec.network import NetworkSpec

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
SIDES = (
    28, 32, 64, 96, 112, 128, 144, 160, 176, 192, 200, 208, 224, 227, 232, 240, 246, 256, 260, 272, 288, 299, 300, 320,
    331, 336, 352, 380, 384, 416, 448, 456, 475, 480, 512, 518, 528, 544, 560, 576, 600, 608, 640, 720, 768, 800, 896,
    1024, 1280,
)  # fmt: skip
"""Square inputs that papers and model tables use."""
LENGTHS = (128, 256, 512, 1000, 1024, 2048, 4000, 4096, 8000, 8192, 16000, 16384, 22050, 24000, 32000, 44100, 48000)
"""Likewise for one axis."""
CUBES = (16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 192, 256)
"""Likewise for three."""
_FACTORS = (Fraction(1), Fraction(2), Fraction(1, 2))
_WRITTEN = re.compile(r"([0-9][0-9,_]*)(?:\.([0-9]+))?(?:[eE]([0-9]{1,2}))?\s*([A-Za-z]*)")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
_NEAREST = 3
"""So many of the nearest are kept, as the network stands and with anything changed."""
_PARTS_AT_A_SIZE = 9
"""Parts that are combined with another input size."""


@value
class Asked:
    """A number as somebody printed it: everything from `low` to `high` rounds to it."""

    text: str
    low: Fraction
    high: Fraction

    @property
    def is_exact(self) -> bool:
        """It has all its digits."""
        return self.low == self.high

    @property
    def middle(self) -> Fraction:
        """The number itself."""
        return (self.low + self.high) / 2

    def admits(self, number: Fraction) -> bool:
        """Whether a number is written like this."""
        return self.low <= number <= self.high


@value
class Identity:
    """One way of counting, and what it gives."""

    value: int
    what: str
    """What is counted: the name of a convention, or a figure of cnncalc's own."""
    unit: str
    """MACs, FLOPs, parameters or elements."""
    formula: str
    """The terms with their values; empty where it is one figure."""
    factor: Fraction
    """2: MACs counted as two; 1/2: FLOPs counted in pairs."""
    variant: str | None
    """How the network has to be programmed for it."""
    batch: int
    input: tuple[int, ...]
    part: str
    """What is left out; empty for the whole network."""
    deviations: int
    """How much has to be other than it stands in the network: fewer is likelier."""


@value
class Attribution:
    """Whose number it is."""

    asked: Asked
    matches: tuple[Identity, ...]
    """Everything that gives the number, the likeliest first."""
    nearest: tuple[Identity, ...]
    """Where nothing does, what comes nearest."""
    searched: int
    """Ways of counting that were looked at."""
    batches: tuple[int, ...]
    sizes: tuple[tuple[int, ...], ...]
    """Other input shapes that were tried and at which the network can be built."""


def asked(text: str) -> Asked:
    """Read a number; UsageError where it is none.

    >>> asked("4.12G").low, asked("4,089,184,256").is_exact
    (Fraction(4115000000, 1), True)
    """
    found = _WRITTEN.fullmatch(text.strip())
    unit = found[4].upper().removesuffix("FLOPS").removesuffix("MACS").removesuffix("FLOP") if found else None
    if found is None or unit not in _UNITS:
        message = f"--against {text}: should be a number as it is printed: 4.12G, 25.6M or 4089184256"
        raise UsageError(message)
    whole, decimals, exponent, _ = found.groups()
    scale = Fraction(_UNITS[unit]) * 10 ** int(exponent or 0)
    digits = whole.replace(",", "").replace("_", "") + (decimals or "")
    number = Fraction(int(digits), 10 ** len(decimals or "")) * scale
    if number.denominator != 1:
        message = f"--against {text}: a unit is missing, as in {text.strip()}G"
        raise UsageError(message)
    last = scale / 10 ** len(decimals or "")
    half = last / 2 if last > 1 else Fraction(0)
    return Asked(text=text.strip(), low=number - half, high=number + half)


def against(spec: NetworkSpec, number: str | int, *, progress: Callable[[int, int], None] | None = None) -> Attribution:
    """Find the ways of counting a network that give a number.

    UsageError where it is no number. The network must be one that can be built.

    >>> import cnncalc
    >>> found = against(cnncalc.parse("conv 64 k7 s2 p3 bn relu", "3x224x224"), 119_619_584)
    >>> [(each.what, each.part) for each in found.matches[:1]]
    [('fvcore', '')]
    """
    wanted = asked(str(number))
    own = analyze(build(with_overrides(spec, batch=1)))
    ways = list(_ways(own, spec.batch, parts(own)))
    plain = [way for way in ways if way.deviations <= 1 and wanted.admits(Fraction(way.value))]
    shapes = [] if plain and wanted.is_exact else _shapes(own)  # met to the integer: no size explains it better
    built = []
    for done, shape in enumerate(shapes):
        if progress:
            progress(done, len(shapes))
        resized = _resized(spec, shape)
        if resized is not None:
            built.append(tuple(shape))
            ways += _ways(resized, spec.batch, parts(resized)[:1], shape=tuple(shape))
    matches = [way for way in ways if wanted.admits(Fraction(way.value))]
    if not matches:  # two things at once: another size, and a part of the network
        for done, size in enumerate(built):
            if progress:
                progress(done, len(built))
            resized = _resized(spec, TensorShape(size[0], size[1:]))
            if resized is not None:
                ways += _ways(resized, spec.batch, parts(resized)[1:_PARTS_AT_A_SIZE], shape=size, batches=(1,))
        matches = [way for way in ways if wanted.admits(Fraction(way.value))]
    return Attribution(
        asked=wanted,
        matches=_likeliest(matches, wanted),
        nearest=() if matches else _nearest(ways, wanted),
        searched=len(ways),
        batches=BATCHES,
        sizes=tuple(built),
    )


def _likeliest(matches: Sequence[Identity], wanted: Asked) -> tuple[Identity, ...]:
    """The matches in order; where the same number needs less to be changed, the others say nothing."""
    least: dict[int, int] = {}
    for way in matches:
        least[way.value] = min(way.deviations, least.get(way.value, way.deviations))
    kept = {(way.what, way.value): way for way in reversed(matches) if way.deviations == least[way.value]}
    return tuple(sorted(kept.values(), key=lambda way: (way.deviations, abs(way.value - wanted.middle))))


def _nearest(ways: Iterable[Identity], wanted: Asked) -> tuple[Identity, ...]:
    """What comes nearest as the network stands, then what comes nearest with anything changed."""
    by_gap = sorted(ways, key=lambda way: (abs(way.value - wanted.middle), way.deviations))
    plain = [way for way in by_gap if way.deviations <= 1][:_NEAREST]
    values = {way.value for way in plain}
    others: list[Identity] = []
    for way in by_gap:
        if len(others) < _NEAREST and way.value not in values:
            values.add(way.value)
            others.append(way)
    return (*plain, *others)


def _ways(
    report: Report,
    batch: int,
    some: Iterable[Part],
    *,
    shape: tuple[int, ...] | None = None,
    batches: Sequence[int] = BATCHES,
) -> Iterator[Identity]:
    """Every count of every part of a report of one sample, with every factor and batch."""
    inputs = next(iter(report.inputs.values()))
    for part in some:
        shown = report if not part.text else replace(report, layers=part.layers)
        known: set[tuple[int, int]] = set()
        for base in _counts(shown):
            for factor in _FACTORS if base.unit in ("MACs", "FLOPs") else _FACTORS[:1]:
                for samples in batches if base.unit != "parameters" else (batch,):
                    value = base.value * factor * (samples if base.unit != "parameters" else 1)
                    key = (int(value), samples)
                    if value.denominator != 1 or key in known:
                        continue
                    known.add(key)
                    extra = (
                        (factor != 1) + 2 * (samples not in {1, batch}) + 2 * bool(part.text) + 2 * (shape is not None)
                    )
                    yield replace(
                        base,
                        value=int(value),
                        factor=factor,
                        batch=samples,
                        input=shape or inputs,
                        part=part.text,
                        deviations=base.deviations + extra,
                    )


def _counts(report: Report) -> Iterator[Identity]:
    """What tools would print, then figures of cnncalc's own."""
    for name in CONVENTIONS:
        counted = count(report, name)
        formula = " + ".join(
            term.label if term.factor == 1 else f"{term.factor} {term.label}" for term in counted.terms if term.value
        )
        yield _identity(counted.value, name, counted.unit.value, formula)
        for variant in counted.variants:
            yield _identity(variant.value, name, counted.unit.value, formula, variant=variant.text, deviations=1)
    rows = report.layers
    yield _identity(sum(row.flops for row in rows), "cnncalc", "FLOPs", "2 C + all other arithmetic")
    yield _identity(
        sum(row.macs_valid for row in rows), "valid MACs", "MACs", "C without taps on padding", deviations=1
    )
    params, buffers = sum(row.params for row in rows), sum(row.buffers for row in rows)
    yield _identity(params, "parameters", "parameters", "trainable")
    yield _identity(params + buffers, "parameters", "parameters", "trainable + buffers", deviations=1)
    element = report.spec.dtype.bytes
    yield _identity(element * params, "bytes", "parameters", f"{element} x parameters", deviations=1)
    yield _identity(
        element * (params + buffers), "bytes", "parameters", f"{element} x (parameters + buffers)", deviations=1
    )
    activations = sum(row.activations for row in rows)
    yield _identity(activations, "activations", "elements", "outputs of conv and linear layers", deviations=1)


def _identity(  # noqa: PLR0913 - what is counted, and how
    value: int, what: str, unit: str, formula: str, *, variant: str | None = None, deviations: int = 0
) -> Identity:
    return Identity(
        value=value,
        what=what,
        unit=unit,
        formula=formula,
        factor=Fraction(1),
        variant=variant,
        batch=1,
        input=(),
        part="",
        deviations=deviations,
    )


def _shapes(report: Report) -> list[TensorShape]:
    """Usual shapes for a network with one input, in the number of axes that it has."""
    if len(report.inputs) != 1:
        return []
    own = next(iter(report.inputs.values()))
    axes = len(own) - 1
    sides = {1: LENGTHS, 2: SIDES, 3: CUBES}[axes]
    return [TensorShape(own[0], (side,) * axes) for side in sides if (side,) * axes != own[1:]]


def _resized(spec: NetworkSpec, shape: TensorShape) -> Report | None:
    """The network at another input size; None where it cannot be built there."""
    graph = build(with_overrides(spec, inputs={"input": shape}, batch=1))
    if any(found.severity is Severity.ERROR for found in graph.findings):
        return None
    return analyze(graph)
