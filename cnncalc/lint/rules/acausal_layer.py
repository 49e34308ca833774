"""CNN033: layers that read the future."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.geometry.axis_field import AxisField
    from cnncalc.lint.flow import Flow
    from cnncalc.report import LayerReport, Report

PADDED = frozenset({"conv", "dwconv", "sepconv"})


@rule("CNN033", Severity.WARNING)
def acausal_layer(report: Report) -> Iterator[Problem]:
    """A layer that reads the future, in a task that says `causal: true`.

    An answer at time t may use what came until t. Maps are aligned at their ends, as real time does: the last position
    stands at the last sample, the ones before it a jump earlier each. So padding on both sides lets a convolution look
    ahead, padding on the left alone (`causal`) does not, and neither does no padding at all. A layer is named where it
    looks further ahead than what it reads, and where that reaches an output; one whose excess is cropped right behind
    it (padding on both sides, then `crop 0/N`) is fine. Time is the first spatial axis. Layers that mix all positions
    (`se`, `gn`, `in`, `gap` enlarged again) read the future too; so do `attention` and `sdpa`, unless they are masked,
    which is not said here.

    van den Oord et al. 2016, WaveNet (arXiv:1609.03499); Bai et al. 2018, TCN (arXiv:1803.01271).

    Bad:
        cnncalc: 1
        input: 1x64
        layers: [conv 8 k3 p1 relu, conv 8 k3 d2 p2]
        task: {causal: true}

    Good:
        cnncalc: 1
        input: 1x64
        layers: [conv 8 k3 causal relu, conv 8 k3 d2 causal]
        task: {causal: true}
    """
    task = report.spec.task
    if task is None or not task.causal:
        return
    net = flow(report)
    ahead = {layer.name: max(lookahead(layer, report), 0) for layer in report.layers}
    ahead.update(dict.fromkeys(report.inputs, 0))
    late = net.leading_to(name for name in net.results if ahead[name] > 0)
    mixed = net.leading_to(
        name for name in net.results if name in net.layers and net.layers[name].is_global and _lasts(net.layers[name])
    )
    for layer in report.layers:
        before = max(ahead[name] for name in layer.inputs)
        if layer.name in late and ahead[layer.name] > before and not _cropped(net, layer, ahead, before):
            yield _problem(net, layer, ahead[layer.name] - before)
        if layer.name in mixed and layer.is_global and not any(source.is_global for source in net.sources(layer)):
            yield _mixing(layer)


def lookahead(layer: LayerReport, report: Report) -> int:
    """How many samples after its own time any position of a layer reads; 0 or less where it is causal.

    Position o of m stands at `n-1 - (m-1-o)*jump`, rounded up to a sample.
    """
    found = [
        _axis_lookahead(field.axes[0], layer.output_shape[1], report.inputs[name][1])
        for name, field in layer.fields.items()
        if len(layer.output_shape) > 1 and field.grid is None
    ]
    return max(found, default=0)


def _axis_lookahead(axis: AxisField, units: int, samples: int) -> int:
    jump = axis.jump
    if axis.reduced or axis.shift == 0 or jump is None:
        return 0
    # Later turns of a phase look as far ahead as the first, or less where the input ends.
    return max(
        (
            min(end - 1, samples - 1) - ceil(samples - 1 - (units - 1 - unit) * jump)
            for unit, (low, end) in enumerate(zip(axis.offsets[:units], axis.ends[:units], strict=True))
            if low < end
        ),
        default=0,
    )


def _lasts(layer: LayerReport) -> bool:
    """A layer still has more than one point in time."""
    return len(layer.output_shape) > 1 and layer.output_shape[1] > 1


def _cropped(net: Flow, layer: LayerReport, ahead: dict[str, int], before: int) -> bool:
    readers = net.readers[layer.name]
    return bool(readers) and layer.name not in net.results and all(ahead[reader.name] <= before for reader in readers)


def _problem(net: Flow, layer: LayerReport, steps: int) -> Problem:
    samples = "sample" if steps == 1 else "samples"
    return Problem(
        message=f"{layer.op} reads {steps} {samples} of the future",
        help=_remedy(net, layer, steps),
        option="padding" if "padding" in layer.places else None,
        layer=layer.name,
    )


def _remedy(net: Flow, layer: LayerReport, steps: int) -> str:
    settings = layer.settings
    axes = len(layer.output_shape) - 1
    if settings is not None and not settings.transposed and settings.padding[0][1] > 0:
        reach = sum(settings.padding[0]) if layer.op == "pad" else settings.effective_kernel_size[0] - 1
        if axes > 1:
            return f"pad {reach} before and 0 after along time"
        if layer.op in PADDED:
            return f"`causal` pads {reach} before and 0 after"
        return f"`pad {reach}/0`" if layer.op == "pad" else f"`pad {reach}/0` before it, and no padding in it"
    source = next(net.sources(layer), None)
    jump = source.reach[0].jump if source is not None and source.reach else None
    delay = ceil(steps / (jump or 1))
    late = (
        f"`pad {delay}/0 | crop 0/{delay}`" if axes == 1 else f"{delay} more before and {delay} less after along time"
    )
    return f"{late} before it lets it read the past"


def _mixing(layer: LayerReport) -> Problem:
    if layer.op in ("attention", "sdpa"):
        return Problem(
            message=f"{layer.op} reads all points in time, unless it is masked",
            help="mask it where it is implemented, and ignore this line",
            layer=layer.name,
            severity=Severity.INFO,
        )
    return Problem(
        message=f"{layer.op} mixes all points in time, later ones too",
        help="`bn` or `ln` keep to their own" if layer.op in ("gn", "in") else "leave it out, or pool the past alone",
        layer=layer.name,
    )
