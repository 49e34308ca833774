"""Resizing: interpolation, and shuffles between channels and space."""

from fractions import Fraction
from math import floor
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.errors import LayerError
from cnncalc.geometry.resize import ResizeMode, resize_read
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisRead, AxisWindow
from cnncalc.ops import options
from cnncalc.ops.base import FlopClass, Inference, Op, Settings, register
from cnncalc.ops.options import enum_schema, member
from cnncalc.ops.refuse import axis_names, either, indivisible, nearest_multiples, per_axis, shaped, spatial

MODE_SYNONYMS = {
    "bilinear": ResizeMode.LINEAR,
    "trilinear": ResizeMode.LINEAR,
    "bicubic": ResizeMode.CUBIC,
    "nearest-exact": ResizeMode.NEAREST_EXACT,
}
TAPS = {ResizeMode.NEAREST: 1, ResizeMode.NEAREST_EXACT: 1, ResizeMode.LINEAR: 2, ResizeMode.CUBIC: 4}
"""Input positions that make up an output position, on one axis."""


@register("upsample")
class Upsample(Op):
    """Interpolation to `floor(n * scale)`, or to a given size.

    As in PyTorch's Upsample and interpolate: `nearest` (default) reads `floor(o/scale)`, `nearest_exact`
    `floor((o + 1/2)/scale)`, `linear` and `cubic` the neighbours of `(o + 1/2)/scale - 1/2`, or with `align_corners`
    of `o*(n-1)/(m-1)`. They hold for any number of axes; bilinear, trilinear and bicubic are accepted. Scales below 1
    shrink.

        upsample 2
        upsample 2 mode=linear
        upsample size=56x56 mode=linear align_corners
        upsample size=enc3

    FLOPs per output element, with t input elements that make it up (1, 2 or 4 per axis that changes): t multiplications
    and t - 1 adds; none where t = 1. Training saves nothing.

    >>> Upsample(scale=2).infer(TensorShape(64, (28, 28))).output
    64x56x56

    Refuses: an empty output (CNN002), `align_corners` with a nearest mode, no spatial axes (CNN905), scale and size
    both given (CNN905) or none (CNN906).
    """

    op: Literal["upsample"] = "upsample"
    scale: Annotated[
        options.MaybeScale, Field(description="Factor, for all axes or per axis.", examples=[2, [2, 1], 1.5])
    ] = None
    size: Annotated[options.MaybeSizes, Field(description="Output sizes, or the layer that has them.")] = None
    mode: Annotated[
        ResizeMode,
        PlainValidator(member(ResizeMode, MODE_SYNONYMS)),
        WithJsonSchema(enum_schema(ResizeMode, *MODE_SYNONYMS)),
        Field(description="How positions between input positions are made up."),
    ] = ResizeMode.NEAREST
    align_corners: Annotated[options.Flag, Field(description="Corners keep their place (linear and cubic).")] = False

    POSITIONAL = "scale"
    SIZE_OPTIONS = frozenset({"size"})

    def is_steady(self) -> bool:
        """Whole factors, but for cubic ones."""
        return isinstance(self.scale, int) and self.mode is not ResizeMode.CUBIC and not self.align_corners

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, reads and costs for one input."""
        (x,) = inputs
        sizes = spatial(x)
        scales = self._scales(len(sizes))
        if scales is None:
            outputs = per_axis(self.size or 1, len(sizes), "size")
        else:
            outputs = tuple(floor(n * scale) for n, scale in zip(sizes, scales, strict=True))
        for name, n, m in zip(axis_names(len(sizes)), sizes, outputs, strict=True):
            if m < 1:
                message = f"empty output: the {name} {n} times the scale is less than 1"
                raise LayerError("CNN002", message, help=f"use a scale of at least 1/{n}", option="scale")
        output = shaped(x.channels, outputs)
        axes: dict[tuple[int, int, Fraction | None], AxisRead] = {}
        keys = list(zip(sizes, outputs, scales or (None,) * len(sizes), strict=True))
        for key in keys:
            if key not in axes:
                axes[key] = resize_read(*key, self.mode, align_corners=self.align_corners)
        reads = tuple(axes[key] for key in keys)
        changed = sum(not (isinstance(read, AxisWindow) and read.is_identity) for read in reads)
        taps = TAPS[self.mode] ** changed
        return Inference(
            output=output,
            reads=(reads,) if changed else (),
            arithmetic={FlopClass.MUL: output.numel * taps, FlopClass.ADD: output.numel * (taps - 1)}
            if taps > 1
            else {},
        )

    def _scales(self, ndim: int) -> tuple[Fraction, ...] | None:
        """One factor per axis, None where sizes are given."""
        scale = self.scale
        if scale is None:
            if self.size is None:
                raise LayerError("CNN906", "needs a scale or a size", help="`upsample 2` or `upsample size=56x56`")
            return None
        if self.size is not None:
            raise LayerError("CNN905", "scale and size are both given", help="drop one of them", option="size")
        if not isinstance(scale, tuple):
            return (Fraction(scale),) * ndim
        if len(scale) != ndim:
            message = f"`scale` has {len(scale)} values, the map has {ndim} axes"
            raise LayerError("CNN905", message, option="scale")
        return tuple(map(Fraction, scale))


@register("pixelshuffle")
class PixelShuffle(Op):
    """Channels to space: `C*r**axes x n` to `C x n*r`, sub-pixel convolution's second half.

    Shi et al. 2016 (ESPCN, arXiv:1609.05158); as in PyTorch's PixelShuffle, for any number of axes.

        conv 12 k3 p1 | pixelshuffle 2

    No costs but the copy.

    >>> PixelShuffle(upscale_factor=2).infer(TensorShape(12, (28, 28))).output
    3x56x56

    Refuses channels that `r**axes` does not divide (CNN003), no spatial axes (CNN905).
    """

    op: Literal["pixelshuffle"] = "pixelshuffle"
    upscale_factor: Annotated[options.Factor, Field(description="The factor r.", examples=[2])]

    POSITIONAL = "upscale_factor"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape and reads for one input."""
        (x,) = inputs
        factor, sizes = self.upscale_factor, spatial(x)
        block = factor ** len(sizes)
        if x.channels % block:
            help_ = f"feed {either(nearest_multiples(x.channels, block))} channels"
            by = f"{factor}**{len(sizes)}"
            raise indivisible("input channels", x.channels, by, block, option="upscale_factor", help=help_)
        output = shaped(x.channels // block, tuple(n * factor for n in sizes))
        return Inference(output=output, reads=((AxisWindow.repeated(factor),) * len(sizes),) if factor > 1 else ())


@register("pixelunshuffle")
class PixelUnshuffle(Op):
    """Space to channels: `C x n*r` to `C*r**axes x n`, the inverse of `pixelshuffle`.

    As in PyTorch's PixelUnshuffle, for any number of axes.

        pixelunshuffle 2

    No costs but the copy.

    >>> PixelUnshuffle(downscale_factor=2).infer(TensorShape(3, (224, 224))).output
    12x112x112

    Refuses sizes that r does not divide (CNN003), no spatial axes (CNN905).
    """

    op: Literal["pixelunshuffle"] = "pixelunshuffle"
    downscale_factor: Annotated[options.Factor, Field(description="The factor r.", examples=[2])]

    POSITIONAL = "downscale_factor"

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape and reads for one input."""
        (x,) = inputs
        factor, sizes = self.downscale_factor, spatial(x)
        ndim = len(sizes)
        for name, n in zip(axis_names(ndim), sizes, strict=True):
            if n % factor:
                help_ = f"feed a {name} of {either(nearest_multiples(n, factor))}"
                raise indivisible(f"the {name}", n, "the factor", factor, option="downscale_factor", help=help_)
        output = shaped(x.channels * factor**ndim, tuple(n // factor for n in sizes))
        if factor == 1:
            return Inference(output=output)
        return Inference(
            output=output,
            reads=((AxisWindow(kernel_size=factor, stride=factor),) * ndim,),
            settings=Settings(
                kernel_size=(factor,) * ndim,
                stride=(factor,) * ndim,
                padding=((0, 0),) * ndim,
                dilation=(1,) * ndim,
                effective_kernel_size=(factor,) * ndim,
            ),
        )
