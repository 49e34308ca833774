"""Products of matrices: linear layers, and products of two tensors of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx.constants import numel
from cnncalc.importers.onnx.merging import joined
from cnncalc.importers.onnx.nodes import learned
from cnncalc.importers.onnx.records import Tensor
from cnncalc.importers.pytorch.linear import applied, with_weights
from cnncalc.importers.tensors import axes
from cnncalc.importers.tensors.products import Side, contracted
from cnncalc.importers.tensors.reducing import reduced
from cnncalc.importers.tensors.trace import Held, UnmappedError
from cnncalc.values import replace

if TYPE_CHECKING:
    from cnncalc.importers.onnx.nodes import Call

Labels = tuple[str, ...]


def gemm(call: Call) -> Held:
    """`Gemm(a, b, c)`: `a b + c`, with a weight a linear layer."""
    a, b = call.given[:2]
    c = call.given[2] if len(call.given) > 2 else None  # noqa: PLR2004 - the third input
    turned = call.integer("transA"), call.integer("transB")
    if isinstance(a, Held) and isinstance(b, Tensor) and len(b.dims) == 2 and not turned[0]:  # noqa: PLR2004 - a matrix
        out = b.dims[0 if turned[1] else 1]
        bias = c if isinstance(c, Tensor) and numel(c) == out else None
        made = applied(call, a, out, [learned(one) for one in (b, bias) if one is not None])  # type: ignore[arg-type]
        return made if c is None or c is bias else joined(call, "add", made, c)
    labels = [("n", "k") if not turned[0] else ("k", "n"), ("k", "m") if not turned[1] else ("m", "k")]
    made = product(call, a, labels[0], b, labels[1], ("n", "m"))
    return made if c is None else joined(call, "add", made, c)


def matmul(call: Call) -> Held:
    """`MatMul`: of the last two axes, those before are a batch."""
    return multiplied(call, call.given[0], call.given[1])


def quantized(call: Call) -> Held:
    """`QLinearMatMul(a, scale, zero, b, ...)`."""
    return multiplied(call, call.given[0], call.given[3])


def multiplied(call: Call, a: Any, b: Any) -> Held:
    """The product of two tensors or constants as `numpy.matmul` has it."""
    ranks = _rank(a), _rank(b)
    if isinstance(b, Tensor) and ranks[1] == 2 and isinstance(a, Held):  # noqa: PLR2004 - a matrix
        return applied(call, a, b.dims[1], [learned(b)])  # type: ignore[arg-type]
    batch = [f"b{at}" for at in range(max(*ranks, 2) - 2)]
    left = ("k",) if ranks[0] == 1 else (*batch[len(batch) - ranks[0] + 2 :], "n", "k")
    right = ("k",) if ranks[1] == 1 else (*batch[len(batch) - ranks[1] + 2 :], "k", "m")
    out = (*batch, *(label for label in ("n", "m") if label in left or label in right))
    return product(call, a, left, b, right, out)


def _rank(found: Any) -> int:
    return len(found.dims)


def einsum(call: Call) -> Held:
    """`Einsum` of one tensor, or of two: axes moved, summed over, multiplied."""
    terms, out = _terms(call)
    given = list(call.given)
    if any(len(set(term)) < len(term) for term in (*terms, out)):
        raise UnmappedError("a diagonal")
    if len(given) == 1:
        held, labels = call.x, terms[0]
        gone = [at for at, label in enumerate(labels) if label not in out]
        if gone:
            held = reduced(call.trace, call.node, held, "sum", gone, keep=False)
            labels = tuple(label for label in labels if label in out)
        return replace(held, dims=tuple(held.dims[labels.index(label)] for label in out))
    if len(given) != 2:  # noqa: PLR2004 - two factors
        raise UnmappedError(f"a product of {len(given)} tensors")
    return product(call, given[0], terms[0], given[1], terms[1], out)


def _terms(call: Call) -> tuple[list[Labels], Labels]:
    """The letters of each factor and of the result; an ellipsis has letters of its own."""
    left, arrow, right = call.word("equation").replace(" ", "").partition("->")
    texts = left.split(",")
    if len(texts) != len(call.given):
        raise UnmappedError(f"the equation `{left}` for {len(call.given)} tensors")
    terms = []
    for text, given in zip(texts, call.given, strict=True):
        head, dots, tail = text.partition("...")
        more = _rank(given) - len(head) - len(tail)
        if more < 0 or (more and not dots):
            raise UnmappedError(f"the letters `{text}` for a tensor of {_rank(given)} axes")
        terms.append((*head, *(f"e{at}" for at in reversed(range(more))), *tail))
    ellipsis = max((tuple(label for label in term if len(label) > 1) for term in terms), key=len)
    if arrow:
        head, dots, tail = right.partition("...")
        return terms, (*head, *(ellipsis if dots else ()), *tail)
    letters = [label for term in terms for label in term if len(label) == 1]
    return terms, (*ellipsis, *sorted(label for label in set(letters) if letters.count(label) == 1))


def product(call: Call, a: Any, left: Labels, b: Any, right: Labels, out: Labels) -> Held:  # noqa: PLR0913 - as einsum
    """Sum over the letters that the result does not have."""
    for one, labels in ((a, left), (b, right)):
        gone = [dim for dim, label in zip(one.dims, labels, strict=True) if label not in out]
        if isinstance(one, Held) and axes.has(gone, axes.BATCH):
            raise UnmappedError("a sum over the batch")
    if isinstance(a, Held) and isinstance(b, Held):
        first, second = Side(held=a, labels=left), Side(held=b, labels=right)
        if not set(left) & set(right) - set(out):
            return _outer(call, first, second, out)
        return contracted(call.trace, call.node, first, second, out)
    held, labels, weight, theirs = (a, left, b, right) if isinstance(a, Held) else (b, right, a, left)
    kept = [at for at, size in enumerate(weight.dims) if size > 1 or theirs[at] not in labels]  # what is repeated
    narrow = replace(weight, dims=tuple(weight.dims[at] for at in kept))
    return with_weights(call, held, labels, learned(narrow), tuple(theirs[at] for at in kept), out)  # type: ignore[arg-type]


def _outer(call: Call, a: Side, b: Side, out: Labels) -> Held:
    """Nothing is summed over: a product with broadcasting."""
    moved = [
        replace(
            side.held,
            dims=tuple(side.held.dims[side.labels.index(label)] if label in side.labels else () for label in out),
        )
        for side in (a, b)
    ]
    return joined(call, "mul", *moved)
