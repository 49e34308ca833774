"""Draws whole networks: chains, repeats, parallel paths, residuals."""

from __future__ import annotations

from math import prod
from random import Random
from typing import Any

from tests.oracle import draw
from tests.oracle import layers as lay
from tests.oracle.draw import ACTIVATIONS, Recipe, Shape
from tests.oracle.draw_whole import draw_arrangement, draw_reduction
from tests.oracle.networks import Chain, Leaf, Network, Parallel, Repeat, Tree
from tests.oracle.pytorch import nn, torch

KINDS = (
    [draw.draw_conv] * 12
    + [draw.draw_pool] * 6
    + [draw.draw_transposed] * 4
    + [draw.draw_resize] * 4
    + [draw.draw_move] * 2
    + [draw_reduction, draw_arrangement]
)


class Artist:
    """Draws trees for one seed; `limit` is the most elements that a tensor may have."""

    aligned = frozenset({"add", "concat", "mul", "max", "min"})
    """Merges that may crop or pad their inputs."""

    def __init__(self, seed: int, limit: int) -> None:
        self.rng, self.limit = Random(seed), limit
        torch.manual_seed(seed)

    def shape_after(self, tree: Tree, shape: Shape) -> Shape | None:
        """The output shape as PyTorch finds it; None where it refuses or the tensor grows out of hand."""
        try:
            with torch.no_grad():
                output = Network(tree).eval()(torch.rand(1, *shape))[-1]
        except (RuntimeError, ValueError, AssertionError):
            return None
        found = tuple(output.shape[1:])
        return found if prod(found) <= self.limit and min(found) > 0 else None

    @staticmethod
    def channels_after(rows: list[Any], shape: Shape) -> int:
        """The channels that modules put out."""
        with torch.no_grad():
            return int(nn.Sequential(*rows)(torch.rand(1, *shape)).shape[1])

    def recipe(self, shape: Shape) -> Recipe:
        """A layer with what trails it."""
        rng = self.rng
        kind = rng.choice(KINDS)
        norm = "bn" if rng.random() < 0.3 else ""
        act = rng.choice(list(ACTIVATIONS)) if rng.random() < 0.4 else ""
        trail = " ".join(filter(None, (norm, act)))
        if rng.random() < 0.1:
            body = draw.draw_conv(rng, shape, trail, "dwconv")
        elif kind is draw.draw_conv and rng.random() < 0.05:
            body = squeeze(rng.randint(1, 4))
        else:
            body = kind(rng, shape, trail)

        def make(shape: Shape) -> list[Any]:
            rows = body.make(shape)
            channels = self.channels_after(rows, shape)
            if norm:
                rows.append(lay.Pointwise(lay.by_ndim("BatchNorm", len(shape) - 1)(channels)))
            if act:
                rows.append(lay.Pointwise(ACTIVATIONS[act]()))
            return rows

        return Recipe(f"{body.text} {trail}".rstrip(), make)

    def leaf(self, shape: Shape, *, same: bool = False) -> tuple[Leaf, Shape]:
        """A layer that fits the shape, and the shape after it; with `same` one that keeps the sizes."""
        for _ in range(60):
            recipe = self.recipe(shape)
            made = place(recipe, shape)
            after = self.shape_after(made, shape) if made else None
            if made and after and not (same and after[1:] != shape[1:]):
                return made, after
        conv = pointwise(shape[0], shape[0], len(shape) - 1)
        return conv, shape

    def chain(self, shape: Shape, length: int, depth: int = 0) -> tuple[Chain, Shape]:
        """Several things in a row."""
        items: list[Tree] = []
        for _ in range(length):
            chance = self.rng.random()
            item: Tree
            if chance < 0.2 and depth < 2:
                item, shape = self.parallel(shape, depth + 1)
            elif chance < 0.28:
                item, shape = self.repeat(shape)
            elif chance < 0.33 and len(shape) == 3:
                item, shape = self.shuffle(shape)
            else:
                item, shape = self.leaf(shape)
            items.append(item)
        return Chain(items=tuple(items)), shape

    def shuffle(self, shape: Shape) -> tuple[Tree, Shape]:
        """A 1x1 convolution and a pixel shuffle, so that every shuffled channel has seen all channels."""
        ratio = self.rng.choice([2, 3])
        out = ratio**2 * self.rng.choice([1, 2])
        conv = pointwise(shape[0], out, len(shape) - 1)
        tree = Chain(items=(conv, Leaf(text=f"pixelshuffle {ratio}", rows=(nn.PixelShuffle(ratio),))))
        after = self.shape_after(tree, shape)
        return (tree, after) if after else self.leaf(shape)

    def repeat(self, shape: Shape) -> tuple[Tree, Shape]:
        """Two or three copies of one or two layers."""
        recipes = [self.recipe(shape) for _ in range(self.rng.randint(1, 2))]
        start = shape
        copies: list[Chain] = []
        for _ in range(self.rng.randint(2, 3)):
            items: list[Tree] = []
            for recipe in recipes:
                made = place(recipe, shape)
                after = self.shape_after(made, shape) if made else None
                if not made or not after:
                    return self.leaf(start)
                items.append(made)
                shape = after
            copies.append(Chain(items=tuple(items)))
        return Repeat(copies=tuple(copies)), shape

    def parallel(self, shape: Shape, depth: int) -> tuple[Tree, Shape]:
        """Paths that differ, made to fit."""
        rng = self.rng
        merge = rng.choice(["add", "add", "concat", "concat", "mul", "max", "min"])
        residual = rng.random() < 0.3
        align = None if residual or merge not in self.aligned or rng.random() < 0.7 else rng.choice(["crop", "pad"])
        first, after = (Chain(), shape) if residual else self.chain(shape, rng.randint(1, 2), depth)
        ends = [(first, after)]
        for _ in range(rng.choice([1, 1, 2])):
            path, end = self.fitting(shape, after, depth, free=align is not None)
            ends.append((path, end))
        if merge != "concat":
            ends = [(widened(path, end, after[0]), end) for path, end in ends]
        if residual:
            ends.reverse()
        paths = tuple(path for path, _ in ends)
        tree = Parallel(merge=merge, paths=paths, join=lay.Merge(merge, align), align=align)
        joined = self.shape_after(tree, shape)
        return (tree, joined) if joined else self.leaf(shape)

    def fitting(self, shape: Shape, wanted: Shape, depth: int, *, free: bool) -> tuple[Chain, Shape]:
        """A path that ends at the wanted sizes."""
        path, end = self.chain(shape, self.rng.randint(1, 2), depth)
        for _ in range(25):
            if free or end[1:] == wanted[1:]:
                return path, end
            path, end = self.chain(shape, self.rng.randint(1, 2), 2)
        sizes = "x".join(map(str, wanted[1:]))
        fit = Leaf(text=f"adaptive {sizes}", rows=(lay.Adaptive("avg", wanted[1:]),))
        return Chain(items=(*path.items, fit)), (end[0], *wanted[1:])


