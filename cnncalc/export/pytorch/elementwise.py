"""Activations, functions of each element, softmax, reductions and merges as PyTorch code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.export.program.code import Argument, Code, NoCodeError
from cnncalc.export.pytorch.windows import flat
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWindow
from cnncalc.ops.over import axes_over

if TYPE_CHECKING:
    from cnncalc.report import LayerReport

ACTIVATIONS = {
    "relu": "nn.ReLU",
    "relu6": "nn.ReLU6",
    "leaky": "nn.LeakyReLU",
    "elu": "nn.ELU",
    "selu": "nn.SELU",
    "celu": "nn.CELU",
    "silu": "nn.SiLU",
    "gelu": "nn.GELU",
    "mish": "nn.Mish",
    "hswish": "nn.Hardswish",
    "hsigmoid": "nn.Hardsigmoid",
    "hardtanh": "nn.Hardtanh",
    "sigmoid": "nn.Sigmoid",
    "tanh": "nn.Tanh",
    "softplus": "nn.Softplus",
}
FUNCTIONS = ("exp", "log", "sqrt", "rsqrt", "square", "abs", "neg", "erf")
"""Called by the same name in PyTorch."""
INFIX = {"add": " + ", "sub": " - ", "mul": " * ", "div": " / "}
REDUCTIONS = {
    "mean": "{0}.mean({dim}, keepdim=True)",
    "sum": "{0}.sum({dim}, keepdim=True)",
    "max": "{0}.amax({dim}, keepdim=True)",
    "min": "{0}.amin({dim}, keepdim=True)",
    "norm": "torch.linalg.vector_norm({0}, dim={dim}, keepdim=True)",
}


def activation(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A module."""
    return Code(make=ACTIVATIONS[row.op])


def function(row: LayerReport, _tokens: tuple[bool, ...]) -> Code:
    """A function."""
    return Code(run=f"torch.{row.op}({{0}})")


def prelu(row: LayerReport, token_inputs: tuple[bool, ...]) -> Code:
    """Slopes are those of maps."""
    config: Any = row.config
    if token_inputs[0] and config.num_parameters > 1:
        message = "a slope per channel of tokens"
        raise NoCodeError(message)
    return Code(make="nn.PReLU", arguments=(Argument("num_parameters", config.num_parameters, 1),), frozen=row.frozen)


def softmax(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """A module where it goes over one axis."""
    places = _dims(row, tokens)
    if len(places) == 1:
        return Code(make="nn.Softmax", arguments=(Argument("dim", places[0]),))
    return Code(run="{0}.flatten(2).softmax(2).reshape({0}.shape)")


def reduce(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """What is reduced stays, with size 1."""
    config: Any = row.config
    places = _dims(row, tokens)
    dim = places[0] if len(places) == 1 else places
    return Code(run=REDUCTIONS[config.kind.value].replace("{dim}", str(dim)))


def _dims(row: LayerReport, tokens: tuple[bool, ...]) -> tuple[int, ...]:
    """Axes as PyTorch numbers them."""
    config: Any = row.config
    channels, *sizes = row.input_shapes[0]
    axes = axes_over(config.over, TensorShape(channels, tuple(sizes)))
    if tokens[0]:
        return (1,) if axes else (-1,)
    return tuple(axis + 2 for axis in axes) or (1,)


def joint(row: LayerReport, tokens: tuple[bool, ...]) -> Code:
    """Sizes that differ are padded or cut first; what has size 1 PyTorch repeats."""
    reads = row.inferences[0].reads
    parts, constants = [], {}
    for place in range(len(row.inputs)):
        own = reads[place] if reads else None
        sides = [read.padding for read in own if isinstance(read, AxisWindow)] if own else []
        if any(map(any, sides)):
            constants[f"pad{place}"] = flat(sides)
            parts.append(f"F.pad({{{place}}}, {{pad{place}}})")
        else:
            parts.append(f"{{{place}}}")
    if row.op == "concat":
        return Code(run=f"torch.cat(({', '.join(parts)}), dim={-1 if tokens[0] else 1})", constants=constants)
    if row.op in ("max", "min"):
        run = parts[0]
        for part in parts[1:]:
            run = f"torch.{row.op}imum({run}, {part})"
        return Code(run=run, constants=constants)
    return Code(run=INFIX[row.op].join(parts), constants=constants)
