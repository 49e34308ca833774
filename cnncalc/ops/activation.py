"""Activations."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, Literal

from pydantic import Field

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.base import (
    SAVES_INPUT,
    SAVES_OUTPUT,
    FlopClass,
    Inference,
    Mix,
    Op,
    Saved,
    Storage,
    Weight,
    register,
)
from cnncalc.ops.over import Over, What, axes_over
from cnncalc.values import value

ADD, MUL, COMPARE, DIVIDE, EXP = (
    FlopClass.ADD,
    FlopClass.MUL,
    FlopClass.COMPARE,
    FlopClass.DIVIDE,
    FlopClass.EXP,
)


@value
class Facts:
    """What is known of an activation."""

    per_element: Mapping[FlopClass, int]
    saved: tuple[Saved, ...] = SAVES_INPUT
    fusable: bool = False
    synonyms: tuple[str, ...] = ()
    """PyTorch's names of it."""


FACTS: dict[str, Facts] = {
    "relu": Facts(per_element={COMPARE: 1}, saved=SAVES_OUTPUT, fusable=True, synonyms=("ReLU",)),
    "relu6": Facts(per_element={COMPARE: 2}, fusable=True, synonyms=("ReLU6",)),
    "leaky": Facts(per_element={COMPARE: 1, MUL: 1}, synonyms=("leaky_relu", "LeakyReLU")),
    "elu": Facts(per_element={COMPARE: 1, EXP: 1, ADD: 1, MUL: 1}, synonyms=("ELU",)),
    "selu": Facts(per_element={COMPARE: 1, EXP: 1, ADD: 1, MUL: 2}, synonyms=("SELU",)),
    "celu": Facts(per_element={COMPARE: 1, EXP: 1, ADD: 1, MUL: 1, DIVIDE: 1}, synonyms=("CELU",)),
    "silu": Facts(per_element={EXP: 1, ADD: 1, DIVIDE: 1}, fusable=True, synonyms=("SiLU", "swish")),
    "gelu": Facts(per_element={EXP: 1, ADD: 1, MUL: 3}, synonyms=("GELU",)),
    "mish": Facts(per_element={EXP: 3, ADD: 3, DIVIDE: 1, MUL: 1}, synonyms=("Mish",)),
    "hswish": Facts(
        per_element={ADD: 1, COMPARE: 2, MUL: 1, DIVIDE: 1},
        fusable=True,
        synonyms=("hardswish", "Hardswish"),
    ),
    "hsigmoid": Facts(per_element={ADD: 1, COMPARE: 2, DIVIDE: 1}, synonyms=("hardsigmoid", "Hardsigmoid")),
    "hardtanh": Facts(per_element={COMPARE: 2}, synonyms=("Hardtanh",)),
    "sigmoid": Facts(per_element={EXP: 1, ADD: 1, DIVIDE: 1}, saved=SAVES_OUTPUT, synonyms=("Sigmoid",)),
    "tanh": Facts(per_element={EXP: 1, ADD: 2, DIVIDE: 1}, saved=SAVES_OUTPUT, synonyms=("Tanh",)),
    "softplus": Facts(per_element={EXP: 2, ADD: 1}, synonyms=("Softplus",)),
    "exp": Facts(per_element={EXP: 1}, saved=SAVES_OUTPUT),
    "log": Facts(per_element={EXP: 1}),
    "sqrt": Facts(per_element={EXP: 1}, saved=SAVES_OUTPUT),
    "rsqrt": Facts(per_element={EXP: 1, DIVIDE: 1}, saved=SAVES_OUTPUT),
    "square": Facts(per_element={MUL: 1}),
    "abs": Facts(per_element={COMPARE: 1}),
    "neg": Facts(per_element={ADD: 1}, saved=()),
    "erf": Facts(per_element={EXP: 1}),
}
"""By name. The counts are those of the table in `Activation`."""

FUNCTIONS = frozenset({"exp", "log", "sqrt", "rsqrt", "square", "abs", "neg", "erf"})
"""Those that are arithmetic rather than nonlinearities of a network."""
SOFTMAX_SYNONYMS = ("Softmax", "Softmax2d")
PRELU_SYNONYMS = ("PReLU",)


