"""Merges, reductions, pools of everything, and ops that move positions or channels, as Keras code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.keras.windows import MODES, around, sides
from cnncalc.export.program.code import Argument, Code, NoCodeError, axes
from cnncalc.geometry.resize import ResizeMode
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops.over import axes_over
from cnncalc.ops.refuse import pads_per_axis

if TYPE_CHECKING:
    from cnncalc.report import LayerReport

MERGES = {
    "add": "Add",
    "sub": "Subtract",
    "mul": "Multiply",
    "max": "Maximum",
    "min": "Minimum",
    "concat": "Concatenate",
}
REDUCTIONS = {"mean": "mean", "sum": "sum", "max": "max", "min": "min", "norm": "norm"}
INTERPOLATIONS = {ResizeMode.LINEAR: "bilinear", ResizeMode.CUBIC: "bicubic"}
_PLANE = 2


def joint(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Sizes that differ are padded or cut first; what has size 1 Keras repeats."""
    reads = row.inferences[0].reads
    parts, constants = [], {}
    for place in range(len(row.inputs)):
        own = reads[place] if reads else None
        pads = tuple(read.padding for read in own if isinstance(read, AxisWindow)) if own else ()
        if any(map(any, pads)):
            cuts = min(min(pair) for pair in pads) < 0
            if cuts and max(max(pair) for pair in pads) > 0:
                message = "an input that is padded on one axis and cut on another"
                raise NoCodeError(message)
            layer = f"layers.{'Cropping' if cuts else 'ZeroPadding'}{len(pads)}D"
            constants[f"pad{place}"] = sides(tuple((abs(before), abs(after)) for before, after in pads))
            parts.append(f'{layer}({{pad{place}}}, name={{part}}_{place}")({{{place}}})')
        else:
            parts.append(f"{{{place}}}")
    if row.op == "div":
        return Code(run=" / ".join(parts), constants=constants)
    if row.op == "sub" and len(parts) > 2:  # noqa: PLR2004 - Keras subtracts one from another
        return Code(run=" - ".join(parts), constants=constants)
    return Code(make=f"layers.{MERGES[row.op]}", run=f"{{module}}([{', '.join(parts)}])", constants=constants)


