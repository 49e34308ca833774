"""Dropout."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.base import FlopClass, Inference, Op, Saved, Storage, register


@register("dropout")
class Dropout(Op):
    """Dropout: in training every element is 0 with probability p, the others are divided by `1 - p`.

    Srivastava et al. 2014 (JMLR 15); p = 1/2 where it is not given, as in PyTorch.

        dropout 0.2

    No costs at inference, where the output is a view of the input. Training: one multiplication per element, and a mask
    of the input's size and dtype is saved.

    >>> Dropout(p=Fraction(1, 5)).infer(TensorShape(1280)).output
    1280
    """

    op: Literal["dropout"] = "dropout"
    p: Annotated[options.Probability, Field(description="Probability of a zero.", examples=[0.2])] = Fraction(1, 2)

    POSITIONAL = "p"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Costs for one input."""
        (x,) = inputs
        if not self.p:
            return Inference(output=x, storage=Storage.VIEW)
        return Inference(
            output=x,
            training_arithmetic={FlopClass.MUL: x.numel},
            storage=Storage.VIEW,
            saved=(Saved(what="extra", elements=x.numel),),
        )
