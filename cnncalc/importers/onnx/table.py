"""Which function maps which op."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.importers.onnx import attention, elementwise, layout, merging, norms, products, reducing, windows
from cnncalc.importers.onnx.fusing.attention import ATTENTION
from cnncalc.importers.onnx.fusing.norms import LAYER, RMS
from cnncalc.importers.onnx.resizing import resize

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.importers.onnx.nodes import Call

_COMPARISONS = (
    "And", "Or", "Xor", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal", "Greater", "GreaterOrEqual",
    "Less", "LessOrEqual", "Mod",
)  # fmt: skip
MAPPERS: dict[str, Callable[[Call], Any]] = {
    **dict.fromkeys(elementwise.ACTIVATIONS, elementwise.activation),
    **dict.fromkeys(elementwise.DECLARED, elementwise.declared),
    **dict.fromkeys(("Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear"), elementwise.nothing),
    "DynamicQuantizeLinear": elementwise.quantize,
    "Pow": elementwise.power,
    "Clip": elementwise.clip,
    "Softmax": elementwise.softmax,
    "LogSoftmax": elementwise.softmax,
    "Hardmax": elementwise.softmax,
    "PRelu": elementwise.prelu,
    "Dropout": elementwise.dropout,
    "Where": elementwise.where,
    "BatchNormalization": norms.batch_norm,
    "InstanceNormalization": norms.instance_norm,
    "GroupNormalization": norms.group_norm,
    "LayerNormalization": norms.layer_norm,
    "RMSNormalization": norms.layer_norm,
    LAYER: norms.written("ln"),
    RMS: norms.written("rms"),
    "MeanVarianceNormalization": norms.mean_variance,
    "LpNormalization": norms.power_norm,
    "LRN": norms.local,
    "Gemm": products.gemm,
    "MatMul": products.matmul,
    "MatMulInteger": products.matmul,
    "QLinearMatMul": products.quantized,
    "Einsum": products.einsum,
    "Attention": attention.standard,
    ATTENTION: attention.fused,
    "Conv": windows.conv(),
    "ConvInteger": windows.conv(bias=0),
    "QLinearConv": windows.conv(at=3, bias=8),
    "ConvTranspose": windows.conv_transposed,
    "MaxPool": windows.pool("maxpool"),
    "AveragePool": windows.pool("avgpool"),
    "LpPool": windows.pool("lppool"),
    "Pad": windows.pad,
    "GlobalAveragePool": reducing.pooled("mean"),
    "GlobalMaxPool": reducing.pooled("max"),
    "GlobalLpPool": reducing.pooled("norm"),
    **dict.fromkeys(reducing.KINDS, reducing.reduction),
    "ArgMax": reducing.extreme,
    "ArgMin": reducing.extreme,
    "Resize": resize,
    "Upsample": resize,
    "DepthToSpace": layout.shuffle("pixelshuffle", "upscale_factor"),
    "SpaceToDepth": layout.shuffle("pixelunshuffle", "downscale_factor"),
    "Add": merging.merge("add"),
    "Sum": merging.merge("add"),
    "Mean": merging.merge("add"),
    "Sub": merging.merge("sub"),
    "Mul": merging.merge("mul"),
    "Div": merging.merge("div"),
    "Max": merging.merge("max"),
    "Min": merging.merge("min"),
    **dict.fromkeys(_COMPARISONS, merging.declared),
    "Concat": merging.concat,
    "Expand": merging.expand,
    "Tile": merging.tile,
    "Slice": layout.slices,
    "Split": layout.split,
    "Gather": layout.gather,
    "Shape": layout.shape,
    "Size": layout.size,
    "ConstantOfShape": layout.like,
    "Reshape": layout.reshape,
    "Flatten": layout.flatten,
    "Squeeze": layout.squeeze,
    "Unsqueeze": layout.unsqueeze,
    "Transpose": layout.transpose,
    "SequenceConstruct": layout.sequence,
    "SplitToSequence": layout.sequence,
    "SequenceAt": layout.element,
}
