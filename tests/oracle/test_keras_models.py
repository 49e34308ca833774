"""Every model of `keras.applications`: parameters, multiply-accumulates and the shape of every layer."""

from __future__ import annotations

import inspect
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest

from cnncalc.importers.keras.model import read_keras
from tests.oracle import keras_backend as oracle
from tests.oracle.keras_backend import keras

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

NASNET = "NASNetMobile"
"""Keras refuses to build it on PyTorch, for its weights; it is built as its function would."""
MODELS = sorted(name for name in dir(keras.applications) if inspect.isfunction(getattr(keras.applications, name)))
FREE = {"MobileNetV3Large", "MobileNetV3Small"}
"""They leave their sizes free."""


def build(name: str, **given: Any) -> Any:
    if name == NASNET:
        nasnet = __import__("keras.src.applications.nasnet", fromlist=["NASNet"])
        return oracle.weightless(
            nasnet.NASNet, (224, 224, 3), penultimate_filters=1056, num_blocks=4, stem_block_filters=32,
            skip_reduction=False, filter_multiplier=2, weights=None, default_size=224,
        )  # fmt: skip
    shape = {"input_shape": (224, 224, 3)} if name in FREE else {}
    return oracle.weightless(getattr(keras.applications, name), weights=None, **shape, **given)


def test_all_of_them_are_tried() -> None:
    assert len(MODELS) >= 40


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_the_collection_has_its_parameters_products_and_shapes(name: str) -> None:
    model = build(name)
    found = oracle.read(model)
    totals = oracle.report(found).totals
    assert (totals.params, totals.buffers) == (oracle.trainable(model), oracle.buffers(model))
    assert totals.macs == oracle.macs(model)
    assert oracle.differing(found, model) == {}


@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV3Small", "ConvNeXtTiny"])
def test_a_model_without_its_top_takes_any_size(name: str) -> None:
    model = build(name, include_top=False) if name not in FREE else oracle.weightless(
        getattr(keras.applications, name), weights=None, include_top=False
    )  # fmt: skip
    fixed = oracle.weightless(
        getattr(keras.applications, name), weights=None, include_top=False, input_shape=(160, 96, 3)
    )
    totals = oracle.report(oracle.read(model, shapes={"input": (3, 160, 96)})).totals
    assert (totals.params, totals.macs) == (oracle.trainable(fixed), oracle.macs(fixed))


@pytest.mark.filterwarnings("ignore")  # of numpy, while Keras writes the weights
def test_an_archive_says_the_same_as_the_json(tmp_path: Path) -> None:
    model = keras.applications.MobileNetV2(weights=None, alpha=0.35, input_shape=(96, 96, 3))
    model.save(tmp_path / "net.keras")
    assert read_keras(tmp_path / "net.keras") == oracle.read(model)


def test_a_model_with_the_channels_first_has_the_figures_of_the_other() -> None:
    last = oracle.weightless(keras.applications.ResNet50V2, weights=None)
    keras.config.set_image_data_format("channels_first")
    try:
        first = oracle.weightless(keras.applications.ResNet50V2, weights=None)
    finally:
        keras.config.set_image_data_format("channels_last")
    assert first.input_shape == (None, 3, 224, 224)
    found = oracle.read(first)
    assert oracle.report(found).totals == oracle.report(oracle.read(last)).totals
    assert oracle.differing(found, first, first=True) == {}


def test_a_frozen_base_is_frozen() -> None:
    base = oracle.weightless(keras.applications.MobileNet, weights=None, include_top=False, input_shape=(64, 64, 3))
    base.trainable = False
    with keras.device("meta"):
        model = keras.Sequential([base, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(5)])
    found = oracle.read(model)
    frozen = {layer.name for layer in found.layers if layer.options.get("frozen")}
    assert len(frozen) == 27 * 2  # the convolutions and their norms
    assert all(name.startswith("mobilenet") for name in frozen)
    norms = [layer for layer in oracle.layers(model) if isinstance(layer, keras.layers.BatchNormalization)]
    statistics = sum(2 * layer.moving_mean.shape[0] for layer in norms)
    totals = oracle.report(found).totals
    assert (totals.params, totals.buffers) == (model.count_params() - statistics, statistics)


@pytest.mark.parametrize("name", ["ResNet50", "EfficientNetB7"])
def test_a_large_model_is_read_in_less_than_half_a_second(name: str) -> None:
    data = build(name).to_json().encode()
    start = process_time()
    read_keras(data)
    assert process_time() - start < 0.5
