"""Keras on PyTorch, or a skip that says why; what its models really have, counted from their weights and tensors."""

from __future__ import annotations

import os
import warnings
from math import prod
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.importers.keras.model import read_keras
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader
from tests.frameworks import needed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.importers.layers import Imported
    from cnncalc.report import Report

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = needed("keras")
if keras.backend.backend() != "torch":
    pytest.skip("Keras has another backend than torch", allow_module_level=True)

Shape = tuple[int, ...]


def weightless(make: Any, *args: Any, **kwargs: Any) -> Any:
    """What a maker makes, on the device that holds shapes alone."""
    keras.backend.clear_session(free_memory=False)
    with keras.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(*args, **kwargs)


def read(model: Any, **given: Any) -> Imported:
    """The model from its JSON."""
    return read_keras(model.to_json().encode(), **given)


def report(found: Imported) -> Report:
    """Through the text of a spec, as users have it."""
    return cnncalc.analyze(reader.parse(to_yaml(found)))


def trainable(model: Any) -> int:
    """Numbers in trainable weights."""
    return sum(prod(weight.shape) for weight in model.trainable_weights)


def buffers(model: Any) -> int:
    """Numbers in other weights, but for what arithmetic with constants has: `Normalization` is no layer of ours."""
    return sum(
        prod(weight.shape)
        for layer in layers(model)
        if isinstance(layer, keras.layers.Layer) and not isinstance(layer, keras.layers.Normalization)
        for weight in layer.non_trainable_weights
    )


def layers(model: Any) -> Iterator[Any]:
    """All layers, also of models inside."""
    return (layer for _, layer in named(model))


def named(model: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All layers and operations with their dotted paths."""
    for layer in getattr(model, "operations", model.layers):
        if isinstance(layer, keras.Model):
            yield from named(layer, f"{path}{layer.name}.")
        else:
            yield path + layer.name, layer


def sizes(tensor: Any, *, first: bool = False) -> Shape:
    """A shape without its batch, channels first, without the axes of size 1 that a vector may or may not have."""
    return bare(tuple(tensor.shape[1:]) if first else (tensor.shape[-1], *tensor.shape[1:-1]))


def bare(shape: Shape) -> Shape:
    """The shape of one position is that of a vector."""
    return shape[:1] if all(size == 1 for size in shape[1:]) else shape


def macs(model: Any) -> int:
    """Products that layers with weights take, from the shapes of their weights and tensors; each layer called once."""
    return sum(_macs(layer) for layer in layers(model))


def _macs(layer: Any) -> int:
    kind = type(layer).__name__
    if not isinstance(layer, keras.layers.Layer):
        return 0
    if kind.startswith("Separable"):
        kernels = (layer.depthwise_kernel, layer.pointwise_kernel)
        return _positions(layer, layer.output) * sum(int(prod(kernel.shape)) for kernel in kernels)
    holder: Any = layer.layer if kind == "SpectralNormalization" else layer
    if "Conv" in kind or holder is not layer:
        tensor = layer.input if "Transpose" in kind else layer.output
        return _positions(holder, tensor) * int(prod(holder.kernel.shape))
    if kind in ("Dense", "EinsumDense"):  # those that contract the last axis
        return prod((*layer.input.shape[1:-1], *layer.kernel.shape))
    return 0


def _positions(layer: Any, tensor: Any) -> int:
    return int(prod(tensor.shape[2:] if layer.data_format == "channels_first" else tensor.shape[1:-1]))


def differing(found: Imported, model: Any, *, first: bool = False) -> Mapping[str, object]:
    """Layers whose shape is another one, or that have no row though they do something."""
    ours = {layer.name: bare(layer.shape) for layer in found.layers}
    wrong: dict[str, object] = {}
    for path, layer in named(model):
        wanted = None if isinstance(layer.output, (list, tuple)) else sizes(layer.output, first=first)
        if path in ours and ours[path] != wanted:
            wrong[path] = (ours[path], wanted)
        elif path not in ours and not _is_rowless(layer):
            wrong[path] = type(layer).__name__
    return wrong


ROWLESS = frozenset(
    {"InputLayer", "Reshape", "Permute", "Rescaling", "Normalization", "StochasticDepth", "MultiHeadAttention"}
)
"""Layers that move axes or change values alone; attention is a group of rows."""


def _is_rowless(layer: Any) -> bool:
    """Those, an operation with a constant, an activation that is none."""
    if not isinstance(layer, keras.layers.Layer):
        return not isinstance(layer.input, (list, tuple))
    return type(layer).__name__ in ROWLESS or getattr(getattr(layer, "activation", None), "__name__", "") == "linear"
