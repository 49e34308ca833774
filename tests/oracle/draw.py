"""Draws random layers and networks; what PyTorch refuses is drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Any

from tests.oracle import layers as lay
from tests.oracle.pytorch import F, nn, torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Shape = tuple[int, ...]
ACTIVATIONS = {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "leaky": nn.LeakyReLU, "prelu": nn.PReLU, "elu": nn.ELU, "silu": nn.SiLU,
    "gelu": nn.GELU, "hswish": nn.Hardswish, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "softplus": nn.Softplus,
    "abs": lambda: lay.Function(torch.abs), "square": lambda: lay.Function(torch.square),
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """The text of a layer and how to make its modules for an input shape, so that copies can be made."""

    text: str
    make: Callable[[Shape], list[Any]]


def join(values: Shape, *, whole: bool = True) -> str:
    """`3` where all axes are alike, else `3x5`."""
    return str(values[0]) if whole and len(set(values)) == 1 else "x".join(map(str, values))


def per_axis(rng: Random, ndim: int, choices: list[int]) -> Shape:
    """One number for all axes, or one per axis."""
    return (rng.choice(choices),) * ndim if rng.random() < 0.6 else tuple(rng.choice(choices) for _ in range(ndim))


def sides_text(sides: tuple[tuple[int, int], ...]) -> str:
    """`1`, `0/1`, `1x0/2`."""
    texts = [str(before) if before == after else f"{before}/{after}" for before, after in sides]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def named_sides(word: str, n: int, k: int, s: int, d: int) -> tuple[int, int]:
    """(before, after) of a padding word, as the specification of the language defines it."""
    span = d * (k - 1)
    if word in ("same", "same_lower"):  # TensorFlow: ceil(n/s) outputs, the odd pixel after (before)
        total = max((-(-n // s) - 1) * s + span + 1 - n, 0)
        return (total // 2, total - total // 2) if word == "same" else (total - total // 2, total // 2)
    return {"half": (span // 2,) * 2, "valid": (0, 0), "full": (span, span), "causal": (span, 0)}[word]


def draw_padding(rng: Random, ndim: int, kernel: Shape, dilation: Shape) -> tuple[str, Any]:
    """A padding as text, and per axis the sides (or the word) it stands for."""
    if rng.random() < 0.35:
        word = rng.choice(["same", "same_lower", "half", "valid", "full", "causal"])
        return f" {word}", word
    top = max(d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    if rng.random() < 0.5:
        sides = tuple((p, p) for p in per_axis(rng, ndim, [0, top // 2, rng.randint(0, top)]))
    else:
        sides = tuple((rng.randint(0, top), rng.randint(0, top)) for _ in range(ndim))
    return (f" p{sides_text(sides)}" if any(map(any, sides)) else ""), sides


def draw_conv(rng: Random, shape: Shape, trail: str, op: str = "conv") -> Recipe:
    """A convolution with anything that the language can say of one; `dwconv` is the depthwise one."""
    ndim = len(shape) - 1
    kernel = per_axis(rng, ndim, [1, 2, 3, 3, 4, 5] if ndim < 3 else [1, 2, 3])
    stride, dilation = per_axis(rng, ndim, [1, 1, 1, 2, 3]), per_axis(rng, ndim, [1, 1, 1, 2, 3])
    padding, sides = draw_padding(rng, ndim, kernel, dilation)
    mode = rng.choice(["zeros"] * 5 + ["reflect", "replicate", "circular"])
    out = rng.choice([2, 3, 4, 6])
    groups = rng.choice([1, 1, 1, gcd(out, shape[0])])
    multiplier = rng.choice([1, 1, 2])
    bias = rng.choice(["", "", " bias", " nobias"])
    text = f"{op}{f' {out}' if op == 'conv' else ''} k{join(kernel)}"
    text += f" s{join(stride)}" * (stride != (1,) * ndim) + padding + f" d{join(dilation)}" * (dilation != (1,) * ndim)
    text += f" g{groups}" * (groups > 1 and op == "conv") + f" m{multiplier}" * (op == "dwconv" and multiplier > 1)
    text += bias + f" {mode}" * (mode != "zeros")

    def make(shape: Shape) -> list[Any]:
        shares, width = (groups, out) if op == "conv" else (shape[0], shape[0] * multiplier)
        real = tuple(
            named_sides(sides, n, k, s, d) if isinstance(sides, str) else sides[axis]
            for axis, (n, k, s, d) in enumerate(zip(shape[1:], kernel, stride, dilation, strict=True))
        )
        has_bias = bias == " bias" or (not bias and "bn" not in trail)
        conv = lay.by_ndim("Conv", ndim)(shape[0], width, kernel, stride, 0, dilation, groups=shares, bias=has_bias)
        return [lay.Conv(conv, real, mode)]

    return Recipe(text, make)


def draw_transposed(rng: Random, shape: Shape, trail: str) -> Recipe:
    """A transposed convolution."""
    ndim = len(shape) - 1
    kernel, stride = per_axis(rng, ndim, [1, 2, 3, 4]), per_axis(rng, ndim, [1, 2, 2, 3])
    dilation, padding = per_axis(rng, ndim, [1, 1, 1, 2]), per_axis(rng, ndim, [0, 0, 1])
    extra = per_axis(rng, ndim, [0, 0, 1])
    out = rng.choice([2, 4])
    groups = rng.choice([1, 1, gcd(out, shape[0])])
    text = f"convt {out} k{join(kernel)} s{join(stride)} p{join(padding)} d{join(dilation)} op{join(extra)} g{groups}"

    def make(shape: Shape) -> list[Any]:
        conv = lay.by_ndim("ConvTranspose", ndim)
        bias = "bn" not in trail
        return [conv(shape[0], out, kernel, stride, padding, extra, groups, bias, dilation)]

    return Recipe(text, make)


def draw_pool(rng: Random, shape: Shape, trail: str) -> Recipe:  # noqa: ARG001 - as its siblings
    """A pooling layer of any kind."""
    ndim = len(shape) - 1
    kind = rng.choice(["max", "max", "avg", "avg", "lp", "blur", "adaptive", "adaptive_max"])
    kernel = per_axis(rng, ndim, [1, 2, 3, 4])
    if kind == "blur":
        k, s = rng.choice([3, 5]), rng.choice([1, 2, 3])
        return Recipe(f"blurpool {k}" + f" s{s}" * (s != 2), lambda shape: [lay.BlurPool(k, s, len(shape) - 1)])
    if kind.startswith("adaptive"):
        size = tuple(rng.randint(1, n) for n in shape[1:])
        return Recipe(f"{kind} {'x'.join(map(str, size))}", lambda _: [lay.Adaptive(kind[9:] or "avg", size)])
    stride = rng.choice([kernel, per_axis(rng, ndim, [1, 2, 3])])
    padding = tuple(rng.randint(0, k // 2) if kind != "lp" else 0 for k in kernel)
    dilation = per_axis(rng, ndim, [1, 1, 2]) if kind == "max" else (1,) * ndim
    ceil = rng.random() < 0.4
    text = f"{kind}pool {join(kernel)}" + f" s{join(stride)}" * (stride != kernel) + f" p{join(padding)}" * any(padding)
    text += f" d{join(dilation)}" * (dilation != (1,) * ndim) + " ceil" * ceil
    return Recipe(text, lambda _: [lay.Pool(kind, kernel, stride, padding, dilation, ceil=ceil)])


def draw_resize(rng: Random, shape: Shape, trail: str) -> Recipe:  # noqa: ARG001 - as its siblings
    """An interpolation by scale or to a size."""
    ndim = len(shape) - 1
    modes = {"nearest": "nearest", "nearest_exact": "nearest-exact"}
    modes["linear"] = ("linear", "bilinear", "trilinear")[ndim - 1]
    if ndim == 2:
        modes["cubic"] = "bicubic"
    mode = rng.choice(list(modes))
    align = mode in ("linear", "cubic") and rng.random() < 0.25
    smooth = {"align_corners": align} if mode in ("linear", "cubic") else {}
    tail = f" mode={rng.choice([mode, modes[mode].replace('-', '_')])}" * (mode != "nearest") + " align_corners" * align
    if rng.random() < 0.3:
        size = tuple(rng.randint(1, 2 * n) for n in shape[1:])
        by: dict[str, Any] = {"size": size}
        text = f"upsample size={'x'.join(map(str, size))}{tail}"
    else:
        scale = tuple(float(rng.choice(["2", "2", "3", "1.5", "0.5", "2.5"])) for _ in range(ndim))
        scale = scale if rng.random() < 0.3 else (scale[0],) * ndim
        by = {"scale_factor": scale}
        texts = [f"{s:g}" for s in scale]
        text = f"upsample {texts[0] if len(set(texts)) == 1 else '(' + ','.join(texts) + ')'}{tail}"
    return Recipe(text, lambda _: [lay.Function(lambda x: F.interpolate(x, mode=modes[mode], **by, **smooth))])


def draw_move(rng: Random, shape: Shape, trail: str) -> Recipe:  # noqa: ARG001 - as its siblings
    """Padding, cropping, or channels and positions traded."""
    ndim = len(shape) - 1
    kind = rng.choice(["pad", "crop", "channelshuffle"] + ["pixelunshuffle"] * (ndim == 2))
    if kind == "pad":
        sides = tuple((rng.randint(0, 2), rng.randint(0, 2)) for _ in range(ndim))
        mode = rng.choice(["zeros", "reflect", "replicate", "circular"])
        text = f"pad {sides_text(sides)}" + f" {mode}" * (mode != "zeros")
        return Recipe(text, lambda _: [lay.Function(lambda x: lay.pad(x, sides, mode))])
    if kind == "crop":
        cut = rng.randint(1, 2)
        return Recipe(f"crop {cut}", lambda _: [lay.Function(lambda x: lay.pad(x, ((-cut, -cut),) * ndim))])
    if kind == "channelshuffle":
        groups = rng.choice([g for g in range(1, shape[0] + 1) if shape[0] % g == 0])
        shuffle = nn.ChannelShuffle(groups)
        return Recipe(f"channelshuffle {groups}", lambda _: [lay.Pointwise(shuffle)])
    return Recipe("pixelunshuffle 2", lambda _: [nn.PixelUnshuffle(2)])
