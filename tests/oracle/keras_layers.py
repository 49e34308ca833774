"""Layers and operations of Keras, one by one, on small tensors: what makes them, and the shapes that they are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from tests.oracle.keras_backend import keras

L, O = keras.layers, keras.ops  # noqa: E741 - the layers and operations, in many short lines
ROW, MAP, BOX = (12, 6), (12, 10, 6), (8, 6, 5, 4)
"""Channels last, with one to three axes."""
Case = tuple[Callable[[], Any], tuple[Sequence[int], ...]]
"""Makes a layer, or a function of tensors."""


def layer(make: Callable[[], Any], shape: Sequence[int] = MAP) -> Case:
    """A layer on one tensor."""
    return make, (shape,)


def of(n: int) -> Sequence[int]:
    """A shape with so many axes."""
    return (ROW, MAP, BOX)[n - 1]


def _called(layer: Any, *given: Any) -> Any:
    """Several inputs as arguments, where a list would do for other layers."""
    return layer(*given)


def _same(function: Any) -> Any:
    return function


SINGLE: dict[str, Case] = {
    "Dense on a map": layer(lambda: L.Dense(5, activation="tanh")),
    "Dense on a vector": layer(lambda: L.Dense(5, use_bias=False), (7,)),
    "EinsumDense to heads": layer(lambda: L.EinsumDense("abc,cde->abde", (12, 2, 3), bias_axes="de"), ROW),
    "EinsumDense with an ellipsis": layer(lambda: L.EinsumDense("...x,xy->...y", 9, bias_axes="y"), ROW),
    "DepthwiseConv1D": layer(lambda: L.DepthwiseConv1D(3, padding="same", depth_multiplier=2), ROW),
    "DepthwiseConv2D": layer(lambda: L.DepthwiseConv2D((3, 2), strides=2, activation="relu6")),
    "SeparableConv1D": layer(lambda: L.SeparableConv1D(5, 3, depth_multiplier=2, padding="same"), ROW),
    "SeparableConv2D": layer(lambda: L.SeparableConv2D(5, 3, dilation_rate=2, use_bias=False)),
    "Conv1D causal": layer(lambda: L.Conv1D(5, 3, padding="causal", dilation_rate=2), ROW),
    "Conv2D grouped": layer(lambda: L.Conv2D(6, 3, groups=3, activation="gelu")),
    "Conv2D with an activation layer": layer(lambda: L.Conv2D(6, 3, activation=L.LeakyReLU(0.1))),
    "LayerNormalization over all": layer(lambda: L.LayerNormalization(axis=[1, 2, 3])),
    "BatchNormalization, renormed": layer(lambda: L.BatchNormalization(renorm=True)),
    "BatchNormalization of a vector": layer(L.BatchNormalization, (7,)),
    "GroupNormalization as instances": layer(lambda: L.GroupNormalization(-1)),
    "LayerNormalization by the root": layer(lambda: L.LayerNormalization(rms_scaling=True)),
    "RMSNormalization": layer(L.RMSNormalization),
    "UnitNormalization": layer(L.UnitNormalization),
    "SpectralNormalization": layer(lambda: L.SpectralNormalization(L.Conv2D(5, 3, activation="relu"))),
    "Normalization": layer(lambda: keras.Sequential([L.Normalization(), L.Dense(3)])),
    "PReLU": layer(L.PReLU),
    "PReLU per channel": layer(lambda: L.PReLU(shared_axes=[1, 2])),
    "PReLU per column": layer(lambda: L.PReLU(shared_axes=[1, 3])),
    "PReLU, one": layer(lambda: L.PReLU(shared_axes=[1, 2, 3])),
    "Softmax over rows": layer(lambda: L.Softmax(axis=1)),
    "Softmax over positions": layer(lambda: L.Softmax(axis=[1, 2])),
    "ReLU with a slope": layer(lambda: L.ReLU(negative_slope=0.1)),
    "Flatten": layer(lambda: keras.Sequential([L.Flatten(), L.Dense(3)])),
    "Reshape of a vector to a map": layer(
        lambda: keras.Sequential([L.Dense(96), L.Reshape((4, 4, 6)), L.Conv2D(5, 3)]), (7,)
    ),
    "Reshape to tokens": layer(lambda: keras.Sequential([L.Reshape((120, 6)), L.Dense(5)])),
    "Reshape to a row of more channels": layer(lambda: keras.Sequential([L.Reshape((-1, 12)), L.Conv1D(5, 3)])),
    "Permute": layer(lambda: keras.Sequential([L.Permute((2, 1, 3)), L.Conv2D(5, (3, 1))])),
    "Permute of the channels": layer(lambda: keras.Sequential([L.Permute((3, 1, 2)), L.Conv2D(5, 3)])),
    "RepeatVector": layer(lambda: keras.Sequential([L.RepeatVector(4), L.Conv1D(3, 2)]), (7,)),
    "Resizing": layer(lambda: L.Resizing(24, 7)),
    "Resizing, nearest": layer(lambda: L.Resizing(24, 20, interpolation="nearest")),
    "CenterCrop": layer(lambda: L.CenterCrop(5, 7)),
    "MultiHeadAttention": layer(lambda: lambda x: L.MultiHeadAttention(2, 3)(x, x), ROW),
    "MultiHeadAttention on a map": layer(lambda: lambda x: L.MultiHeadAttention(2, 3, value_dim=5)(x, x)),
    "MultiHeadAttention along rows": layer(lambda: lambda x: L.MultiHeadAttention(2, 3, attention_axes=2)(x, x)),
    "MultiHeadAttention without biases": layer(
        lambda: lambda x: L.MultiHeadAttention(2, 3, use_bias=False, output_shape=7)(x, x), ROW
    ),
    "MultiHeadAttention with a gate": layer(lambda: lambda x: L.MultiHeadAttention(2, 3, use_gate=True)(x, x), ROW),
    "GroupQueryAttention": layer(lambda: lambda x: L.GroupQueryAttention(5, 4, 2)(x, x), ROW),
    "Attention": layer(lambda: lambda x: L.Attention(use_scale=True)([x, x]), ROW),
    "TimeDistributed dense by hand": layer(lambda: L.Dense(4), BOX),
    "AdaptiveAveragePooling2D": layer(lambda: L.AdaptiveAveragePooling2D((3, 4))),
    "AdaptiveMaxPooling1D": layer(lambda: L.AdaptiveMaxPooling1D(5), ROW),
    "a model inside": layer(lambda: keras.Sequential([keras.Sequential([L.Conv2D(4, 3)]), L.ReLU()])),
    **{
        f"{kind}{n}D {padding} stride {stride}": layer(
            partial(
                getattr(L, f"{kind}{n}D"), *((5,) if kind == "Conv" else ()), 3, strides=stride, padding=padding
            ),
            of(n),
        )
        for kind in ("Conv", "MaxPooling", "AveragePooling")
        for n in (1, 2, 3)
        for padding in ("same", "valid")
        for stride in (1, 2)
    },
    **{
        f"{kind}{n}D keepdims={keep}": layer(
            partial(getattr(L, f"{kind}{n}D"), keepdims=keep), of(n)
        )
        for kind in ("GlobalAveragePooling", "GlobalMaxPooling")
        for n in (1, 2, 3)
        for keep in (True, False)
    },
    **{f"{kind}{n}D": layer(partial(getattr(L, f"{kind}{n}D"), 2), of(n))
       for kind in ("ZeroPadding", "Cropping", "UpSampling") for n in (1, 2, 3)},
    **{f"UpSampling2D {mode}": layer(partial(L.UpSampling2D, (2, 3), interpolation=mode))
       for mode in ("bilinear", "bicubic", "nearest")},
    **{
        f"{kind}, scale {scale}, center {center}": layer(
            partial(
                getattr(L, kind), scale=scale, center=center, **({"groups": 2} if kind == "GroupNormalization" else {})
            )
        )
        for kind in ("BatchNormalization", "LayerNormalization", "GroupNormalization")
        for scale in (True, False)
        for center in (True, False)
    },
    **{
        f"Conv{n}DTranspose k{k} s{s} {padding}": layer(
            partial(getattr(L, f"Conv{n}DTranspose"), 5, k, strides=s, padding=padding),
            of(n),
        )
        for n in (1, 2, 3)
        for k in (2, 3)
        for s in (1, 2, 3)
        for padding in ("same", "valid")
    },
    **{
        f"Conv2DTranspose k{k} s{s} {padding} p{extra}": layer(
            partial(L.Conv2DTranspose, 5, k, strides=s, padding=padding, output_padding=extra)
        )
        for k in (1, 2, 3, 4, 5)
        for s in (2, 3)
        for padding in ("same", "valid")
        for extra in range(s)
    },
    **{
        f"activation {word}": layer(partial(L.Activation, word))
        for word in ("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "silu", "swish", "gelu", "mish",
                     "hard_swish", "hard_silu", "hard_sigmoid", "hard_tanh", "sigmoid", "tanh", "softplus", "softmax",
                     "exponential", "log_softmax", "log_sigmoid")
    },
}  # fmt: skip

MERGES: dict[str, Case] = {
    **{
        kind: (getattr(L, kind), (MAP, MAP))
        for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
    },
    "Add of three": (L.Add, (MAP, MAP, MAP)),
    "Add of a gate": (L.Add, (MAP, (1, 1, 6))),
    "Multiply by a gate": (L.Multiply, (MAP, (1, 1, 6))),
    "Multiply by a mask": (L.Multiply, (MAP, (12, 10, 1))),
    "Multiply by a row": (L.Multiply, (MAP, (12, 1, 6))),
    "Multiply by a vector": (L.Multiply, (MAP, (6,))),
    "Add of vectors": (L.Add, ((7,), (7,))),
    "Concatenate of rows": (lambda: L.Concatenate(axis=1), (MAP, (5, 10, 6))),
    "Concatenate of vectors": (L.Concatenate, ((7,), (5,))),
    "Dot of vectors": (lambda: L.Dot(axes=1), ((7,), (7,))),
    "Dot of rows": (lambda: L.Dot(axes=(2, 2)), (ROW, (5, 6))),
    "MultiHeadAttention across": (lambda: partial(_called, L.MultiHeadAttention(2, 3)), (ROW, (5, 8))),
    "MultiHeadAttention, key given": (
        lambda: lambda q, v, k: L.MultiHeadAttention(2, 3)(q, v, key=k),
        (ROW, (5, 8), (5, 7)),
    ),
    "Attention with a key": (L.Attention, ((12, 6), (5, 8), (5, 6))),
}

OPERATIONS: dict[str, Case] = {
    name: (partial(_same, function), (MAP,))
    for name, function in {
        "arithmetic with numbers": lambda x: O.relu((1.0 - x) / 6.0 * 2 + 1),
        "mean over positions": lambda x: O.mean(x, axis=(1, 2), keepdims=True) * x,
        "mean over channels": lambda x: O.mean(x, axis=-1, keepdims=True) - x,
        "max over rows": lambda x: O.max(x, axis=1, keepdims=True) + x,
        "sum over everything": lambda x: O.sum(x, axis=(1, 2, 3), keepdims=True) + x,
        "mean, axes dropped": lambda x: L.Dense(3)(O.mean(x, axis=(1, 2))),
        "mean over columns, axis dropped": lambda x: L.Dense(3)(O.mean(x, axis=2)),
        "spatial attention": lambda x: x * L.Conv2D(1, 7, padding="same", activation="sigmoid")(
            O.concatenate([O.mean(x, axis=-1, keepdims=True), O.max(x, axis=-1, keepdims=True)], axis=-1)
        ),
        "a slice of channels": lambda x: x[..., :3],
        "a slice of positions": lambda x: x[:, 1:-1, 2:],
        "every second position": lambda x: x[:, ::2, 1::2],
        "one row": lambda x: L.Conv1D(3, 2)(x[:, 4]),
        "a new axis": lambda x: L.Conv3D(3, 1)(x[:, None]),
        "a split": lambda x: O.add(*O.split(x, 2, axis=-1)),
        "the second part of a split": lambda x: O.split(x, [2], axis=-1)[1],
        "a split of rows": lambda x: O.split(x, 3, axis=1)[1],
        "a channel shuffle": lambda x: O.reshape(
            O.transpose(O.reshape(x, (-1, 12, 10, 2, 3)), (0, 1, 2, 4, 3)), (-1, 12, 10, 6)
        ) + x,
        "tokens and back": lambda x: L.Conv2D(4, 3)(O.reshape(O.reshape(x, (-1, 120, 6)), (-1, 12, 10, 6))),
        "a product": lambda x: O.matmul(x, O.transpose(x, (0, 1, 3, 2))),
        "a contraction": lambda x: O.einsum("bhwc,bhwd->bcd", x, x),
        "padding": lambda x: L.Conv2D(3, 3)(O.pad(x, ((0, 0), (1, 2), (3, 0), (0, 0)))),
        "padding by reflection": lambda x: O.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect"),
        "a resize": lambda x: O.image.resize(x, (24, 20), interpolation="bilinear"),
        "pools": lambda x: O.max_pool(x, 2, 2, padding="same") + O.average_pool(x, 2, 2, padding="same"),
        "functions": lambda x: O.exp(O.log(O.sqrt(O.square(O.abs(-x))))) + O.silu(x) + O.softmax(x, axis=-1),
        "a power": lambda x: x**2,
        "a norm": lambda x: O.norm(x, axis=-1, keepdims=True) + x,
        "a stack": lambda x: L.Conv3D(3, 1)(O.stack([x, x], axis=1)),
        "expand and squeeze": lambda x: O.squeeze(O.expand_dims(x, 1), 1) + x,
        "swapped axes": lambda x: L.Conv2D(3, (3, 1))(O.swapaxes(x, 1, 2)),
        "a quotient": lambda x: x / (O.sum(x, axis=-1, keepdims=True) + 1e-6),
        "maximum and minimum": lambda x: O.minimum(O.maximum(x, 0), x * 2),
        "a gated linear unit": O.glu,
        "clip": lambda x: O.clip(x, 0, 1),
    }.items()
}  # fmt: skip

REFUSALS: dict[str, tuple[Callable[[], Any], tuple[Sequence[int], ...], str]] = {
    "a recurrent layer": (lambda: L.LSTM(4), (ROW,), "a recurrent layer"),
    "code": (lambda: L.Lambda(lambda x: x * 2), (ROW,), "its function is code"),
    "time distribution": (lambda: L.TimeDistributed(L.Dense(3)), (ROW,), "for each time step"),
    "additive attention": (lambda: lambda x: L.AdditiveAttention()([x, x]), (ROW,), "scores are no products"),
    "an activation that is not known": (lambda: L.Activation("softsign"), (ROW,), "the activation softsign"),
    "a norm over columns": (lambda: L.BatchNormalization(axis=2), (MAP,), "a norm over axis 2"),
    "a product normalized": (lambda: L.Dot(axes=1, normalize=True), ((7,), (7,)), "a normalized product"),
    "a resize that crops": (lambda: L.Resizing(5, 5, crop_to_aspect_ratio=True), (MAP,), "crop_to_aspect_ratio"),
    "a crop to more": (lambda: L.CenterCrop(50, 5), (MAP,), "which resizes"),
    "an operation that is not known": (partial(_same, O.cumsum), (ROW,), "the operation Cumsum has no counterpart"),
    "a batch that is reshaped away": (lambda: lambda x: O.reshape(x, (-1, 3)), (ROW,), "a reshape of 12x6 to"),
}  # fmt: skip
