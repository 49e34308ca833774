"""What differs between the layers of a spec and their counterparts in a model, and what only follows from that."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.queries.dataflow import bare, kind_of
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.errors import Location
    from cnncalc.queries.counterparts import Counterparts
    from cnncalc.report import LayerReport


class Aspect(str, Enum):
    """What is compared."""

    SHAPES = "shapes"
    PARAMS = "params"
    MACS = "macs"
    RF = "rf"


ALL = tuple(Aspect)
_WINDOW = {
    "kernel_size": (Aspect.SHAPES, Aspect.RF),
    "stride": (Aspect.SHAPES, Aspect.RF),
    "padding": (Aspect.SHAPES, Aspect.RF),
    "dilation": (Aspect.SHAPES, Aspect.RF),
    "groups": (Aspect.PARAMS, Aspect.MACS),
}
_FOLLOWS = {
    Aspect.SHAPES: Aspect.SHAPES,
    Aspect.PARAMS: Aspect.SHAPES,
    Aspect.MACS: Aspect.SHAPES,
    Aspect.RF: Aspect.RF,
}
"""In what the layers before have to differ, for a difference to be theirs."""


@value
class Mismatch:
    """One thing that is not as the spec says."""

    layer: str
    """As the spec calls it; what the spec does not have by its name in the model; "" for the network."""
    what: str
    """`layer`, `op`, `input`, `output`, a setting such as `stride`, or `shape`, `params`, `buffers`, `macs`, `rf`,
    `jump`, `start`."""
    spec: str
    model: str
    aspect: Aspect | None
    """None for what bears on all of them."""
    at: Location | None
    """In the spec; of a layer that it does not have, where that would stand."""
    follows: bool = False
    """It comes of differences before it."""


class Comparison:
    """Goes through the layers of the spec, and knows in what those before differed."""

    def __init__(self, found: Counterparts, only: tuple[Aspect, ...]) -> None:
        self.found = found
        self.only = only
        self.differs: dict[Aspect, set[str]] = {aspect: set() for aspect in ALL}
        self.partner = dict(found.pairs)
        lacking, extra = found.alone()
        self.lacking = {row.name for row in lacking}
        self.extra = {row.name for row in extra}

    def layers(self) -> Iterator[Mismatch]:
        """Mismatches in the order of the spec; what only the model has stands behind what it follows there."""
        behind = self._extra_layers()
        yield from behind.get(-1, ())
        for at, row in enumerate(self.found.spec):
            name = self.found.names[0][at]
            if row.name in self.lacking:
                self._mark(row.name)
                if self._counts(row):
                    yield self._alone(name, row, row, is_model=False)
            elif at in self.partner:
                yield from self._pair(name, row, self.found.model[self.partner[at]])
            else:
                for aspect, names in self.differs.items():
                    if not names.isdisjoint(row.inputs):
                        self.differs[aspect].add(row.name)
            yield from behind.get(at, ())

    def _mark(self, name: str) -> None:
        """What reads this layer may differ because of it."""
        for names in self.differs.values():
            names.add(name)

    def _extra_layers(self) -> dict[int, list[Mismatch]]:
        """What only the model has, by the place in the spec behind which it would stand."""
        place = {other: own for own, other in self.found.pairs}
        last = -1
        behind: dict[int, list[Mismatch]] = {}
        for at, row in enumerate(self.found.model):
            last = place.get(at, last)
            if row.name in self.extra:
                where = self.found.spec[max(last, 0)]
                self._mark(where.name)
                if self._counts(row):
                    found = self._alone(self.found.names[1][at], row, where, is_model=True)
                    behind.setdefault(last, []).append(found)
        return behind

    def _counts(self, row: LayerReport) -> bool:
        """Whether a layer bears on what is compared."""
        bears = {Aspect.PARAMS: row.params or row.buffers, Aspect.MACS: row.macs}
        return any(bears.get(aspect, True) for aspect in self.only)

    def _alone(self, name: str, row: LayerReport, where: LayerReport, *, is_model: bool) -> Mismatch:
        shown = f"{row.op} {shape_text(row.output_shape)}"
        return Mismatch(
            layer=name,
            what="layer",
            spec="-" if is_model else shown,
            model=shown if is_model else "-",
            aspect=None,
            at=where.at,
        )

    def _pair(self, name: str, own: LayerReport, other: LayerReport) -> Iterator[Mismatch]:
        written = [replace(each, layer=name) for each in _written(own, other, self.only)]
        yield from written
        changed = {aspect for each in written for aspect in ([each.aspect] if each.aspect else ALL)}
        has_other_weights = own.weights and other.weights and _weights(own) != _weights(other)
        if has_other_weights:
            changed |= {Aspect.SHAPES, Aspect.PARAMS, Aspect.MACS}
        unknown = own.unknown | other.unknown
        for aspect, what, left, right in _figures(own, other):
            if left == right or aspect.value in unknown:
                continue
            self.differs[aspect].add(own.name)
            before = self.differs[_FOLLOWS[aspect]]
            if aspect in self.only:
                yield Mismatch(
                    layer=name,
                    what=what,
                    spec=left,
                    model=right,
                    aspect=aspect,
                    at=own.at,
                    follows=aspect not in changed and not before.isdisjoint(own.inputs),
                )


def _weights(row: LayerReport) -> tuple[object, ...]:
    """What a layer says about its weights: how many outputs, which tensors."""
    return row.output_shape[0], tuple(weight.name for weight in row.weights)


def _written(own: LayerReport, other: LayerReport, only: tuple[Aspect, ...]) -> Iterator[Mismatch]:
    """What is another op or has another window."""
    if kind_of(own) != kind_of(other):
        yield Mismatch(layer="", what="op", spec=own.op, model=other.op, aspect=None, at=own.at)
    elif own.settings and other.settings:
        for setting, aspects in _WINDOW.items():
            left, right = getattr(own.settings, setting), getattr(other.settings, setting)
            touched = [aspect for aspect in aspects if aspect in only]
            if left != right and touched and left is not None and right is not None:
                yield Mismatch(
                    layer="",
                    what=setting,
                    spec=_setting(left),
                    model=_setting(right),
                    aspect=touched[0],
                    at=own.places.get(setting, own.at),
                )


def _figures(own: LayerReport, other: LayerReport) -> Iterator[tuple[Aspect, str, str, str]]:
    yield Aspect.SHAPES, "shape", shape_text(bare(own.output_shape)), shape_text(bare(other.output_shape))
    for aspect, what in ((Aspect.PARAMS, "params"), (Aspect.PARAMS, "buffers"), (Aspect.MACS, "macs")):
        yield aspect, what, str(getattr(own, what)), str(getattr(other, what))
    if own.reach and len(own.reach) == len(other.reach):
        for what in ("rf", "jump", "start"):
            left, right = (_axes([getattr(axis, what) for axis in row.reach]) for row in (own, other))
            yield Aspect.RF, what, left, right


def shape_text(shape: Sequence[int]) -> str:
    """`64x28x28`."""
    return "x".join(map(str, shape))


def _axes(values: Sequence[object]) -> str:
    texts = ["-" if each is None else _number(each) for each in values] or ["-"]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def _setting(found: object) -> str:
    if not isinstance(found, tuple):
        return str(found)
    return _axes([each[0] if isinstance(each, tuple) and each[0] == each[-1] else _pair_text(each) for each in found])


def _pair_text(each: object) -> object:
    return "/".join(map(str, each)) if isinstance(each, tuple) else each


def _number(found: object) -> str:
    """Halves and quarters as decimals, which are exact; other fractions as they are."""
    is_dyadic = isinstance(found, Fraction) and found.denominator & (found.denominator - 1) == 0
    return str(float(found)).removesuffix(".0") if is_dyadic and isinstance(found, Fraction) else str(found)
