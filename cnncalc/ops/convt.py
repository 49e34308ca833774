"""Transposed convolution."""

from collections.abc import Iterator
from typing import Literal

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import PaddingWord
from cnncalc.ops import ledger, options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Op, Weight, register
from cnncalc.ops.refuse import axis_names, check_groups, pads_per_axis, per_axis, shaped, spatial
from cnncalc.ops.slide import Sides, lay_transposed


@register("convt")
class TransposedConv(Op):
    """Transposed convolution: `out = (n-1)*stride - 2*padding + dilation*(kernel_size-1) + output_padding + 1`.

    Dumoulin & Visin 2016 (arXiv:1603.07285, chapter 4); as in PyTorch's ConvTranspose1d, 2d and 3d. The weight has
    the shape `(C, out_channels/groups, *kernel_size)`.

        convt 64 k4 s2 p1
        convt 64 k3 s2 p1 op1
        convt 64 k3 s2 p1 to=56x56
        convt 64 k2 s2 to=enc3

    `to` takes sizes or a layer's name and solves for output_padding, or says why no value fits. `padding=same` gives
    `out = n*stride` (TensorFlow): `max(k_eff - stride, 0)` cut away in all, the odd one after (in `same_lower`
    before), or `stride - k_eff` added as output padding. `half`, `full` and `valid` are numbers as in `conv`.

    MACs: `C * out_channels/groups * prod(kernel_size) * prod(n)`, over *input* positions; `macs_valid` leaves out what
    the padding cuts away. FLOPs beside the MACs: one add per output element with a bias. An explicit fold has
    `out_channels * prod(kernel_size) * prod(n)` elements.

    >>> TransposedConv(out_channels=64, kernel_size=4, stride=2, padding=1).infer(TensorShape(128, (28, 28))).output
    64x56x56

    Refuses: padding that leaves nothing (CNN002), groups (CNN003), output_padding that is not below stride or dilation
    (CNN004), `to` that cannot be reached (CNN004), an input without spatial axes (CNN905).
    """

    op: Literal["convt"] = "convt"
    out_channels: options.OutChannels
    kernel_size: options.KernelSize
    stride: options.Stride = 1
    padding: options.Paddings = 0
    output_padding: options.OutputPadding = None
    dilation: options.Dilation = 1
    groups: options.Groups = 1
    bias: options.Bias = True
    frozen: options.Frozen = False
    to: options.To = None

    POSITIONAL = "out_channels"
    SIZE_OPTIONS = frozenset({"to"})

    def is_steady(self) -> bool:
        """Unless it aims at a size."""
        return self.to is None

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, window, parameters and costs for one input."""
        (x,) = inputs
        channels, groups, sizes = self.out_channels, self.groups, spatial(x)
        check_groups(x.channels, channels, groups)
        ndim = x.ndim
        kernels = per_axis(self.kernel_size, ndim, "kernel_size")
        strides = per_axis(self.stride, ndim, "stride")
        dilations = per_axis(self.dilation, ndim, "dilation")
        pads, extras = self._ends(sizes, kernels, strides, dilations)
        laid = lay_transposed(sizes, kernels, strides, pads, dilations, extras, groups)
        output = shaped(channels, laid.sizes)
        pairs = x.channels * (channels // groups)
        weights = [Weight(name="weight", shape=(x.channels, channels // groups, *kernels))]
        if self.bias:
            weights.append(Weight(name="bias", shape=(channels,)))
        return Inference(
            output=output,
            reads=laid.reads,
            settings=laid.settings,
            weights=tuple(weights),
            fan_in=x.channels // groups * laid.taps,
            fan_out=channels // groups * laid.taps,
            macs=pairs * laid.taps * x.positions,
            macs_valid=pairs * laid.valid,
            arithmetic={FlopClass.ADD: output.numel} if self.bias else {},
            ledger={ledger.CONV_BIAS: output.numel} if self.bias else {},
            activations=output.numel,
            im2col=channels * laid.taps * x.positions if laid.reads else 0,
            saved=SAVES_INPUT,
        )

    def _ends(
        self, sizes: tuple[int, ...], kernels: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]
    ) -> tuple[Sides, tuple[int, ...]]:
        """Padding and output padding on each axis."""
        ndim = len(sizes)
        extras = per_axis(self.output_padding or 0, ndim, "output_padding")
        if self.to is not None and self.output_padding is not None:
            message = "`to` solves for output_padding, which is given too"
            raise LayerError("CNN905", message, help="drop one of them", option="output_padding")
        if isinstance(self.padding, PaddingWord):
            pads, fitted = self._named(self.padding, kernels, strides, dilations)
            if any(fitted):
                extras = fitted
        else:
            pads = pads_per_axis(self.padding, ndim, "padding")
        if self.to is not None:
            extras = _solve(per_axis(self.to, ndim, "to"), sizes, kernels, strides, pads, dilations)
        for stride, dilation, extra in zip(strides, dilations, extras, strict=True):
            limit = max(stride, dilation)
            if extra >= limit:
                raise LayerError(
                    "CNN004",
                    f"output_padding {extra} is not below the larger of stride {stride} and dilation {dilation}",
                    help=f"use at most {limit - 1}, or pad the output with a `pad` layer",
                    option="output_padding",
                )
        return pads, extras

    def _named(
        self, word: PaddingWord, kernels: tuple[int, ...], strides: tuple[int, ...], dilations: tuple[int, ...]
    ) -> tuple[Sides, tuple[int, ...]]:
        """What a padding word stands for, and the output padding that comes with it."""
        reaches = [dilation * (kernel - 1) for kernel, dilation in zip(kernels, dilations, strict=True)]
        if word is PaddingWord.CAUSAL:
            help_ = "crop the far end: `p=0/N`"
            raise LayerError(
                "CNN905", "`causal` has no meaning for a transposed convolution", help=help_, option="padding"
            )
        if word is PaddingWord.SAME or word is PaddingWord.SAME_LOWER:
            if self.to is not None or self.output_padding is not None:
                other = "to" if self.to is not None else "output_padding"
                message = f"padding={word.value} fixes the output size, `{other}` fixes it too"
                raise LayerError("CNN905", message, help="drop one of them", option=other)
            over = [reach + 1 - stride for reach, stride in zip(reaches, strides, strict=True)]
            cuts = [(max(total, 0) // 2, (max(total, 0) + 1) // 2) for total in over]
            pads = tuple(cut if word is PaddingWord.SAME else cut[::-1] for cut in cuts)
            return pads, tuple(max(-total, 0) for total in over)
        if word is PaddingWord.VALID:
            reaches = [0] * len(reaches)
        elif word is PaddingWord.HALF:
            reaches = [reach // 2 for reach in reaches]
        return tuple((reach, reach) for reach in reaches), (0,) * len(reaches)


def _solve(  # noqa: PLR0913 - the whole formula
    wanted: tuple[int, ...],
    sizes: tuple[int, ...],
    kernels: tuple[int, ...],
    strides: tuple[int, ...],
    pads: Sides,
    dilations: tuple[int, ...],
) -> tuple[int, ...]:
    """The output padding that gives the wanted sizes."""
    extras = []
    axes = zip(axis_names(len(sizes)), wanted, sizes, kernels, strides, pads, dilations, strict=True)
    for name, want, n, kernel, stride, pad, dilation in axes:
        least = (n - 1) * stride - sum(pad) + dilation * (kernel - 1) + 1
        most = least + max(stride, dilation) - 1
        if not least <= want <= most:
            reach = f"{least} to {most}" if most > least else f"{least} alone"
            raise LayerError(
                "CNN004",
                f"no output_padding gives the {name} {want}: from {n} it can be {reach}",
                help=" or ".join(_remedies(name, want, (least, most), sum(pad), n, stride)),
                option="to",
            )
        extras.append(want - least)
    return tuple(extras)


def _remedies(  # noqa: PLR0913 - the numbers of one axis
    name: str, want: int, reach: tuple[int, int], padding: int, n: int, stride: int
) -> Iterator[str]:
    """Another padding, another input size: what gives the wanted size."""
    least, most = reach
    if want < least:
        yield f"pad {least - want} more in all"
    elif want - most <= padding:
        yield f"pad {want - most} less in all"
    smallest = least - (n - 1) * stride  # what a single position gives
    if want >= smallest:
        yield f"feed a {name} of {(want - smallest) // stride + 1}"
