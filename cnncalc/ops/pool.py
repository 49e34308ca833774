"""Pools with a window: maximum, average, power average, and strided pooling with a fixed blur."""

from typing import Annotated, Literal

from pydantic import Field

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import Boundary, PaddingWord
from cnncalc.ops import ledger, options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Op, Saved, register
from cnncalc.ops.refuse import axis_names, check_boundary, spatial
from cnncalc.ops.slide import Laid, fixed_padding, lay

INDEX_BYTES = 8
"""Of one index that a max-pool keeps."""


@register("maxpool")
class MaxPool(Op):
    """Maximum over a window: `out = floor((n + before + after - dilation*(kernel_size-1) - 1) / stride) + 1`.

    As in PyTorch's MaxPool1d, 2d and 3d; `ceil` rounds up, less one where the last window would start in the padding.
    The stride is the kernel size where it is not given.

        maxpool 3 s2 p1
        maxpool 2 ceil

    FLOPs: `prod(kernel_size) - 1` compares per output element, taps in the padding counted. Training saves the input
    and an index of 8 bytes per output element.

    >>> MaxPool(kernel_size=3, stride=2, padding=1).infer(TensorShape(64, (112, 112))).output
    64x56x56

    Refuses: an empty output (CNN002), padding above half of the kernel (CNN004), no spatial axes (CNN905).
    """

    op: Literal["maxpool"] = "maxpool"
    kernel_size: options.KernelSize
    stride: options.PoolStride = None
    padding: options.Paddings = 0
    dilation: options.Dilation = 1
    ceil_mode: options.CeilMode = False

    POSITIONAL = "kernel_size"

    def is_steady(self) -> bool:
        """Where its padding is the same at every size."""
        return fixed_padding(self.padding, self.stride or self.kernel_size)

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, window and costs for one input."""
        (x,) = inputs
        laid = lay(
            spatial(x),
            self.kernel_size,
            self.stride or self.kernel_size,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
        )
        _check_padding(laid)
        output = TensorShape(x.channels, laid.sizes)
        return Inference(
            output=output,
            reads=laid.reads,
            settings=laid.settings,
            arithmetic={FlopClass.COMPARE: output.numel * (laid.taps - 1)},
            ledger={ledger.read(ledger.MAXPOOL): x.numel, ledger.written(ledger.MAXPOOL): output.numel},
            saved=(*SAVES_INPUT, Saved(what="extra", elements=output.numel, element_bytes=INDEX_BYTES)),
        )


@register("avgpool")
class AvgPool(Op):
    """Mean over a window: `out = floor((n + before + after - kernel_size) / stride) + 1` on each axis.

    As in PyTorch's AvgPool1d, 2d and 3d. The stride is the kernel size where it is not given. `count_include_pad=false`
    divides by the taps on the input alone, which changes values but no figure here.

        avgpool 2
        avgpool 3 s1 p1 ceil

    FLOPs: `prod(kernel_size) - 1` adds and one divide per output element. Training saves the input.

    >>> AvgPool(kernel_size=2).infer(TensorShape(128, (56, 56))).output
    128x28x28

    Refuses: an empty output (CNN002), padding above half of the kernel (CNN004), no spatial axes (CNN905).
    """

    op: Literal["avgpool"] = "avgpool"
    kernel_size: options.KernelSize
    stride: options.PoolStride = None
    padding: options.Paddings = 0
    ceil_mode: options.CeilMode = False
    count_include_pad: Annotated[options.Flag, Field(description="Padding counts in the divisor.")] = True

    POSITIONAL = "kernel_size"

    def is_steady(self) -> bool:
        """Where its padding is the same at every size."""
        return fixed_padding(self.padding, self.stride or self.kernel_size)

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, window and costs for one input."""
        (x,) = inputs
        laid = lay(
            spatial(x), self.kernel_size, self.stride or self.kernel_size, self.padding, ceil_mode=self.ceil_mode
        )
        _check_padding(laid)
        output = TensorShape(x.channels, laid.sizes)
        return Inference(
            output=output,
            reads=laid.reads,
            settings=laid.settings,
            arithmetic={FlopClass.ADD: output.numel * (laid.taps - 1), FlopClass.DIVIDE: output.numel},
            ledger={ledger.read(ledger.AVGPOOL): x.numel, ledger.written(ledger.AVGPOOL): output.numel},
            saved=SAVES_INPUT,
        )


