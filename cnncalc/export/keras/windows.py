"""Convolutions and pools as Keras code; padding that is neither `valid` nor Keras' `same` stands before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.program.code import Argument, Code, NoCodeError, axes, is_even, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.ops.base import Settings
    from cnncalc.report import LayerReport

Pairs = tuple[tuple[int, int], ...]
MODES = {"zeros": "constant", "reflect": "reflect"}
"""Padding modes that `keras.ops.pad` has on all backends."""
MOST_DEPTHWISE = 2
"""Axes that Keras has depthwise and separable convolutions for."""


def conv(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """`conv`, and `dwconv` as a convolution of many groups where Keras has no other."""
    config: Any = row.config
    settings = settings_of(row)
    groups, ndim = settings.groups or 1, len(settings.stride)
    if row.op == "dwconv" and ndim <= MOST_DEPTHWISE:
        multiplier = Argument("depth_multiplier", row.output_shape[0] // row.input_shapes[0][0], 1)
        return _convolution(row, f"layers.DepthwiseConv{ndim}D", (), (multiplier,))
    out = Argument("out_channels", row.output_shape[0], keyword=False)
    return _convolution(row, f"layers.Conv{ndim}D", (out,), (Argument("groups", groups, 1),), bias=config.bias)


def sepconv(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A depthwise convolution and a 1x1 convolution in one layer."""
    config: Any = row.config
    ndim = len(settings_of(row).stride)
    if ndim > MOST_DEPTHWISE:
        message = f"a separable convolution over {ndim} axes"
        raise NoCodeError(message)
    out = Argument("out_channels", config.out_channels, keyword=False)
    multiplier = Argument("depth_multiplier", config.multiplier, 1)
    return _convolution(row, f"layers.SeparableConv{ndim}D", (out,), (multiplier,))


def _convolution(
    row: LayerReport,
    make: str,
    first: tuple[Argument, ...],
    more: tuple[Argument, ...],
    *,
    bias: bool | None = None,
) -> Code:
    config: Any = row.config
    settings = settings_of(row)
    if max(settings.stride) > 1 and max(settings.dilation) > 1:
        message = "a stride and a dilation together"
        raise NoCodeError(message)
    padding, run, constants = _padded(row, settings, config.padding_mode.value)
    return Code(
        make=make,
        arguments=(
            *first,
            Argument("kernel_size", axes(settings.kernel_size), keyword=False),
            Argument("strides", axes(settings.stride), 1),
            padding,
            Argument("dilation_rate", axes(settings.dilation), 1),
            *more,
            Argument("use_bias", config.bias if bias is None else bias, default=True),
        ),
        run=run,
        constants=constants,
        frozen=row.frozen,
    )


