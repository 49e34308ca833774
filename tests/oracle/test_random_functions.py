"""Random chains of functions: parameters, MACs and sizes are those of PyTorch; where the language says all of what a
layer does, the exported file computes the same."""

from __future__ import annotations

import copy
import random
from math import prod
from typing import TYPE_CHECKING, Any

import pytest

import cnncalc
from cnncalc.export.to_torch import to_torch
from cnncalc.importers.pytorch.module import from_module
from cnncalc.importers.writing.to_yaml import to_yaml
from tests.oracle import zoo
from tests.oracle.pytorch import F, nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.oracle
SEEDS = 60
MOST = 100_000
"""Elements of a tensor."""
SILENT = frozenset({"rearrange", "matmul", "custom"})
"""Ops that leave open what goes where."""


class Chain(nn.Module):
    def __init__(self, parts: list[Any]) -> None:
        super().__init__()
        self.functions = parts
        self.parts = nn.ModuleList([part for part in parts if isinstance(part, nn.Module)])

    def forward(self, x: Any) -> Any:
        for part in self.functions:
            x = part(x)
        return x


def along(dim: int, index: Any) -> tuple[Any, ...]:
    return (*(slice(None),) * dim, index)


def moves(draw: random.Random, sizes: list[int]) -> list[Callable[[Any], Any]]:
    """What only moves, cuts or repeats."""
    rank = len(sizes)
    dim = draw.randrange(1, rank)
    order = list(range(1, rank))
    draw.shuffle(order)
    start = draw.randrange(sizes[dim])
    kept = slice(start, draw.randrange(start, sizes[dim]) + 1, draw.choice([1, 1, 2]))
    numbers = [draw.randrange(sizes[dim]) for _ in range(3)]
    found: list[Callable[[Any], Any]] = [
        lambda x: x.permute(0, *order),
        lambda x: x[along(dim, kept)],
        lambda x: x[along(dim, numbers)],
        lambda x: x.roll(1, dim),
        lambda x: x.flip(dim),
        lambda x: torch.cat([x, x.neg()], dim),
        lambda x: torch.stack([x, x.neg()], dim),
        lambda x: x.repeat_interleave(2, dim),
        lambda x: x.mean(dim, keepdim=True).expand_as(x),
        lambda x: F.pad(x, (1, 1)),
    ]
    if rank > 2:
        found += [lambda x: x.flatten(rank - 2), lambda x: x.select(dim, start)]
    if sizes[dim] % 2 == 0:
        found += [lambda x: x.unflatten(dim, (2, -1)), lambda x: x.unflatten(dim, (-1, 2)), lambda x: F.glu(x, dim)]
    return found


def mixes(draw: random.Random, sizes: list[int]) -> list[Any]:
    """What computes."""
    rank, channels = len(sizes), sizes[1]
    dim = draw.randrange(1, rank)
    found: list[Any] = [
        F.relu,
        lambda x: x.softmax(-1),
        lambda x: x - x.mean(dim, keepdim=True),
        lambda x: x.amax(dim, keepdim=True) * x,
        lambda x: x.sum(dim, keepdim=True),
        nn.LayerNorm(sizes[-1]),
        nn.Linear(sizes[-1], 6),
    ]
    if rank > 2:
        found += [lambda x: (x @ x.transpose(-1, -2)).softmax(-1) @ x, nn.GroupNorm(1, channels)]
    if rank == 3:
        found += [nn.Conv1d(channels, 4, 3, padding=1), nn.Conv1d(channels, 6, 1)]
    if rank > 3:
        found.append(lambda x: F.scaled_dot_product_attention(x, x, x))
    if rank == 4:
        found += [nn.Conv2d(channels, 4, 3, padding=1), nn.BatchNorm2d(channels)]
        found += [nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.AdaptiveAvgPool2d(2)]
        found.append(lambda x: torch.einsum("bchw,bdhw->bcd", x, x))
        if min(sizes[2:]) > 2:
            found += [nn.MaxPool2d(2), lambda x: F.unfold(x, 3, padding=1, stride=2)]
        if channels % 4 == 0:
            found.append(nn.PixelShuffle(2))
    return found


def chain(seed: int) -> tuple[Chain, Any]:
    draw = random.Random(seed)
    torch.manual_seed(seed)
    x = torch.randn(2, *(draw.choice([4, 6, 8]) for _ in range(3)))
    y, parts = x, []
    for _ in range(draw.randrange(2, 9)):
        part = draw.choice(draw.choice([moves, mixes])(draw, list(y.shape)))
        made = part(y)
        if 0 < made.numel() < MOST and made.dim() in range(2, 6):
            y = made.detach()
            parts.append(part)
    module = Chain(parts or [F.relu]).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            nn.init.uniform_(parameter, -1, 1)
    return module, x


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_random_chain_has_the_figures_and_the_numbers_of_pytorch(seed: int) -> None:
    module, x = chain(seed)
    shape = tuple(x.shape[1:])
    found = from_module(module, {"input": shape})
    report = cnncalc.analyze(to_yaml(found))
    wanted = module(x)
    assert not report.partial
    assert report.totals.params == sum(parameter.numel() for parameter in module.parameters())
    assert report.totals.macs == zoo.forward(on_meta(module), shape).macs
    assert prod(next(iter(report.outputs.values()))) * 2 == wanted.numel()
    if not SILENT & {layer.op for layer in report} and not any(layer.options.get("windows") for layer in found.layers):
        made = exported(report)
        take_weights(made, module)
        same = [each.detach().flatten().sort()[0] for each in (made(x), wanted)]  # its axes may stand elsewhere
        assert torch.allclose(*same, rtol=1e-4, atol=1e-4 * float(same[1].abs().max()))


def on_meta(module: Chain) -> Chain:
    return Chain([copy.deepcopy(part).to("meta") if isinstance(part, nn.Module) else part for part in module.functions])


def exported(report: cnncalc.Report) -> Any:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(to_torch(report), "exported.py", "exec"), names)  # noqa: S102 - it is our own file
    *_, last = names.values()
    return last().eval()


def take_weights(made: Any, module: Any) -> None:
    """In the order of the layers, which is that of the modules."""
    own, theirs = (
        {name: each for name, each in of.state_dict().items() if "num_batches" not in name} for of in (made, module)
    )
    pairs = zip(own.items(), theirs.values(), strict=True)
    made.load_state_dict({name: other.reshape(each.shape) for (name, each), other in pairs}, strict=False)
