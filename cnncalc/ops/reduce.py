"""Reductions over channels, positions or one axis."""

from enum import Enum
from math import prod
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.geometry.resize import adaptive_read
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.base import SAVES_INPUT, SAVES_OUTPUT, FlopClass, Inference, Mix, Op, register
from cnncalc.ops.options import enum_schema, member
from cnncalc.ops.over import Over, What, axes_over


class Kind(str, Enum):
    """What becomes of the numbers."""

    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    SUM = "sum"
    NORM = "norm"


@register("reduce")
class Reduce(Op):
    """One number in place of several: mean, maximum, minimum, sum, or `norm = sqrt(sum x**2)`.

    `over` says of which: the `channels` of a position, all `positions` of a channel, or one axis by its letter (`h`,
    `w`, `d`, and `l` where there is one axis). What is reduced stays, with size 1. For mean and maximum over positions
    there are `gap` and `gmp`.

        reduce mean over=channels
        reduce norm over=positions
        reduce max over=w

    CBAM's spatial gate (arXiv:1807.06521) reduces over channels, coordinate attention (arXiv:2103.02907) over each
    axis, global response norm (arXiv:2301.00808) over positions.

    FLOPs per output element that n numbers become: mean `n - 1` adds and a divide; max and min `n - 1` compares; sum
    `n - 1` adds; norm n multiplications, `n - 1` adds and a root (class exp). Training saves nothing for mean and sum,
    input and output for the others.

    >>> Reduce(kind="max", over="channels").infer(TensorShape(64, (56, 56))).output
    1x56x56

    Refuses an axis that the input does not have, positions of a vector (CNN905).
    """

    op: Literal["reduce"] = "reduce"
    kind: Annotated[
        Kind,
        PlainValidator(member(Kind)),
        WithJsonSchema(enum_schema(Kind)),
        Field(description="What becomes of the numbers.", examples=["mean"]),
    ]
    over: Over

    POSITIONAL = "kind"

    def is_steady(self) -> bool:
        """Over channels."""
        return self.over is What.CHANNELS

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, reads and costs for one input."""
        (x,) = inputs
        axes = axes_over(self.over, x)
        sizes = tuple(1 if axis in axes else n for axis, n in enumerate(x.sizes))
        output = TensorShape(x.channels if axes else 1, sizes, x.tokens)
        reads = tuple(adaptive_read(n, m) for n, m in zip(x.sizes, sizes, strict=True))
        gone = output.positions == 1 and axes != ()
        count = prod(x.sizes[axis] for axis in axes) if axes else x.channels
        return Inference(
            output=output,
            reads=() if gone or sizes == x.sizes else (reads,),
            mix=Mix.REDUCE if gone else Mix.NONE,
            arithmetic=_arithmetic(self.kind, count, output.numel),
            saved=() if self.kind in (Kind.MEAN, Kind.SUM) else SAVES_INPUT + SAVES_OUTPUT,
        )


def _arithmetic(kind: Kind, count: int, outputs: int) -> dict[FlopClass, int]:
    folds = (count - 1) * outputs
    if kind in (Kind.MAX, Kind.MIN):
        return {FlopClass.COMPARE: folds}
    if kind is Kind.NORM:
        return {FlopClass.MUL: count * outputs, FlopClass.ADD: folds, FlopClass.EXP: outputs}
    return {FlopClass.ADD: folds, FlopClass.DIVIDE: outputs} if kind is Kind.MEAN else {FlopClass.ADD: folds}
