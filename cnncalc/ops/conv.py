"""Convolutions: plain, depthwise and depthwise-separable."""

from math import prod
from typing import Literal

from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import Boundary
from cnncalc.ops import ledger, options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Op, Saved, Step, Weight, register
from cnncalc.ops.refuse import check_boundary, check_groups, shaped, spatial
from cnncalc.ops.slide import Laid, fixed_padding, lay


@register("conv")
class Conv(Op):
    """Convolution: `out = floor((n + before + after - dilation*(kernel_size-1) - 1) / stride) + 1` on each axis.

    Dumoulin & Visin 2016 (arXiv:1603.07285); as in PyTorch's Conv1d, Conv2d and Conv3d.

        conv 64 k7 s2 p3 bn relu
        conv 64 k3x5 p1x2 g32
        conv 64 k3 same reflect nobias

    MACs: `out_channels * C/groups * prod(kernel_size) * prod(out)`, taps in the padding counted; `macs_valid` leaves
    those out that read zeros. Parameters: `out_channels * C/groups * prod(kernel_size)`, and `out_channels` of bias.
    FLOPs beside the MACs: one add per output element with a bias. Training saves the input, and with a padding mode
    other than zeros the padded copy. An explicit unfold has `C * prod(kernel_size) * prod(out)` elements, none for
    a 1x1 window with stride 1 and no padding.

    >>> Conv(out_channels=64, kernel_size=7, stride=2, padding=3).infer(TensorShape(3, (224, 224))).output
    64x112x112

    Refuses: an empty output (CNN002), channels that `groups` does not divide (CNN003), reflect padding of the input's
    size or circular padding above it (CNN004), an input without spatial axes (CNN905).
    """

    op: Literal["conv"] = "conv"
    out_channels: options.OutChannels
    kernel_size: options.KernelSize
    stride: options.Stride = 1
    padding: options.Paddings = 0
    dilation: options.Dilation = 1
    groups: options.Groups = 1
    bias: options.Bias = True
    padding_mode: options.Boundaries = Boundary.ZEROS
    frozen: options.Frozen = False

    POSITIONAL = "out_channels"

    def is_steady(self) -> bool:
        """Where its padding is the same at every size."""
        return fixed_padding(self.padding, self.stride, self.padding_mode)

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, window, parameters and costs for one input."""
        (x,) = inputs
        groups = self.groups
        check_groups(x.channels, self.out_channels, groups)
        laid = lay(spatial(x), self.kernel_size, self.stride, self.padding, self.dilation, groups=groups)
        return _convolution(x, self.out_channels, groups, laid, bias=self.bias, boundary=self.padding_mode)


@register("dwconv")
class DepthwiseConv(Op):
    """Depthwise convolution: every input channel by itself, `C*multiplier` channels out.

    A `conv` with `groups = C` (Sifre 2014; Howard et al. 2017, arXiv:1704.04861).

        dwconv k3 s2 p1 bn relu6
        dwconv k5 m2

    MACs: `C*multiplier * prod(kernel_size) * prod(out)`. Parameters: `C*multiplier * prod(kernel_size)`, and
    `C*multiplier` of bias.

    >>> DepthwiseConv(kernel_size=3, stride=2, padding=1).infer(TensorShape(64, (112, 112))).output
    64x56x56

    Refuses what `conv` refuses.
    """

    op: Literal["dwconv"] = "dwconv"
    kernel_size: options.KernelSize
    stride: options.Stride = 1
    padding: options.Paddings = 0
    dilation: options.Dilation = 1
    multiplier: options.Multiplier = 1
    bias: options.Bias = True
    padding_mode: options.Boundaries = Boundary.ZEROS
    frozen: options.Frozen = False

    def is_steady(self) -> bool:
        """Where its padding is the same at every size."""
        return fixed_padding(self.padding, self.stride, self.padding_mode)

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, window, parameters and costs for one input."""
        (x,) = inputs
        groups = x.channels
        laid = lay(spatial(x), self.kernel_size, self.stride, self.padding, self.dilation, groups=groups)
        return _convolution(x, groups * self.multiplier, groups, laid, bias=self.bias, boundary=self.padding_mode)


@register("sepconv")
class SeparableConv(Op):
    """Depthwise-separable convolution: a `dwconv` with the window, then a 1x1 `conv` to `out_channels`.

    Chollet 2017 (arXiv:1610.02357); as in Keras's SeparableConv2D the bias belongs to the 1x1 convolution alone, since
    one before it could be folded into it.

        sepconv 128 k3 p1 bn relu

    MACs: `C*multiplier * prod(out) * (prod(kernel_size) + out_channels)`.

    >>> [step.name for step in SeparableConv(out_channels=128, kernel_size=3).expand(TensorShape(64, (56, 56)))]
    ['depthwise', 'pointwise']

    Refuses what `conv` refuses.
    """

    op: Literal["sepconv"] = "sepconv"
    out_channels: options.OutChannels
    kernel_size: options.KernelSize
    stride: options.Stride = 1
    padding: options.Paddings = 0
    dilation: options.Dilation = 1
    multiplier: options.Multiplier = 1
    bias: options.Bias = True
    padding_mode: options.Boundaries = Boundary.ZEROS
    frozen: options.Frozen = False

    POSITIONAL = "out_channels"
    LEAD = "depthwise"

    def expand(self, *inputs: TensorShape) -> tuple[Step, ...]:  # noqa: ARG002 - the same steps for any input
        """The two convolutions."""
        depthwise = DepthwiseConv(
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            multiplier=self.multiplier,
            bias=False,
            padding_mode=self.padding_mode,
            frozen=self.frozen,
        )
        pointwise = Conv(out_channels=self.out_channels, kernel_size=1, bias=self.bias, frozen=self.frozen)
        return Step(name="depthwise", op=depthwise), Step(name="pointwise", op=pointwise, takes=("depthwise",))


def _convolution(  # noqa: PLR0913 - a convolution has this many parts
    x: TensorShape, out_channels: int, groups: int, laid: Laid, *, bias: bool, boundary: Boundary
) -> Inference:
    settings, positions = laid.settings, laid.positions
    saved = SAVES_INPUT
    if boundary is not Boundary.ZEROS and any(map(any, settings.padding)):
        check_boundary(x.sizes, settings.padding, boundary)
        padded = prod([n + before + after for n, (before, after) in zip(x.sizes, settings.padding, strict=True)])
        copy = Saved(what="extra", elements=x.channels * padded)
        saved = (copy,) if boundary is Boundary.CIRCULAR else (*SAVES_INPUT, copy)
    output = shaped(out_channels, laid.sizes)
    numel = out_channels * positions
    in_group = x.channels // groups
    pairs = out_channels * in_group
    macs = pairs * laid.taps * positions
    weight = Weight(name="weight", shape=(out_channels, in_group, *settings.kernel_size))
    return Inference(
        output=output,
        reads=laid.reads,
        boundary=boundary,
        settings=settings,
        weights=(weight, Weight(name="bias", shape=(out_channels,))) if bias else (weight,),
        fan_in=in_group * laid.taps,
        fan_out=out_channels // groups * laid.taps,
        macs=macs,
        macs_valid=pairs * laid.valid if boundary is Boundary.ZEROS else macs,
        arithmetic={FlopClass.ADD: numel} if bias else {},
        ledger={ledger.CONV_BIAS: numel} if bias else {},
        activations=numel,
        im2col=x.channels * laid.taps * positions if laid.reads else 0,
        saved=saved,
    )
