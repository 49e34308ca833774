"""Linear layers, written as such or as products with a parameter."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.weights import due, fresh, parts_of, take, weighted
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import as_channels, is_channel_part, spread, text
from cnncalc.importers.tensors.axes import BATCH, CHANNELS, REPEAT, Atom
from cnncalc.importers.tensors.cutting import shrunk
from cnncalc.importers.tensors.trace import Held, UnmappedError, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.pytorch.call import Call


def linear(call: Call) -> Held:
    """`linear(x, weight, bias)` on the last dimension."""
    weight, bias = call.args["weight"], call.args.get("bias")
    if not isinstance(weight, Weights):
        raise UnmappedError("a linear layer whose weight is computed from the input")
    return applied(call, call.x, weight.shape[0], [weight, bias])


def addmm(call: Call) -> Held:
    """`addmm(bias, x, weight)`."""
    bias, x, weight = list(call.args.values())[:3]
    if not isinstance(x, Held) or not isinstance(weight, Weights):
        raise UnmappedError("a product of matrices that is no linear layer")
    return applied(call, x, weight.shape[-1], [weight, bias])


def applied(call: Call, x: Held, out: int, given: Sequence[Any]) -> Held:
    """A matrix on the last dimension: a linear layer, or on a map a 1x1 convolution."""
    trace = call.trace
    if axes.has(x.dims, REPEAT):  # each copy costs as much
        x = spread(trace, call.node, x)
    place = len(x.dims) - 1
    if is_channel_part(trace, x, place) and not axes.only(x.dims[place], CHANNELS, trace.shapes[x.layer][0]):
        return _on_part(call, x, out, given)
    held = _settled(call, x)
    shape = trace.shapes[held.layer]
    choices: list[dict[str, Option]] = [{"out_channels": out, "bias": bias} for bias in _biases(given)]
    made: Held
    if held.layer in trace.tokens or len(shape) == 1 or _is_vector(call, held):
        result = (out, *shape[1:]) if held.layer in trace.tokens else (out,)
        made = weighted(call, "linear", held.layer, result, choices, given)
        if made.layer not in trace.tokens and len(held.dims) == 2:  # noqa: PLR2004 - a batch of vectors
            return made
    else:
        choices = [{**options, "kernel_size": 1} for options in choices]
        made = weighted(call, "conv", held.layer, (out, *shape[1:]), choices, given, ("kernel_size",))
    return replace(made, dims=(*held.dims[:-1], (Atom(CHANNELS, out),) if out > 1 else ()))


def _biases(given: Sequence[Any]) -> list[bool]:
    return [True, False] if parts_of(given[1:]) else [False]


def _settled(call: Call, x: Held) -> Held:
    """With the last dimension as the channels; a batch of vectors as a vector."""
    trace = call.trace
    shape = trace.shapes[x.layer]
    if len(x.dims) != 2 or (_is_whole(call, x) and len(shape) == 1):  # noqa: PLR2004 - batch and features
        return as_channels(trace, call.node, x, [len(x.dims) - 1])
    if _is_whole(call, x) or axes.without(x.dims[0], BATCH) or axes.has(x.dims, REPEAT):
        return as_channels(trace, call.node, x, [1])
    return call.settled(x)


def _is_whole(call: Call, x: Held) -> bool:
    return axes.only(x.dims[-1], CHANNELS, call.trace.shapes[x.layer][0])


def _is_vector(call: Call, x: Held) -> bool:
    """A batch of vectors, whose layer has positions of size 1 left."""
    return len(x.dims) == 2 and all(size == 1 for size in call.trace.shapes[x.layer][1:])  # noqa: PLR2004


def _on_part(call: Call, x: Held, out: int, given: Sequence[Any]) -> Held:
    """A matrix on each head: declared, since what stays at its position must not become global."""
    trace = call.trace
    if axes.has(x.dims, REPEAT) or len(x.dims[-1]) != 1:
        return applied(call, as_channels(trace, call.node, x, [len(x.dims) - 1]), out, given)
    channels, *sizes = trace.shapes[x.layer]
    (atom,) = x.dims[-1]
    heads = channels // atom.size
    shape: Shape = (heads * out, *sizes)
    made = _declared(call, x, shape, given, heads * out * prod(sizes) * atom.size, local=True)
    return replace(made, dims=shrunk(x.dims, atom, out))


def _declared(  # noqa: PLR0913 - a layer has this many parts
    call: Call, x: Held, shape: Shape, given: Sequence[Any], macs: int, *, local: bool
) -> Held:
    trace = call.trace
    parts = parts_of(given)
    ndim = len(shape) - 1
    out = "x".join([str(shape[0]), *"?" * ndim]) if local else text(shape)
    options: dict[str, Option] = {"out": out, "params": fresh(trace, parts), "macs": macs + due(trace, given)}
    if not local:
        options["sees_all"] = True
    if parts and all(part.frozen for part in parts):
        options["frozen"] = True
    made = call.emit("custom", (x.layer,), shape, options)
    take(trace, parts, made.layer)
    return made


def with_weights(  # noqa: PLR0913 - two factors, their names and that of the result
    call: Call, x: Held, labels: tuple[str, ...], weight: Weights, theirs: tuple[str, ...], out: tuple[str, ...]
) -> Held:
    """Sum over products with a parameter, in einsum's letters: a linear layer, one in groups, or declared."""
    trace = call.trace
    inner = [label for label in labels if label in theirs and label not in out]
    shared = [label for label in labels if label in theirs and label in out]
    made = [label for label in theirs if label not in labels and label in out]
    size = dict(zip(theirs, weight.shape, strict=True))
    features = prod(size[label] for label in made)
    if any(label not in out and label not in theirs for label in labels) or weight.batched:
        raise UnmappedError("a product with a parameter that sums over more than it has")
    if axes.has(x.dims, REPEAT):
        x = spread(trace, call.node, x)
    places = [labels.index(label) for label in (*shared, *inner)]
    if any(axes.has([x.dims[place]], BATCH) for place in places):
        raise UnmappedError("a product along the batch")
    held = as_channels(trace, call.node, x, places)
    groups = prod(size[label] for label in shared)
    channels, *sizes = trace.shapes[held.layer]
    shape = (groups * features, *sizes)
    if groups == 1:
        made_layer = _plain_product(call, held, features, weight)
    else:
        made_layer = _declared(call, held, shape, [weight], prod(shape) * channels // groups, local=True)
    dims: dict[str, axes.Dim] = {
        label: axes.without(dim, CHANNELS) for label, dim in zip(labels, held.dims, strict=True)
    }
    stride = groups * features
    for label in (*shared, *made):
        stride //= size[label]
        dims[label] = (Atom(CHANNELS, size[label], stride),) if size[label] > 1 else ()
    return replace(made_layer, dims=tuple(dims[label] for label in out))


def _plain_product(call: Call, held: Held, out: int, weight: Weights) -> Held:
    trace = call.trace
    shape = trace.shapes[held.layer]
    if not weight.trained:
        return _declared(call, held, (out, *shape[1:]), [weight], out * prod(shape), local=True)
    options: dict[str, Option] = {"out_channels": out, "bias": False}
    if held.layer in trace.tokens or len(shape) == 1:
        return weighted(call, "linear", held.layer, (out, *shape[1:]), [options], [weight])
    return weighted(
        call, "conv", held.layer, (out, *shape[1:]), [{**options, "kernel_size": 1}], [weight], ("kernel_size",)
    )
