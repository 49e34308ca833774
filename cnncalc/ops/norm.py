"""Norms."""

from enum import Enum
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Mix, Op, Saved, Weight, register
from cnncalc.ops.options import enum_schema, member
from cnncalc.ops.refuse import either, indivisible, nearest_divisors, nearest_multiples

FLOAT32_BYTES = 4
"""Statistics are kept in single precision whatever the dtype is."""

Affine = Annotated[options.Flag, Field(description="A learned scale (and shift) per channel.")]


@register("bn", synonyms=dict.fromkeys(("batch_norm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d"), "bn"))
class BatchNorm(Op):
    """Batch norm, `y = (x - mean) / sqrt(var + eps) * weight + bias`: statistics of a channel over batch and positions.

    Ioffe & Szegedy 2015 (arXiv:1502.03167). It stays local: at inference the statistics are running ones.

        conv 64 k3 p1 bn relu

    Parameters: 2C, none with `affine=false`. Buffers: 2C, the running statistics. FLOPs per element: 2 at inference
    (one multiplication, one add: scale and shift), 5 in training (3 adds, 2 multiplications: mean, difference, square,
    scale, shift). Training saves the input and the statistics in single precision, 2C for the whole batch.

    >>> sum(weight.shape[0] for weight in BatchNorm().infer(TensorShape(64, (56, 56))).weights)
    128
    """

    op: Literal["bn"] = "bn"
    affine: Affine = True
    frozen: options.Frozen = False

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Parameters and costs for one input."""
        (x,) = inputs
        statistics = Saved(what="extra", elements=2 * x.channels, element_bytes=FLOAT32_BYTES, per_sample=False)
        weights = _affine((x.channels,)) if self.affine else ()
        return _normed(x, self.op, weights, statistics, buffers=2 * x.channels)


class Span(str, Enum):
    """What `ln` and `rms` take their statistics over."""

    CHANNELS = "channels"
    ALL = "all"


@register(
    "ln",
    "rms",
    synonyms={
        **dict.fromkeys(("layer_norm", "LayerNorm"), "ln"),
        **dict.fromkeys(("rms_norm", "RMSNorm"), "rms"),
    },
)
class LayerNorm(Op):
    """Layer norm, `y = (x - mean) / sqrt(var + eps) * weight + bias`: statistics of one position over its channels.

    Ba et al. 2016 (arXiv:1607.06450; on maps as in ConvNeXt). `rms`: without mean and bias (Zhang & Sennrich 2019,
    arXiv:1910.07467). `over=all`: statistics of a sample over channels and positions, a weight for each of them
    (PyTorch's LayerNorm([C, H, W])); every position depends on all others, so that the field becomes global.

        linear 768 ln
        ln over=all

    Parameters: `ln` 2C, `rms` C, none with `affine=false`; with `over=all` as many per position. FLOPs per element: 2
    at inference, 5 in training, as `bn`. Training saves the input and the statistics in single precision: `ln` 2 per
    position, `rms` 1 per position, with `over=all` that number in all.

    >>> LayerNorm(op="ln", over="all").infer(TensorShape(64, (56, 56))).weights[0].shape
    (64, 56, 56)
    """

    op: Literal["ln", "rms"]
    over: Annotated[
        Span,
        PlainValidator(member(Span)),
        WithJsonSchema(enum_schema(Span)),
        Field(description="Channels of a position, or all of a sample.", examples=["all"]),
    ] = Span.CHANNELS
    affine: Affine = True
    frozen: options.Frozen = False

    POSITIONAL = None

    def is_steady(self) -> bool:
        """Where its weights do not follow the positions."""
        return self.over is Span.CHANNELS

    def infer(self, *inputs: TensorShape) -> Inference:
        """Parameters and costs for one input."""
        (x,) = inputs
        everything = self.over is Span.ALL
        number = 2 if self.op == "ln" else 1
        statistics = Saved(
            what="extra", elements=number * (1 if everything else x.positions), element_bytes=FLOAT32_BYTES
        )
        shape = tuple(x) if everything else (x.channels,)
        weights = _affine(shape, shift=self.op != "rms") if self.affine else ()
        return _normed(x, self.op, weights, statistics, mixes=everything)


@register("gn", synonyms=dict.fromkeys(("group_norm", "GroupNorm"), "gn"))
class GroupNorm(Op):
    """Group norm: statistics of a sample over the channels of a group and all positions.

    Wu & He 2018 (arXiv:1803.08494). Every position depends on all others, so that the field becomes global.

        conv 64 k3 p1 gn relu
        gn 8

    Parameters: 2C. FLOPs per element: 2 at inference, 5 in training, as `bn`. Training saves the input and 2 numbers
    per group in single precision.

    >>> GroupNorm().infer(TensorShape(64, (56, 56))).mix.value
    'gate'

    Refuses channels that the number of groups does not divide (CNN003).
    """

    op: Literal["gn"] = "gn"
    num_groups: Annotated[options.Channels, Field(description="Groups of channels.", examples=[8])] = 32
    affine: Affine = True
    frozen: options.Frozen = False

    POSITIONAL = "num_groups"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Parameters and costs for one input."""
        (x,) = inputs
        groups = self.num_groups
        if x.channels % groups:
            fits = either(nearest_divisors(x.channels, groups))
            help_ = f"use {fits} groups (`gn N`), or feed {either(nearest_multiples(x.channels, groups))} channels"
            raise indivisible("input channels", x.channels, "groups", groups, option="num_groups", help=help_)
        statistics = Saved(what="extra", elements=2 * groups, element_bytes=FLOAT32_BYTES)
        return _normed(x, self.op, _affine((x.channels,)) if self.affine else (), statistics, mixes=True)


@register(
    "in",
    synonyms=dict.fromkeys(("instance_norm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"), "in"),
)
class InstanceNorm(Op):
    """Instance norm: statistics of a channel of a sample over all positions.

    Ulyanov et al. 2016 (arXiv:1607.08022); as in PyTorch without learned scale and shift, but with `affine=true`.
    Every position depends on all others, so that the field becomes global.

        conv 64 k3 p1 in relu
        in affine=true

    Parameters: none, 2C with `affine=true`. FLOPs per element: 2 at inference, 5 in training, as `bn`. Training saves
    the input and 2C numbers in single precision.

    >>> InstanceNorm().infer(TensorShape(64, (56, 56))).weights
    ()
    """

    op: Literal["in"] = "in"
    affine: Affine = False
    frozen: options.Frozen = False

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Parameters and costs for one input."""
        (x,) = inputs
        statistics = Saved(what="extra", elements=2 * x.channels, element_bytes=FLOAT32_BYTES)
        return _normed(x, self.op, _affine((x.channels,)) if self.affine else (), statistics, mixes=True)


@register("lrn", synonyms=dict.fromkeys(("local_response_norm", "LocalResponseNorm"), "lrn"))
class LocalResponseNorm(Op):
    """Local response norm, `y = x / (k + alpha/size * sum x**2) ** beta`, the sum over `size` neighbouring channels.

    Krizhevsky et al. 2012 (AlexNet, section 3.3); as in PyTorch. Reads its own position alone.

        lrn 5

    No parameters. FLOPs per element: a square, `size - 1` adds, a multiplication and an add, a power (class exp), a
    divide. Training saves the input and three tensors of its size, as PyTorch composes it.

    >>> LocalResponseNorm(size=5).infer(TensorShape(96, (55, 55))).output
    96x55x55
    """

    op: Literal["lrn"] = "lrn"
    size: Annotated[options.Factor, Field(description="Channels in the sum; the paper's 5.", examples=[5])] = 5

    POSITIONAL = "size"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Costs for one input."""
        (x,) = inputs
        return Inference(
            output=x,
            arithmetic={
                FlopClass.ADD: x.numel * self.size,
                FlopClass.MUL: x.numel * 2,
                FlopClass.DIVIDE: x.numel,
                FlopClass.EXP: x.numel,
            },
            ledger={self.op: x.numel},
            fusable=True,
            saved=(*SAVES_INPUT, Saved(what="extra", elements=3 * x.numel)),
        )


def _affine(shape: tuple[int, ...], *, shift: bool = True) -> tuple[Weight, ...]:
    weight = Weight(name="weight", shape=shape)
    return (weight, Weight(name="bias", shape=shape)) if shift else (weight,)


def _normed(  # noqa: PLR0913 - a norm has this many parts
    x: TensorShape,
    op: str,
    weights: tuple[Weight, ...],
    statistics: Saved,
    *,
    buffers: int = 0,
    mixes: bool = False,
) -> Inference:
    numel = x.numel
    return Inference(
        output=x,
        mix=Mix.GATE if mixes and x.positions > 1 else Mix.NONE,
        weights=weights,
        buffers=buffers,
        arithmetic={FlopClass.MUL: numel, FlopClass.ADD: numel},
        training_arithmetic={FlopClass.MUL: 2 * numel, FlopClass.ADD: 3 * numel},
        ledger={op: numel},
        fusable=True,
        saved=(*SAVES_INPUT, statistics),
    )
