"""Global pools, resizing, borders and rearrangements as PyTorch code."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cnncalc.export.program.code import Argument, Code, NoCodeError, axes
from cnncalc.export.pytorch.windows import MODES, flat

if TYPE_CHECKING:
    from cnncalc.report import LayerReport

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def adaptive(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """To a given size."""
    kind = "Max" if row.op == "adaptive_max" else "Avg"
    sizes = row.output_shape[1:]
    size = Argument("output_size", axes(sizes), keyword=False)
    return Code(make=f"nn.Adaptive{kind}Pool{len(sizes)}d", arguments=(size,))


def gap(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """Over all positions."""
    if tokens[0]:
        return Code(run="{0}.mean(1, keepdim=True)" if row.op == "gap" else "{0}.amax(1, keepdim=True)")
    kind = "Avg" if row.op == "gap" else "Max"
    one = Argument("output_size", 1, keyword=False)
    return Code(make=f"nn.Adaptive{kind}Pool{len(row.output_shape) - 1}d", arguments=(one,))


def upsample(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """By a factor where a float holds it exactly, else to the size."""
    config: Any = row.config
    sizes = row.output_shape[1:]
    mode = config.mode.value
    where = config.coordinates and config.coordinates.value
    if config.antialias or where not in (None, "align_corners", "half_pixel") or (where and mode == "nearest"):
        message = "antialiasing" if config.antialias else f"interpolation with coordinates={where}"
        raise NoCodeError(message)
    if mode == "linear":
        mode = LINEAR[len(sizes)]
    elif mode == "cubic":
        if len(sizes) != 2:  # noqa: PLR2004 - bicubic is all there is
            message = f"cubic interpolation along {len(sizes)} axes"
            raise NoCodeError(message)
        mode = "bicubic"
    elif mode == "nearest_exact":
        mode = "nearest-exact"
    given = config.scale if isinstance(config.scale, tuple) else (config.scale,) * len(sizes)
    how = Argument("size", tuple(sizes))
    if config.scale is not None and all(Fraction(float(scale)) == Fraction(scale) for scale in given):
        numbers = [int(scale) if Fraction(scale).denominator == 1 else float(scale) for scale in given]
        how = Argument("scale_factor", numbers[0] if len(set(numbers)) == 1 else tuple(map(float, numbers)))
    corners = [Argument("align_corners", value=True)] if config.align_corners or where == "align_corners" else []
    return Code(make="nn.Upsample", arguments=(how, Argument("mode", mode, "nearest"), *corners))


def pixelshuffle(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Channels to space."""
    config: Any = row.config
    return _shuffle("PixelShuffle", row, Argument("upscale_factor", config.upscale_factor, keyword=False))


def pixelunshuffle(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Space to channels."""
    config: Any = row.config
    return _shuffle("PixelUnshuffle", row, Argument("downscale_factor", config.downscale_factor, keyword=False))


def _shuffle(name: str, row: LayerReport, factor: Argument) -> Code:
    """PyTorch has these for two axes alone."""
    count = len(row.output_shape) - 1
    if count == 2:  # noqa: PLR2004
        return Code(make=f"nn.{name}", arguments=(factor,))
    return Code(make=f"{name}{count}d", arguments=(factor,), helper=f"{name}{count}d")


def channelshuffle(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """Groups mix."""
    config: Any = row.config
    run = "{0}.unflatten(1, ({groups}, -1)).transpose(1, 2).flatten(1, 2)"
    if tokens[0]:
        run = "{0}.unflatten(2, ({groups}, -1)).transpose(2, 3).flatten(2, 3)"
    return Code(run=run, constants={"groups": config.groups})


def slice_(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """Some channels."""
    config: Any = row.config
    first = config.channels[0] or 0
    run = "{0}[..., {first}:{last}]" if tokens[0] else "{0}[:, {first}:{last}]"
    return Code(run=run, constants={"first": first, "last": first + row.output_shape[0]})


def pad(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Negative numbers crop."""
    config: Any = row.config
    mode = config.padding_mode.value
    sides = row.settings.padding if row.settings else ()
    how = "" if mode == "zeros" else f', mode="{MODES[mode]}"'
    return Code(run="F.pad({0}, {pad}" + how + ")", constants={"pad": flat(sides)})


def crop(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """Negative padding; the channels of tokens stand last."""
    sides = flat(row.settings.padding if row.settings else ())
    return Code(run="F.pad({0}, {crop})", constants={"crop": (0, 0, *sides) if tokens[0] else sides})


def residual_pad(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Every stride-th position, new channels zero."""
    strides = row.settings.stride if row.settings else ()
    channels = row.output_shape[0] - row.input_shapes[0][0]
    constants: dict[str, object] = {"pad": (*(0, 0) * len(strides), 0, channels)}
    constants |= {f"stride{axis}": stride for axis, stride in enumerate(strides)}
    steps = "".join(f", ::{{stride{axis}}}" for axis in range(len(strides)))
    return Code(run="F.pad({0}" + (f"[:, :{steps}]" if strides else "") + ", {pad})", constants=constants)


def tokens(_row: LayerReport, token_inputs: tuple[bool, ...]) -> Code:
    """Positions become a sequence."""
    return Code(run="{0}" if token_inputs[0] else "{0}.flatten(2).transpose(1, 2)")


def flatten(row: LayerReport, token_inputs: tuple[bool, ...]) -> Code:
    """To a vector, channel by channel."""
    if token_inputs[0]:
        return Code(run="{0}.transpose(1, 2).flatten(1)")
    return Code(run="{0}.flatten(1)" if len(row.input_shapes[0]) > 1 else "{0}")
