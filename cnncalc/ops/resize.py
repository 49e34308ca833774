"""Resizing: interpolation, and shuffles between channels and space."""

from fractions import Fraction
from math import floor, prod
from typing import Annotated, Literal, Optional

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.errors import LayerError
from cnncalc.geometry.coordinates import Coordinates, Rounding
from cnncalc.geometry.resize import ResizeMode, located_read, resize_read
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisRead, AxisTaps, AxisWindow
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
NEAREST = frozenset({ResizeMode.NEAREST, ResizeMode.NEAREST_EXACT})
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

    `coordinates` has all ways of ONNX's Resize to say where an output position lies, by the words that it has there:
    `half_pixel` is `(o + 1/2)/scale - 1/2`, `asymmetric` `o/scale`, `tf_half_pixel_for_nn` `(o + 1/2)/scale`,
    `align_corners` `o*(n-1)/(m-1)`; `pytorch_half_pixel` is 0 for a size of 1, `half_pixel_symmetric` is centred where
    the size was rounded, `tf_crop_and_resize` takes the part of the input that `region` says, in shares of its size
    (starts of all axes, then ends). `rounding` says which neighbour is the nearest. `antialias` widens the kernel where
    it shrinks, also without `coordinates`. With coordinates, scale and size may both be given.

        upsample 2 mode=linear coordinates=asymmetric
        upsample size=64x64 coordinates=half_pixel rounding=ceil
        upsample 0.5 mode=linear antialias=true

    FLOPs per output element, with t input elements that make it up (1, 2 or 4 per axis that changes, in antialiasing as
    many as the widest kernel has): t multiplications and t - 1 adds; none where t = 1. Training saves nothing.

    >>> Upsample(scale=2).infer(TensorShape(64, (28, 28))).output
    64x56x56

    Refuses: an empty output (CNN002); `align_corners` or `antialias` with a nearest mode, `rounding` or `region` where
    they mean nothing, no spatial axes, scale and size both given without coordinates (CNN905) or none (CNN906).
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
    coordinates: Annotated[
        Optional[Coordinates],  # noqa: UP045 - as in the others
        PlainValidator(member(Coordinates)),
        WithJsonSchema(enum_schema(Coordinates)),
        Field(description="Where an output position lies on the input, by ONNX's words.", examples=["asymmetric"]),
    ] = None
    rounding: Annotated[
        Optional[Rounding],  # noqa: UP045 - as in the others
        PlainValidator(member(Rounding)),
        WithJsonSchema(enum_schema(Rounding)),
        Field(description="Which neighbour is the nearest, with coordinates.", examples=["floor"]),
    ] = None
    antialias: Annotated[options.Flag, Field(description="A wider kernel where it shrinks (linear and cubic).")] = False
    region: Annotated[options.MaybeShares, Field(description="Part of the input, for tf_crop_and_resize.")] = None

    POSITIONAL = "scale"
    SIZE_OPTIONS = frozenset({"size"})

    def is_steady(self) -> bool:
        """Whole factors, but for cubic ones, as PyTorch has them."""
        special = self.align_corners or self.antialias or self.coordinates is not None
        return isinstance(self.scale, int) and self.mode is not ResizeMode.CUBIC and not special

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, reads and costs for one input."""
        (x,) = inputs
        sizes = spatial(x)
        self._check(len(sizes))
        scales = self._scales(len(sizes))
        if scales is None or self.size is not None:
            outputs = per_axis(self.size or 1, len(sizes), "size")
        else:
            outputs = tuple(floor(n * scale) for n, scale in zip(sizes, scales, strict=True))
        for name, n, m in zip(axis_names(len(sizes)), sizes, outputs, strict=True):
            if m < 1:
                message = f"empty output: the {name} {n} times the scale is less than 1"
                raise LayerError("CNN002", message, help=f"use a scale of at least 1/{n}", option="scale")
        output = shaped(x.channels, outputs)
        keys = list(zip(sizes, outputs, scales or (None,) * len(sizes), self._regions(len(sizes)), strict=True))
        axes = {key: self._read(*key) for key in dict.fromkeys(keys)}
        reads = tuple(axes[key] for key in keys)
        changed = sum(not (isinstance(read, AxisWindow) and read.is_identity) for read in reads)
        taps = prod(map(_widest, reads)) if self.antialias else TAPS[self.mode] ** changed
        return Inference(
            output=output,
            reads=(reads,) if changed else (),
            arithmetic={FlopClass.MUL: output.numel * taps, FlopClass.ADD: output.numel * (taps - 1)}
            if taps > 1
            else {},
        )

    def _read(self, n: int, m: int, scale: Fraction | None, region: tuple[Fraction, Fraction]) -> AxisRead:
        if self.coordinates is None and not self.antialias:
            return resize_read(n, m, scale, self.mode, align_corners=self.align_corners)
        usual = Coordinates.ALIGN_CORNERS if self.align_corners else Coordinates.HALF_PIXEL
        return located_read(
            n,
            m,
            scale,
            self.mode,
            coordinates=self.coordinates or usual,
            rounding=self.rounding or Rounding.ROUND_PREFER_FLOOR,
            antialias=self.antialias,
            region=region,
        )

    def _check(self, ndim: int) -> None:
        """Refuse options that mean nothing beside each other."""
        crops = self.coordinates is Coordinates.TF_CROP_AND_RESIZE
        nearest = self.mode in NEAREST
        rounds = nearest and self.coordinates is not None
        for option, wrong, why in (
            ("align_corners", self.align_corners and self.coordinates is not None, "beside coordinates"),
            ("antialias", self.antialias and nearest, f"with mode={self.mode.value}"),
            ("rounding", self.rounding is not None and not rounds, "but for nearest, with coordinates"),
            ("coordinates", rounds and self.mode is ResizeMode.NEAREST_EXACT, "with mode=nearest_exact"),
            ("region", self.region is not None and not crops, "but with coordinates=tf_crop_and_resize"),
        ):  # fmt: skip
            if wrong:
                raise LayerError("CNN905", f"{option} means nothing {why}", help="drop it", option=option)
        if crops and len(self.region or ()) != 2 * ndim:
            message = f"region has {len(self.region or ())} numbers, the map has {ndim} axes"
            raise LayerError("CNN905", message, help="starts of all axes, then ends, as shares", option="region")

    def _regions(self, ndim: int) -> tuple[tuple[Fraction, Fraction], ...]:
        """(start, end) per axis."""
        ends = [Fraction(share) for share in self.region or (0,) * ndim + (1,) * ndim]
        return tuple(zip(ends[:ndim], ends[ndim:], strict=True))

    def _scales(self, ndim: int) -> tuple[Fraction, ...] | None:
        """One factor per axis, None where sizes are given."""
        scale = self.scale
        if scale is None:
            if self.size is None:
                raise LayerError("CNN906", "needs a scale or a size", help="`upsample 2` or `upsample size=56x56`")
            return None
        if self.size is not None and self.coordinates is None:
            raise LayerError("CNN905", "scale and size are both given", help="drop one of them", option="size")
        if not isinstance(scale, tuple):
            return (Fraction(scale),) * ndim
        if len(scale) != ndim:
            message = f"`scale` has {len(scale)} values, the map has {ndim} axes"
            raise LayerError("CNN905", message, option="scale")
        return tuple(map(Fraction, scale))


def _widest(read: AxisRead) -> int:
    """Positions that the widest kernel has on an axis."""
    if isinstance(read, AxisTaps):
        return max(map(len, read.phases))
    return -(-read.kernel_size // read.input_dilation) if isinstance(read, AxisWindow) else 1


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
