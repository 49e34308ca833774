"""Draws networks of layers that PyTorch runs without copies of its own: what is alive is what the layers make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.oracle import layers as lay
from tests.oracle.draw import Recipe, Shape, draw_pool, draw_resize
from tests.oracle.draw_tree import Artist
from tests.oracle.pytorch import nn

if TYPE_CHECKING:
    from random import Random

    from tests.oracle.networks import Tree

ACTIVATIONS = {
    "relu": nn.ReLU,
    "relu6": lambda: nn.ReLU6(inplace=True),
    "leaky": nn.LeakyReLU, "elu": nn.ELU, "silu": nn.SiLU, "hswish": nn.Hardswish,
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "gelu": nn.GELU,
}  # fmt: skip
"""ReLU6 in place, as all model code has it: it decides whether it saves its output or its input."""

VIEWS = {"identity": nn.Identity, "dropout 0.5": nn.Dropout}


class PlainArtist(Artist):
    """Convolutions padded alike on both sides with zeros, pools, norms, activations, resizes."""

    aligned = frozenset({"add", "concat"})  # what a product of cropped maps saves depends on how they are cropped

    def recipe(self, shape: Shape) -> Recipe:
        """A layer with what trails it."""
        rng = self.rng
        body = rng.choice([plain_conv, plain_conv, plain_conv, plain_pool, draw_resize, plain_view, group_norm])(
            rng, shape, ""
        )
        norm = rng.choice(["", "bn"])
        act = rng.choice(["", *ACTIVATIONS])
        if not norm and act == "relu6" and body.text in VIEWS:
            act = "relu"  # in place, it would overwrite what others may read

        def make(shape: Shape) -> list[Any]:
            rows = body.make(shape)
            channels = self.channels_after(rows, shape)
            if norm:
                rows.append(lay.by_ndim("BatchNorm", len(shape) - 1)(channels))
            if act:
                rows.append(ACTIVATIONS[act]())
            return rows

        return Recipe(" ".join(filter(None, (body.text, norm, act))), make)


def plain_conv(rng: Random, shape: Shape, trail: str) -> Recipe:  # noqa: ARG001 - as its siblings
    """A convolution or a transposed one."""
    ndim = len(shape) - 1
    kernel, stride, padding = rng.choice([(1, 1, 0), (3, 1, 1), (3, 2, 1), (2, 2, 0), (5, 1, 2)])
    out, op = rng.choice([2, 3, 4, 6]), rng.choice(["conv", "conv", "conv", "convt"])
    cls = lay.by_ndim("Conv" if op == "conv" else "ConvTranspose", ndim)
    return Recipe(
        f"{op} {out} k{kernel} s{stride} p{padding} bias",
        lambda shape: [cls(shape[0], out, kernel, stride, padding)],
    )


def plain_pool(rng: Random, shape: Shape, trail: str) -> Recipe:
    """A max or average pool, or an adaptive average."""
    recipe = draw_pool(rng, shape, trail)
    while not recipe.text.startswith(("maxpool", "avgpool", "adaptive ")):
        recipe = draw_pool(rng, shape, trail)

    def make(shape: Shape) -> list[Any]:
        (module,) = recipe.make(shape)
        return [module.average if isinstance(module, lay.Adaptive) else module.pool]

    return Recipe(recipe.text, make)


def group_norm(rng: Random, shape: Shape, trail: str) -> Recipe:  # noqa: ARG001 - as its siblings
    """A group norm, as a layer of its own."""
    groups = rng.choice([g for g in range(1, shape[0] + 1) if shape[0] % g == 0])
    return Recipe(f"gn {groups}", lambda shape: [nn.GroupNorm(groups, shape[0])])


def plain_view(rng: Random, shape: Shape, trail: str) -> Recipe:  # noqa: ARG001 - as its siblings
    """What shares its input's storage at inference."""
    text = rng.choice(list(VIEWS))
    return Recipe(text, lambda _: [VIEWS[text]()])


def draw_plain(seed: int, shape: Shape, *, length: int) -> Tree:
    """The network of a seed."""
    return PlainArtist(seed, 8000).chain(shape, length)[0]
