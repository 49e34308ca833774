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
    """Median seconds of processor time of a few calls after a first one."""
    call()
    spent = []
    for _ in range(ROUNDS):
        before = time.process_time()
        call()
        spent.append(time.process_time() - before)
    return median(spent)


def resnet50() -> Any:
    """ResNet-50 as a PyTorch module (stride in the 3x3 convolutions)."""
    from torch import nn

    class Bottleneck(nn.Module):
        def __init__(self, c_in: int, width: int, stride: int) -> None:
            super().__init__()
            body = (*norm(c_in, width, 1, 1), nn.ReLU(), *norm(width, width, 3, stride), nn.ReLU())
            self.body = nn.Sequential(*body, *norm(width, 4 * width, 1, 1))
            self.shortcut = nn.Sequential(*(norm(c_in, 4 * width, 1, stride) if c_in != 4 * width else ()))

        def forward(self, x: Any) -> Any:
            return (self.body(x) + self.shortcut(x)).relu()

    def norm(c_in: int, c_out: int, kernel: int, stride: int) -> tuple[Any, Any]:
        return nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(c_out)

    layers, channels = [*norm(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for width, count in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for copy in range(count):
            layers.append(Bottleneck(channels, width, 2 if copy == 0 and width > 64 else 1))  # noqa: PLR2004
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000)).eval()


def by_torchinfo() -> float:
    """torchinfo.summary, without printing."""
    import torch
    import torchinfo

    torch.set_num_threads(1)
    model = resnet50()
    return timed(lambda: torchinfo.summary(model, (1, 3, 224, 224), verbose=0))


def by_flop_counter() -> float:
    """A forward pass under FlopCounterMode, on tensors without data."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        model, x = resnet50(), torch.empty(1, 3, 224, 224)

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
