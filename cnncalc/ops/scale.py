"""A learned factor per channel."""

from typing import Literal

from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Op, Weight, register


@register("scale")
class Scale(Op):
    """Learned scale, `y = w * x` with one w per channel (layer scale).

    Touvron et al. 2021 (CaiT, arXiv:2103.17239); ConvNeXt (arXiv:2201.03545).

        scale

    Parameters: C. FLOPs: one multiplication per element. Training saves the input.

    >>> Scale().infer(TensorShape(96, (56, 56))).weights[0].shape
    (96,)
    """

    op: Literal["scale"] = "scale"
    frozen: options.Frozen = False

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Parameters and costs for one input."""
        (x,) = inputs
        return Inference(
            output=x,
            weights=(Weight(name="weight", shape=(x.channels,)),),
            arithmetic={FlopClass.MUL: x.numel},
            saved=SAVES_INPUT,
        )
