"""Learned factors and offsets."""

from enum import Enum
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Op, Storage, Weight, register
from cnncalc.ops.options import enum_schema, member


class Each(str, Enum):
    """What has a weight of its own."""

    CHANNELS = "channels"
    POSITIONS = "positions"
    ALL = "all"


@register("scale", "shift")
class Scale(Op):
    """Learned factor or offset: `scale` is `y = w * x`, `shift` is `y = x + w`.

    `over` says what has a w of its own: each of the `channels` (layer scale: Touvron et al. 2021, CaiT,
    arXiv:2103.17239; ConvNeXt, arXiv:2201.03545), each of the `positions`, or each element of a sample, `all` (position
    embeddings: Dosovitskiy et al. 2020, arXiv:2010.11929).

        scale
        conv 768 k16 s16 | tokens | prepend 1 | shift over=all

    Parameters: C, as many as positions, or both multiplied. FLOPs: one multiplication or add per element. Training
    saves the input of `scale`, nothing for `shift`, which may overwrite its input.

    >>> Scale(op="scale").infer(TensorShape(96, (56, 56))).weights[0].shape
    (96,)

    Refuses positions of a vector (CNN905).
    """

    op: Literal["scale", "shift"]
    over: Annotated[
        Each,
        PlainValidator(member(Each)),
        WithJsonSchema(enum_schema(Each)),
        Field(description="What has a weight of its own.", examples=["all"]),
    ] = Each.CHANNELS
    frozen: options.Frozen = False

    POSITIONAL = None

    def is_steady(self) -> bool:
        """Where its weights do not follow the positions."""
        return self.over is Each.CHANNELS

    def infer(self, *inputs: TensorShape) -> Inference:
        """Parameters and costs for one input."""
        (x,) = inputs
        if self.over is Each.POSITIONS and not x.sizes:
            message = f"needs positions, {x} is a vector"
            raise LayerError("CNN905", message, help="a vector has `channels` alone", option="over")
        shape = {Each.CHANNELS: (x.channels,), Each.POSITIONS: x.sizes, Each.ALL: tuple(x)}[self.over]
        scales = self.op == "scale"
        return Inference(
            output=x,
            weights=(Weight(name="weight", shape=shape),),
            arithmetic={FlopClass.MUL if scales else FlopClass.ADD: x.numel},
            storage=Storage.NEW if scales else Storage.IN_PLACE,
            saved=SAVES_INPUT if scales else (),
        )
