"""Configurations as Keras 2 and 3 write them, of a few small layers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cnncalc
from cnncalc.importers.keras.model import read_keras
from cnncalc.importers.writing.to_yaml import to_yaml
from cnncalc.spec import reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.importers.layers import Imported
    from cnncalc.report import Report

Json = dict[str, Any]


def layer(kind: str, name: str, *inputs: str, **config: Any) -> Json:
    """A layer as Keras 3 writes it."""
    tensors = [
        {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None], "dtype": "float32", "keras_history": [one, 0, 0]},
        }
        for one in inputs
    ]
    args = [tensors] if len(tensors) > 1 else tensors
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, "trainable": True, **config},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": args, "kwargs": {}}] if inputs else [],
    }


def functional(layers: Sequence[Json], first: str, last: str, name: str = "net") -> Json:
    """A model from one input to one output."""
    return {
        "module": "keras",
        "class_name": "Functional",
        "config": {
            "name": name,
            "layers": list(layers),
            "input_layers": [[first, 0, 0]],
            "output_layers": [[last, 0, 0]],
        },
    }


def sequential(*layers: Json, shape: Sequence[int | None] = (None, 32, 32, 3)) -> Json:
    """A chain of layers."""
    first = layer("InputLayer", "in0", batch_shape=list(shape))
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "net", "layers": [first, *layers]}}


def read(config: Json, **given: Any) -> Imported:
    """The layers of a configuration."""
    return read_keras(json.dumps(config).encode(), **given)


def report(config: Json) -> Report:
    """Through the text of a spec."""
    return cnncalc.analyze(reader.parse(to_yaml(read(config))))


CONV = {"filters": 8, "kernel_size": [3, 3]}


def keras2(kind: str, name: str, node: Any, **config: Any) -> Json:
    """A layer as Keras 2 writes it."""
    return {
        "class_name": kind,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": [node] if node else [],
    }


def legacy(*layers: Json) -> Json:
    """A functional model of Keras 2, from the input `i` to the last layer."""
    first = keras2("InputLayer", "i", None, batch_input_shape=[None, 8, 8, 6])
    last = layers[-1]["name"]
    config = {"name": "m", "layers": [first, *layers], "input_layers": [["i", 0, 0]], "output_layers": [[last, 0, 0]]}
    return {"class_name": "Functional", "config": config, "keras_version": "2.15.0", "backend": "tensorflow"}


def lambda_(function: str, node: Any) -> Json:
    """A function of TensorFlow on a tensor."""
    return keras2("TFOpLambda", f"tf.{function}", node, function=function)
