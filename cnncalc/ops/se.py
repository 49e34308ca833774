"""Squeeze and excitation."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.activation import FACTS, FUNCTIONS
from cnncalc.ops.adaptive import GlobalPool
from cnncalc.ops.base import OPS, SYNONYMS, Op, Step, register
from cnncalc.ops.conv import Conv
from cnncalc.ops.merge import Joint
from cnncalc.ops.options import invalid

WORDS = (*(name for name in FACTS if name not in FUNCTIONS), "softmax")


def _activation(value: Any) -> str:
    name = SYNONYMS.get(value, value) if isinstance(value, str) else None
    if name not in WORDS:
        raise invalid(f"should be an activation: {', '.join(WORDS)}")
    return name


Word = Annotated[str, PlainValidator(_activation), WithJsonSchema({"type": "string", "enum": list(WORDS)})]


@register("se")
class SqueezeExcitation(Op):
    """Squeeze and excitation, `y = x * gate(W2 act(W1 mean(x)))`: a gate per channel from the whole map.

    Hu et al. 2017 (arXiv:1709.01507). A global pool, a 1x1 convolution with bias to `squeeze_channels`, an activation,
    a 1x1 convolution with bias back to C, the gate, a product. One row; the field becomes global.

        se 16
        se 8 act=silu
        se 24 act=relu gate=hsigmoid

    MACs: `2 * C * squeeze_channels`. Parameters: `2 * C * squeeze_channels + squeeze_channels + C`.

    >>> [step.name for step in SqueezeExcitation(squeeze_channels=16).expand(TensorShape(64, (56, 56)))]
    ['pool', 'reduce', 'act', 'expand', 'gate', 'mul']

    Refuses an input without spatial axes (CNN905).
    """

    op: Literal["se"] = "se"
    squeeze_channels: Annotated[options.Channels, Field(description="Channels inside.", examples=[16])]
    act: Annotated[Word, Field(description="Activation inside.")] = "relu"
    gate: Annotated[Word, Field(description="Activation that makes the gate.")] = "sigmoid"
    frozen: options.Frozen = False

    POSITIONAL = "squeeze_channels"

    def expand(self, *inputs: TensorShape) -> tuple[Step, ...]:
        """The six steps."""
        (x,) = inputs
        reduce = Conv(out_channels=self.squeeze_channels, kernel_size=1, frozen=self.frozen)
        expand = Conv(out_channels=x.channels, kernel_size=1, frozen=self.frozen)
        act = OPS[self.act].model_validate({"op": self.act})
        gate = OPS[self.gate].model_validate({"op": self.gate})
        return (
            Step(name="pool", op=GlobalPool(op="gap")),
            Step(name="reduce", op=reduce, takes=("pool",)),
            Step(name="act", op=act, takes=("reduce",)),
            Step(name="expand", op=expand, takes=("act",)),
            Step(name="gate", op=gate, takes=("expand",)),
            Step(name="mul", op=Joint(op="mul"), takes=("x", "gate")),
        )