def squeeze(width: int) -> Recipe:
    """A squeeze-and-excitation gate."""
    return Recipe(f"se {width}", lambda shape: [lay.Pointwise(lay.Squeeze(shape[0], width, len(shape) - 1))])


def pointwise(channels: int, out: int, ndim: int) -> Leaf:
    """A 1x1 convolution."""
    conv = lay.by_ndim("Conv", ndim)(channels, out, 1)
    return Leaf(text=f"conv {out} k1", rows=(lay.Conv(conv, ((0, 0),) * ndim, "zeros"),))


def widened(path: Chain, end: Shape, channels: int) -> Chain:
    """The path with a 1x1 convolution after it where its channels differ."""
    if end[0] == channels:
        return path
    return Chain(items=(*path.items, pointwise(end[0], channels, len(end) - 1)))


def place(recipe: Recipe, shape: Shape) -> Leaf | None:
    """The recipe made for a shape; None where PyTorch refuses to make it."""
    try:
        return Leaf(text=recipe.text, rows=tuple(recipe.make(shape)))
    except (RuntimeError, ValueError, AssertionError):
        return None


def draw_network(seed: int, shape: Shape, *, length: int, limit: int) -> Tree:
    """The network of a seed."""
    return Artist(seed, limit).chain(shape, length)[0]
