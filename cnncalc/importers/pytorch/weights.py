"""Layers with parameters: exactly those that the module has are counted, each once."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors.arrange import pointwise, text
from cnncalc.importers.tensors.infer import inferences
from cnncalc.importers.tensors.trace import Held, Part, Trace, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.importers.layers import Option, Shape
    from cnncalc.importers.pytorch.call import Call


NORMS = frozenset({"bn", "ln", "rms", "gn", "in"})


def parts_of(given: Iterable[Any]) -> tuple[Part, ...]:
    """The parameters in some constants, each once."""
    return tuple(dict.fromkeys(part for each in given if isinstance(each, Weights) for part in each.pieces))


def fresh(trace: Trace, parts: Sequence[Part]) -> int:
    """How many parameters no layer has counted yet."""
    count = 0
    seen: dict[str, int] = {}
    for part in parts:
        taken = trace.taken.get(part.path, {})
        if part.piece in taken or "" in taken:
            continue
        left = trace.counts.get(part.path, part.count) - sum(taken.values()) - seen.get(part.path, 0)
        seen[part.path] = seen.get(part.path, 0) + min(part.count, left)
        count += min(part.count, left)
    return count


def call_after(call: Call, parts: Sequence[Part]) -> None:
    """What a parameter of its own does is called after it, unless its module is: `pos_embed`."""
    trace, name = call.trace, call.node.name
    path = only_path(trace, parts)
    if path is not None and trace.names[name] not in trace.named:
        trace.names[name] = path
        trace.named |= {path}


def _name_after_weight(call: Call, parts: Sequence[Part]) -> None:
    """A layer that is no module is called after its weight, where the module calls a function: `attn.qkv.weight`."""
    trace, name = call.trace, call.node.name
    if not parts or not trace.names_of_weights or trace.names[name] in trace.named:
        return
    path, is_parametrized, _ = parts[0].path.partition("parametrizations.")
    path = path.rstrip(".") if is_parametrized else path
    own = path.rpartition(".")[2]
    if own.startswith("weight") or own == "bias":
        path = path.rpartition(".")[0]
    path = path.removesuffix("_weight").removesuffix("_bias")
    taken = path in trace.groups or path in trace.layers or path in trace.named
    if path and not taken and path != trace.names[name].rpartition(".")[0]:
        trace.names[name] = path
        trace.named |= {path}


def only_path(trace: Trace, parts: Sequence[Part]) -> str | None:
    """The name of the only parameter there is, unless a layer has that name."""
    paths = {part.path for part in parts}
    return paths.pop() if len(paths) == 1 and not paths & trace.layers.keys() else None


def due(trace: Trace, given: Iterable[Any]) -> int:
    """MACs that it took to make some constants, which no layer has counted yet and this one does."""
    count = 0
    for each in given:
        for node, macs in each.products if isinstance(each, Weights) else ():
            if node not in trace.made:
                trace.made.add(node)
                count += macs
    return count


def take(trace: Trace, parts: Sequence[Part], name: str) -> None:
    """Note that a layer counts these."""
    for part in parts:
        taken = trace.taken.setdefault(part.path, {})
        if part.piece not in taken:
            taken[part.piece] = part.count
        trace.takers.setdefault(part.path, name)


def weighted(  # noqa: PLR0913 - a layer has this many parts
    call: Call,
    op: str,
    source: str,
    shape: Shape,
    choices: Sequence[dict[str, Option]],
    given: Sequence[Any],
    window: Sequence[str] = (),
) -> Held:
    """A layer that counts these constants: the first choice of options that takes no more parameters than there are.

    What the op does not count is a `scale` or a declared op behind it. Where every choice counts too much, the layer is
    declared, with the options of the window.
    """
    trace = call.trace
    some = [each for each in given if isinstance(each, Weights)]
    parts = parts_of(some)
    macs = due(trace, some)
    count = fresh(trace, parts)
    shared = _shared(call, op, source, shape, choices, parts) if parts and not count else None
    if shared is not None:
        return shared
    frozen: dict[str, Option] = {"frozen": True} if parts and all(part.frozen for part in parts) else {}
    _name_after_weight(call, parts)
    for options in choices:
        needs, costs = _figures(trace, op, source, options)
        if needs > count:
            continue
        made = trace.emit(call.node, op, (source,), shape, {**options, **(frozen if needs else {})})
        take(trace, parts, made.layer)
        if needs:
            trace.owners.setdefault(_key(op, parts), made.layer)
        rest = count - needs
        if rest == shape[0] and not macs and (needs or op in NORMS):
            made = trace.emit(call.node, "scale", (made.layer,), shape, frozen, suffix="_scale")
        elif rest or macs:
            extra = {**pointwise(len(shape) - 1, params=rest, macs=macs), **frozen}
            made = trace.emit(call.node, "custom", (made.layer,), shape, extra, suffix="_weights")
        return made
    costs = _figures(trace, op, source, choices[-1])[1]
    kept = {key: found for key, found in choices[-1].items() if key in window}
    out: dict[str, Option] = {"out": text(shape), **kept, "params": count, "macs": costs + macs}
    made = trace.emit(call.node, "custom", (source,), shape, {**out, **(frozen if count else {})})
    take(trace, parts, made.layer)
    return made


def _key(op: str, parts: Sequence[Part]) -> str:
    return f"{op} {' '.join(f'{part.path}{part.piece}' for part in parts)}"


def _shared(  # noqa: PLR0913 - a layer has this many parts
    call: Call,
    op: str,
    source: str,
    shape: Shape,
    choices: Sequence[dict[str, Option]],
    parts: Sequence[Part],
) -> Held | None:
    """The layer again whose weights these are; None where there is no such layer."""
    trace = call.trace
    owner = trace.layers.get(trace.owners.get(_key(op, parts), ""))
    if owner is None or owner.op != op or trace.shapes[owner.inputs[0]][0] != trace.shapes[source][0]:
        return None
    own = {key: found for key, found in owner.options.items() if key != "frozen"}
    if own not in choices:
        return None
    made = trace.emit(call.node, op, (source,), shape, dict(owner.options))
    trace.layers[made.layer] = replace(trace.layers[made.layer], shares=owner.name)
    return made


def _figures(trace: Trace, op: str, source: str, options: dict[str, Option]) -> tuple[int, int]:
    """Parameters and MACs of an op."""
    found = inferences(op, [trace.tensor(source)], options)
    params = sum(prod(weight.shape) for each in found for weight in each.weights)
    return params, sum(each.macs for each in found)


def leftovers(trace: Trace) -> None:
    """Parameters of which only a piece was counted: the rest goes with the layer that counted the piece."""
    for path, taken in trace.taken.items():
        rest = trace.counts.get(path, 0) - sum(taken.values())
        if "" in taken or rest <= 0:
            continue
        name = trace.takers[path]
        layer = trace.layers[name]
        known = layer.options.get("params")
        if layer.op == "custom" and isinstance(known, int):
            trace.layers[name] = replace(layer, options={**layer.options, "params": known + rest})
        else:
            _insert(trace, name, rest)


def _insert(trace: Trace, name: str, params: int) -> None:
    """A declared op behind a layer, read in its place."""
    from cnncalc.importers.layers import Layer

    shape = trace.shapes[name]
    made = f"{name}_rest"
    layers: dict[str, Layer] = {}
    for key, layer in trace.layers.items():
        inputs = tuple(made if source == name else source for source in layer.inputs)
        layers[key] = replace(layer, inputs=inputs) if inputs != layer.inputs else layer
        if key == name:
            options = pointwise(len(shape) - 1, params=params)
            layers[made] = Layer(name=made, op="custom", options=options, inputs=(name,), shape=shape, is_named=False)
    trace.layers = layers
    trace.shapes[made] = shape
    for key, held in trace.values.items():
        if isinstance(held, Held) and held.layer == name:
            trace.values[key] = replace(held, layer=made)
