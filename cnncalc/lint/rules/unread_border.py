"""CNN013: rows at the far end that no window reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Severity
from cnncalc.lint.axes import Axis, fitting_padding, grouped, places, residues, sentence, window_axes
from cnncalc.lint.base import Problem, rule
from cnncalc.lint.flow import kept
from cnncalc.lint.resizing import rest, sizing
from cnncalc.ops.refuse import axis_names, either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.report import LayerReport, Report


@rule("CNN013", Severity.WARNING)
def unread_border(layer: LayerReport, report: Report) -> Iterator[Problem]:
    """Rows at the far end of a map that no window reaches, because the stride does not divide what is left.

    `(n + before + after - k_eff) mod s` positions at the end are never read. Where they are more than the padding
    there, input is lost, always on the same side; `ceil` or another size keeps it. Where they are padding alone it is
    an info, given once a network: the map is then padded unevenly, more before than after, so that it is not centred
    on its input. The sizes at which everything comes out even are `225` and not `224` for most image networks.

    Bad (8x33x33): maxpool 2
    Good (8x33x33): maxpool 2 ceil
    Good (8x32x32): maxpool 2
    Bad (8x32x32): conv 8 k3 s2 p1
    Good (8x33x33): conv 8 k3 s2 p1

    Reference: Alsallakh et al. 2020, arXiv:2010.02178, section 3 (uneven application of padding).
    """
    axes = window_axes(layer)
    if all(axis.stride == 1 for axis in axes):
        return
    groups = grouped(axes, unread)
    lost = [(label, axis, found) for label, axis, found in groups if found[1]]
    if lost:
        yield Problem(
            message=sentence((label, _fact(label, len(axes), axis, found[1])) for label, axis, found in lost),
            help=sentence((label, _remedy(layer, report, label, axis)) for label, axis, _ in lost),
            option="stride" if "stride" in layer.places else "kernel_size",
        )
    elif groups:
        yield from _uneven(layer, report, groups)


def unread(axis: Axis) -> tuple[int, int] | None:
    """How many positions at the end are never read, padding included, and how many of them are input; None: none.

    The last window ends at `(m-1)*s - before + d*(k-1)`. A window that leaves gaps is CNN012's business.
    """
    if not _counts(axis):
        return None
    left = rest(axis.window, axis.n)
    return (left, max(left - axis.padding[1], 0)) if left else None


def _counts(axis: Axis) -> bool:
    return axis.stride > 1 and not axis.transposed and not axis.window.ceil_mode and residues(axis) == axis.stride


def _fact(label: str, ndim: int, axis: Axis, lost: int) -> str:
    which = places(label, ndim, lost)
    last = f"the last {which.removeprefix('1 ')}" if lost == 1 else f"the last {which}"
    is_ = "is" if lost == 1 else "are"
    return f"{last} of {axis.n:,} {is_} never read (kernel {axis.effective_kernel_size:,}, stride {axis.stride:,})"


def _remedy(layer: LayerReport, report: Report, label: str, axis: Axis) -> str:
    left = rest(axis.window, axis.n)
    fits = [size for size in (axis.n - left, axis.n - left + axis.stride) if size > 0]
    text = f"{fits[0]:,} or {fits[-1]:,} here comes out even"
    inputs = _even_inputs(report, [layer.name], label)
    if inputs and layer.inputs[0] not in report.inputs:
        text += f" (an input of {inputs})"
    if "ceil_mode" in type(layer.config).model_fields:
        text += ", or say `ceil`"
    return text


def _uneven(layer: LayerReport, report: Report, groups: list[tuple[str, Axis, tuple[int, int]]]) -> Iterator[Problem]:
    """One finding for all layers in which only padding is left over: at the first."""
    names = _with_padding_left(report)
    if not names or names[0] != layer.name:
        return
    ndim = len(layer.output_shape) - 1
    more = len(names) - 1
    likewise = f" (and so in {more:,} more layer{'s' * (more > 1)})" if more else ""
    facts = sentence((label, _padded(label, ndim, axis, found[0])) for label, axis, found in groups)
    striding = [each.name for each in report.layers if any(map(_counts, window_axes(each)))]
    sizes = _even_inputs(report, striding)
    yield Problem(
        message=facts + likewise,
        help=f"{sizes} comes out even everywhere" if sizes else _even_windows(groups),
        option="padding" if "padding" in layer.places else "stride",
        severity=Severity.INFO,
    )


def _even_windows(groups: list[tuple[str, Axis, tuple[int, int]]]) -> str | None:
    """Where no size helps (an encoder that a decoder must meet again): a kernel that comes out even at this one."""
    parts = []
    for label, axis, _ in groups:
        for kernel_size in (axis.kernel_size + 1, axis.kernel_size - 1):
            padding = fitting_padding(axis, kernel_size, axis.dilation) if kernel_size >= axis.stride else None
            total = axis.dilation * (kernel_size - 1) + 1
            if padding is not None and (axis.n + 2 * padding - total) % axis.stride == 0:
                words = [f"k{kernel_size}", f"s{axis.stride}", *[f"d{axis.dilation}"] * (axis.dilation > 1)]
                words += [f"p{padding}"] * (padding > 0)
                parts.append((label, f"`{' '.join(words)}` comes out even here"))
                break
    return sentence(parts) if len(parts) == len(groups) else None


@kept
def _with_padding_left(report: Report) -> list[str]:
    """The layers in which padding goes unread, and no input."""
    names = []
    for layer in report.layers:
        left = [found for found in map(unread, window_axes(layer)) if found]
        if left and not any(lost for _, lost in left):
            names.append(layer.name)
    return names


def _padded(label: str, ndim: int, axis: Axis, left: int) -> str:
    before, after = axis.padding
    return (
        f"{places(label, ndim, left)} of the padding {'is' if left == 1 else 'are'} never read: "
        f"{axis.n:,} is padded by {before:,} before and {after - left:,} after"
    )


def _even_inputs(report: Report, names: list[str], label: str = "") -> str:
    """Input sizes at which these layers come out even, on the axes that a group names."""
    ndim = len(next(iter(report.inputs.values()))) - 1
    wanted = label.split(" and ") if label else list(axis_names(ndim))
    found: dict[tuple[int, ...], list[str]] = {}
    for at, name in enumerate(axis_names(ndim)):
        known = sizing(report, at) if name in wanted else None
        n = next(iter(report.inputs.values()))[at + 1]
        if known is not None and not known.even(n, [each for each in names if each in known.own]):
            found.setdefault(known.even_sizes(n, names), []).append(name)
    if not found or () in found:
        return ""
    if len(found) == 1:
        return either(next(iter(found)))
    return ", ".join(f"a {' and '.join(members)} of {either(sizes)}" for sizes, members in found.items())
