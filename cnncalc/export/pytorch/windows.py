"""Convolutions and pools as PyTorch code; what their own padding cannot do, `F.pad` does before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.program.code import Argument, Code, NoCodeError, axes, is_even, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.ops.base import Settings
    from cnncalc.report import LayerReport

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
"""Padding modes as `F.pad` calls them."""


def conv(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """`conv` and `dwconv`."""
    config: Any = row.config
    settings = settings_of(row)
    padding, run, constants = _padding(settings, config.padding_mode.value)
    return Code(
        make=f"nn.Conv{len(settings.stride)}d",
        arguments=(
            Argument("in_channels", row.input_shapes[0][0], keyword=False),
            Argument("out_channels", row.output_shape[0], keyword=False),
            *_window(settings, padding),
            Argument("dilation", axes(settings.dilation), 1),
            Argument("groups", settings.groups or 1, 1),
            Argument("bias", config.bias, default=True),
            *_mode(config.padding_mode.value, run),
        ),
        run=run,
        constants=constants,
        frozen=row.frozen,
    )


def sepconv(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A depthwise convolution and a 1x1 convolution in one module."""
    config: Any = row.config
    settings = settings_of(row)
    padding, run, constants = _padding(settings, config.padding_mode.value)
    name = f"SeparableConv{len(settings.stride)}d"
    return Code(
        make=name,
        arguments=(
            Argument("in_channels", row.input_shapes[0][0], keyword=False),
            Argument("out_channels", config.out_channels, keyword=False),
            *_window(settings, padding),
            Argument("dilation", axes(settings.dilation), 1),
            Argument("multiplier", config.multiplier, 1),
            Argument("bias", config.bias, default=True),
            *_mode(config.padding_mode.value, run),
        ),
        run=run,
        constants=constants,
        helper=name,
        frozen=row.frozen,
    )


def convt(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Padding that is not the same on both sides is cut off afterwards."""
    config: Any = row.config
    settings = settings_of(row)
    even = is_even(settings.padding)
    cut = flat([(-before, -after) for before, after in settings.padding])
    return Code(
        make=f"nn.ConvTranspose{len(settings.stride)}d",
        arguments=(
            Argument("in_channels", row.input_shapes[0][0], keyword=False),
            Argument("out_channels", config.out_channels, keyword=False),
            *_window(settings, axes([before for before, _ in settings.padding]) if even else 0),
            Argument("output_padding", axes(settings.output_padding or (0,)), 0),
            Argument("groups", config.groups, 1),
            Argument("bias", config.bias, default=True),
            Argument("dilation", axes(settings.dilation), 1),
        ),
        run="{module}({0})" if even else "F.pad({module}({0}), {crop})",
        constants={} if even else {"crop": cut},
        frozen=row.frozen,
    )


def maxpool(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Uneven padding is filled with what never is the maximum, as far as the last window reaches."""
    config: Any = row.config
    settings = settings_of(row)
    even = is_even(settings.padding)
    reached = [
        (before, (m - 1) * stride + reach - n - before)
        for (before, _), m, stride, reach, n in zip(
            settings.padding,
            row.output_shape[1:],
            settings.stride,
            settings.effective_kernel_size,
            row.input_shapes[0][1:],
            strict=True,
        )
    ]
    return Code(
        make=f"nn.MaxPool{len(settings.stride)}d",
        arguments=(
            *_pooled(settings),
            Argument("padding", axes([before for before, _ in settings.padding]) if even else 0, 0),
            Argument("dilation", axes(settings.dilation), 1),
            *([Argument("ceil_mode", config.ceil_mode, default=False)] if even else []),
        ),
        run="{module}({0})" if even else '{module}(F.pad({0}, {pad}, value=float("-inf")))',
        constants={} if even else {"pad": flat(reached)},
    )


def avgpool(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Uneven padding is filled with zeros, which must count."""
    config: Any = row.config
    settings = settings_of(row)
    even = is_even(settings.padding)
    if not even and (config.ceil_mode or not config.count_include_pad):
        what = "ceil_mode" if config.ceil_mode else "count_include_pad=false"
        message = f"an average pool with uneven padding and {what}"
        raise NoCodeError(message)
    return Code(
        make=f"nn.AvgPool{len(settings.stride)}d",
        arguments=(
            *_pooled(settings),
            Argument("padding", axes([before for before, _ in settings.padding]) if even else 0, 0),
            Argument("ceil_mode", config.ceil_mode, default=False),
            Argument("count_include_pad", config.count_include_pad, default=True),
        ),
        run="{module}({0})" if even else "{module}(F.pad({0}, {pad}))",
        constants={} if even else {"pad": flat(settings.padding)},
    )


def lppool(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Power-average pooling."""
    config: Any = row.config
    settings = settings_of(row)
    return Code(
        make=f"nn.LPPool{len(settings.stride)}d",
        arguments=(
            Argument("norm_type", config.norm_type, keyword=False),
            *_pooled(settings),
            Argument("ceil_mode", config.ceil_mode, default=False),
        ),
    )


def blurpool(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A fixed filter: a module of its own."""
    config: Any = row.config
    settings = settings_of(row)
    name = f"BlurPool{len(settings.stride)}d"
    return Code(
        make=name,
        arguments=(
            Argument("channels", row.input_shapes[0][0], keyword=False),
            Argument("kernel_size", settings.kernel_size),
            Argument("stride", settings.stride),
            Argument("padding", flat(settings.padding)),
            Argument("padding_mode", MODES[config.padding_mode.value]),
        ),
        helper=name,
    )


def flat(sides: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Padding as `F.pad` takes it, the last axis first.

    >>> flat(((0, 1), (2, 3)))
    (2, 3, 0, 1)
    """
    return tuple(number for pair in reversed(sides) for number in pair)


def _window(settings: Settings, padding: object) -> tuple[Argument, ...]:
    return (
        Argument("kernel_size", axes(settings.kernel_size)),
        Argument("stride", axes(settings.stride), 1),
        Argument("padding", padding, 0),
    )


def _pooled(settings: Settings) -> tuple[Argument, ...]:
    kernel = axes(settings.kernel_size)
    return Argument("kernel_size", kernel, keyword=False), Argument("stride", axes(settings.stride))


def _mode(mode: str, run: str) -> tuple[Argument, ...]:
    """The module pads itself unless `F.pad` does."""
    return () if "F.pad" in run else (Argument("padding_mode", mode, "zeros"),)


def _padding(settings: Settings, mode: str) -> tuple[object, str, dict[str, object]]:
    """Padding of the module, the expression, and what it needs."""
    if is_even(settings.padding):
        return axes([before for before, _ in settings.padding]), "{module}({0})", {}
    how = "" if mode == "zeros" else f', mode="{MODES[mode]}"'
    return 0, "{module}(F.pad({0}, {pad}" + how + "))", {"pad": flat(settings.padding)}
