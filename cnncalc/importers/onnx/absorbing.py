"""Constants per channel that belong to the layer before: its bias, or the scale and shift of a norm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.onnx.constants import numel
from cnncalc.importers.onnx.nodes import learned
from cnncalc.importers.pytorch.weights import fresh, parts_of, take
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.axes import CHANNELS
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.layers import Layer
    from cnncalc.importers.onnx.nodes import Call
    from cnncalc.importers.onnx.records import Tensor
    from cnncalc.importers.tensors.trace import Held

NORMS = frozenset({"gn", "ln", "in"})


def absorbed(call: Call, op: str, x: Held, constant: Tensor) -> Held | None:
    """The layer before with the constant as its own; None where it has no place for it, or somebody else reads it."""
    layer = call.trace.layers.get(x.layer)
    if (
        layer is None
        or layer.shares is not None
        or not _is_per_channel(call, x, constant)
        or not _is_read_once(call, x)
    ):
        return None
    if op in ("add", "sub") and layer.options.get("bias") is False:
        return _with(call, x, layer, {**layer.options, "bias": True}, constant)
    if op == "mul" and layer.op == "rms" and layer.options.get("affine") is False:
        return _with(call, x, layer, _affine(layer), constant)
    if op == "add" and layer.op == "scale" and "over" not in layer.options:
        return _shifted(call, x, layer, constant)
    return None


def _is_read_once(call: Call, x: Held) -> bool:
    name = next((name for name, given in zip(call.node.inputs, call.given, strict=False) if given == x), "")
    return call.uses.get(name, 0) == 1 and not _readers(call, x.layer)


def _readers(call: Call, name: str) -> list[str]:
    """The layers that read a layer; they come after it."""
    found = []
    for layer in reversed(call.trace.layers.values()):
        if layer.name == name:
            break
        if name in layer.inputs:
            found.append(layer.name)
    return found


def _is_per_channel(call: Call, x: Held, constant: Tensor) -> bool:
    channels = call.shape(x)[0]
    spread = (1,) * (len(x.dims) - len(constant.dims)) + constant.dims
    places = [at for at, size in enumerate(spread) if size > 1]
    if len(places) != 1 or numel(constant) != channels or not axes.only(x.dims[places[0]], CHANNELS, channels):
        return False
    return fresh(call.trace, parts_of([learned(constant)])) == channels


def _with(call: Call, x: Held, layer: Layer, options: dict[str, object], constant: Tensor) -> Held:
    call.trace.layers[layer.name] = replace(layer, options=options)
    take(call.trace, parts_of([learned(constant)]), layer.name)
    return x


def _affine(layer: Layer) -> dict[str, object]:
    """The options of a norm with scale and shift; an instance norm has none unless it says so."""
    rest: dict[str, object] = {name: given for name, given in layer.options.items() if name != "affine"}
    return {**rest, "affine": True} if layer.op == "in" else rest


def _shifted(call: Call, x: Held, scale: Layer, constant: Tensor) -> Held | None:
    """A norm, its scale, and now its shift: one layer."""
    trace = call.trace
    norm = trace.layers.get(scale.inputs[0])
    if norm is None or norm.op not in NORMS or _readers(call, norm.name) != [scale.name]:
        return None
    if norm.options.get("affine", norm.op != "in"):
        return None
    del trace.layers[scale.name]
    trace.takers.update({path: norm.name for path, name in trace.takers.items() if name == scale.name})
    return _with(call, replace(x, layer=norm.name), norm, _affine(norm), constant)
