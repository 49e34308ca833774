"""Whether a model is what its spec says: shapes, parameters, MACs and receptive fields, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import UsageError
from cnncalc.folding import fold
from cnncalc.queries.counterparts import counterparts, plain
from cnncalc.queries.dataflow import bare
from cnncalc.queries.mismatches import ALL, Aspect, Comparison, Mismatch, shape_text
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cnncalc.errors import Location
    from cnncalc.queries.counterparts import Counterparts
    from cnncalc.report import Report


@value
class Total:
    """A sum over the network, in both."""

    figure: str
    spec: int
    model: int
    known: bool = True
    """False: an op does not declare its own, and the sums are not compared."""


@value
class Verification:
    """A spec and a model side by side."""

    spec: Report
    model: Report
    only: tuple[Aspect, ...]
    mismatches: tuple[Mismatch, ...]
    """What differs in itself, in the order of the spec, then what follows from it."""
    totals: tuple[Total, ...]
    matched: int
    """Layers, and parts of composites, that have a counterpart."""
    by_name: int
    """Those of them that are called the same in both."""
    unknown: tuple[str, ...]
    """Layers of either with figures that are not known, and so not compared."""
    folded: int = 0
    """Batch norms of the spec that the model has folded away, if that was not asked for."""

    @property
    def is_match(self) -> bool:
        """The model is what the spec says."""
        return not self.mismatches and not self.folded


def verify(
    spec: Report,
    model: Report,
    *,
    names: Sequence[str] | None = None,
    only: Collection[Aspect | str] = (),
    folded: bool = False,
) -> Verification:
    """Compare a spec with the report of a model: input and output shapes, then every layer with its counterpart.

    Layers are matched by their names, then by structure as `diff` does. `names` are those that the model itself gives
    its layers, in order. `only`: `shapes`, `params`, `macs`, `rf`. `folded`: batch norms are folded away in both first;
    where the model alone has none left, the comparison is with the folded spec, too, and `folded` says how many.

    >>> import cnncalc
    >>> spec = cnncalc.analyze("a: conv 8 k3 p1 | b: conv 8 k3 s2 p1", input="3x32x32")
    >>> model = cnncalc.analyze("a: conv 8 k3 p1 | b: conv 8 k5 p2", input="3x32x32")
    >>> [(each.layer, each.what, each.spec, each.model) for each in verify(spec, model, only=["params"]).mismatches]
    [('b', 'params', '584', '1608')]
    >>> [each.what for each in verify(spec, model, only=["shapes"]).mismatches]
    ['kernel_size', 'stride', 'padding', 'shape', 'output']

    Raises UsageError where `only` has another word.
    """
    chosen = _aspects(only)
    norms = 0 if folded or any(row.op == "bn" for row in model) else sum(row.op == "bn" for row in spec)
    if norms:
        plainly = _compared(spec, model, names, chosen, folded=False)
        found = _compared(spec, model, names, chosen, folded=True)
        if len(found.mismatches) >= len(plainly.mismatches):
            return plainly
        return replace(found, folded=len(fold(spec).folds))
    return _compared(spec, model, names, chosen, folded=folded)


def _aspects(only: Collection[Aspect | str]) -> tuple[Aspect, ...]:
    try:
        chosen = {Aspect(each) for each in only}
    except ValueError as error:
        message = f"only: expected some of {', '.join(each.value for each in ALL)}; found {', '.join(map(str, only))}"
        raise UsageError(message) from error
    return tuple(each for each in ALL if not chosen or each in chosen)


def _compared(
    spec: Report, model: Report, names: Sequence[str] | None, only: tuple[Aspect, ...], *, folded: bool
) -> Verification:
    """With the way of matching that leaves the fewest layers alone, and then the fewest differences."""
    best = None
    for found in counterparts(spec, model, names, folded=folded):
        made = _matched(spec, model, found, only)
        if best is None or _distance(made) < _distance(best):
            best = made
        if best.is_match:
            break
    if best is None:
        raise AssertionError
    return best


def _distance(found: Verification) -> tuple[int, int]:
    """How far apart: layers without a counterpart of their kind, then all differences."""
    return sum(each.what in ("layer", "op") for each in found.mismatches), len(found.mismatches)


def _matched(spec: Report, model: Report, found: Counterparts, only: tuple[Aspect, ...]) -> Verification:
    layers = list(Comparison(found, only).layers())
    totals = tuple(_totals(found, only, spec, model))
    ends = list(_ends(spec, model, only))
    return Verification(
        spec=spec,
        model=model,
        only=only,
        mismatches=(
            *(each for each in ends if each.what == "input"),
            *(each for each in layers if not each.follows),
            *(each for each in ends if each.what != "input"),
            *(each for each in _sums(totals) if not layers),
            *(each for each in layers if each.follows),
        ),
        totals=totals,
        matched=found.matched,
        by_name=found.by_name,
        unknown=tuple(dict.fromkeys(row.name for row in (*spec, *model) if row.unknown)),
    )


def _ends(spec: Report, model: Report, only: tuple[Aspect, ...]) -> Iterator[Mismatch]:
    """Inputs and outputs, by name where there are several."""
    if Aspect.SHAPES not in only:
        return
    for what in ("input", "output"):
        own, others = (
            {plain(name): bare(shape) for name, shape in getattr(report, f"{what}s").items()}
            for report in (spec, model)
        )
        if len(own) == len(others) and own.keys() != others.keys():
            others = dict(zip(own, others.values(), strict=True))
        for name in dict.fromkeys((*own, *others)):
            shapes = own.get(name), others.get(name)
            if shapes[0] != shapes[1]:
                left, right = ("-" if shape is None else shape_text(shape) for shape in shapes)
                called = name if len(own) > 1 or len(others) > 1 else ""
                yield Mismatch(
                    layer=called, what=what, spec=left, model=right, aspect=Aspect.SHAPES, at=_key(spec, what)
                )


def _key(spec: Report, what: str) -> Location | None:
    """Where the file says its inputs or outputs."""
    places = spec.spec.places
    return places.get(what, places.get(f"{what}s"))


def _totals(found: Counterparts, only: tuple[Aspect, ...], spec: Report, model: Report) -> Iterator[Total]:
    lacking = frozenset().union(*(row.unknown for row in (*spec, *model)))
    for aspect, figure in ((Aspect.PARAMS, "params"), (Aspect.PARAMS, "buffers"), (Aspect.MACS, "macs")):
        if aspect in only:
            own, other = (sum(getattr(row, figure) for row in rows) for rows in (found.spec, found.model))
            yield Total(figure=figure, spec=own, model=other, known=aspect.value not in lacking)


def _sums(totals: Sequence[Total]) -> Iterator[Mismatch]:
    """Sums that differ although no layer does."""
    for total in totals:
        if total.known and total.spec != total.model:
            aspect = Aspect.MACS if total.figure == "macs" else Aspect.PARAMS
            yield Mismatch(
                layer="", what=total.figure, spec=str(total.spec), model=str(total.model), aspect=aspect, at=None
            )
