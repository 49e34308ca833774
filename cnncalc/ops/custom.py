"""Declared ops."""

from typing import Annotated, Any, Literal, Union

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow, PaddingWord, resolve_padding
from cnncalc.ops import options
from cnncalc.ops.base import SAVES_INPUT, Inference, Mix, Op, Settings, Weight, register
from cnncalc.ops.options import MAX_AXES, MAX_SIZE, invalid, whole
from cnncalc.ops.refuse import axis_names, pads_per_axis, per_axis, shaped

ANY = "?"
"""As in the input."""
MAX_DIGITS = 20
"""More than any number within the limits has."""
Pattern = tuple[Union[int, None], ...]


def _pattern(value: Any) -> Pattern:
    """`64x?x?`, 512, or the parts of it; None stands for `?`."""
    expected = "channels x sizes, with `?` for what is as in the input"
    if isinstance(value, str):
        value = tuple(int(part) if _is_number(part) else part for part in value.split("x"))
    elif not isinstance(value, (list, tuple)):
        value = (value,)
    if not 1 <= len(value) <= 1 + MAX_AXES:
        raise invalid(f"should be {expected}")
    return tuple(None if part in (ANY, None) else whole(part, 1, MAX_SIZE, expected) for part in value)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


_PATTERN_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^([0-9]+|\?)(x([0-9]+|\?)){0,3}$"},
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        {
            "type": "array",
            "items": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_SIZE}, {"const": ANY}]},
            "minItems": 1,
            "maxItems": 1 + MAX_AXES,
        },
    ]
}


@register("custom")
class Custom(Op):
    """A declared op: what it gives, what it reads, what it costs.

    `out` is the output shape, `?` in it the input's number at the same place. The window is said in shorts; where no
    padding is given, what the output size needs is split evenly, the odd one after. Without a window the op reads its
    own position, or the whole map where `out` has no positions left. Figures that are not given are unknown, and totals
    with them are partial.

        custom out=64x?x? k3 p1 params=18000 macs=9000000
        custom out=?x28x28 k3 s2 params=0 macs=0
        custom out=512 params=10000

    Training saves the input.

    >>> Custom(out=(64, None, None), kernel_size=3, padding=1).infer(TensorShape(3, (32, 32))).output
    64x32x32

    Refuses: an output size that its window does not give (CNN905), sizes that change without a window (CNN906).
    """

    op: Literal["custom"] = "custom"
    out: Annotated[
        Pattern,
        PlainValidator(_pattern),
        WithJsonSchema(_PATTERN_SCHEMA),
        Field(description="Output shape; `?` is the input's number.", examples=["64x?x?", 512]),
    ]
    kernel_size: Annotated[options.MaybeAxes, Field(description="Taps of the window.", examples=[3])] = None
    stride: options.Stride = 1
    padding: Annotated[options.MaybePadding, Field(description="Padding of the window; fitted if left out.")] = None
    dilation: options.Dilation = 1
    params: Annotated[options.Amount, Field(description="Trainable parameters; unknown if left out.")] = None
    macs: Annotated[options.Amount, Field(description="MACs for one sample; unknown if left out.")] = None
    frozen: options.Frozen = False

    POSITIONAL = None

    def infer(self, *inputs: TensorShape) -> Inference:
        """What was declared, for one input."""
        (x,) = inputs
        output = self._output(x)
        reduces = self.kernel_size is None and output.positions == 1 and output.sizes != x.sizes
        undeclared = self.kernel_size is None and (reduces or output.sizes == x.sizes)
        windows = () if undeclared else self._windows(x, output)
        macs = self.macs or 0
        return Inference(
            output=output,
            reads=(windows,) if any(not window.is_identity for window in windows) else (),
            mix=Mix.REDUCE if reduces else Mix.NONE,
            settings=_settings(windows) if windows else None,
            weights=(Weight(name="weight", shape=(self.params,)),) if self.params else (),
            macs=macs,
            macs_valid=macs,
            saved=SAVES_INPUT,
            unknown=frozenset(name for name in ("params", "macs") if getattr(self, name) is None),
        )

    def _output(self, x: TensorShape) -> TensorShape:
        numbers = tuple(x)
        parts = []
        for place, part in enumerate(self.out):
            if part is None and place >= len(numbers):
                message = f"`?` at place {place + 1} of out, but the input {x} has {len(numbers)} numbers"
                raise LayerError("CNN905", message, option="out")
            parts.append(numbers[place] if part is None else part)
        sizes = tuple(parts[1:])
        return shaped(parts[0], sizes, tokens=x.tokens and len(sizes) == 1)

    def _windows(self, x: TensorShape, output: TensorShape) -> tuple[AxisWindow, ...]:
        ndim = x.ndim
        if output.ndim != ndim:
            message = f"a window leads from {ndim} axes to as many, not to {output}"
            raise LayerError("CNN905", message, help="declare it without a window", option="out")
        if self.kernel_size is None:
            message = f"which part of {x} a position of {output} reads is not declared"
            raise LayerError("CNN906", message, help="give its window: `k3 s2`")
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
