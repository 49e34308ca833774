"""Attention layers of Keras: their projections as linear layers, and what stands between as `sdpa`."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.keras.call import in_place, like_input, shown, sizes_of
from cnncalc.importers.keras.dense import linear
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import value

if TYPE_CHECKING:
    from cnncalc.importers.keras.call import Call
    from cnncalc.importers.layers import Option


@value
class Heads:
    """How the channels are divided."""

    heads: int
    shared: int
    """Of key and value."""
    key: int
    """Channels of a head of query and key."""
    value: int
    out: int | None = None
    windows: int = 1


def multi_head(call: Call) -> Held:
    """`MultiHeadAttention(query, value, key)`."""
    heads, key = call.number("num_heads"), call.number("key_dim")
    found = call.argument("output_shape")
    found = found[0] if isinstance(found, (list, tuple)) and len(found) == 1 else found
    if found is not None and type(found) is not int:
        raise UnmappedError(f"output_shape is {shown(found)}")
    return _attended(
        call,
        Heads(
            heads=heads, shared=heads, key=key, value=call.number("value_dim", key), out=found, windows=_windows(call)
        ),
    )


def grouped_query(call: Call) -> Held:
    """`GroupQueryAttention(query, value, key)`: heads of key and value are shared."""
    size = call.number("head_dim")
    heads = Heads(heads=call.number("num_query_heads"), shared=call.number("num_key_value_heads"), key=size, value=size)
    return _attended(call, heads)


def _windows(call: Call) -> int:
    """Positions along axes that are not attended over see only those with the same place on them."""
    sizes = sizes_of(call.x.dims)
    rank = len(sizes)
    if call.argument("attention_axes") is None:
        return 1
    attended = call.axis("attention_axes", rank)
    if not set(attended) <= set(range(1, rank - 1)):
        raise UnmappedError(f"attention over axes {shown(call.argument('attention_axes'))}")
    return prod(sizes[at] for at in range(1, rank - 1) if at not in attended)


def _inputs(call: Call) -> tuple[Held, Held, Held]:
    """Query, key and value, which Keras has in the order query, value, key."""
    if call.kwargs.get("return_attention_scores") is True or any(one is True for one in call.args):
        raise UnmappedError("it returns the attention scores")
    many = call.args[0] if call.args and isinstance(call.args[0], (list, tuple)) else call.args
    named = [many[at] if at < len(many) else call.kwargs.get(name) for at, name in enumerate(("query", "value", "key"))]
    query, value_, key = named
    if not isinstance(query, Held) or not isinstance(value_, Held):
        raise UnmappedError("query and value were expected")
    if min(len(query.dims), len(value_.dims)) < 3:  # noqa: PLR2004 - a position, and its channels
        raise UnmappedError("query and value have no positions")
    return query, key if isinstance(key, Held) else value_, value_


def _attended(call: Call, of: Heads) -> Held:
    query, key, value_ = _inputs(call)
    bias = call.flag("use_bias", default=True)
    q = _projected(call, "query", query, of.heads * of.key, bias=bias)
    k = _projected(call, "key", key, of.shared * of.key, bias=bias)
    v = _projected(call, "value", value_, of.shared * of.value, bias=bias)
    options: dict[str, Option] = {"num_heads": of.heads}
    if of.shared != of.heads:
        options["num_kv_heads"] = of.shared
    if of.windows > 1:
        options["windows"] = of.windows
    made = call.inside("sdpa").layer("sdpa", options, q, k, v)
    if call.flag("use_gate", default=False):
        gate = _projected(call, "gate", query, of.heads * of.value, bias=bias)
        gate = call.inside("sigmoid").layer("sigmoid", {}, gate)
        made = call.inside("mul").layer("mul", {}, made, gate)
    out = of.out or sizes_of(query.dims)[-1]
    return linear(call.inside("attention_output"), in_place(made, first=False), out, bias=bias, weights=".output")


def _projected(call: Call, name: str, x: Held, out: int, *, bias: bool) -> Held:
    inner = call.inside(name)
    return inner.plain(linear(inner, x, out, bias=bias, weights=f".{name}"), first=False)


def dot_product(call: Call) -> Held:
    """`Attention([query, value, key])`: no projections, perhaps a factor."""
    query, key, value_ = _inputs(call)
    if call.argument("score_mode", default="dot") != "dot":
        raise UnmappedError("attention whose scores are no products")
    q, k, v = (call.plain(one, first=False) for one in (query, key, value_))
    made = call.layer("sdpa", {"num_heads": 1}, q, k, v)
    if call.flag("use_scale", default=False):
        rest: dict[str, Option] = {"out": like_input(call.tensor(made).ndim), "params": 1, "macs": 0}
        made = call.layer("custom", rest, made, weights="", suffix=":scale")
    return in_place(made, first=False)
