"""Model files by their endings: `.onnx`, `.keras`, and `.json` where it holds a Keras model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from cnncalc.importers.layers import Imported, Shape

ENDINGS = frozenset({".onnx", ".keras"})
_SNIFFED = 2**16


def is_model(path: Path) -> bool:
    """Whether a file is a model that can be read, by its ending and, for JSON, by its first bytes."""
    ending = path.suffix.lower()
    if ending != ".json":
        return ending in ENDINGS
    from cnncalc.importers.keras.config import is_config

    try:
        with path.open("rb") as file:
            return is_config(file.read(_SNIFFED))
    except OSError:
        return False


def read_file(
    path: str | os.PathLike[str],
    shapes: Mapping[str, Shape] | None = None,
    *,
    allow_unknown: bool = False,
) -> Imported:
    """The layers of a model file; raises what `read_onnx` and `read_keras` raise."""
    if Path(path).suffix.lower() == ".onnx":
        from cnncalc.importers.onnx.model import read_onnx

        return read_onnx(path, shapes, allow_unknown=allow_unknown)
    from cnncalc.importers.keras.model import read_keras

    return read_keras(path, shapes, allow_unknown=allow_unknown)