@register(*FACTS, synonyms={other: name for name, facts in FACTS.items() for other in facts.synonyms})
class Activation(Op):
    """A function of every element by itself.

    No parameters, no window; it may overwrite its input. PyTorch's names are accepted (`leaky_relu`, `Hardswish`).

        conv 64 k3 p1 bn relu
        gap | fc 10 sigmoid

    FLOPs per element, each exponential, logarithm, root or erf one of class exp:

        relu      max(x, 0)                          1 compare
        relu6     min(max(x, 0), 6)                  2 compare
        leaky     x if x > 0 else a*x                1 compare, 1 mul
        elu       x if x > 0 else a*(e**x - 1)       1 compare, 1 exp, 1 add, 1 mul
        selu      s * elu(x)                         1 compare, 1 exp, 1 add, 2 mul
        celu      x if x > 0 else a*(e**(x/a) - 1)   1 compare, 1 exp, 1 add, 1 mul, 1 divide
        silu      x / (1 + e**-x)                    1 exp, 1 add, 1 divide
        gelu      x * (1 + erf(x * c)) * 0.5         1 exp, 1 add, 3 mul
        mish      x * tanh(log(1 + e**x))            3 exp, 3 add, 1 divide, 1 mul
        hswish    x * min(max(x + 3, 0), 6) / 6      1 add, 2 compare, 1 mul, 1 divide
        hsigmoid  min(max(x + 3, 0), 6) / 6          1 add, 2 compare, 1 divide
        hardtanh  min(max(x, -1), 1)                 2 compare
        sigmoid   1 / (1 + e**-x)                    1 exp, 1 add, 1 divide
        tanh      1 - 2 / (1 + e**(2*x))             1 exp, 2 add, 1 divide
        softplus  log(1 + e**x)                      2 exp, 1 add
        exp       e**x                               1 exp
        log       log(x)                             1 exp
        sqrt      x**(1/2)                           1 exp
        rsqrt     1 / x**(1/2)                       1 exp, 1 divide
        square    x * x                              1 mul
        abs       max(x, -x)                         1 compare
        neg       0 - x                              1 add
        erf       erf(x)                             1 exp

    Training saves the output of relu, sigmoid, tanh, exp, sqrt and rsqrt, nothing for neg, the input of the others. A
    runtime folds four into the layer before: relu, relu6, silu, hswish.

    >>> Activation(op="relu").infer(TensorShape(64, (56, 56))).output
    64x56x56
    """

    op: Literal[
        "relu", "relu6", "leaky", "elu", "selu", "celu", "silu", "gelu", "mish", "hswish", "hsigmoid", "hardtanh",
        "sigmoid", "tanh", "softplus", "exp", "log", "sqrt", "rsqrt", "square", "abs", "neg", "erf",
    ]  # fmt: skip

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Costs for one input."""
        (x,) = inputs
        numel, facts = x.numel, FACTS[self.op]
        return Inference(
            output=x,
            arithmetic={kind: count * numel for kind, count in facts.per_element.items()},
            ledger={self.op: numel},
            storage=Storage.IN_PLACE,
            fusable=facts.fusable,
            saved=facts.saved,
        )


@register("softmax", synonyms=dict.fromkeys(SOFTMAX_SYNONYMS, "softmax"))
class Softmax(Op):
    """Softmax, `e**(x - max) / sum`, of the channels of every position, or of the positions of every channel.

    `over` is `channels`, `positions` or one axis by its letter (`h`, `w`, `d`, and `l` where there is one axis). Over
    positions every one depends on all others, so that the field becomes global.

        gap | fc 10 softmax
        conv 1 k1 | softmax over=positions

    FLOPs per element: 1 exp, 1 add, 1 divide; and for every n numbers that are weighed against each other `n - 1`
    compares and `n - 1` adds. No parameters; it may overwrite its input. Training saves the output.

    >>> Softmax().infer(TensorShape(10)).arithmetic[FlopClass.EXP]
    10

    Refuses an axis that the input does not have, positions of a vector (CNN905).
    """

    op: Literal["softmax"] = "softmax"
    over: Over = What.CHANNELS

    POSITIONAL = None

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Costs for one input."""
        (x,) = inputs
        axes, numel = axes_over(self.over, x), x.numel
        count = prod(x.sizes[axis] for axis in axes) if axes else x.channels
        folds = numel - numel // count
        return Inference(
            output=x,
            mix=Mix.GATE if axes and count > 1 else Mix.NONE,
            arithmetic={COMPARE: folds, EXP: numel, ADD: numel + folds, DIVIDE: numel},
            ledger={self.op: numel},
            storage=Storage.IN_PLACE,
            saved=SAVES_OUTPUT,
        )


@register("prelu", synonyms=dict.fromkeys(PRELU_SYNONYMS, "prelu"))
class PReLU(Op):
    """Leaky ReLU with a learned slope, `x if x > 0 else a*x`.

    He et al. 2015 (arXiv:1502.01852); as in PyTorch one slope for all channels, or one per channel with
    `num_parameters=C`.

        conv 64 k3 p1 prelu
        prelu num_parameters=64

    Parameters: `num_parameters`. FLOPs per element: 1 compare, 1 mul. Training saves the input.

    >>> PReLU().infer(TensorShape(64, (56, 56))).weights[0].shape
    (1,)

    Refuses a number of slopes that is neither 1 nor C (CNN905).
    """

    op: Literal["prelu"] = "prelu"
    num_parameters: Annotated[options.Channels, Field(description="Slopes: 1, or one per channel.")] = 1
    frozen: options.Frozen = False

    POSITIONAL = None

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Parameters and costs for one input."""
        (x,) = inputs
        slopes = self.num_parameters
        if slopes not in (1, x.channels):
            message = f"num_parameters {slopes:,} for {x.channels:,} channels"
            raise LayerError("CNN905", message, help=f"use 1 or {x.channels:,}", option="num_parameters")
        return Inference(
            output=x,
            weights=(Weight(name="weight", shape=(slopes,)),),
            arithmetic={COMPARE: x.numel, MUL: x.numel},
            ledger={self.op: x.numel},
            storage=Storage.IN_PLACE,
            saved=SAVES_INPUT,
        )
