"""Norms as ONNX nodes; what is not learned stands in constants, as the ONNX norms take scale and shift always."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.export.onnx.draft import beside, channel_axis, dims_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.export.onnx.draft import Draft

EPSILON = 1e-5
RMS_EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
"""Of PyTorch's RMSNorm: the distance from 1 to the next number."""
LAST = 0x7FFF_FFFF


def bn(draft: Draft) -> str:
    """With running statistics."""
    channels = draft.shape.channels
    x = _channels_first(draft)
    given = [*_affine(draft), *(draft.buffer(f"running_{what}", fill, (channels,)) for what, fill in STATISTICS)]
    return _as_it_was(draft, draft.node("BatchNormalization", x, *given, epsilon=EPSILON))


STATISTICS = (("mean", 0), ("var", 1))


def instance(draft: Draft) -> str:
    """A vector is a map of one position."""
    x = _channels_first(draft) if draft.shape.sizes else draft.reshape(draft.x, (0, draft.shape.channels, 1))
    made = draft.node("InstanceNormalization", x, *_affine(draft), epsilon=EPSILON)
    return _as_it_was(draft, made) if draft.shape.sizes else draft.reshape(made, (0, draft.shape.channels))


def group(draft: Draft) -> str:
    """An instance norm of the groups, as PyTorch's exporter writes it; shapes cannot be inferred of the newer node."""
    shape, groups = draft.shape, draft.op.num_groups
    rows = draft.reshape(_channels_first(draft), (0, groups, shape.numel // groups))
    fixed = draft.numbers("scale", (1,), (groups,)), draft.numbers("shift", (0,), (groups,))
    x = draft.reshape(draft.node("InstanceNormalization", rows, *fixed, epsilon=EPSILON), (0, *shape))
    if draft.op.affine:
        dims = (shape.channels, *(1,) * shape.ndim)
        x = draft.node("Add", draft.node("Mul", x, draft.weight(0, dims)), draft.weight(1, dims))
    return _as_it_was(draft, x)


def layer(draft: Draft) -> str:
    """Over the channels, which have to stand last for it, or over all but the batch."""
    from cnncalc.ops.norm import Span

    if draft.op.over is Span.ALL:
        return draft.node("LayerNormalization", draft.x, *_over_all(draft), axis=1, epsilon=EPSILON)
    x = draft.x if draft.shape.tokens else draft.turned(draft.x, draft.shape)
    made = draft.node("LayerNormalization", x, *_affine(draft), axis=-1, epsilon=EPSILON)
    return made if draft.shape.tokens else draft.back(made, draft.shape)


def root_mean_square(draft: Draft) -> str:
    """Written out: ONNX has had a node for it since operator set 23 only."""
    from cnncalc.ops.norm import Span

    everything = draft.op.over is Span.ALL
    axes = range(1, 2 + draft.shape.ndim) if everything else (channel_axis(draft.shape),)
    mean = draft.node("ReduceMean", draft.node("Mul", draft.x, draft.x), draft.ints("axes", *axes), keepdims=1)
    root = draft.node("Sqrt", draft.node("Add", mean, draft.numbers("epsilon", (RMS_EPSILON[draft.dtype],), ())))
    made = draft.node("Div", draft.x, root)
    if not draft.op.affine:
        return made
    weight = _over_all(draft)[0] if everything else draft.weight(0, beside(draft.shape.channels, draft.shape))
    return draft.node("Mul", made, weight)


def local_response(draft: Draft) -> str:
    """On maps with two axes, as runtimes want it.

    Of an even number of channels PyTorch takes the odd one before, ONNX after: the channels are run through backwards.
    """
    shape, size = draft.shape, draft.op.size
    x = _channels_first(draft)
    is_flat = shape.ndim == 2 and not shape.tokens  # noqa: PLR2004
    if not is_flat:
        x = draft.reshape(x, (0, shape.channels, shape.positions, 1))
    if size % 2 == 0:
        x = _backwards(draft, x)
    made = draft.node("LRN", x, size=size, alpha=1e-4, beta=0.75, bias=1.0)
    if size % 2 == 0:
        made = _backwards(draft, made)
    return _as_it_was(draft, made if is_flat else draft.reshape(made, (0, *shape)))


def _backwards(draft: Draft, x: str) -> str:
    ends = (("starts", -1), ("ends", -LAST), ("axes", 1), ("steps", -1))
    return draft.node("Slice", x, *(draft.ints(name, number) for name, number in ends))


def _channels_first(draft: Draft) -> str:
    return draft.transpose(draft.x, 0, 2, 1) if draft.shape.tokens else draft.x


def _as_it_was(draft: Draft, x: str) -> str:
    return draft.transpose(x, 0, 2, 1) if draft.shape.tokens else x


def _affine(draft: Draft) -> tuple[str, ...]:
    if draft.op.affine:
        return draft.weights()
    dims = (draft.shape.channels,)
    return draft.numbers("scale", (1,), dims), draft.numbers("shift", (0,), dims)


def _over_all(draft: Draft) -> tuple[str, ...]:
    """A number for every element; those of tokens stand as tokens do."""
    if not draft.op.affine:
        return (draft.numbers("scale", (1,), dims_of(draft.shape)),)
    return tuple(draft.weight(place, turned=draft.shape.tokens) for place in range(len(draft.inference.weights)))


NORMS: dict[str, Callable[[Draft], str]] = {
    "bn": bn,
    "in": instance,
    "gn": group,
    "ln": layer,
    "rms": root_mean_square,
    "lrn": local_response,
}
