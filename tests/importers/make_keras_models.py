"""Write `keras_models.json.xz`: models of `keras.applications` as Keras writes them, and what they have there.

    python -m tests.importers.make_keras_models

Needs keras with the torch backend. The tests of the importer read the file, so that they need neither.
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path

PATH = Path(__file__).with_name("keras_models.json.xz")
NAMES = ("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "InceptionV3", "MobileNetV3Small", "ResNet50V2", "Xception")


def main() -> None:
    """Build the models without weights, and count."""
    from tests.oracle import keras_backend as oracle
    from tests.oracle.keras_backend import keras

    found = {}
    for name in NAMES:
        model = oracle.weightless(getattr(keras.applications, name), weights=None, input_shape=(224, 224, 3))
        found[name] = {
            "config": json.loads(model.to_json()),
            "params": oracle.trainable(model),
            "buffers": oracle.buffers(model),
            "macs": oracle.macs(model),
            "shapes": {
                path: oracle.sizes(layer.output)
                for path, layer in oracle.named(model)
                if not isinstance(layer.output, (list, tuple))
            },
        }
    PATH.write_bytes(lzma.compress(json.dumps(found, separators=(",", ":")).encode(), preset=9))


if __name__ == "__main__":
    main()
