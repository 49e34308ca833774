"""Means, sums, maxima, norms and variances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.arrange import as_channels, text
from cnncalc.importers.tensors.reducing import reduced
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.layers import Option
    from cnncalc.importers.pytorch.call import Call

KINDS = {
    "mean": "mean", "sum": "sum", "amax": "max", "max": "max", "amin": "min", "min": "min",
    "linalg_vector_norm": "norm", "norm": "norm", "frobenius_norm": "norm",
}  # fmt: skip


def reduction(call: Call) -> Any:
    """`mean`, `sum`, ...; of `max(x, dim)` the values alone."""
    if isinstance(call.args.get("other"), Held):  # max(a, b)
        from cnncalc.importers.pytorch.merges import merge

        return merge(KINDS[call.op])(call)
    kind, x = KINDS[call.op], call.x
    if kind == "norm" and call.args.get("ord", call.args.get("p", 2)) not in (2, None):
        order = call.args.get("ord", call.args.get("p"))
        if order != 1:
            raise UnmappedError(f"a norm of order {order}")
        x, kind = call.same("abs", x), "sum"
    made = reduced(call.trace, call.node, x, kind, call.places(), keep=bool(call.args.get("keepdim")))
    return (made, None) if len(call.results) > 1 else made


def variance(call: Call) -> Any:
    """`var`, `std`, `var_mean`: declared; the mean that comes with it is a mean."""
    trace, x = call.trace, call.x
    keep = bool(call.args.get("keepdim"))
    places = call.places()
    x = as_channels(trace, call.node, x, places) if not _is_positions(call, x, places) else x
    shape = trace.shapes[x.layer]
    channels = any(axes.has([x.dims[place]], axes.CHANNELS) for place in places)
    after = (1, *shape[1:]) if channels else (shape[0], *(1 for _ in shape[1:]))
    options: dict[str, Option] = {"out": text(after), "params": 0, "macs": 0}
    dims = [() if place in places else dim for place, dim in enumerate(x.dims) if keep or place not in places]
    made = replace(call.emit("custom", (x.layer,), after, options), dims=tuple(dims))
    if len(call.results) == 1:
        return made
    return made, reduced(trace, call.node, x, "mean", places, keep=keep)


def _is_positions(call: Call, x: Held, places: list[int]) -> bool:
    """Whether these dimensions are all positions and nothing else."""
    shape = call.trace.shapes[x.layer]
    dims = [x.dims[place] for place in places]
    if axes.has(dims, axes.CHANNELS) or axes.has(dims, axes.REPEAT) or axes.has(dims, axes.BATCH):
        return False
    count = 1
    for dim in dims:
        count *= axes.size_of(dim)
    positions = 1
    for size in shape[1:]:
        positions *= size
    return count == positions