@register("lppool")
class LpPool(Op):
    """Power average over a window, `(sum x**p) ** (1/p)`: `out = floor((n - kernel_size) / stride) + 1` on each axis.

    As in PyTorch's LPPool1d, 2d and 3d (Gulcehre et al. 2014, arXiv:1311.1780). The stride is the kernel size where it
    is not given, `norm_type` is p.

        lppool 2
        lppool 3 s2 norm_type=4

    FLOPs per output element, with `K = prod(kernel_size)`: `K - 1` adds; for p = 2 also K multiplications and one
    root; above that K powers and one root (powers and roots are in the class exp). Training saves the input, its
    power and four tensors of the output's size, as PyTorch composes it.

    >>> LpPool(kernel_size=2).infer(TensorShape(16, (8, 8))).output
    16x4x4

    Refuses: an empty output (CNN002), no spatial axes (CNN905).
    """

    op: Literal["lppool"] = "lppool"
    kernel_size: options.KernelSize
    stride: options.PoolStride = None
    norm_type: Annotated[options.Factor, Field(description="The power p.", examples=[2])] = 2
    ceil_mode: options.CeilMode = False

    POSITIONAL = "kernel_size"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, window and costs for one input."""
        (x,) = inputs
        laid = lay(spatial(x), self.kernel_size, self.stride or self.kernel_size, ceil_mode=self.ceil_mode)
        output = TensorShape(x.channels, laid.sizes)
        taps = output.numel * laid.taps
        arithmetic = {FlopClass.ADD: taps - output.numel}
        if self.norm_type == 2:  # noqa: PLR2004 - squares are multiplications
            arithmetic |= {FlopClass.MUL: taps, FlopClass.EXP: output.numel}
        elif self.norm_type > 2:  # noqa: PLR2004
            arithmetic |= {FlopClass.EXP: taps + output.numel}
        return Inference(
            output=output,
            reads=laid.reads,
            settings=laid.settings,
            arithmetic=arithmetic,
            ledger={ledger.read(ledger.LPPOOL): x.numel, ledger.written(ledger.LPPOOL): output.numel},
            saved=(*SAVES_INPUT, Saved(what="extra", elements=x.numel + 4 * output.numel)),
        )


@register("blurpool")
class BlurPool(Op):
    """Strided pooling with a fixed binomial filter: a depthwise convolution without weights to train, stride 2.

    Zhang 2019 (arXiv:1904.11486). The padding is `half` where it is not given: `(kernel_size-1)//2` on both sides.

        blurpool 3
        blurpool 5 s4 reflect

    MACs: `C * prod(kernel_size) * prod(out)`. No parameters. Training saves the input.

    >>> BlurPool(kernel_size=3).infer(TensorShape(64, (56, 56))).output
    64x28x28

    Refuses: an empty output (CNN002), reflect padding of the input's size (CNN004), no spatial axes (CNN905).
    """

    op: Literal["blurpool"] = "blurpool"
    kernel_size: options.KernelSize
    stride: options.Stride = 2
    padding: options.Paddings = PaddingWord.HALF
    padding_mode: options.Boundaries = Boundary.ZEROS

    POSITIONAL = "kernel_size"

    def is_steady(self) -> bool:
        """Where its padding is the same at every size."""
        return fixed_padding(self.padding, self.stride, self.padding_mode)

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, window and costs for one input."""
        (x,) = inputs
        laid = lay(spatial(x), self.kernel_size, self.stride, self.padding)
        check_boundary(x.sizes, laid.settings.padding, self.padding_mode)
        output = TensorShape(x.channels, laid.sizes)
        macs = output.numel * laid.taps
        return Inference(
            output=output,
            reads=laid.reads,
            boundary=self.padding_mode,
            settings=laid.settings,
            macs=macs,
            macs_valid=x.channels * laid.valid if self.padding_mode is Boundary.ZEROS else macs,
            saved=SAVES_INPUT,
        )


def _check_padding(laid: Laid) -> None:
    """Refuse (CNN004) padding above half of the kernel: some window might see nothing else."""
    settings = laid.settings
    names = axis_names(len(laid.sizes))
    for name, kernel_size, sides in zip(names, settings.kernel_size, settings.padding, strict=True):
        if 2 * max(sides) > kernel_size:
            raise LayerError(
                "CNN004",
                f"padding {max(sides):,} is more than half of the kernel {kernel_size:,} ({name})",
                help=f"pad at most {kernel_size // 2:,}, or put a `pad` layer before it",
                option="padding",
            )
