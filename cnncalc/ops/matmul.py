"""Products of two maps as matrices."""

from typing import Annotated, Literal

from pydantic import Field

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import ledger, options
from cnncalc.ops.base import Inference, Mix, Op, Saved, register
from cnncalc.ops.declared import Out, Tokens, declared
from cnncalc.ops.refuse import indivisible


@register("matmul")
class MatMul(Op):
    """Batched product of two maps as matrices: every output element is a sum over `inner` products.

    The stream is `batch` matrices of `n x inner`, the other input as many of `inner x m`, the output as many of
    `n x m`; which axis is which is not said: `batch = |a| |b| / (inner**2 |out|)` follows from the numbers of elements.
    `out` is the output shape, `?` in it the stream's number at the same place. Every position depends on all of both
    inputs.

        q: linear 64
        k: linear 64 from=x
        matmul q out=196x196 inner=64

    MACs: `|out| * inner`. No parameters. Training saves both inputs. What it is for: attention that is written out, and
    any of its relatives; `sdpa` is the plain one.

    >>> one = TensorShape(64, (196,), tokens=True)
    >>> MatMul(out=(196, 196), inner=64).infer(one, one).macs
    2458624

    Refuses: numbers of elements that no such product has (CNN001), an input that `inner` does not divide (CNN003), any
    number of inputs but two (CNN906).
    """

    op: Literal["matmul"] = "matmul"
    out: Out
    inner: Annotated[options.Channels, Field(description="Products in the sum of an output element.", examples=[64])]
    tokens: Tokens = None

    POSITIONAL = None
    REFERENCES = True
    TAKES = "LAYER"

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape and costs for two inputs."""
        if len(inputs) != 2:  # noqa: PLR2004 - a product has two sides
            raise LayerError(
                "CNN906", f"multiplies two maps, found {len(inputs)}", help="name the other: `matmul NAME`"
            )
        output = declared(self.out, inputs[0], tokens=self.tokens)
        self.batch(output, *inputs)
        macs = output.numel * self.inner
        return Inference(
            output=output,
            mix=Mix.REDUCE,
            macs=macs,
            macs_valid=macs,
            ledger={ledger.ATTENTION_MATMUL: macs},
            saved=(Saved(what="input", index=0), Saved(what="input", index=1)),
        )

    def batch(self, output: TensorShape, a: TensorShape, b: TensorShape) -> int:
        """How many matrices there are; refuses what cannot be."""
        inner = self.inner
        for name, x in (("elements of the stream", a), ("elements of the other input", b)):
            if x.numel % inner:
                help_ = "`inner` is the length of the rows that are multiplied: a factor of both inputs"
                raise indivisible(name, x.numel, "inner", inner, option="inner", help=help_)
        batch, rest = divmod(a.numel * b.numel, inner * inner * output.numel)
        if rest or a.numel % (inner * batch or 1) or b.numel % (inner * batch or 1):
            message = f"no product of {a} and {b} over {inner:,} has {output.numel:,} elements ({output})"
            most = a.numel // inner * (b.numel // inner)
            help_ = f"a single product has {most:,} elements, one of `batch` matrices {most:,} / batch"
            raise LayerError("CNN001", message, help=help_, option="out")
        return batch
