"""Dense layers of Keras, which act on the last axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.keras.activations import activated
from cnncalc.importers.keras.call import in_place, is_vector, shown, sizes_of
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.keras.call import Call
    from cnncalc.importers.layers import Option


def dense(call: Call) -> Held:
    """`Dense`: on a map a 1x1 convolution."""
    return activated(call, linear(call, call.x, call.number("units"), bias=call.flag("use_bias", default=True)))


def linear(call: Call, x: Held, out: int, *, bias: bool, weights: str = "") -> Held:
    """A linear layer on the last axis."""
    options: dict[str, Option] = {"out_channels": out, "bias": bias}
    source = call.whole(x.layer) if is_vector(call, x) else call.plain(x, first=False)
    tensor = call.tensor(source)
    if tensor.tokens or len(x.dims) == 2:  # noqa: PLR2004 - a batch of vectors
        return in_place(call.layer("linear", options, source, weights=weights), first=False)
    options = {"out_channels": out, "kernel_size": 1, "bias": bias}
    return in_place(call.layer("conv", options, source, weights=weights), first=False)


def einsum_dense(call: Call) -> Held:
    """`EinsumDense` that contracts the last axes and makes the last axes: a linear layer between two views."""
    equation = str(call.argument("equation"))
    before, kernel, after = _labels(equation)
    kept = [label for label in before if label in after]
    inner = [label for label in before if label not in after]
    made = [label for label in after if label not in before]
    if (
        "".join(kept + inner) != before
        or "".join(kept + made) != after
        or sorted(kernel) != sorted(inner + made)
        or len(set(before)) != len(before)
        or not inner
        or not made
    ):
        raise UnmappedError(f"the equation {shown(equation)}")
    x = call.x
    sizes = sizes_of(x.dims)
    if before[0] == ".":  # an ellipsis stands for all axes in front
        before = before[1:].rjust(len(sizes), ".")
        kept = list(before[: len(before) - len(inner)])
    shape = call.argument("output_shape")
    shape = [shape] if type(shape) is int else list(shape)
    outs = shape[-len(made) :]
    if len(before) != len(sizes) or not all(type(size) is int and size > 0 for size in outs):
        raise UnmappedError(f"the equation {shown(equation)} on {len(sizes)} axes, with output_shape {shown(shape)}")
    viewed = axes.viewed(x.dims, (*sizes[: len(kept)], prod(sizes[len(kept) :])))
    if viewed is None:
        raise UnmappedError(f"the equation {shown(equation)}")
    bias = call.argument("bias_axes")
    if bias is not None and sorted(str(bias)) != sorted(made):
        raise UnmappedError(f"a bias over {shown(bias)}")
    held = linear(call, replace(x, dims=viewed), prod(outs), bias=bias is not None)
    dims = axes.viewed(held.dims, (*sizes_of(held.dims)[:-1], *outs))
    if dims is None:
        raise UnmappedError(f"the equation {shown(equation)}")
    return activated(call, replace(held, dims=dims))


def _labels(equation: str) -> tuple[str, str, str]:
    """Of the input, the kernel and the output; an ellipsis is one dot."""
    left, arrow, after = equation.replace(" ", "").replace("...", ".").partition("->")
    before, comma, kernel = left.partition(",")
    if not arrow or not comma or not before or not after:
        raise UnmappedError(f"the equation {shown(equation)}")
    return before, kernel, after


def scale(call: Call) -> Held:
    """A factor per channel (ConvNeXt's `LayerScale`), or a number that is added (`LayerShift` of exported files)."""
    x = call.plain(call.x, first=False)
    count = call.argument("projection_dim")
    if count is not None and count != call.tensor(x).channels:
        raise UnmappedError(f"{shown(count)} factors for {call.tensor(x).channels} channels")
    return in_place(call.layer("shift" if call.kind == "LayerShift" else "scale", {}, x, weights=""), first=False)
