"""The JSON document, version 1: the same keys for every command, only ever added to.

Written by hand, because a document of 10,000 layers is mostly integers and repeats itself: a list of integers is its
own JSON, and rows share their windows and fields. Numbers are exact where JSON can say them: a jump or a start that is
no whole number is the nearest double (exact for halves, quarters and so on). What does not apply, or what a `custom`
op leaves undeclared, is null.
"""

from __future__ import annotations

from json import dumps
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

from cnncalc.ops.base import FlopClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from fractions import Fraction

    from cnncalc.errors import Finding, Location
    from cnncalc.geometry.field import AxisField, Field
    from cnncalc.report import AxisReach, LayerReport, Peak, Report, Totals

SCHEMA_VERSION = 1
_CLASSES = {kind: quoted(kind.value) for kind in FlopClass}
_NO_SETTINGS = (
    '"kernel_size": null, "stride": null, "padding": null, "dilation": null, "groups": null, '
    '"effective_kernel_size": null'
)
_NO_REACH = '"jump": null, "rf": null, "start": null, "touched": null, "phases": null, "global": {}, "erf_sigma": null'


def to_json(
    report: Report, rows: Sequence[LayerReport] | None = None, extra: Mapping[str, object] | None = None
) -> str:
    """The document of one network; `rows` are the layers to print, by default all, `extra` keys that were asked for."""
    layer = _layer_writer(several_inputs=len(report.inputs) > 1)
    layers = ",\n  ".join(map(layer, report.layers if rows is None else rows))
    return (
        f'{{"schema_version": {SCHEMA_VERSION}, "name": {quoted(report.name)}, "source": {quoted(report.source)}, '
        f'"batch": {report.batch}, "dtype": {quoted(report.dtype)}, "partial": {_bool(report.partial)},\n'
        f' "inputs": {_shapes(report.inputs)}, "outputs": {_shapes(report.outputs)},\n'
        f' "layers": [\n  {layers}],\n'
        f' "totals": {_totals(report.totals)},\n'
        f"{_extra(extra or {})}"
        f' "findings": {_findings(report.findings)}}}'
    )


def _extra(extra: Mapping[str, object]) -> str:
    return "".join(f" {quoted(key)}: {dumps(value)},\n" for key, value in extra.items())


def errors_to_json(source: str, findings: Iterable[Finding]) -> str:
    """The document of a source that is no network: only what is wrong with it."""
    return (
        f'{{"schema_version": {SCHEMA_VERSION}, "source": {quoted(source)}, "findings": {_findings(tuple(findings))}}}'
    )


def several_to_json(documents: Sequence[str]) -> str:
    """One document stays as it is; several become an array."""
    return documents[0] if len(documents) == 1 else "[" + ",\n".join(documents) + "]"


def finding_to_json(found: Finding) -> str:
    """One finding, as `check --format json` prints it too."""
    at = found.at
    return (
        f'{{"code": {quoted(found.code)}, "name": {quoted(found.name)}, "severity": {quoted(found.severity.value)}, '
        f'"message": {quoted(found.message)}, "help": {_text(found.help)}, '
        f'"file": {_text(at.file if at else None)}, "line": {_number(at.line if at else None)}, '
        f'"column": {_number(at.column if at else None)}, "end_column": {_number(at.end_column if at else None)}, '
        f'"layer": {_text(found.layer)}, "copies": {found.copies}}}'
    )


def _layer_writer(*, several_inputs: bool) -> Callable[[LayerReport], str]:
    """A function that writes a layer and remembers the parts that layers share (objects live as long as the report)."""
    settings_of: dict[int, str] = {}
    reach_of: dict[tuple[int, ...], str] = {}
    file_of: dict[str, str] = {}

    def settings(row: LayerReport) -> str:
        own = row.settings
        if own is None:
            return _NO_SETTINGS
        if (known := settings_of.get(id(own))) is None:
            known = settings_of[id(own)] = (
                f'"kernel_size": {[*own.kernel_size]}, "stride": {[*own.stride]}, '
                f'"padding": {[[*pair] for pair in own.padding]}, "dilation": {[*own.dilation]}, '
                f'"groups": {_number(own.groups)}, "effective_kernel_size": {[*own.effective_kernel_size]}'
            )
        return known

    def reach(row: LayerReport) -> str:
        if not row.reach:
            return _NO_REACH.format(_bool(row.is_global))
        key = (*map(id, row.reach), row.is_global)
        if (known := reach_of.get(key)) is None:
            known = reach_of[key] = _reach(row.reach, is_global=row.is_global)
        return known

    def place(at: Location) -> str:
        if (file := file_of.get(at.file)) is None:
            file = file_of[at.file] = quoted(at.file)
        return f'{{"file": {file}, "line": {at.line}, "column": {at.column}}}'

    def layer(row: LayerReport) -> str:
        no_params, no_macs = "params" in row.unknown, "macs" in row.unknown
        weight = f"{[*row.weights[0].shape]}" if row.weights else "null"
        inputs = ", ".join([quoted(name) for name in row.inputs])
        fields = f'"fields": {_fields(row.fields)}, ' if several_inputs else ""
        return (
            f'{{"name": {quoted(row.name)}, "op": {quoted(row.op)}, "inputs": [{inputs}], '
            f'"input_shapes": {[[*shape] for shape in row.input_shapes]}, "output_shape": {[*row.output_shape]}, '
            f"{settings(row)}, {reach(row)}, {fields}"
            f'"weight_shape": {weight}, "fan_in": {_number(row.fan_in)}, "fan_out": {_number(row.fan_out)}, '
            f'"params": {"null" if no_params else row.params}, "buffers": {row.buffers}, '
            f'"macs": {"null" if no_macs else row.macs}, "macs_valid": {"null" if no_macs else row.macs_valid}, '
            f'"flops": {"null" if no_macs else row.flops}, "flops_by_class": {_classes(row.flops_by_class)}, '
            f'"intensity": {"null" if row.intensity is None or no_macs else repr(row.intensity)}, '
            f'"activations": {row.activations}, "im2col_bytes": {row.im2col_bytes}, "at": {place(row.at)}}}'
        )

    return layer


