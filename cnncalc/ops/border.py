"""Pads and crops."""

from typing import Annotated, Literal

from pydantic import Field

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import Boundary
from cnncalc.ops import options
from cnncalc.ops.base import SAVES_INPUT, Inference, Op, register
from cnncalc.ops.refuse import axis_names, check_boundary, pads_per_axis, per_axis, spatial
from cnncalc.ops.slide import fixed_padding, lay


@register("pad")
class Pad(Op):
    """Padding alone: `out = n + before + after`; negative numbers crop.

    As in PyTorch's ZeroPad, ReflectionPad, ReplicationPad and CircularPad.

        pad 1
        pad 0/1
        pad 3 reflect

    No costs but the copy. Training saves the input for reflect and replicate, nothing for zeros and circular.

    >>> Pad(padding=3).infer(TensorShape(3, (224, 224))).output
    3x230x230

    Refuses: an empty output (CNN002), reflect padding of the input's size or circular padding above it (CNN004), no
    spatial axes (CNN905).
    """

    op: Literal["pad"] = "pad"
    padding: Annotated[
        options.Border,
        Field(description="Positions added on both sides, per axis, or as [before, after] pairs.", examples=[1]),
    ]
    padding_mode: options.Boundaries = Boundary.ZEROS

    POSITIONAL = "padding"

    def is_steady(self) -> bool:
        """Where nothing is mirrored or wrapped."""
        return fixed_padding(self.padding, 1, self.padding_mode)

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape and reads for one input."""
        (x,) = inputs
        laid = lay(spatial(x), 1, 1, self.padding)
        boundary = self.padding_mode
        check_boundary(x.sizes, laid.settings.padding, boundary)
        return Inference(
            output=TensorShape(x.channels, laid.sizes),
            reads=laid.reads,
            boundary=boundary,
            settings=laid.settings,
            saved=SAVES_INPUT if boundary in (Boundary.REFLECT, Boundary.REPLICATE) else (),
        )


@register("crop")
class Crop(Op):
    """Crop: `out = n - before - after`, or to a given size, centred, the odd row after.

    As U-Net crops its skips (Ronneberger et al. 2015, arXiv:1505.04597).

        crop 4
        crop 1/0
        crop to=up4
        tokens | prepend 1 | attention 12 | crop 1/0

    Tokens are cut by a number alone. No costs but the copy.

    >>> Crop(to=(56, 56)).infer(TensorShape(64, (64, 64))).output
    64x56x56

    Refuses: a crop that leaves nothing (CNN002), `to` above the size or of tokens, both, or no spatial axes (CNN905),
    neither cropping nor `to` (CNN906).
    """

    op: Literal["crop"] = "crop"
    cropping: Annotated[
        options.MaybeCropping,
        Field(description="Positions cut off on both sides, per axis, or as [before, after] pairs.", examples=[4]),
    ] = None
    to: options.To = None

    POSITIONAL = "cropping"
    SIZE_OPTIONS = frozenset({"to"})

    def is_steady(self) -> bool:
        """Where it cuts a number, not to a size."""
        return self.to is None

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape and reads for one input."""
        (x,) = inputs
        if x.tokens and self.to is not None:
            message = f"{x} are tokens without a grid: which of them are in the middle means nothing"
            raise LayerError("CNN905", message, help="cut numbers of tokens: `crop 1/0` drops the first", option="to")
        sizes = x.sizes if x.tokens else spatial(x)
        laid = lay(sizes, 1, 1, tuple((-before, -after) for before, after in self._cuts(sizes)))
        output = TensorShape(x.channels, laid.sizes, x.tokens)
        return Inference(output=output, reads=laid.reads, settings=laid.settings)

    def _cuts(self, sizes: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        ndim = len(sizes)
        if self.to is None:
            if self.cropping is None:
                raise LayerError("CNN906", "needs to know how much", help="`crop 4` or `crop to=NAME`")
            return pads_per_axis(self.cropping, ndim, "cropping")
        if self.cropping is not None:
            raise LayerError("CNN905", "cropping and `to` are both given", help="drop one of them", option="to")
        wanted = per_axis(self.to, ndim, "to")
        for name, n, m in zip(axis_names(ndim), sizes, wanted, strict=True):
            if m > n:
                message = f"cannot crop the {name} {n:,} to {m:,}"
                raise LayerError("CNN905", message, help="use `pad`, or `upsample size=`", option="to")
        return tuple(((n - m) // 2, (n - m + 1) // 2) for n, m in zip(sizes, wanted, strict=True))
