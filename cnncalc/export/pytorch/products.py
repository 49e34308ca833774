"""Attention without projections, products of maps, and other arrangements as PyTorch code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.program.code import Argument, Code
from cnncalc.geometry.shape import TensorShape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.report import LayerReport


def sdpa(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """A module without parameters, on (batch, positions, channels)."""
    config: Any = row.config
    shapes = row.input_shapes if len(row.input_shapes) == len(tokens) else row.input_shapes * len(tokens)
    inputs = ", ".join(
        f"{{{place}}}{_as_tokens(shape, is_tokens=each)}"
        for place, (shape, each) in enumerate(zip(shapes, tokens, strict=True))
    )
    if len(shapes[0]) > 1 and not any(tokens):
        inputs = "*(y.flatten(2).transpose(1, 2) for y in ({0}, {1}, {2}))"
    run = "{module}(" + inputs + ")"
    if len(shapes[0]) == 1:
        run += ".squeeze(1)"
    elif not tokens[0]:
        run += ".transpose(1, 2).unflatten(2, {0}.shape[2:])"
    return Code(
        make="ScaledDotProductAttention",
        arguments=(
            Argument("num_heads", config.num_heads),
            Argument("num_kv_heads", config.num_kv_heads or config.num_heads),
            Argument("windows", config.windows, default=1),
        ),
        run=run,
        helper="ScaledDotProductAttention",
    )


def _as_tokens(shape: Sequence[int], *, is_tokens: bool) -> str:
    if is_tokens:
        return ""
    return ".flatten(2).transpose(1, 2)" if len(shape) > 1 else ".unsqueeze(1)"


def matmul(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """As many matrices as the numbers of elements say."""
    config: Any = row.config
    output = row.inferences[0].output
    one, other = (TensorShape(shape[0], tuple(shape[1:])) for shape in _two(row))
    batch = config.batch(output, one, other)
    inner = config.inner
    matrices = {
        "batch": batch,
        "rows": one.numel // (batch * inner),
        "inner": inner,
        "columns": other.numel // (batch * inner),
    }
    sizes, constants = _sizes(output)
    run = "({0}.reshape(-1, {batch}, {rows}, {inner}) @ {1}.reshape(-1, {batch}, {inner}, {columns}))"
    return Code(run=f"{run}.reshape({sizes})", constants=matrices | constants)


def _two(row: LayerReport) -> tuple[Sequence[int], Sequence[int]]:
    first, *others = row.input_shapes
    return first, others[0] if others else first


def rearrange(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """Elements in the order of channels, then positions."""
    output = row.inferences[0].output
    before = ".transpose(1, 2)" if tokens[0] else ""
    if output.tokens:
        run = "{0}" + before + ".reshape(-1, {channels}, {positions}).transpose(1, 2)"
        return Code(run=run, constants={"channels": output.channels, "positions": output.positions})
    sizes, constants = _sizes(output)
    return Code(run="{0}" + before + f".reshape({sizes})", constants=constants)


def _sizes(output: TensorShape) -> tuple[str, dict[str, object]]:
    """The arguments of `reshape` for a shape, and what they stand for."""
    numbers = (output.positions, output.channels) if output.tokens else tuple(output)
    constants: dict[str, object] = {f"size{place}": number for place, number in enumerate(numbers)}
    return ", ".join(("-1", *(f"{{{key}}}" for key in constants))), constants


def prepend(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A parameter before the tokens of every sample."""
    count = row.output_shape[1] - row.input_shapes[0][1]
    arguments = (Argument("count", count, keyword=False), Argument("channels", row.input_shapes[0][0], keyword=False))
    return Code(make="Prepend", arguments=arguments, helper="Prepend", frozen=row.frozen)
