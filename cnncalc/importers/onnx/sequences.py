"""Lists of tensors: tuples while the graph is walked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx.constants import integers
from cnncalc.importers.onnx.records import Tensor
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.cutting import Stretch, cut
from cnncalc.importers.tensors.joining import concatenated
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.onnx.nodes import Call

Sequence = tuple[Any, ...]


def made(call: Call) -> tuple[Sequence]:
    """`SequenceConstruct`, `SequenceEmpty`."""
    return (tuple(call.given),)


def split(call: Call) -> tuple[Sequence]:
    """`SplitToSequence`: parts of a size, or of sizes; without either of size 1, whose axis may go."""
    x, place = call.x, call.axis(call.integer("axis", 0))
    size = axes.size_of(x.dims[place])
    given = integers(call.constant(1)) if len(call.given) > 1 and call.constant(1) is not None else None
    keeps = given is not None or bool(call.integer("keepdims", 1))
    each = given[0] if given is not None and len(given) == 1 else 1
    sizes = given if given is not None and len(given) > 1 else [min(each, size - at) for at in range(0, size, each)]
    parts, start = [], 0
    for number, count in enumerate(sizes):
        part = cut(call.trace, call.node, x, place, Stretch(start=start, end=start + count), f"_{number}")
        parts.append(part if keeps else replace(part, dims=(*part.dims[:place], *part.dims[place + 1 :])))
        start += count
    return (tuple(parts),)


def joined(call: Call) -> Held:
    """`ConcatFromSequence`, along an axis that is there or a new one."""
    parts = _sequence(call)
    if not parts or not all(isinstance(one, Held) for one in parts):
        raise UnmappedError("a list with constants")
    new = bool(call.integer("new_axis"))
    place = call.axis(call.integer("axis"), len(parts[0].dims) + new)
    if new:
        parts = tuple(replace(one, dims=(*one.dims[:place], (), *one.dims[place:])) for one in parts)
    if axes.has([one.dims[place] for one in parts], axes.BATCH):
        raise UnmappedError("concatenation along the batch")
    return concatenated(call.trace, call.node, parts, place)


def element(call: Call) -> Any:
    """`SequenceAt`."""
    return _sequence(call)[_place(call, 1)]


def inserted(call: Call) -> tuple[Sequence]:
    """`SequenceInsert`: at a place, or at the end."""
    found = list(_sequence(call))
    found.insert(_place(call, 2, len(found)), call.given[1])
    return (tuple(found),)


def erased(call: Call) -> tuple[Sequence]:
    """`SequenceErase`: at a place, or at the end."""
    found = list(_sequence(call))
    del found[_place(call, 1, -1)]
    return (tuple(found),)


def length(call: Call) -> Tensor:
    """`SequenceLength`."""
    return Tensor(values=(len(_sequence(call)),))


def _sequence(call: Call) -> Sequence:
    found = call.given[0]
    if not isinstance(found, tuple):
        raise UnmappedError("its list is not known")
    return found


def _place(call: Call, at: int, default: int | None = None) -> int:
    given = call.constant(at)
    found = integers(given)
    if found:
        return found[0]
    if given is not None or default is None:
        raise UnmappedError("its place is computed by the network")
    return default
