"""ResNet-50 in PyTorch: torch.export alone, and reading what it exports, interleaved; prints JSON: seconds or null."""

from __future__ import annotations

import json
import time
import warnings
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.frameworks import resnet50

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7
SHAPES = {"input": (3, 224, 224)}


def by_torch() -> dict[str, float]:
    """Medians of processor time: the export, the layers found in it, their text."""
    import torch

    from cnncalc.importers.pytorch.exporting import exported
    from cnncalc.importers.pytorch.module import from_program
    from cnncalc.importers.writing.to_yaml import to_yaml

    torch.set_num_threads(1)
    with torch.device("meta"):
        model, x = resnet50(), torch.empty(2, 3, 224, 224)

    def export() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.export(model, (x,), strict=False)

    spent: dict[str, list[float]] = {"export": [], "import": []}
    for _ in range(ROUNDS + 1):
        _timed(export, spent["export"])
        _timed(lambda: to_yaml(from_program(exported(model, SHAPES), SHAPES)), spent["import"])
    return {name: median(values[1:]) for name, values in spent.items()}


def _timed(call: Callable[[], Any], spent: list[float]) -> None:
    before = time.process_time()
    call()
    spent.append(time.process_time() - before)


if __name__ == "__main__":
    try:
        print(json.dumps(by_torch()))
    except ImportError:
        print("null")
