"""Attention: `softmax(q k^T) v` in one layer, however its axes are arranged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx.constants import weights_in
from cnncalc.importers.onnx.contents import is_mask
from cnncalc.importers.onnx.records import Tensor
from cnncalc.importers.pytorch.attention import sdpa
from cnncalc.importers.pytorch.call import Call as Arguments
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import Held, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.onnx.nodes import Call

_MATRIX = 2
_CACHE = 4
"""From this input and output on everything has to do with a cache."""


def fused(call: Call) -> Held:
    """Attention that was written out: q, k transposed, v, what scales the scores or is added to them."""
    q, k, v = (call.held(at) for at in range(3))
    if any(len(one.dims) < _MATRIX for one in (q, k, v)):
        raise UnmappedError("attention without positions")
    if not all(isinstance(one, Tensor) for one in call.given[3:]):
        raise UnmappedError("a mask or bias that is computed by the network")
    swapped = bool(call.integer("swapped"))  # channels before positions: v P^T
    made = attended(call, q, _swapped(k), _swapped(v) if swapped else v, call.given[3:])
    return _swapped(made) if swapped else made


def standard(call: Call) -> Held:
    """`Attention(q, k, v, mask, past_key, past_value)`: heads are an axis, or part of the channels."""
    q, k, v = (call.held(at) for at in range(3))
    mask = call.given[3] if len(call.given) > 3 else None  # noqa: PLR2004 - the fourth input
    if any(call.is_read(at) for at in range(1, _CACHE)) or any(one is not None for one in call.given[_CACHE:]):
        raise UnmappedError("with a cache of keys and values, or its scores are read")
    if isinstance(mask, Held):
        raise UnmappedError("a mask that is computed by the network")
    extras = [mask] if mask is not None else []
    if len(q.dims) == 4:  # noqa: PLR2004 - samples, heads, positions, channels
        return attended(call, q, k, v, extras)
    heads = call.integer("q_num_heads"), call.integer("kv_num_heads")
    if min(heads) < 1:
        raise UnmappedError("its number of heads is missing")
    made = attended(call, _apart(q, heads[0]), _apart(k, heads[1]), _apart(v, heads[1]), extras)
    batch, head, rows, inner = made.dims
    return replace(made, dims=(batch, rows, axes.joined((*head, *inner))))


def _apart(held: Held, heads: int) -> Held:
    """`samples x positions x channels` with the heads as an axis before the positions."""
    batch, rows, channels = held.dims
    count = axes.size_of(channels)
    cut = axes.viewed((channels,), (heads, count // heads)) if count % heads == 0 else None
    if cut is None:
        raise UnmappedError(f"{count} channels cannot be cut into {heads} heads")
    return replace(held, dims=(batch, cut[0], rows, cut[1]))


def _swapped(held: Held) -> Held:
    return replace(held, dims=(*held.dims[:-2], held.dims[-1], held.dims[-2]))


def attended(call: Call, q: Held, k: Held, v: Held, extras: Sequence[Any]) -> Held:
    """The result over the positions of the query; each is `... x positions x channels`."""
    if any(axes.has(one.dims[-2:], axes.BATCH) for one in (q, k, v)):
        raise UnmappedError("attention between samples")
    some = [one for one in extras if isinstance(one, Tensor) and not is_mask(one)]
    parts = weights_in(some)
    work = tuple(dict.fromkeys(each for one in some for each in one.work))
    bias = Weights(path=call.node.name, shape=(), trained=True, parts=parts, products=work) if parts or work else None
    args = {"query": q, "key": k, "value": v, "attn_mask": bias, "enable_gqa": True}
    return sdpa(Arguments(trace=call.trace, node=call.node, args=args))
