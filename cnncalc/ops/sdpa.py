"""Attention without its projections."""

from typing import Annotated, Literal

from pydantic import Field

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisWhole
from cnncalc.ops import ledger, options
from cnncalc.ops.base import FlopClass, Inference, Mix, Op, Saved, register
from cnncalc.ops.refuse import either, indivisible, nearest_divisors, nearest_multiples


@register("sdpa")
class Sdpa(Op):
    """Scaled dot-product attention: `softmax(Q K^T / sqrt(Cq/num_heads)) V`, without parameters.

    Vaswani et al. 2017 (arXiv:1706.03762); as PyTorch's scaled_dot_product_attention. The stream is the query, the
    names are key and value: tokens or maps, whose positions are taken row by row. `num_kv_heads`: heads of key and
    value, each shared by `num_heads / num_kv_heads` heads of the query (Ainslie et al. 2023, arXiv:2305.13245).
    `windows`: positions are cut into that many groups of equal size, and each attends inside itself alone.

        q: linear 768 | sdpa k v heads=12
        sdpa k v heads=32 kv_heads=8
        sdpa k v heads=3 windows=64

    N positions of the query, M of the key, Cq channels of the query: the output has N positions and
    `Cout = num_heads * C(value) / num_kv_heads` channels. MACs: `N * M/windows * (Cq + Cout)`. FLOPs beside the MACs:
    the scale, `N * Cq` multiplications; the softmax of `num_heads * N * M/windows` scores (a compare, a difference and
    a sum, an exp and a divide each). Training saves query, key, value and the weights, as many as there are scores; a
    fused kernel keeps the output and a number per row in their place. The field becomes global.

    >>> tokens = TensorShape(768, (196,), tokens=True)
    >>> Sdpa(num_heads=12).infer(tokens, tokens, tokens).macs
    59006976

    Refuses: other numbers of inputs than three (CNN906); keys and values of different positions, heads of different
    lengths (CNN001); channels that the heads do not divide, positions that `windows` does not divide (CNN003); keys
    without positions (CNN905).
    """

    op: Literal["sdpa"] = "sdpa"
    num_heads: Annotated[options.Channels, Field(description="Heads of the query; divides its channels.")] = 1
    num_kv_heads: Annotated[
        options.MaybeChannels, Field(description="Heads of key and value; as many as the query has if left out.")
    ] = None
    windows: Annotated[options.Channels, Field(description="Groups of positions that do not see each other.")] = 1

    POSITIONAL = None
    REFERENCES = True
    TAKES = "KEY VALUE"

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape and costs for query, key and value."""
        if len(inputs) != 3:  # noqa: PLR2004 - query, key, value
            message = f"takes a query, a key and a value, found {len(inputs)} input{'s' * (len(inputs) != 1)}"
            raise LayerError("CNN906", message, help="name key and value: `sdpa K V`; the stream is the query")
        q, k, v = inputs
        channels = self._channels(q, k, v)
        self._check_positions(q, k, v)
        seen = k.positions // self.windows
        macs = q.positions * seen * (q.channels + channels)
        scores = self.num_heads * q.positions * seen
        sums = scores - self.num_heads * q.positions
        mixes = q.positions > 1 or k.positions > 1
        return Inference(
            output=TensorShape(channels, q.sizes, q.tokens),
            reads=(None, (AxisWhole(),) * k.ndim, (AxisWhole(),) * v.ndim) if mixes else (),
            mix=Mix.GATE if mixes else Mix.NONE,
            macs=macs,
            macs_valid=macs,
            arithmetic={
                FlopClass.ADD: scores + sums,
                FlopClass.MUL: q.numel,
                FlopClass.COMPARE: sums,
                FlopClass.EXP: scores,
                FlopClass.DIVIDE: scores,
            },
            ledger={ledger.ATTENTION_MATMUL: macs},
            saved=(
                *(Saved(what="input", index=index) for index in range(3)),
                Saved(what="extra", elements=scores),
            ),
        )

    def _channels(self, q: TensorShape, k: TensorShape, v: TensorShape) -> int:
        """Of the output."""
        heads, shared = self.num_heads, self.num_kv_heads or self.num_heads
        if heads % shared:
            help_ = f"use {either(nearest_divisors(heads, shared))} heads of key and value"
            raise indivisible("heads", heads, "kv_heads", shared, option="num_kv_heads", help=help_)
        option = "num_kv_heads" if self.num_kv_heads else "num_heads"
        for name, x, count, at in (
            ("query", q, heads, "num_heads"), ("key", k, shared, option), ("value", v, shared, option),
        ):  # fmt: skip
            if x.channels % count:
                fits = either(nearest_divisors(x.channels, count))
                help_ = f"use {fits} heads, or feed {either(nearest_multiples(x.channels, count))} channels"
                raise indivisible(f"channels of the {name}", x.channels, "heads", count, option=at, help=help_)
        if q.channels // heads != k.channels // shared:
            message = (
                f"a head of the query {q} has {q.channels // heads:,} channels, of the key {k} {k.channels // shared:,}"
            )
            raise LayerError("CNN001", message, help=f"feed a key of {q.channels // heads * shared:,} channels")
        return v.channels // shared * heads

    def _check_positions(self, q: TensorShape, k: TensorShape, v: TensorShape) -> None:
        if not k.sizes:
            raise LayerError("CNN905", f"needs positions to attend to, the key {k} is a vector")
        if k.positions != v.positions:
            message = f"the key {k} has {k.positions:,} positions, the value {v} has {v.positions:,}"
            raise LayerError("CNN001", message, help="take both from the same layer")
        for name, x in (("query", q), ("key", k)):
            if x.positions % self.windows:
                fits = either(nearest_divisors(x.positions, self.windows))
                what = f"positions of the {name}"
                raise indivisible(
                    what, x.positions, "windows", self.windows, option="windows", help=f"use {fits} windows"
                )
