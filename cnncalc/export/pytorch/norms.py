"""Norms as PyTorch code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.program.code import Argument, Code, NoCodeError
from cnncalc.ops.norm import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.report import LayerReport

ALONG_CHANNELS = "{module}({0}.transpose(1, 2)).transpose(1, 2)"
"""A module for maps, run on tokens."""


def _bn(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    return _by_channel(row, tokens, f"nn.BatchNorm{max(_count(row, tokens), 1)}d", affine=True)


def _in(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    count = _count(row, tokens)
    if not count:
        message = "instance norm of a vector"
        raise NoCodeError(message)
    return _by_channel(row, tokens, f"nn.InstanceNorm{count}d", affine=False)


def _by_channel(row: LayerReport, tokens: tuple[bool, ...], make: str, *, affine: bool) -> Code:
    config: Any = row.config
    return Code(
        make=make,
        arguments=(
            Argument("num_features", row.input_shapes[0][0], keyword=False),
            Argument("affine", config.affine, default=affine),
        ),
        run=_run(tokens),
        frozen=row.frozen,
    )


def _gn(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    return Code(
        make="nn.GroupNorm",
        arguments=(
            Argument("num_groups", config.num_groups, keyword=False),
            Argument("num_channels", row.input_shapes[0][0], keyword=False),
            Argument("affine", config.affine, default=True),
        ),
        run=_run(tokens),
        frozen=row.frozen,
    )


def _over_channels(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    name = "LayerNorm" if row.op == "ln" else "RMSNorm"
    channels, *sizes = row.input_shapes[0]
    everything = config.over is Span.ALL
    helper = f"Channel{name}" if sizes and not tokens[0] and not everything else None
    shape = (*sizes, channels) if tokens[0] else (channels, *sizes)
    return Code(
        make=helper or f"nn.{name}",
        arguments=(
            Argument("normalized_shape", shape if everything else channels, keyword=False),
            Argument("elementwise_affine", config.affine, default=True),
        ),
        helper=helper,
        frozen=row.frozen,
    )


def _lrn(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    config: Any = row.config
    if not _count(row, tokens):
        message = "local response norm of a vector"
        raise NoCodeError(message)
    size = Argument("size", config.size, keyword=False)
    return Code(make="nn.LocalResponseNorm", arguments=(size,), run=_run(tokens))


def _count(row: LayerReport, tokens: tuple[bool, ...]) -> int:
    return 1 if tokens[0] else len(row.input_shapes[0]) - 1


def _run(tokens: tuple[bool, ...]) -> str:
    return ALONG_CHANNELS if tokens[0] else "{module}({0})"


NORMS: dict[str, Callable[[LayerReport, tuple[bool, ...]], Code]] = {
    "bn": _bn,
    "in": _in,
    "gn": _gn,
    "ln": _over_channels,
    "rms": _over_channels,
    "lrn": _lrn,
}
