"""What is computed from weights alone, each time the network runs: dimensions and MACs; values do not matter."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnncalc.importers.onnx.arithmetic import broadcast
from cnncalc.importers.onnx.constants import weights_in
from cnncalc.importers.onnx.records import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.onnx.records import Node

KEEPING = frozenset({
    "BatchNormalization", "InstanceNormalization", "LayerNormalization", "GroupNormalization", "LpNormalization",
    "MeanVarianceNormalization", "RMSNormalization", "Sigmoid", "Tanh", "Softplus", "Softmax", "LogSoftmax", "Relu",
    "LeakyRelu", "Elu", "HardSigmoid", "HardSwish", "Gelu", "Swish", "Mish", "Erf", "Sin", "Cos", "Clip", "Dropout",
    "CumSum", "Trilu", "PRelu",
})  # fmt: skip
"""Functions whose result is as large as their first input."""


def composed(node: Node, given: Sequence[Tensor | None], samples: int) -> Tensor | None:
    """The result of a function of constants; None where the function is not known. MACs are those of one sample."""
    first = given[0]
    if first is None:
        return None
    name, made_of = node.outputs[0], weights_in(given)
    if node.op in KEEPING:
        return Tensor(name=name, dims=first.dims, parts=made_of)
    second = given[1] if len(given) > 1 else None
    if second is None:
        return None
    found = None
    if node.op == "Gemm":
        found = _product(
            first.dims[::-1] if node.attributes.get("transA") else first.dims,
            second.dims[::-1] if node.attributes.get("transB") else second.dims,
        )
    elif node.op == "MatMul":
        found = _product(first.dims, second.dims)
    elif node.op == "Conv":
        found = _convolution(node, first.dims, second.dims)
    if found is None:
        return None
    dims, inner = found
    copies = samples if first.batched or second.batched else 1
    return Tensor(name=name, dims=dims, parts=made_of, work=((name, prod(dims) * inner // copies),))


def _product(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[tuple[int, ...], int] | None:
    """Dimensions of a product of matrices, and the length of its sums."""
    if min(len(a), len(b)) < 2 or a[-1] != b[-2]:  # noqa: PLR2004 - matrices
        return None
    batch = broadcast(a[:-2], b[:-2])
    return None if batch is None else ((*batch, a[-2], b[-1]), a[-1])


def _convolution(node: Node, x: tuple[int, ...], weight: tuple[int, ...]) -> tuple[tuple[int, ...], int] | None:
    """Dimensions of a convolution, and the products of each of its elements."""
    ndim = len(weight) - 2
    default = {"pads": (0,) * (2 * ndim), "strides": (1,) * ndim, "dilations": (1,) * ndim}
    pads, strides, dilations = (node.attributes.get(name, given) for name, given in default.items())
    if node.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID", ""):
        return None
    if not (isinstance(pads, tuple) and isinstance(strides, tuple) and isinstance(dilations, tuple)):
        return None
    sizes = [
        int((n + before + after - d * (k - 1) - 1) // s + 1)
        for n, before, after, k, s, d in zip(
            x[2:], pads[:ndim], pads[ndim:], weight[2:], strides, dilations, strict=True
        )
    ]
    return (x[0], weight[0], *sizes), prod(weight[1:])
