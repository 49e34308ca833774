"""The shortcut without parameters."""

from typing import Literal

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.base import Inference, Op, register
from cnncalc.ops.refuse import spatial
from cnncalc.ops.slide import lay


@register("residual pad")
class ShortcutPad(Op):
    """ResNet's option A: every `stride`-th position, new channels zero; `out = floor((n - 1) / stride) + 1`.

    He et al. 2015 (arXiv:1512.03385, section 3.3). No word of the language: `shortcut: pad` makes it.

    >>> ShortcutPad(out_channels=32, stride=2).infer(TensorShape(16, (32, 32))).output
    32x16x16

    Refuses fewer channels than the input has (CNN001).
    """

    op: Literal["residual pad"] = "residual pad"
    out_channels: options.OutChannels
    stride: options.Stride = 1

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape and reads for one input."""
        (x,) = inputs
        if self.out_channels < x.channels:
            message = f"cannot pad {x.channels:,} channels to {self.out_channels:,}"
            raise LayerError("CNN001", message, help="use `shortcut: project`")
        sizes = spatial(x) if x.sizes else ()
        laid = lay(sizes, 1, self.stride)
        return Inference(output=TensorShape(self.out_channels, laid.sizes), reads=laid.reads, settings=laid.settings)
