"""What is made of parameters and constants alone: which parameters are in it, and the MACs that it takes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.importers.pytorch.call import Call, tensors
from cnncalc.importers.tensors.trace import Part, Weights
from cnncalc.values import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

PIECES = frozenset({
    "slice", "select", "split", "split_with_sizes", "chunk", "unbind", "narrow", "index", "index_select", "gather",
    "tensor_split", "unsafe_chunk", "unsafe_split",
})  # fmt: skip
"""Ops that take a part."""
SPREADS = frozenset({"expand", "expand_as", "repeat", "tile", "broadcast_to"})
"""Ops that may repeat a constant along the batch."""
PRODUCTS = frozenset({"linear", "matmul", "mm", "bmm", "addmm", "baddbmm", "einsum"})
"""Ops that multiply matrices."""


def derived(call: Call) -> Any:
    """The constants that a node makes."""
    given = [each for each in tensors(call) if isinstance(each, Weights)]
    parts = _unique(part for each in given for part in each.pieces)
    macs = _macs(call, given)
    products = tuple(dict.fromkeys(product for each in given for product in each.products))
    if macs:
        products = (*products, (call.node.name, macs))
    made = []
    for index, result in enumerate(call.results):
        shape = tuple(int(size) for size in result.shape) if hasattr(result, "shape") else ()
        own = _cut(call, parts, shape, index) if call.op in PIECES else parts
        made.append(
            Weights(
                path="+".join(f"{part.path}{part.piece}" for part in own) or call.node.name,
                shape=shape,
                trained=bool(own),
                frozen=bool(own) and all(part.frozen for part in own),
                parts=own,
                products=products,
                batched=_is_batched(call, given, shape),
            )
        )
    return tuple(made) if isinstance(call.node.meta.get("val"), (tuple, list)) else made[0]


def _unique(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(dict.fromkeys(parts))


def _cut(call: Call, parts: tuple[Part, ...], shape: tuple[int, ...], index: int) -> tuple[Part, ...]:
    """The piece of the only parameter there is."""
    if len(parts) != 1 or prod(shape) >= parts[0].count:
        return parts
    told = [
        f"{name}={given}" for name, given in call.args.items() if isinstance(given, (int, list)) and _is_plain(given)
    ]
    if call.op in ("index", "index_select", "gather"):
        told = [call.node.name]
    piece = f"{parts[0].piece}[{call.op} {', '.join(told)} {index}]"
    return (replace(parts[0], piece=piece, count=prod(shape)),)


def _is_plain(given: Any) -> bool:
    return not isinstance(given, list) or all(isinstance(each, int) for each in given)


def _is_batched(call: Call, given: list[Weights], shape: tuple[int, ...]) -> bool:
    """Whether the first axis is the batch."""
    if not shape or shape[0] % call.trace.samples:
        return False
    if call.op in SPREADS and given:
        before = given[0].shape
        return given[0].batched or len(before) < len(shape) or before[0] != shape[0]
    if not given:  # made from nothing: with three axes or more the first is the batch where it has its size
        return len(shape) > 2 and shape[0] == call.trace.samples  # noqa: PLR2004
    return any(each.batched for each in given)


def _macs(call: Call, given: list[Weights]) -> int:
    """Of one sample."""
    op = call.op
    if not given or not (op in PRODUCTS or op.startswith("conv")):
        return 0
    outputs = prod(call.sizes())
    if _is_batched(call, given, call.sizes()):
        outputs //= call.trace.samples
    if op == "linear":
        return outputs * given[0].shape[-1]
    if op.startswith("conv"):
        return outputs * prod(given[1].shape[1:])
    if op == "matmul" and min(len(each.shape) for each in given) < 2:  # noqa: PLR2004 - a vector
        return 0
    if op == "einsum":
        return outputs * _summed(call, given)
    return outputs * given[-2].shape[-1]


def _summed(call: Call, given: list[Weights]) -> int:
    """Products in the sum of an element of an einsum: 0 where it has other than two factors."""
    factors, arrow, out = str(call.args["equation"]).replace(" ", "").partition("->")
    letters = factors.split(",")
    if not arrow or len(letters) != len(given) or len(given) != 2 or "." in factors:  # noqa: PLR2004 - two factors
        return 0
    sizes = {
        letter: size
        for names, each in zip(letters, given, strict=True)
        for letter, size in zip(names, each.shape, strict=True)
    }
    return prod(size for letter, size in sizes.items() if letter not in out)