def reduce(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """What is reduced stays, with size 1."""
    config: Any = row.config
    shape = row.inferences[0].output
    over = axes_over(config.over, type(shape)(row.input_shapes[0][0], tuple(row.input_shapes[0][1:]), shape.tokens))
    places = [axis + 1 for axis in over] or [-1]
    axis = places[0] if len(places) == 1 else tuple(places)
    return Code(run=f"ops.{REDUCTIONS[config.kind.value]}({{0}}, axis={axis}, keepdims=True)")


def gap(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Global pools that keep the axes."""
    kind = "Average" if row.op == "gap" else "Max"
    ndim = len(row.input_shapes[0]) - 1
    return Code(make=f"layers.Global{kind}Pooling{ndim}D", arguments=(Argument("keepdims", value=True),))


def adaptive(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A pool of equal windows where the size divides the input's."""
    kind = "Average" if row.op == "adaptive" else "Max"
    before, after = row.input_shapes[0][1:], row.output_shape[1:]
    ndim = len(after)
    if any(n % m for n, m in zip(before, after, strict=True)):
        size = Argument("output_size", axes(after), keyword=False)
        return Code(make=f"layers.Adaptive{kind}Pooling{ndim}D", arguments=(size,))
    kernel = axes([n // m for n, m in zip(before, after, strict=True)])
    return Code(make=f"layers.{kind}Pooling{ndim}D", arguments=(Argument("kernel_size", kernel, keyword=False),))


def upsample(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Whole factors of the nearest position; in two axes linear and cubic to any larger size."""
    config: Any = row.config
    before, after = row.input_shapes[0][1:], row.output_shape[1:]
    whole = all(m % n == 0 for n, m in zip(before, after, strict=True))
    if config.mode in (ResizeMode.NEAREST, ResizeMode.NEAREST_EXACT) and whole:
        factors = axes([m // n for n, m in zip(before, after, strict=True)])
        return Code(make=f"layers.UpSampling{len(after)}D", arguments=(Argument("size", factors, keyword=False),))
    if config.mode not in INTERPOLATIONS or config.align_corners or len(after) != _PLANE:
        corners = ", corners aligned" if config.align_corners else ""
        message = f"upsampling in mode {config.mode.value} over {len(after)} axes{corners}"
        raise NoCodeError(message)
    if not whole and config.scale is not None:  # PyTorch's grid follows the scale, Keras' the sizes
        message = "upsampling by a factor that is not whole"
        raise NoCodeError(message)
    return Code(
        make="layers.Resizing",
        arguments=(
            Argument("height", after[0], keyword=False),
            Argument("width", after[1], keyword=False),
            Argument("interpolation", INTERPOLATIONS[config.mode], "bilinear"),
        ),
    )


def pixelshuffle(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A function of the file, in two axes."""
    config: Any = row.config
    if len(row.output_shape) - 1 != _PLANE:
        message = f"a pixel shuffle over {len(row.output_shape) - 1} axes"
        raise NoCodeError(message)
    up = row.op == "pixelshuffle"
    factor = config.upscale_factor if up else config.downscale_factor
    name = "pixel_shuffle" if up else "pixel_unshuffle"
    return Code(run=f"{name}({{0}}, {{factor}})", constants={"factor": factor}, helper=name)


def channelshuffle(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A function of the file."""
    config: Any = row.config
    return Code(run="channel_shuffle({0}, {groups})", constants={"groups": config.groups}, helper="channel_shuffle")


def slice_(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """The last axis."""
    config: Any = row.config
    first, last = config.channels
    stop = row.input_shapes[0][0] if last is None else last
    return Code(run="{0}[..., {start}:{stop}]", constants={"start": first or 0, "stop": stop})


def pad(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Zeros, or what is mirrored."""
    config: Any = row.config
    mode = config.padding_mode.value
    pads = pads_per_axis(config.padding, len(row.input_shapes[0]) - 1, "padding")
    if mode not in MODES or any(one < 0 for pair in pads for one in pair):
        message = f"padding that is {'negative' if mode in MODES else mode}"
        raise NoCodeError(message)
    if mode != "zeros":
        return Code(run=f'ops.pad({{0}}, {{pad}}, mode="{MODES[mode]}")', constants={"pad": around(pads)})
    return Code(make=f"layers.ZeroPadding{len(pads)}D", arguments=(Argument("padding", sides(pads), keyword=False),))


def crop(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """`Cropping`, also of tokens."""
    pads = row.settings.padding if row.settings else ()
    if any(one > 0 for pair in pads for one in pair):
        message = "a crop that pads"
        raise NoCodeError(message)
    cuts = sides(tuple((-before, -after) for before, after in pads))
    return Code(make=f"layers.Cropping{len(pads)}D", arguments=(Argument("cropping", cuts, keyword=False),))


def tokens(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """Positions in one axis."""
    channels, count = row.output_shape
    return Code(make="layers.Reshape", arguments=(Argument("target_shape", (count, channels), keyword=False),))


def rearrange(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """The same elements; which goes where is not said."""
    channels, *rest = row.output_shape
    return Code(make="layers.Reshape", arguments=(Argument("target_shape", (*rest, channels), keyword=False),))


def flatten(_row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """The channels of a position beside each other."""
    return Code(make="layers.Flatten")


def sdpa(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A function of the file."""
    config: Any = row.config
    if config.windows > 1 or config.num_kv_heads not in (None, config.num_heads):
        message = "attention in windows" if config.windows > 1 else "heads of key and value that are shared"
        raise NoCodeError(message)
    return Code(run="attend({0}, {1}, {2}, {heads})", constants={"heads": config.num_heads}, helper="attend")
