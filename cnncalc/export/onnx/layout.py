"""Global pools, resizing, merges and rearrangements as ONNX nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.onnx.draft import beside, channel_axis, dims_of
from cnncalc.export.onnx.windows import flat, resided
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops.scale import Each
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.export.onnx.draft import Draft

MANY = {"add": "Sum", "max": "Max", "min": "Min"}
"""Nodes that take any number of inputs."""
TWO = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div"}
REDUCTIONS = {"mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin", "sum": "ReduceSum", "norm": "ReduceL2"}


def gap(draft: Draft) -> str:
    """Over all positions."""
    if draft.shape.tokens:
        kind = "ReduceMean" if draft.op.op == "gap" else "ReduceMax"
        return draft.node(kind, draft.x, draft.ints("axes", 1), keepdims=1)
    return draft.node("GlobalAveragePool" if draft.op.op == "gap" else "GlobalMaxPool", draft.x)


def adaptive(draft: Draft) -> str:
    """A plain window on axes whose size divides; on others every window is gathered by itself."""
    is_max = draft.op.op == "adaptive_max"
    sizes, outputs = draft.shape.sizes, draft.output.sizes
    if draft.output.positions == 1:
        return draft.node("GlobalMaxPool" if is_max else "GlobalAveragePool", draft.x)
    factors = tuple(1 if n % m else n // m for n, m in zip(sizes, outputs, strict=True))
    x = draft.x
    if any(factor > 1 for factor in factors):
        pads = flat(((0, 0),) * len(sizes))
        kind = "MaxPool" if is_max else "AveragePool"
        x = draft.node(kind, x, kernel_shape=factors, strides=factors, pads=pads)
    left = [n // factor for n, factor in zip(sizes, factors, strict=True)]
    for axis, m in enumerate(outputs):
        if left[axis] != m:
            x = _gathered(draft, x, left, axis, m, is_max=is_max)
            left[axis] = m
    return x


def _gathered(draft: Draft, x: str, sizes: Sequence[int], axis: int, m: int, *, is_max: bool) -> str:  # noqa: PLR0913
    """Along one axis: the positions of all windows, a shorter one filled up with its last, and then one for each."""
    n = sizes[axis]
    windows = [range(o * n // m, -(-(o + 1) * n // m)) for o in range(m)]
    most = max(map(len, windows))
    places = [min(window.start + tap, window.stop - 1) for window in windows for tap in range(most)]
    at = 2 + axis
    x = draft.node("Gather", x, draft.ints("positions", *places), axis=at)
    x = draft.reshape(x, (0, draft.shape.channels, *sizes[:axis], m, most, *sizes[axis + 1 :]))
    axes = draft.ints("axes", at + 1)
    if is_max:
        return draft.node("ReduceMax", x, axes, keepdims=0)
    if all(len(window) == most for window in windows):
        return draft.node("ReduceMean", x, axes, keepdims=0)
    shares = [1 / len(window) if tap < len(window) else 0.0 for window in windows for tap in range(most)]
    factors = draft.numbers("shares", shares, (m, most, *(1,) * (len(sizes) - axis - 1)))
    return draft.node("ReduceSum", draft.node("Mul", x, factors), axes, keepdims=0)


def pixelshuffle(draft: Draft) -> str:
    """ONNX has it for two axes alone."""
    factor, (channels, *sizes) = draft.op.upscale_factor, draft.shape
    count = len(sizes)
    if count == 2:  # noqa: PLR2004
        return draft.node("DepthToSpace", draft.x, blocksize=factor, mode="CRD")
    x = draft.reshape(draft.x, (0, channels // factor**count, *(factor,) * count, *sizes))
    order = [place for axis in range(count) for place in (2 + count + axis, 2 + axis)]
    return draft.reshape(draft.transpose(x, 0, 1, *order), (0, *draft.output))


def pixelunshuffle(draft: Draft) -> str:
    """`SpaceToDepth` has another order of channels."""
    factor, (channels, *sizes) = draft.op.downscale_factor, draft.shape
    count = len(sizes)
    x = draft.reshape(draft.x, (0, channels, *(part for size in sizes for part in (size // factor, factor))))
    x = draft.transpose(x, 0, 1, *range(3, 3 + 2 * count, 2), *range(2, 2 + 2 * count, 2))
    return draft.reshape(x, (0, *draft.output))


def channelshuffle(draft: Draft) -> str:
    """Groups mix."""
    groups, (channels, *sizes) = draft.op.groups, draft.shape
    if draft.shape.tokens:
        x = draft.reshape(draft.x, (0, *sizes, groups, channels // groups))
        return draft.reshape(draft.transpose(x, 0, 1, 3, 2), (0, *sizes, channels))
    x = draft.reshape(draft.x, (0, groups, channels // groups, *sizes))
    return draft.reshape(draft.transpose(x, 0, 2, 1, *range(3, 3 + len(sizes))), (0, channels, *sizes))


def slice_(draft: Draft) -> str:
    """Some channels."""
    first = draft.op.channels[0] or 0
    ends = (("starts", first), ("ends", first + draft.output.channels), ("axes", channel_axis(draft.shape)))
    return draft.node("Slice", draft.x, *(draft.ints(name, number) for name, number in ends))


def residual_pad(draft: Draft) -> str:
    """Every stride-th position, new channels zero."""
    x, strides = draft.x, draft.settings.stride if draft.inference.settings else ()
    axes = [axis for axis, stride in enumerate(strides) if stride > 1]
    if axes:
        x = draft.node(
            "Slice",
            x,
            draft.ints("starts", *(0 for _ in axes)),
            draft.ints("ends", *(draft.shape.sizes[axis] for axis in axes)),
            draft.ints("axes", *(2 + axis for axis in axes)),
            draft.ints("steps", *(strides[axis] for axis in axes)),
        )
    more = draft.output.channels - draft.shape.channels
    if not more:
        return x
    pads = flat(((0, 0), (0, more), *((0, 0),) * draft.shape.ndim))
    return draft.node("Pad", x, draft.ints("pads", *pads), mode="constant")


def joint(draft: Draft) -> str:
    """Sizes that differ are padded or cut first; what has size 1 is repeated."""
    parts = []
    for place, part in enumerate(draft.values):
        own = draft.inference.reads[place] if draft.inference.reads else None
        sides = tuple(read.padding for read in own or () if isinstance(read, AxisWindow))
        parts.append(resided(draft, part, sides, place=place) if any(map(any, sides)) else part)
    kind = draft.op.op
    if kind == "concat":
        return draft.node("Concat", *parts, axis=channel_axis(draft.shape))
    if kind in MANY and (len(parts) > 2 or kind not in TWO):  # noqa: PLR2004
        return draft.node(MANY[kind], *parts)
    made = parts[0]
    for part in parts[1:]:
        made = draft.node(TWO[kind], made, part)
    return made


def tokens(draft: Draft) -> str:
    """Positions become a sequence."""
    if draft.shape.tokens:
        return draft.x
    x = draft.x if draft.shape.ndim == 1 else draft.reshape(draft.x, (0, draft.shape.channels, draft.shape.positions))
    return draft.transpose(x, 0, 2, 1)


def flatten(draft: Draft) -> str:
    """To a vector, channel by channel."""
    if not draft.shape.sizes:
        return draft.x
    return draft.node("Flatten", draft.transpose(draft.x, 0, 2, 1) if draft.shape.tokens else draft.x, axis=1)


def rearrange(draft: Draft) -> str:
    """Which element goes where is not said: row by row, channels first."""
    x = draft.transpose(draft.x, 0, 2, 1) if draft.shape.tokens else draft.x
    if tuple(draft.shape) != tuple(draft.output):
        x = draft.reshape(x, (0, *draft.output))
    return draft.transpose(x, 0, 2, 1) if draft.output.tokens else x


def reduce(draft: Draft) -> str:
    """What is reduced stays, with size 1."""
    from cnncalc.ops.over import axes_over

    first = 1 if draft.shape.tokens else 2
    axes = [first + axis for axis in axes_over(draft.op.over, draft.shape)] or [channel_axis(draft.shape)]
    return draft.node(REDUCTIONS[draft.op.kind.value], draft.x, draft.ints("axes", *axes), keepdims=1)


def prepend(draft: Draft) -> str:
    """Learned tokens, the same for every sample."""
    count, channels = draft.op.count, draft.shape.channels
    weight = draft.weight(0, (1, count, channels))
    if draft.batch is None:
        every = draft.node("Shape", draft.x, start=0, end=1)
        dims = draft.node("Concat", every, draft.ints("tokens", count, channels), axis=0)
    else:
        dims = draft.ints("tokens", draft.batch, count, channels)
    return draft.node("Concat", draft.node("Expand", weight, dims), draft.x, axis=1)


def scale(draft: Draft) -> str:
    """Learned factors or offsets."""
    shape, over = draft.shape, draft.op.over
    channels = 1 if over is Each.POSITIONS else shape.channels
    dims = beside(channels, shape) if over is Each.CHANNELS else dims_of(replace(shape, channels=channels))
    return draft.node("Mul" if draft.op.op == "scale" else "Add", draft.x, draft.weight(0, dims))


def dropout(draft: Draft) -> str:
    """Nothing at inference."""
    return draft.node("Dropout", draft.x, draft.numbers("ratio", (float(draft.op.p),), (), dtype="float32"))


def identity(draft: Draft) -> str:
    """Nothing."""
    return draft.node("Identity", draft.x)
