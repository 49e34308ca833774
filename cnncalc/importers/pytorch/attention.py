"""Attention, and products of two tensors of the network."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.linear import with_weights
from cnncalc.importers.pytorch.merges import joined
from cnncalc.importers.pytorch.weights import call_after, due, fresh, only_path, parts_of, take
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import arranged, fitted, laid, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom
from cnncalc.importers.tensors.products import Side, contracted
from cnncalc.importers.tensors.trace import Held, Trace, UnmappedError, Weights
from cnncalc.values import replace, value

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option
    from cnncalc.importers.pytorch.call import Call
    from cnncalc.importers.tensors.axes import Dim

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@value
class Heads:
    """A query, key or value over a layer of heads * length channels and windows * count positions."""

    held: Held
    heads: int
    windows: int


def sdpa(call: Call) -> Held:
    """`scaled_dot_product_attention(q, k, v, mask)`: one layer; with a computed mask product by product."""
    q, k, v, mask = (call.args[name] for name in ("query", "key", "value", "attn_mask"))
    if not all(isinstance(each, Held) for each in (q, k, v)):
        return _with_learned(call, q, k, v)
    if isinstance(mask, Held):
        return _written_out(call, q, k, v, mask)
    if isinstance(mask, Weights):
        q = _biased(call, q, mask)
    ready = [_ready(call.trace, call.node, each, may_share=each is not q) for each in (q, k, v)]
    if any(each is None for each in ready):
        return _written_out(call, q, k, v, None)
    query, key, val = (each for each in ready if each is not None)
    if key.windows != query.windows or val.windows != query.windows or key.heads != val.heads:
        return _written_out(call, q, k, v, None)
    options: dict[str, Option] = {"num_heads": query.heads}
    if key.heads != query.heads:
        if query.heads % key.heads:
            return _written_out(call, q, k, v, None)
        options["num_kv_heads"] = key.heads
    if query.windows > 1:
        options["windows"] = query.windows
    shape = call.trace.shapes[query.held.layer]
    length = axes.size_of(val.held.dims[-1])
    inputs = (query.held.layer, key.held.layer, val.held.layer)
    made = call.emit("sdpa", inputs, (query.heads * length, *shape[1:]), options)
    dims = [tuple(_apart(atom, length) if atom.axis == CHANNELS else atom for atom in dim) for dim in query.held.dims]
    dims[-1] = (Atom(CHANNELS, length),) if length > 1 else ()
    return replace(made, dims=tuple(dims))


def _apart(atom: Atom, stride: int) -> Atom:
    """The same part of an axis, further apart."""
    return Atom(atom.axis, atom.size, stride)


def _ready(trace: Trace, node: Any, x: Held, *, may_share: bool) -> Heads | None:
    """Over a layer whose channels are heads x length, and whose other axes are windows and positions.

    `may_share`: copies of heads are left out, since one of the key may serve several of the query.
    """
    if axes.has(x.dims, REPEAT) and not (may_share and _shares_heads(x)):
        x = spread(trace, node, x)
    *batch, count, length = x.dims
    outer = [atom for dim in batch for atom in axes.without(dim, BATCH, REPEAT)]
    heads = axes.joined(atom for atom in outer if atom.axis == CHANNELS)
    windows = axes.size_of(atom for atom in outer if atom.axis != CHANNELS)
    channels = trace.shapes[x.layer][0]
    wanted = axes.joined((*heads, *length))
    if all(atom.axis == CHANNELS for atom in length) and axes.size_of(wanted) == channels:
        if not axes.only(wanted, CHANNELS, channels):
            x = arranged(trace, node, x, (wanted, *trace.whole(x.layer)[2:]))
    elif axes.has(x.dims, REPEAT):
        return None
    else:  # heads that were positions, and the like: the dimension before the last two is taken for the heads
        heads = axes.without(batch[-1], BATCH) if len(batch) > 1 else ()
        rest = [axes.without(dim, BATCH) for dim in (batch[:-1] if len(batch) > 1 else batch)]
        windows = axes.size_of(atom for dim in rest for atom in dim)
        x = arranged(trace, node, x, ((*heads, *length), *fitted([*rest, count])), tokens=True)
    if len(trace.shapes[x.layer]) == 1:  # a single position is one all the same
        x = arranged(trace, node, x, (trace.whole(x.layer)[1], ()), tokens=True)
    return Heads(held=x, heads=axes.size_of(heads), windows=windows)


def _shares_heads(x: Held) -> bool:
    """Whether copies are of heads alone."""
    for dim in x.dims:
        if axes.has([dim], REPEAT) and not (dim[-1].axis == REPEAT and all(a.axis == CHANNELS for a in dim[:-1])):
            return False
    return not axes.has(x.dims[-2:], REPEAT)


def _biased(call: Call, q: Held, mask: Weights) -> Held:
    """A learned bias of the scores; a mask that is a constant costs nothing."""
    trace = call.trace
    parts = parts_of([mask])
    count, macs = fresh(trace, parts), due(trace, [mask])
    if not count and not macs:
        return q
    if axes.has(q.dims, REPEAT):
        q = spread(trace, call.node, q)
    ndim = len(trace.shapes[q.layer]) - 1
    out = "x".join("?" * (ndim + 1))
    made = trace.emit(
        call.node, "custom", (q.layer,), trace.shapes[q.layer],
        {"out": out, "params": count, "macs": macs}, suffix="_bias", called=only_path(trace, parts),
    )  # fmt: skip
    take(trace, parts, made.layer)
    return trace.like(made, q)


def _written_out(call: Call, q: Held, k: Held, v: Held, mask: Held | None) -> Held:
    """Product, mask, softmax, product."""
    trace = call.trace
    rank = max(len(each.dims) for each in (q, k, v))
    batch = LETTERS[: rank - 2]

    def labels(held: Held, last: str) -> tuple[str, ...]:
        return tuple(batch[rank - len(held.dims) :] + last)

    k = _shared_heads(call, q, k)
    v = _shared_heads(call, q, v)
    out = tuple(batch + "yz")
    scores = contracted(
        trace, call.node, Side(held=q, labels=labels(q, "yx")), Side(held=k, labels=labels(k, "zx")), out
    )
    if mask is not None:
        scores = joined(call, "add", scores, mask)
    weights = _softmax(call, scores)
    return contracted(
        trace, call.node, Side(held=weights, labels=out), Side(held=v, labels=labels(v, "zx")), tuple(batch + "yx")
    )


def _shared_heads(call: Call, q: Held, k: Held) -> Held:
    """`enable_gqa`: each head of the key serves several of the query."""
    if not call.args.get("enable_gqa"):
        return k
    wanted, found = axes.size_of(q.dims[-3]), axes.size_of(k.dims[-3])
    if wanted == found:
        return k
    return replace(k, dims=(*k.dims[:-3], (*k.dims[-3], Atom(REPEAT, wanted // found)), *k.dims[-2:]))


def _softmax(call: Call, scores: Held) -> Held:
    from cnncalc.importers.pytorch.elementwise import softmax

    return softmax(replace(call, args={"self": scores, "dim": -1}))


def _with_learned(call: Call, q: Any, k: Any, v: Any) -> Held:
    """A query that is learned (attention pools): declared, with exact parameters and MACs."""
    trace = call.trace
    held = [each for each in (q, k, v) if isinstance(each, Held)]
    learned = [each for each in (q, k, v) if isinstance(each, Weights)]
    sizes = call.sizes()
    count = prod(sizes) // trace.samples
    shapes = [each.shape if isinstance(each, Weights) else tuple(map(axes.size_of, each.dims)) for each in (q, k)]
    macs = count // sizes[-1] * shapes[1][-2] * (shapes[0][-1] + sizes[-1]) + due(trace, learned)
    parts = parts_of(learned)
    call_after(call, parts)
    shape, dims = _headed(trace, sizes)
    options: dict[str, Option] = {
        "out": text(shape), "params": fresh(trace, parts), "macs": macs, "sees_all": True, "tokens": True,
    }  # fmt: skip
    made = call.emit("custom", tuple(dict.fromkeys(each.layer for each in held)), shape, options)
    take(trace, parts, made.layer)
    return replace(made, dims=dims)


def _headed(trace: Trace, sizes: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[Dim, ...]]:
    """Heads x length as channels, the rest as tokens."""
    if len(sizes) != 4 or sizes[0] != trace.samples:  # noqa: PLR2004 - batch, heads, positions, length
        shape, dims = laid(trace, sizes, len(sizes) - 1)
        return (shape if len(shape) > 1 else (*shape, 1)), dims
    _, heads, count, length = sizes
    some = [
        (Atom(BATCH, sizes[0]),),
        (Atom(CHANNELS, heads, length),),
        (Atom(axes.SPACE, count),),
        (Atom(CHANNELS, length),),
    ]
    return (heads * length, count), tuple(dim if dim[0].size > 1 else () for dim in some)


def matmul(call: Call) -> Held:
    """`matmul`, `bmm`, `mm`: over the last dimension of the first and the one before the last of the second."""
    a, b = list(call.args.values())[:2]
    rank = max(_rank(a), _rank(b))
    batch = LETTERS[: max(rank - 2, 0)]
    labels = []
    for each, last in ((a, "yx"), (b, "xz")):
        own = _rank(each)
        labels.append("x" if own == 1 else batch[rank - own :] + last)
    out = batch + ("y" if _rank(a) > 1 else "") + ("z" if _rank(b) > 1 else "")
    return product(call, a, labels[0], b, labels[1], out)


def baddbmm(call: Call) -> Held:
    """`x + a @ b`."""
    x, a, b = list(call.args.values())[:3]
    made = product(call, a, "ayx", b, "axz", "ayz")
    return joined(call, "add", made, x)


def einsum(call: Call) -> Held:
    """Of two tensors."""
    equation = str(call.args["equation"]).replace(" ", "")
    given = call.args["tensors"]
    if len(given) != 2 or "." in equation:  # noqa: PLR2004 - two factors
        raise UnmappedError(f"einsum {equation}")
    left, _, out = equation.partition("->")
    first, second = left.split(",")
    if "->" not in equation:
        letters = sorted(set(first + second))
        out = "".join(letter for letter in letters if (first + second).count(letter) == 1)
    return product(call, given[0], first, given[1], second, out)


def product(call: Call, a: Any, first: str, b: Any, second: str, out: str) -> Held:  # noqa: PLR0913 - two factors and their names
    """A product in einsum's letters of whatever the factors are."""
    if isinstance(a, Held) and isinstance(b, Held):
        sides = Side(held=a, labels=tuple(first)), Side(held=b, labels=tuple(second))
        return contracted(call.trace, call.node, *sides, tuple(out))
    held, labels, weight, theirs = (a, first, b, second) if isinstance(a, Held) else (b, second, a, first)
    if not isinstance(held, Held) or not isinstance(weight, Weights):
        raise UnmappedError("a product of constants")
    if weight.batched:  # the same for every sample: its copies are left out
        at = 0
        if any(size > 1 for size in weight.shape[:1]) and theirs[at] in labels:
            weight = replace(weight, shape=weight.shape[1:], batched=False)
            theirs = theirs[1:]
    keep = [at for at, size in enumerate(weight.shape) if size > 1 or theirs[at] not in labels]
    weight = replace(weight, shape=tuple(weight.shape[at] for at in keep))
    theirs = "".join(theirs[at] for at in keep)
    return with_weights(call, held, tuple(labels), weight, tuple(theirs), tuple(out))


def _rank(each: Any) -> int:
    return len(each.dims) if isinstance(each, Held) else len(each.shape)
