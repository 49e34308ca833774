"""Draws layers that read whole axes, all channels or everything."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from tests.oracle import layers as lay
from tests.oracle.draw import Recipe, Shape
from tests.oracle.pytorch import nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

LETTERS = {1: "l", 2: "hw", 3: "dhw"}
KINDS: dict[str, Callable[..., Any]] = {
    "mean": torch.mean, "max": torch.amax, "min": torch.amin, "sum": torch.sum, "norm": torch.linalg.vector_norm,
}  # fmt: skip


def draw_reduction(rng: Random, shape: Shape, trail: str) -> Recipe:  # noqa: ARG001 - as its siblings
    """One number in place of several, softmax, or a norm over all."""
    ndim = len(shape) - 1
    over = rng.choice(["channels", "positions", *LETTERS[ndim]])
    places = {"channels": (1,), "positions": tuple(range(2, 2 + ndim))}.get(over) or (LETTERS[ndim].index(over) + 2,)
    what = rng.choice(["reduce", "reduce", "reduce", "softmax", "ln"])
    if what == "ln":
        return Recipe("ln over=all", lambda shape: [lay.Pointwise(nn.LayerNorm(shape))])
    if what == "softmax":

        def weighed(x: Any) -> Any:
            return x.flatten(places[0], places[-1]).softmax(places[0]).reshape(x.shape)

        return Recipe(f"softmax over={over}", lambda _: [lay.Pointwise(lay.Function(weighed))])
    kind = rng.choice(list(KINDS))

    def real(x: Any) -> Any:
        return KINDS[kind](x, dim=places, keepdim=True)

    return Recipe(f"reduce {kind} over={over}", lambda _: [lay.Summing(real, lambda x: x.mean(places, keepdim=True))])


def draw_arrangement(rng: Random, shape: Shape, trail: str) -> Recipe:  # noqa: ARG001 - as its siblings
    """The same elements in another shape with as many axes; in linear mode every one of them holds the sum of all."""
    numbers = list(shape)
    for _ in range(3):
        source, target = rng.sample(range(len(numbers)), 2)
        factors = [factor for factor in range(1, numbers[source] + 1) if numbers[source] % factor == 0]
        factor = rng.choice(factors)
        numbers[source] //= factor
        numbers[target] *= factor
    wanted = tuple(numbers)

    def real(x: Any) -> Any:
        if prod(x.shape[1:]) != prod(wanted):
            raise ValueError
        return x.reshape(-1, *wanted)

    def linear(x: Any) -> Any:
        return real(x.mean(tuple(range(1, x.ndim)), keepdim=True).expand(x.shape))

    return Recipe(f"rearrange {'x'.join(map(str, wanted))}", lambda _: [lay.Summing(real, linear)])
