"""ResNet-50 by cnncalc, torchinfo and PyTorch's flop counter in one process; prints JSON: seconds, or null."""

from __future__ import annotations

import json
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.networks import EXAMPLES
from benchmarks.stages import times

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5


def timed(call: Callable[[], Any]) -> float:
    """Median seconds of a few calls after a first one."""
    call()
    spent = []
    for _ in range(ROUNDS):
        before = time.perf_counter()
        call()
        spent.append(time.perf_counter() - before)
    return median(spent)


def by_torchinfo() -> float:
    """torchinfo.summary, without printing."""
    import torchinfo
    import torchvision

    model = torchvision.models.resnet50().eval()
    return timed(lambda: torchinfo.summary(model, (1, 3, 224, 224), verbose=0))


def by_flop_counter() -> float:
    """A forward pass under FlopCounterMode, on tensors without data."""
    import torch
    import torchvision
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        model = torchvision.models.resnet50().eval()
        x = torch.empty(1, 3, 224, 224)

    def count() -> None:
        with torch.no_grad(), FlopCounterMode(display=False):
            model(x)

    return timed(count)


def by_cnncalc() -> float:
    """Text to report."""
    text = (EXAMPLES / "resnet50.yaml").read_text(encoding="utf-8")
    return float(times(text, 4 * ROUNDS)["report"])


def attempt(call: Callable[[], float]) -> float | None:
    """None where something is not installed."""
    try:
        return call()
    except ImportError:
        return None


if __name__ == "__main__":
    calls = {"cnncalc": by_cnncalc, "torchinfo": by_torchinfo, "flop counter, meta tensors": by_flop_counter}
    print(json.dumps({name: attempt(call) for name, call in calls.items()}))
