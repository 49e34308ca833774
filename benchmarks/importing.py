"""ResNet-50 read from PyTorch and from ONNX, beside what those tools do alone; prints JSON: seconds or null."""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.frameworks import resnet50
from benchmarks.networks import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import Report

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


def by_onnx() -> dict[str, float]:
    """Processor time of a first reading, with what it imports, and medians of further ones and of `onnx.load`."""
    import onnx

    from cnncalc.engine import analyze
    from cnncalc.export.to_onnx import to_onnx
    from cnncalc.graph import build
    from cnncalc.spec.reader import parse

    def report(text: str) -> Report:
        return analyze(build(parse(text)))

    spent: dict[str, list[float]] = {"load": [], "import": [], "report": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "resnet50.onnx")
        text = (EXAMPLES / "resnet50.yaml").read_text(encoding="utf-8")
        with path.open("wb") as file:
            file.writelines(to_onnx(report(text)))

        def read() -> str:
            from cnncalc.importers.onnx.model import read_onnx
            from cnncalc.importers.writing.to_yaml import to_yaml

            return to_yaml(read_onnx(path))

        for _ in range(ROUNDS + 1):
            _timed(lambda: onnx.load(path, load_external_data=False), spent["load"])
            _timed(read, spent["import"])
            _timed(lambda: report(text), spent["report"])
    return {"first": spent["import"][0]} | {name: median(values[1:]) for name, values in spent.items()}


def _timed(call: Callable[[], Any], spent: list[float]) -> None:
    before = time.process_time()
    call()
    spent.append(time.process_time() - before)


def _unless_missing(measure: Callable[[], dict[str, float]]) -> dict[str, float] | None:
    try:
        return measure()
    except ImportError:
        return None


if __name__ == "__main__":
    # ONNX first, so that a first reading imports what it needs.
    print(json.dumps({"onnx": _unless_missing(by_onnx), "torch": _unless_missing(by_torch)}))
