"""`cnncalc explain SOURCE --at LAYER`: the recurrence line by line, then weights, matrix product and initialisation."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from cnncalc.queries.explain import Kind, follow
from cnncalc.render import cells
from cnncalc.render.params import kaiming_std
from cnncalc.render.remarks import safe
from cnncalc.render.table import Column, Table
from cnncalc.render.units import decimal, exact, fraction, size

if TYPE_CHECKING:
    from cnncalc.queries.explain import Comparison, Explanation, Product, Step
    from cnncalc.report import LayerReport, Report

Facts = list[tuple[str, str]]
_AXES = ("first", "second", "third")
_RECURRENCE = (
    "rf = rf before + (k_eff - 1) x jump before, with k_eff = dilation x (k - 1) + 1",
    "jump = jump before x stride",
    "start = start before + ((k_eff - 1) / 2 - padding) x jump before",
    "size = floor((n + pads - k_eff) / stride) + 1",
    "The input itself has rf 1, jump 1, start 0.5, the centre of its first pixel.",
)
_COMPARED = (
    "In its place: dense, where every output sees every input; unshared, with weights of its own at every position; "
    "separable, a depthwise and then a 1x1 convolution."
)
_MOST_NAMED = 3
_MOST_JOINED = 5


def tables(report: Report, found: Explanation) -> list[Table[Step]]:
    """One table per group of axes that are alike; what is known beside the recurrence stands below the last."""
    row = found.row
    headline = f"{row.name} in {safe(report.name or report.source)}: {cells.shape(row.output_shape)}"
    if row.reach:
        headline += f", rf {cells.rf(row)}, jump {cells.jump(row)}, start {cells.start(row)}"
    facts = tuple(_facts(found))
    if not found.axes:
        return [Table(title=headline, columns=_columns(), rows=(), facts=facts)]
    shown = []
    for index, (axes, steps) in enumerate(found.axes):
        last = index == len(found.axes) - 1
        alike = len(axes) == len(row.reach)
        where = "" if alike else f" ({' and '.join(_AXES[axis] for axis in axes)} axis)"
        shown.append(
            Table(
                title=headline + where,
                columns=_columns(),
                rows=steps,
                facts=facts if last else (),
                notes=_notes(found, steps) if last else (),
            )
        )
    return shown


def _columns() -> tuple[Column[Step], ...]:
    return (
        Column(key="layer", title="layer", text=lambda step: step.layer),
        Column(key="reads", title="reads", text=_reads, drop=5),
        Column(key="window", title="window", text=_window, drop=2),
        Column(key="size", title="size", text=_size_formula, short=_size, value=lambda step: step.size, drop=4),
        Column(key="rf", title="rf", text=_rf, value=lambda step: step.reach.rf if step.reach else 1, drop=0),
        Column(key="jump", title="jump", text=_jump_formula, short=_jump, value=_jump, drop=1),
        Column(key="start", title="start", text=_start_formula, short=_start, value=_start, drop=3),
    )


def _reads(step: Step) -> str:
    names = list(step.reads)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _window(step: Step) -> str:
    own = step.stated
    if own is None:
        return ""
    shorts = (("s", own.stride, 1), ("p", cells.padding([own.padding]), "0"), ("d", own.dilation, 1))
    text = f"k{own.kernel_size}" + "".join(f" {letter}{value}" for letter, value, usual in shorts if value != usual)
    return f"{text} transposed" if own.transposed else text


def _size(step: Step) -> str:
    return cells.NOTHING if step.size is None else str(step.size)


def _size_formula(step: Step) -> str:
    window, before = step.window, step.size_before
    if window is None or before is None or window.ceil_mode or window.is_identity:
        return _size(step)
    pads = sum(window.padding)
    inner = f"{before}" + (f" + {pads}" if pads else "") + f" - {window.effective_kernel_size}"
    span = before + pads - window.effective_kernel_size
    if window.stride == 1:
        return f"{inner} + 1 = {step.size}"
    quotient = f"({inner}) / {window.stride}"
    return f"{f'floor({quotient})' if span % window.stride else quotient} + 1 = {step.size}"


def _rf(step: Step) -> str:
    if step.reach is None:
        return "1"
    found = cells.extents(step.reach)
    if step.kind is Kind.JOIN:
        return f"union of {_joined(step)} = {found}"
    if step.kind is not Kind.CHAIN or step.window is None:
        return found
    reach = step.window.effective_kernel_size - 1
    if reach == 0:
        return found
    before = step.before[0]
    rf, jump = (before.rf, before.jump) if before and before.jump is not None else (1, Fraction(1))
    return f"{rf} + {reach} x {fraction(jump)} = {found}"


def _joined(step: Step) -> str:
    """The fields of what is merged; a branch whose map is reduced adds none of its own."""
    local = [reach for reach in step.before if reach is None or reach.phases is not None]
    shown = list(dict.fromkeys("1" if reach is None else cells.extents(reach) for reach in local))
    if len(shown) <= _MOST_JOINED:
        return ", ".join(shown)
    sizes = [reach.rf if reach else 1 for reach in local]
    return f"{len(local)} from {min(sizes)} to {max(sizes)}"


def _jump(step: Step) -> str:
    if step.reach is None:
        return "1"
    return cells.NOTHING if step.reach.jump is None else fraction(step.reach.jump)


def _jump_formula(step: Step) -> str:
    if step.window is None or step.window.stride == 1:
        return _jump(step)
    before = step.before[0]
    return f"{fraction(before.jump) if before and before.jump else 1} x {step.window.stride} = {_jump(step)}"


def _start(step: Step) -> str:
    if step.reach is None:
        return "0.5"
    return cells.NOTHING if step.reach.start is None else fraction(step.reach.start)


def _start_formula(step: Step) -> str:
    window = step.window
    if window is None or window.is_identity:
        return _start(step)
    before = step.before[0]
    unmoved = follow(window, before)
    if unmoved is None:
        return _start(step)
    half = fraction(Fraction(window.effective_kernel_size - 1, 2))
    start, jump = (before.start, before.jump) if before else (Fraction(1, 2), Fraction(1))
    if start is None or jump is None:
        return _start(step)
    return f"{fraction(start)} + ({half} - {window.padding[0]}) x {fraction(jump)} = {_start(step)}"


def _notes(found: Explanation, steps: tuple[Step, ...]) -> tuple[str, ...]:
    notes = [*_RECURRENCE]
    if any(step.kind is Kind.JOIN for step in steps):
        notes.append("A merge sees what any of its inputs sees: the union of their fields.")
    if any(step.kind is Kind.OTHER for step in steps):
        notes.append(
            "Without a formula: up-sampling, reduced maps and the like; the values are those of the exact sets."
        )
    if found.left_out:
        layers = "layer that changes" if found.left_out == 1 else "layers that change"
        notes.append(f"Left out: {found.left_out} {layers} nothing here (norms, activations and the like).")
    if found.comparison:
        notes.append(_COMPARED)
    return tuple(notes)


def _facts(found: Explanation) -> Facts:
    row, own = found.row, found.own
    facts: Facts = []
    if own is None or own.params != row.params:
        facts += [("covers", f"{exact(row.params)} params, {exact(row.macs)} MACs in all")] * bool(
            row.params or row.macs
        )
    if own is not None:
        facts += _weights(own)
        if found.comparison:
            facts += _compared(found.comparison)
        if found.product:
            facts.append(("matrices", _matrices(found.product, own)))
        facts += _initial(own)
    return facts


def _weights(own: LayerReport) -> Facts:
    parts = [
        f"{weight.name} {cells.shape(weight.shape)}" + (f" = {exact(prod(weight.shape))}" if weight.shape[1:] else "")
        for weight in own.weights
    ]
    shared = f", shared with {own.shares}" if own.shares else ""
    return [("params", " + ".join(parts) + shared)]


def _compared(found: Comparison) -> Facts:
    others = (("dense", found.dense), ("unshared", found.unshared), ("separable", found.separable))
    return [(what, f"{exact(number)}, {_times(number, found.own)}") for what, number in others]


def _times(number: int, own: int) -> str:
    """How a number compares with the layer's own."""
    if number == own:
        return "the same"
    ratio = Fraction(max(number, own), min(number, own))
    shown = exact(ratio.numerator) if ratio.denominator == 1 else decimal(float(ratio))
    return f"{shown} times as many" if number > own else f"{shown} times fewer"


def _matrices(found: Product, own: LayerReport) -> str:
    times = f"{found.times} times " if found.times > 1 else ""
    product = f"[{exact(found.rows)} x {exact(found.inner)}] x [{exact(found.inner)} x {exact(found.columns)}]"
    unfolded = f"; unfolded input {size(own.im2col_bytes)}" if own.im2col_bytes else ""
    return f"{times}{product} = {exact(found.macs)} MACs a sample{unfolded}"


def _initial(own: LayerReport) -> Facts:
    fans = (("fan in", own.fan_in), ("fan out", own.fan_out))
    return [(what, f"{exact(fan)}, Kaiming std {decimal(kaiming_std(fan))}") for what, fan in fans if fan]
