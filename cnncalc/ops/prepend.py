"""Learned tokens before the others."""

from typing import Annotated, Literal

from pydantic import Field

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops import options
from cnncalc.ops.base import Inference, Op, Weight, register
from cnncalc.ops.refuse import shaped


@register("prepend")
class Prepend(Op):
    """Learned tokens before the others, as class tokens and registers are: CxM becomes Cx(M + count).

    Dosovitskiy et al. 2020 (arXiv:2010.11929); registers: Darcet et al. 2023 (arXiv:2309.16588). The new tokens see
    nothing of the input, token `count + n` what token n saw.

        conv 768 k16 s16 | tokens | prepend 1
        prepend 4

    Parameters: `C * count`. No costs but the copy. Training saves nothing.

    >>> Prepend(count=1).infer(TensorShape(768, (196,), tokens=True)).output
    768x197

    Refuses what is no tokens (CNN905).
    """

    op: Literal["prepend"] = "prepend"
    count: Annotated[options.Channels, Field(description="New tokens.", examples=[1])] = 1
    frozen: options.Frozen = False

    POSITIONAL = "count"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, reads and parameters for one input."""
        (x,) = inputs
        if not x.tokens:
            found = f"the map {x}" if x.sizes else f"the vector {x}"
            help_ = "put `tokens` before it" if x.sizes else "a vector has no positions"
            raise LayerError("CNN905", f"goes before tokens, found {found}", help=help_)
        return Inference(
            output=shaped(x.channels, (x.positions + self.count,), tokens=True),
            reads=((AxisWindow(kernel_size=1, padding=(self.count, 0)),),),
            weights=(Weight(name="weight", shape=(self.count, x.channels)),),
        )
