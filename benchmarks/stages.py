"""Times the stages of one network in a process of its own: `python -m benchmarks.stages FILE REPEATS` prints JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from cnncalc.engine import analyze
from cnncalc.export.to_json import to_json
from cnncalc.graph import build
from cnncalc.spec.reader import parse

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS: dict[str, Callable[[Any], Any]] = {"parse": parse, "build": build, "analyze": analyze, "json": to_json}


def times(text: str, repeats: int) -> dict[str, Any]:
    """Median seconds of processor time of every stage, of text -> report, and the number of layers."""
    spent: dict[str, list[float]] = {name: [] for name in (*STEPS, "report")}
    layers = 0
    for _ in range(repeats + 1):
        value: Any = text
        total = 0.0
        for name, step in STEPS.items():
            before = time.process_time()
            value = step(value)
            spent[name].append(time.process_time() - before)
            total += spent[name][-1]
            if name == "analyze":
                layers = len(value.layers)
                spent["report"].append(total)
    # The first round also imports ops and builds their models.
    return {"layers": layers} | {name: median(values[1:]) for name, values in spent.items()}


if __name__ == "__main__":
    print(json.dumps(times(Path(sys.argv[1]).read_text(encoding="utf-8"), int(sys.argv[2]))))
