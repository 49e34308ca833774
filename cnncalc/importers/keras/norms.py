"""Norms of Keras: over the channels, with scale and shift, one of them, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.importers.keras.call import VECTORS, in_place, is_vector, shown
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.keras.call import Call
    from cnncalc.importers.layers import Option

OPS = {"BatchNormalization": "bn", "LayerNormalization": "ln", "GroupNormalization": "gn", "RMSNormalization": "rms"}


def norm(call: Call) -> Held:
    """Batch, layer, group and root-mean-square norm."""
    op = OPS[call.kind]
    x = call.x
    rank = len(x.dims)
    picked = call.axis("axis", rank)
    parts = [call.flag(name, default=True) for name in ("scale", "center")]
    if op == "rms" or call.flag("rms_scaling", default=False):
        op, parts = "rms", [True, True]
    options: dict[str, Option] = {}
    if op == "ln" and rank > VECTORS and picked == tuple(range(1, rank)):
        first = call.first
        options["over"] = "all"
    elif picked in ((rank - 1,), (1,)):
        first = picked != (rank - 1,)
    else:
        raise UnmappedError(f"a norm over axis {shown(call.argument('axis'))}")
    x = call.plain(x, first=first) if not is_vector(call, x) else call.whole(x.layer)
    channels = call.tensor(x).channels
    if op == "gn":
        groups = call.number("groups", 32)
        options["num_groups"] = groups if groups > 0 else channels
    if not all(parts):
        options["affine"] = False
    held = _shifted(call, call.layer(op, options, x, weights="" if all(parts) else None), parts)
    return replace(held, dims=held.dims[:2]) if rank == VECTORS else in_place(held, first=first)


def _shifted(call: Call, held: Held, parts: list[bool]) -> Held:
    """A norm with one of its two parameters: the other stands behind it."""
    scale, center = parts
    if scale == center:
        return held
    if scale:
        return call.layer("scale", {}, held, weights="", suffix=":scale")
    return call.layer("shift", {}, held, weights="", suffix=":shift")


def unit(call: Call) -> Held:
    """`UnitNormalization` over the channels: a root-mean-square norm but for a constant."""
    x = call.x
    if call.axis("axis", len(x.dims)) != (len(x.dims) - 1,):
        raise UnmappedError(f"a norm over axis {shown(call.argument('axis'))}")
    return in_place(call.layer("rms", {"affine": False}, call.plain(x, first=False)), first=False)
