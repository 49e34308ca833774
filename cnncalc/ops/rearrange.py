"""The same elements in another arrangement."""

from typing import Literal

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.base import Inference, Mix, Op, register
from cnncalc.ops.declared import Out, Tokens, declared
from cnncalc.ops.refuse import either


@register("rearrange")
class Rearrange(Op):
    """The same elements in another arrangement: whatever of view, permute, roll and reshape has no op of its own.

    `out` is the output shape, `?` in it the input's number at the same place. Which element goes where is not said, so
    that every position depends on the whole input and the field becomes global. With one axis the output is tokens
    where the input is, or where the flag `tokens` asks for them (`tokens=false`: a map).

        rearrange 96x64x49
        gap | rearrange 1x64 | conv 1 k3 p1
        rearrange 96x3136 tokens

    No parameters, no costs but the copy. Training saves nothing.

    >>> Rearrange(out=(32, 4, 4)).infer(TensorShape(512)).output
    32x4x4

    Refuses another number of elements (CNN905).
    """

    op: Literal["rearrange"] = "rearrange"
    out: Out
    tokens: Tokens = None

    POSITIONAL = "out"

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape for one input."""
        (x,) = inputs
        output = declared(self.out, x, tokens=self.tokens)
        if output.numel != x.numel:
            message = f"{output} has {output.numel:,} elements, the input {x} has {x.numel:,}"
            raise LayerError("CNN905", message, help=_remedy(output, x), option="out")
        stays = Mix.GATE if x.positions > 1 else Mix.NONE
        # NB: counted as a copy; where PyTorch can it makes a view.
        return Inference(output=output, mix=stays if output.sizes == x.sizes else Mix.REDUCE)


def _remedy(output: TensorShape, x: TensorShape) -> str:
    if x.numel % output.positions == 0:
        shape = TensorShape(x.numel // output.positions, output.sizes)
        return f"`rearrange {shape}` has as many; a `conv {output.channels} k1` changes channels"
    return (
        f"{x.numel:,} is no multiple of {either([output.positions])} positions; `adaptive` and `upsample` change sizes"
    )
