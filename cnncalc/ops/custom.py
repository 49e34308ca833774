"""Declared ops."""

from typing import Annotated, Literal

from pydantic import Field

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisRead, AxisWhole, AxisWindow, PaddingWord, resolve_padding
from cnncalc.ops import options
from cnncalc.ops.base import Inference, Mix, Op, Saved, Settings, Weight, register
from cnncalc.ops.declared import Out, Tokens, declared
from cnncalc.ops.refuse import axis_names, pads_per_axis, per_axis


@register("custom")
class Custom(Op):
    """A declared op: what it gives, what it reads, what it costs.

    `out` is the output shape, `?` in it the input's number at the same place. The window is said in shorts; where no
    padding is given, what the output size needs is split evenly, the odd one after. Without a window the op reads its
    own position, or the whole map where `out` has no positions left. `global`: every position reads all of all inputs.
    Figures that are not given are unknown, and totals with them are partial.

    Names on the line are further inputs: one with the positions of the output is read position by position, any other
    as a whole.

        custom out=64x?x? k3 p1 params=18000 macs=9000000
        custom out=?x28x28 k3 s2 params=0 macs=0
        custom out=512 params=10000
        custom guide depth out=64x28x28 global params=0 macs=0

    Training saves the inputs.

    >>> Custom(out=(64, None, None), kernel_size=3, padding=1).infer(TensorShape(3, (32, 32))).output
    64x32x32

    Refuses: an output size that its window does not give, a window and `global` together (CNN905), sizes that change
    without either (CNN906).
    """

    op: Literal["custom"] = "custom"
    out: Out
    kernel_size: Annotated[options.MaybeAxes, Field(description="Taps of the window.", examples=[3])] = None
    stride: options.Stride = 1
    padding: Annotated[options.MaybePadding, Field(description="Padding of the window; fitted if left out.")] = None
    dilation: options.Dilation = 1
    params: Annotated[options.Amount, Field(description="Trainable parameters; unknown if left out.")] = None
    macs: Annotated[options.Amount, Field(description="MACs for one sample; unknown if left out.")] = None
    sees_all: Annotated[options.Flag, Field(description="Every position reads all of all inputs; flag `global`.")] = (
        False
    )
    tokens: Tokens = None
    frozen: options.Frozen = False

    POSITIONAL = None
    REFERENCES = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """What was declared, for one or more inputs."""
        x = inputs[0]
        output = declared(self.out, x, tokens=self.tokens)
        mix, windows = self._mixing(x, output)
        reads: tuple[AxisRead, ...] | None = None
        if any(not window.is_identity for window in windows):
            reads = windows
        others = tuple(self._other(other, output) for other in inputs[1:])
        macs = self.macs or 0
        return Inference(
            output=output,
            reads=(reads, *others) if reads or any(others) else (),
            mix=mix,
            settings=_settings(windows) if windows else None,
            weights=(Weight(name="weight", shape=(self.params,)),) if self.params else (),
            macs=macs,
            macs_valid=macs,
            saved=tuple(Saved(what="input", index=index) for index in range(len(inputs))),
            unknown=frozenset(name for name in ("params", "macs") if getattr(self, name) is None),
        )

    def _mixing(self, x: TensorShape, output: TensorShape) -> tuple[Mix, tuple[AxisWindow, ...]]:
        """How positions are mixed beyond the window, and the window on the first input."""
        stays = output.sizes == x.sizes
        if self.sees_all:
            if self.kernel_size is not None:
                message = "`global` reads everything, a window reads a part"
                raise LayerError("CNN905", message, help="say one of them", option="sees_all")
            return (Mix.NONE if x.positions == 1 else Mix.GATE) if stays else Mix.REDUCE, ()
        if self.kernel_size is None and (stays or output.positions == 1):
            return Mix.NONE if stays else Mix.REDUCE, ()
        return Mix.NONE, self._windows(x, output)

    def _other(self, other: TensorShape, output: TensorShape) -> tuple[AxisRead, ...] | None:
        """How an input after the first is read: as a whole where it has other positions."""
        if not other.sizes or (other.sizes == output.sizes and not self.sees_all):
            return None
        return (AxisWhole(),) * other.ndim

    def _windows(self, x: TensorShape, output: TensorShape) -> tuple[AxisWindow, ...]:
        ndim = x.ndim
        if output.ndim != ndim:
            message = f"a window leads from {ndim} axes to as many, not to {output}"
            raise LayerError("CNN905", message, help="declare it without a window", option="out")
        if self.kernel_size is None:
            message = f"which part of {x} a position of {output} reads is not declared"
            raise LayerError("CNN906", message, help="give its window: `k3 s2`, or say `global`")
        kernels = per_axis(self.kernel_size, ndim, "kernel_size")
        strides = per_axis(self.stride, ndim, "stride")
        dilations = per_axis(self.dilation, ndim, "dilation")
        pads = self._pads(x, output, kernels, strides, dilations)
        windows = tuple(
            AxisWindow(kernel_size=k, stride=s, dilation=d, padding=p)
            for k, s, d, p in zip(kernels, strides, dilations, pads, strict=True)
        )
        if self.padding is not None:
            for name, n, m, window in zip(axis_names(ndim), x.sizes, output.sizes, windows, strict=True):
                given = window.output_size(n)
                if given != m:
                    message = f"out says {name} {m:,}, its window gives {given:,} from {n:,}"
                    raise LayerError("CNN905", message, help="leave the padding out to have it fitted", option="out")
        return windows

    def _pads(
        self,
        x: TensorShape,
        output: TensorShape,
        kernels: tuple[int, ...],
        strides: tuple[int, ...],
        dilations: tuple[int, ...],
    ) -> tuple[tuple[int, int], ...]:
        axes = zip(x.sizes, kernels, strides, dilations, strict=True)
        if isinstance(self.padding, PaddingWord):
            return tuple(resolve_padding(self.padding, *axis) for axis in axes)
        if self.padding is not None:
            return pads_per_axis(self.padding, x.ndim, "padding")
        needed = [max((m - 1) * s + d * (k - 1) + 1 - n, 0) for m, (n, k, s, d) in zip(output.sizes, axes, strict=True)]
        return tuple((total // 2, total - total // 2) for total in needed)


def _settings(windows: tuple[AxisWindow, ...]) -> Settings:
    return Settings(
        kernel_size=tuple(window.kernel_size for window in windows),
        stride=tuple(window.stride for window in windows),
        padding=tuple(window.padding for window in windows),
        dilation=tuple(window.dilation for window in windows),
        effective_kernel_size=tuple(window.effective_kernel_size for window in windows),
    )
