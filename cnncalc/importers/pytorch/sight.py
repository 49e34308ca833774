"""What the ops that follow a node take for the channels of its result."""

from __future__ import annotations

from typing import Any

from cnncalc.importers.pytorch.nodes import op_name

SECOND = ("conv", "batch_norm", "group_norm", "instance_norm", "max_pool", "avg_pool", "adaptive", "upsample", "pixel")
LAST = frozenset({"linear", "layer_norm", "rms_norm", "scaled_dot_product_attention", "softmax", "matmul"})
PASSED = frozenset({
    "relu", "gelu", "silu", "sigmoid", "dropout", "add", "mul", "sub", "div", "contiguous", "clone", "to", "roll",
    "neg",
})  # fmt: skip
DEPTH = 8


def channels_after(node: Any, rank: int) -> int:
    """The dimension that the next convolution or linear layer takes for channels; else the last, of four the second.

    Looks through ops that move axes or leave them where they are.
    """
    found = _seen(node, list(range(rank)), DEPTH)
    if found is not None and found > 0:
        return found
    return 1 if rank == 4 else rank - 1  # noqa: PLR2004 - N x C x H x W


def _seen(node: Any, order: list[int], depth: int) -> int | None:
    """`order`: which dimensions of the result stand where now."""
    if depth == 0:
        return None
    for user in node.users:
        name = op_name(user)
        if name.startswith(SECOND) and len(order) > 1:
            return order[1]
        if name in LAST:
            return order[-1]
        after = _after(user, name, order)
        found = _seen(user, after, depth - 1) if after is not None else None
        if found is not None:
            return found
    return None


def _after(user: Any, name: str, order: list[int]) -> list[int] | None:
    if name in PASSED:
        return order
    rank = len(order)
    if name == "permute":
        return [order[int(place) % rank] for place in user.args[1]]
    if name in ("transpose", "swapaxes"):
        a, b = (int(each) % rank for each in user.args[1:3])
        moved = list(order)
        moved[a], moved[b] = moved[b], moved[a]
        return moved
    return None
