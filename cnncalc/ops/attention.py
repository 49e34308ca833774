"""Self-attention."""

from typing import Annotated, Literal

from pydantic import Field

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import ledger, options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Mix, Op, Saved, Weight, register
from cnncalc.ops.refuse import either, indivisible, nearest_divisors, nearest_multiples


@register("attention")
class Attention(Op):
    """Multi-head self-attention over N positions: `softmax(Q K^T / sqrt(C/heads)) V`, then a projection.

    Vaswani et al. 2017 (arXiv:1706.03762); parameters as in PyTorch's MultiheadAttention. On tokens or on a map, whose
    positions it takes row by row; every position depends on all others, so that the field becomes global.

        conv 768 k16 s16 | tokens | attention 12

    Parameters: `4*C**2 + 4*C`. MACs: `4*N*C**2` of the four linear layers, `2*N**2*C` of the two products. FLOPs beside
    the MACs: the biases, `4*N*C` adds; the scale, `N*C` multiplications; the softmax of `heads * N**2` scores (a
    compare, a difference and a sum, an exp and a divide each). Training saves the input, Q, K, V, the weights of
    `heads * N**2` elements and what goes into the projection.

    >>> Attention(num_heads=12).infer(TensorShape(768, (196,), tokens=True)).macs
    521428992

    Refuses: channels that the heads do not divide (CNN003), a vector (CNN905).
    """

    op: Literal["attention"] = "attention"
    num_heads: Annotated[options.Channels, Field(description="Heads; divides the channels.", examples=[12])]
    frozen: options.Frozen = False

    POSITIONAL = "num_heads"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Parameters and costs for one input."""
        (x,) = inputs
        channels, count, heads = x.channels, x.positions, self.num_heads
        if not x.sizes:
            raise LayerError("CNN905", f"needs positions to attend to, {x} is a vector")
        if channels % heads:
            fits = either(nearest_divisors(channels, heads))
            help_ = f"use {fits} heads, or feed {either(nearest_multiples(channels, heads))} channels"
            raise indivisible("input channels", channels, "heads", heads, option="num_heads", help=help_)
        products = 2 * count * count * channels
        macs = 4 * count * channels * channels + products
        linear = 4 * count * channels
        scores = heads * count * count
        sums = heads * count * (count - 1)
        return Inference(
            output=x,
            mix=Mix.GATE if count > 1 else Mix.NONE,
            weights=(
                Weight(name="in_proj_weight", shape=(3 * channels, channels)),
                Weight(name="in_proj_bias", shape=(3 * channels,)),
                Weight(name="out_proj_weight", shape=(channels, channels)),
                Weight(name="out_proj_bias", shape=(channels,)),
            ),
            fan_in=channels,
            fan_out=channels,
            macs=macs,
            macs_valid=macs,
            arithmetic={
                FlopClass.ADD: linear + scores + sums,
                FlopClass.MUL: count * channels,
                FlopClass.COMPARE: sums,
                FlopClass.EXP: scores,
                FlopClass.DIVIDE: scores,
            },
            ledger={ledger.LINEAR_BIAS: linear, ledger.ATTENTION_MATMUL: products},
            activations=linear,
            saved=(*SAVES_INPUT, Saved(what="extra", elements=4 * count * channels + scores)),
        )
