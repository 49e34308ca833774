"""Activations of Keras: layers, words and configurations inside other layers, and operations of the same names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.importers.keras.call import in_place, like_input, shown, sizes_of
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.trace import Held, UnmappedError

if TYPE_CHECKING:
    from cnncalc.importers.keras.call import Call
    from cnncalc.importers.layers import Option

WORDS = {
    "relu": "relu", "relu6": "relu6", "leaky_relu": "leaky", "elu": "elu", "selu": "selu", "celu": "celu",
    "silu": "silu", "swish": "silu", "gelu": "gelu", "mish": "mish", "hard_swish": "hswish", "hard_silu": "hswish",
    "hard_sigmoid": "hsigmoid", "hard_tanh": "hardtanh", "sigmoid": "sigmoid", "tanh": "tanh", "softplus": "softplus",
    "exponential": "exp", "exp": "exp", "log": "log", "sqrt": "sqrt", "rsqrt": "rsqrt", "square": "square",
    "abs": "abs", "absolute": "abs", "negative": "neg", "erf": "erf", "clip": "hardtanh",
}  # fmt: skip
"""Functions of each element, by Keras' names."""
CHAINS = {
    "log_softmax": ("softmax", "log"),
    "log_sigmoid": ("sigmoid", "log"),
}
"""What is written as several."""
_SIX = 6


def snake(name: str) -> str:
    """A class name as Keras writes functions.

    >>> snake("LeakyReLU"), snake("HardSigmoid"), snake("ELU"), snake("Relu6")
    ('leaky_relu', 'hard_sigmoid', 'elu', 'relu6')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("re_lu", "relu")


def activated(call: Call, held: Held) -> Held:
    """The activation that Keras keeps inside a layer, as one of its own; the axes stand as Keras has them."""
    return apply(call, call.argument("activation"), held)


def apply(call: Call, found: Any, held: Held, *, own: bool = False) -> Held:
    """An activation by its name or configuration; `own` where it is a layer, not a part of one."""
    config: Any = {}
    if isinstance(found, dict):
        inner = found.get("config")
        config = inner if isinstance(inner, dict) else {}
        found = inner if isinstance(inner, str) else found.get("class_name")
    if found in (None, "linear"):
        return held
    name = snake(str(found))
    if name == "activation":
        return apply(call, config.get("activation"), held, own=own)
    if name == "relu" and config:
        name = rectifier(config)
    if name == "softmax":
        return softmax(call, held, config.get("axis", -1), own=own)
    return _words(call, name, held, own=own)


def _words(call: Call, name: str, held: Held, *, own: bool) -> Held:
    if name == "glu":
        return glu(call, held)
    if name not in CHAINS and name not in WORDS:
        raise UnmappedError(f"the activation {shown(name)}")
    for word in CHAINS.get(name) or (WORDS[name],):
        alone = own and name in WORDS
        if word == "softmax":
            held = softmax(call, held, -1)
        else:
            held = call.same(word, {}, held, suffix="" if alone else f":{word}")
    return held


def rectifier(config: Any) -> str:
    """Which activation a `ReLU` with a top and a slope is."""
    top, slope = config.get("max_value"), config.get("negative_slope")
    if slope:
        return "leaky_relu"
    return "relu" if top is None else "relu6" if top == _SIX else "hard_tanh"


def layer(call: Call) -> Held:
    """Layers and operations that are an activation alone."""
    if call.kind == "Activation":
        return apply(call, call.argument("activation"), call.x, own=True)
    if call.kind == "Softmax":
        return softmax(call, call.x, call.argument("axis", 1, -1), own=True)
    name = rectifier(call.config) if call.kind == "ReLU" else snake(call.kind)
    return _words(call, name, call.x, own=True)


def softmax(call: Call, held: Held, axis: Any = -1, *, own: bool = False) -> Held:
    """Over the channels, one axis of positions, or all of them."""
    rank = len(held.dims)
    over = [axis] if type(axis) is int else axis
    if not isinstance(over, (list, tuple)) or not all(type(one) is int and -rank <= one < rank for one in over):
        raise UnmappedError(f"a softmax over axis {shown(axis)}")
    picked = {one % rank for one in over}
    suffix = "" if own else ":softmax"
    word = over_word(call, held, picked)
    if word is None and picked == {rank - 1}:
        held = call.plain(held, first=False)
        held = in_place(held, first=False)
        word = "channels"
    if word is None:
        raise UnmappedError(f"a softmax over axis {shown(axis)}")
    return call.same("softmax", {} if word == "channels" else {"over": word}, held, suffix=suffix)


def over_word(call: Call, held: Held, picked: set[int]) -> str | None:
    """What axes of a tensor are in the layer that it came from: `channels`, `positions`, the letter of one axis."""
    channels, *sizes = call.trace.shapes[held.layer]
    atoms = [atom for at in sorted(picked) for atom in held.dims[at]]
    if any(atom.axis == axes.BATCH for atom in atoms):
        return None
    whole = axes.whole((call.trace.samples, channels, *sizes))
    if axes.only(axes.joined(atoms), axes.CHANNELS, channels):
        return "channels"
    if set(atoms) == {atom for dim in whole[2:] for atom in dim} and sizes:
        return "positions"
    letters = {1: "l", 2: "hw", 3: "dhw"}.get(len(sizes), "")
    found = [letter for letter, dim in zip(letters, whole[2:], strict=True) if set(dim) == set(atoms)]
    return found[0] if found and atoms else None


def glu(call: Call, held: Held) -> Held:
    """Half of the channels, times the sigmoid of the other half."""
    if sizes_of(held.dims)[-1] % 2:
        raise UnmappedError("a gated linear unit of an odd number of channels")
    x = call.plain(held, first=False)
    half = call.tensor(x).channels // 2
    gate = call.layer("slice", {"channels": f"{half}:{2 * half}"}, x, suffix=":slice")
    gate = call.layer("sigmoid", {}, gate, suffix=":sigmoid")
    value = call.layer("slice", {"channels": f"0:{half}"}, x, suffix=":slice")
    made = call.layer("mul", {}, value, gate, suffix=":glu")
    return in_place(made, first=False)


def prelu(call: Call) -> Held:
    """Slopes for all axes that are not shared."""
    x = call.x
    sizes = sizes_of(x.dims)
    shared = set(call.axis("shared_axes", len(sizes), ()))
    own = [at for at in range(1, len(sizes)) if at not in shared and sizes[at] > 1]
    count = 1
    for at in own:
        count *= sizes[at]
    channels, *spread = call.trace.shapes[x.layer]
    options: dict[str, Option] = {"num_parameters": count} if count > 1 else {}
    op = "prelu"
    if count > 1 and not (len(own) == 1 and axes.only(x.dims[own[0]], axes.CHANNELS, channels)):
        op, options = "custom", {"out": like_input(len(spread)), "params": count, "macs": 0}
    made = call.layer(op, options, call.whole(x.layer), weights="")
    return Held(layer=made.layer, dims=x.dims)
