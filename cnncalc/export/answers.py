"""Answers to questions as plain data for JSON. Numbers are exact where JSON can say them, else the nearest double."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fractions import Fraction

    from cnncalc.queries.explain import Explanation, Step
    from cnncalc.queries.mismatches import Mismatch
    from cnncalc.queries.progressions import Progression
    from cnncalc.queries.region import RegionAnswer
    from cnncalc.queries.sizes import Asked, AxisSizes, SizesAnswer
    from cnncalc.queries.tile import TileAnswer, Tiling
    from cnncalc.queries.unit import UnitAnswer
    from cnncalc.queries.verify import Verification

Data = dict[str, Any]


def unit_data(answers: tuple[UnitAnswer, ...]) -> Data:
    """One position; with several, `units` holds one such document each."""
    if len(answers) != 1:
        return {"layer": answers[0].layer, "units": [unit_data((each,)) for each in answers]}
    (found,) = answers
    return {
        "layer": found.layer,
        "index": list(found.index),
        "global": found.is_global,
        "axes": [
            {
                "pixels": list(axis.pixels),
                "lo": axis.lo,
                "hi": axis.hi,
                "extent": axis.extent,
                "touched": axis.touched,
                "centre": number(axis.centre),
            }
            for axis in found.axes
        ],
    }


def sizes_data(found: SizesAnswer) -> Data:
    """Per axis the sizes as progressions `first + step*k` up to `last`; `open`: on and on, as far as the range goes."""
    return {"low": found.low, "high": found.high, "output": found.output, "axes": [_axis(axis) for axis in found.axes]}


def tile_data(found: TileAnswer) -> Data:
    """Halos are `[before, after]` per axis, not rounded up to the period."""
    return {
        "layer": found.layer,
        "period": _each([axis.period for axis in found.axes]),
        "halo": _each([axis.halo and list(axis.halo) for axis in found.axes]),
        "worst_halo": _each([axis.worst_halo and list(axis.worst_halo) for axis in found.axes]),
        "exact": found.exact,
        "because": [{"layer": each.layer, "line": each.line, "reason": each.reason} for each in found.because],
        "image": [axis.size for axis in found.axes],
        "lengths": [_runs(axis.lengths) for axis in found.axes],
        "tilings": [_tiling(each) for each in found.tilings],
    }


def region_data(found: RegionAnswer) -> Data:
    """Positions per axis; the share of positions that see padding as a number from 0 to 1."""
    return {
        "layer": found.layer,
        "input": found.input,
        "global": found.is_global,
        "pixels": [list(axis.pixels) for axis in found.axes],
        "axes": [
            {
                "name": axis.name,
                "size": axis.size,
                "touching": list(axis.touching),
                "covering": list(axis.covering),
                "inside": list(axis.inside),
                "nearest": axis.nearest,
                "centre": number(axis.centre),
                "distance": number(axis.distance),
                "padded": axis.padded,
            }
            for axis in found.axes
        ],
        "positions": found.positions,
        "touching": found.touching,
        "covering": found.covering,
        "inside": found.inside,
        "padded": number(found.padded),
    }


def explanation_data(found: Explanation) -> Data:
    """The recurrence from the input to a layer, per group of axes that are alike, and what its weights compare with."""
    comparison, product = found.comparison, found.product
    return {
        "axes": [{"axes": list(axes), "steps": [_step(step) for step in steps]} for axes, steps in found.axes],
        "left_out": found.left_out,
        "comparison": comparison
        and {
            "own": comparison.own,
            "dense": comparison.dense,
            "unshared": comparison.unshared,
            "separable": comparison.separable,
        },
        "product": product
        and {
            "times": product.times,
            "rows": product.rows,
            "inner": product.inner,
            "columns": product.columns,
        },
    }


def number(value: Fraction | None) -> int | float | None:
    """An integer where it is one."""
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


def _axis(axis: AxisSizes) -> Data:
    return {
        "name": axis.name,
        "inputs": list(axis.inputs),
        "legal": _runs(axis.legal),
        "even": _runs(axis.even),
        "same": None if axis.same is None else _runs(axis.same),
        "refused_by": [
            {
                "layer": each.layer,
                "line": each.line,
                "count": each.count,
                "example": each.example,
                "message": each.message,
            }
            for each in axis.refusers
        ],
        "resized": list(axis.resized),
        "asked": None if axis.asked is None else _asked(axis.asked),
    }


def _step(step: Step) -> Data:
    """`kind` chain: rf, jump and start follow from those of `reads` and the window by the recurrence."""
    window, reach = step.stated, step.reach
    is_input = step.kind.value == "input"
    return {
        "layer": step.layer,
        "kind": step.kind.value,
        "reads": list(step.reads),
        "window": window
        and {
            "kernel_size": window.kernel_size,
            "stride": window.stride,
            "padding": list(window.padding),
            "dilation": window.dilation,
            "transposed": window.transposed,
        },
        "size": step.size,
        "rf": 1 if is_input else reach and reach.rf,
        "jump": 1 if is_input else reach and number(reach.jump),
        "start": 0.5 if is_input else reach and number(reach.start),
    }


def _each(values: list[Any]) -> list[Any] | None:
    """Null where it does not apply."""
    return None if None in values else values


def _tiling(found: Tiling) -> Data:
    return {
        "tile": list(found.sizes),
        "kept": list(found.kept),
        "counts": list(found.counts),
        "pixels": number(found.pixels),
        "macs": number(found.macs),
        "pieces": [
            [{"input": [each.start, each.stop], "output": [each.first, each.end]} for each in axis]
            for axis in found.pieces
        ],
    }


def _runs(runs: tuple[Progression, ...]) -> list[Data]:
    return [{"first": run.first, "step": run.step, "last": run.last, "open": run.goes_on} for run in runs]


def _asked(asked: Asked) -> Data:
    return {
        "size": asked.size,
        "works": asked.works,
        "because": asked.because,
        "unread_at": asked.unread_at,
        "output": asked.output,
        "remedies": [
            {"what": each.what, "by": each.by, "size": each.size, "output": each.output, "layers": list(each.layers)}
            for each in asked.remedies
        ],
    }


def verification_data(found: Verification) -> Data:
    """`mismatches` in order, those that follow from others last; `at` is null for what has no place in the spec."""
    from cnncalc.export.to_json import SCHEMA_VERSION  # the other answers do not need it

    return {
        "schema_version": SCHEMA_VERSION,
        "match": found.is_match,
        "spec": {"name": found.spec.name, "source": found.spec.source},
        "model": {"name": found.model.name, "source": found.model.source},
        "compared": [each.value for each in found.only],
        "matched": found.matched,
        "by_name": found.by_name,
        "folded": found.folded,
        "unknown": list(found.unknown),
        "totals": {each.figure: {"spec": each.spec, "model": each.model, "known": each.known} for each in found.totals},
        "mismatches": [_mismatch(each) for each in found.mismatches],
    }


def _mismatch(found: Mismatch) -> Data:
    at = found.at
    return {
        "layer": found.layer or None,
        "what": found.what,
        "spec": int(found.spec) if found.spec.isdigit() else found.spec,
        "model": int(found.model) if found.model.isdigit() else found.model,
        "follows": found.follows,
        "at": at and {"file": at.file, "line": at.line, "column": at.column},
    }