def convt(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Without padding, and then cut, but where it is Keras' `same`."""
    config: Any = row.config
    settings = settings_of(row)
    if config.groups > 1:
        message = "a transposed convolution with groups"
        raise NoCodeError(message)
    if max(settings.stride) > 1 and max(settings.dilation) > 1:
        message = "a stride and a dilation together"
        raise NoCodeError(message)
    kernel, strides = settings.effective_kernel_size, settings.stride
    extra = settings.output_padding or (0,) * len(strides)
    usual = tuple(max(s - k, 0) for k, s in zip(kernel, strides, strict=True))
    gone = [k - s for k, s in zip(kernel, strides, strict=True)]
    same = min(gone) >= 0 and not any(extra) and settings.padding == tuple((n // 2, n - n // 2) for n in gone)
    cut = not same and any(map(any, settings.padding))
    return Code(
        make=f"layers.Conv{len(strides)}DTranspose",
        arguments=(
            Argument("out_channels", config.out_channels, keyword=False),
            Argument("kernel_size", axes(settings.kernel_size), keyword=False),
            Argument("strides", axes(strides), 1),
            Argument("padding", "same" if same else "valid", "valid"),
            *([] if same or extra == usual else [Argument("output_padding", axes(extra))]),
            Argument("dilation_rate", axes(settings.dilation), 1),
            Argument("use_bias", config.bias, default=True),
        ),
        run=f'layers.Cropping{len(strides)}D({{crop}}, name={{part}}_cut")({{module}}({{0}}))'
        if cut
        else "{module}({0})",
        constants={"crop": sides(settings.padding)} if cut else {},
        frozen=row.frozen,
    )


def maxpool(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Padding is filled with what never is the maximum."""
    settings = settings_of(row)
    if max(settings.dilation) > 1:
        message = "a dilated pool"
        raise NoCodeError(message)
    pads = _reached(row, settings)
    same = pads == _same(row, settings)
    run, constants = "{module}({0})", {}
    if not same and any(map(any, pads)):
        run = '{module}(ops.pad({0}, {pad}, constant_values=float("-inf")))'
        constants = {"pad": around(pads)}
    return _pool(f"layers.MaxPooling{len(pads)}D", settings, run, constants, same=same and any(map(any, pads)))


def avgpool(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Keras' `same` leaves padding out of the mean; what counts has to stand before the pool."""
    config: Any = row.config
    settings = settings_of(row)
    pads = settings.padding
    if _reached(row, settings) != pads:
        message = "an average pool whose last window is cut off"
        raise NoCodeError(message)
    if not any(map(any, pads)):
        return _pool(f"layers.AveragePooling{len(pads)}D", settings, "{module}({0})", {}, same=False)
    same = pads == _same(row, settings)
    if not config.count_include_pad and not same:
        message = "an average pool with padding that does not count"
        raise NoCodeError(message)
    if not config.count_include_pad:
        return _pool(f"layers.AveragePooling{len(pads)}D", settings, "{module}({0})", {}, same=True)
    run = f'{{module}}(layers.ZeroPadding{len(pads)}D({{pad}}, name={{part}}_pad")({{0}}))'
    return _pool(f"layers.AveragePooling{len(pads)}D", settings, run, {"pad": sides(pads)}, same=False)


def _pool(make: str, settings: Settings, run: str, constants: dict[str, object], *, same: bool) -> Code:
    kernel, strides = axes(settings.kernel_size), axes(settings.stride)
    return Code(
        make=make,
        arguments=(
            Argument("kernel_size", kernel, keyword=False),
            Argument("strides", strides),
            Argument("padding", "same" if same else "valid", "valid"),
        ),
        run=run,
        constants=constants,
    )


def sides(pairs: Pairs) -> object:
    """Padding or cropping as Keras' layers take it."""
    return pairs[0] if len(pairs) == 1 else axes([pair[0] for pair in pairs]) if is_even(pairs) else pairs


def around(pairs: Pairs) -> object:
    """Padding as `keras.ops.pad` takes it, with the batch in front and the channels behind."""
    return ((0, 0), *pairs, (0, 0))


def _same(row: LayerReport, settings: Settings) -> Pairs:
    """The padding of Keras' `same`: to `ceil(n / s)` outputs, the odd position after."""
    found = []
    for n, s, reach in zip(row.input_shapes[0][1:], settings.stride, settings.effective_kernel_size, strict=True):
        total = max((-(-n // s) - 1) * s + reach - n, 0)
        found.append((total // 2, total - total // 2))
    return tuple(found)


def _reached(row: LayerReport, settings: Settings) -> Pairs:
    """The padding, with what the last window of `ceil` reads behind it."""
    outputs: Sequence[int] = row.output_shape[1:]
    axes_ = zip(settings.padding, row.input_shapes[0][1:], outputs, settings.stride, settings.kernel_size, strict=True)
    return tuple((before, max(after, (m - 1) * s + k - n - before)) for (before, after), n, m, s, k in axes_)


def _padded(row: LayerReport, settings: Settings, mode: str) -> tuple[Argument, str, dict[str, object]]:
    """The padding of a convolution, the expression, and what it needs."""
    pads, ndim = settings.padding, len(settings.stride)
    if any(one < 0 for pair in pads for one in pair) or mode not in MODES:
        message = f"padding that is {'negative' if mode in MODES else mode}"
        raise NoCodeError(message)
    if not any(map(any, pads)):
        return Argument("padding", "valid", "valid"), "{module}({0})", {}
    if mode != "zeros":
        run = f'{{module}}(ops.pad({{0}}, {{pad}}, mode="{MODES[mode]}"))'
        return Argument("padding", "valid", "valid"), run, {"pad": around(pads)}
    if pads == _same(row, settings):
        return Argument("padding", "same", "valid"), "{module}({0})", {}
    run = f'{{module}}(layers.ZeroPadding{ndim}D({{pad}}, name={{part}}_pad")({{0}}))'
    return Argument("padding", "valid", "valid"), run, {"pad": sides(pads)}