def _reach(axes: Sequence[AxisReach], *, is_global: bool) -> str:
    sigmas = [axis.erf_sigma for axis in axes if axis.erf_sigma is not None]
    return (
        f'{_five(axes, [axis.phases for axis in axes])}, "global": {_bool(is_global)}, '
        f'"erf_sigma": {f"{sigmas}" if len(sigmas) == len(axes) else "null"}'
    )


def _fields(fields: Mapping[str, Field]) -> str:
    def five(axes: Sequence[AxisField]) -> str:
        return _five(axes, [None if axis.reduced else axis.extents for axis in axes])

    return "{" + ", ".join(f"{quoted(name)}: {{{five(field.axes)}}}" for name, field in fields.items()) + "}"


def _five(axes: Sequence[AxisReach] | Sequence[AxisField], phases: Sequence[tuple[tuple[int, int], ...] | None]) -> str:
    """What a field says of each axis; a map that is gone has neither jump nor phases."""
    known = [[[*pair] for pair in axis] for axis in phases if axis is not None]
    listed = f"{known}" if len(known) == len(phases) else "null"
    return (
        f'"jump": {_fractions([axis.jump for axis in axes])}, "rf": {[axis.rf for axis in axes]}, '
        f'"start": {_fractions([axis.start for axis in axes])}, "touched": {[axis.touched for axis in axes]}, '
        f'"phases": {listed}'
    )


def _fractions(values: Sequence[Fraction | None]) -> str:
    texts = [_fraction(value) for value in values if value is not None]
    return f"[{', '.join(texts)}]" if len(texts) == len(values) else "null"


def _fraction(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else repr(float(value))


def _totals(totals: Totals) -> str:
    peaks = ", ".join(f"{quoted(variant)}: {_peak(peak)}" for variant, peak in totals.peaks.items())
    return (
        f'{{"params": {totals.params}, "buffers": {totals.buffers}, "macs": {totals.macs}, '
        f'"macs_valid": {totals.macs_valid}, "flops": {totals.flops}, '
        f'"flops_by_class": {_classes(totals.flops_by_class)}, "activations": {totals.activations},\n'
        f'  "weights_bytes": {totals.weights_bytes}, "outputs_bytes": {totals.outputs_bytes}, '
        f'"peak_bytes": {totals.peak_bytes}, "peaks": {{{peaks}}},\n'
        f'  "saved_bytes": {totals.saved_bytes}, "training_bytes": {totals.training_bytes}, '
        f'"im2col_bytes": {totals.im2col_bytes}}}'
    )


def _peak(peak: Peak) -> str:
    alive = ", ".join(f'{{"name": {quoted(name)}, "bytes": {size}}}' for name, size in peak.alive)
    return f'{{"bytes": {peak.bytes}, "layer": {quoted(peak.layer)}, "alive": [{alive}]}}'


def _classes(by_class: Mapping[FlopClass, int]) -> str:
    return "{" + ", ".join([f"{_CLASSES[kind]}: {count}" for kind, count in by_class.items()]) + "}"


def _shapes(shapes: Mapping[str, Sequence[int]]) -> str:
    return "{" + ", ".join(f"{quoted(name)}: {[*shape]}" for name, shape in shapes.items()) + "}"


def _findings(findings: Sequence[Finding]) -> str:
    return "[" + ",\n  ".join(map(finding_to_json, findings)) + "]"


def _text(value: str | None) -> str:
    return "null" if value is None else quoted(value)


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _bool(value: object) -> str:
    return "true" if value else "false"
