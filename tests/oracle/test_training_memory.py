"""The largest moment of a training step against every storage that PyTorch holds during one.

No tensor here has gradients from two readers: watched, PyTorch sums those into a third buffer, else in place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.memory import Optimizer, training
from tests.oracle.pytorch import nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.oracle

DispatchMode: Any = torch.utils._python_dispatch.TorchDispatchMode


class Watch(DispatchMode):
    """The largest sum of bytes of the storages alive right after any operation, those given included."""

    def __init__(self, tensors: list[Any]) -> None:
        super().__init__()
        self.alive: dict[int, tuple[Any, int]] = {}
        self.most = 0
        for tensor in tensors:
            self.follow(tensor)

    def follow(self, tensor: Any) -> None:
        storage = tensor.untyped_storage()
        self.alive[storage._cdata] = (torch.multiprocessing.reductions.StorageWeakRef(storage), storage.nbytes())

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, then look at what is there."""
        results = func(*args, **(kwargs or {}))
        self.alive = {key: entry for key, entry in self.alive.items() if not entry[0].expired()}
        for result in results if isinstance(results, (tuple, list)) else [results]:
            if isinstance(result, torch.Tensor):
                self.follow(result)
        self.most = max(self.most, sum(size for _, size in self.alive.values()))
        return results


class Concat(nn.Module):
    def __init__(self, *branches: Any) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Any) -> Any:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Sum(Concat):
    def forward(self, x: Any) -> Any:
        one, other = self.branches
        return one(x) + other(x)


def frozen(module: Any) -> Any:
    return module.requires_grad_(requires_grad=False)


def conv(*args: int, **options: Any) -> Any:
    return nn.Conv2d(*args, **options)


NETWORKS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "conv 8 k3 | conv 4 k3": lambda: (conv(3, 8, 3), conv(8, 4, 3)),
    "conv 8 k3 p1 bn relu | maxpool 2 | conv 16 k3 bn relu | conv 4 k1": lambda: (
        conv(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2),
        conv(8, 16, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True), conv(16, 4, 1),
    ),
    "conv 4 k3 relu | fc 300 relu | fc 200": lambda: (
        conv(3, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(784, 300), nn.ReLU(inplace=True),
        nn.Linear(300, 200),
    ),
    "conv 8 k3 relu | dropout 0.5 | conv 8 k3 silu | gap | fc 10": lambda: (
        conv(3, 8, 3), nn.ReLU(inplace=True), nn.Dropout(0.5), conv(8, 8, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 10),
    ),
    "conv 8 k3 frozen | relu | conv 8 k3 relu | conv 16 k3 frozen | relu | conv 4 k1": lambda: (
        frozen(conv(3, 8, 3)), nn.ReLU(inplace=True), conv(8, 8, 3), nn.ReLU(inplace=True), frozen(conv(8, 16, 3)),
        nn.ReLU(inplace=True), conv(16, 4, 1),
    ),
    "conv 4 k3 | fc 300 frozen | relu | fc 20": lambda: (
        conv(3, 4, 3), nn.Flatten(), frozen(nn.Linear(784, 300)), nn.ReLU(inplace=True),
        nn.Linear(300, 20),
    ),
    "concat(conv 16 k3 p1 relu; conv 4 k1; maxpool 3 s1 p1) | conv 8 k3 | convt 4 k2 s2": lambda: (
        Concat(
            nn.Sequential(conv(3, 16, 3, padding=1), nn.ReLU(inplace=True)), conv(3, 4, 1), nn.MaxPool2d(3, 1, 1)
        ),
        conv(23, 8, 3), nn.ConvTranspose2d(8, 4, 2, 2),
    ),
    "add(conv 16 k3 p1 bn; conv 16 k1 bn) | relu | avgpool 2 | conv 8 k3 sigmoid": lambda: (
        Sum(
            nn.Sequential(conv(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)),
            nn.Sequential(conv(3, 16, 1, bias=False), nn.BatchNorm2d(16)),
        ),
        nn.ReLU(inplace=True), nn.AvgPool2d(2), conv(16, 8, 3), nn.Sigmoid(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("line", NETWORKS)
@pytest.mark.parametrize("batch", [1, 32])
def test_the_largest_moment_of_a_step_is_what_pytorch_holds_at_most(line: str, batch: int) -> None:
    spec = cnncalc.parse(line, input="3x16x16")
    predicted = training(cnncalc.build(spec), batch=batch, element_bytes=4, optimizer=Optimizer.SGD)
    module: Any = nn.Sequential(*NETWORKS[line]()).train()
    buffers = dict(module.named_buffers())
    counters = {name for name in buffers if name.endswith("num_batches_tracked")}
    with Watch([*module.parameters(), *(buffers[name] for name in buffers.keys() - counters)]) as watch:
        # Neither the input nor the output is held by anything but the network.
        loss = (-module(torch.rand(batch, 3, 16, 16))).sum()
        watch.most = 0
        loss.backward()
    loss_and_its_gradient = 2 * 4
    assert watch.most - predicted.bytes in range(loss_and_its_gradient + 8 * len(counters) + 1), predicted
