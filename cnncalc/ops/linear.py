"""Linear layers."""

from typing import Literal

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import ledger, options
from cnncalc.ops.base import SAVES_INPUT, FlopClass, Inference, Mix, Op, Step, Weight, register
from cnncalc.ops.layout import Plain


@register("linear")
class Linear(Op):
    """Linear layer, `y = W x + b`: C to `out_channels`; after `tokens` on each of the N positions.

    As in PyTorch's Linear. Takes C, Cx1x1 (which gives a plain vector) or CxN tokens.

        linear 4096 relu
        tokens | linear 768

    MACs: `N * C * out_channels`, N = 1 but for tokens. Parameters: `C * out_channels`, and `out_channels` of bias.
    FLOPs beside the MACs: one add per output element with a bias. Training saves the input, a frozen layer nothing.

    >>> Linear(out_channels=1000).infer(TensorShape(512)).output
    1000

    Refuses a map (CNN005).
    """

    op: Literal["linear"] = "linear"
    out_channels: options.OutChannels
    bias: options.Bias = True
    frozen: options.Frozen = False

    POSITIONAL = "out_channels"

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, parameters and costs for one input."""
        (x,) = inputs
        channels, out = x.channels, self.out_channels
        if not x.tokens and x.positions > 1:
            raise LayerError(
                "CNN005",
                f"takes a vector, found the map {x}",
                help=f"`fc {out}` flattens it first ({x.numel:,} inputs), `gap` before it leaves {channels:,}, "
                f"`conv {out} k1` acts on every position",
            )
        output = TensorShape(out, x.sizes, tokens=True) if x.tokens else TensorShape(out)
        weight = Weight(name="weight", shape=(out, channels))
        macs = channels * output.numel
        return Inference(
            output=output,
            mix=Mix.REDUCE if x.sizes and not x.tokens else Mix.NONE,
            weights=(weight, Weight(name="bias", shape=(out,))) if self.bias else (weight,),
            fan_in=channels,
            fan_out=out,
            macs=macs,
            macs_valid=macs,
            arithmetic={FlopClass.ADD: output.numel} if self.bias else {},
            ledger={ledger.LINEAR_BIAS: output.numel} if self.bias else {},
            activations=output.numel,
            # For the gradient of the weights alone; autograd keeps it for frozen convolutions all the same.
            saved=() if self.frozen else SAVES_INPUT,
        )


@register("fc")
class FullyConnected(Op):
    """Fully connected layer: `flatten`, then `linear`; one row.

        fc 4096 relu
        fc 1000

    MACs: `numel(input) * out_channels`. Parameters: as many, and `out_channels` of bias.

    >>> [step.name for step in FullyConnected(out_channels=1000).expand(TensorShape(512, (7, 7)))]
    ['flatten', 'linear']
    """

    op: Literal["fc"] = "fc"
    out_channels: options.OutChannels
    bias: options.Bias = True
    frozen: options.Frozen = False

    POSITIONAL = "out_channels"
    LEAD = "linear"

    def expand(self, *inputs: TensorShape) -> tuple[Step, ...]:  # noqa: ARG002 - the same steps for any input
        """Flatten and linear."""
        linear = Linear(out_channels=self.out_channels, bias=self.bias, frozen=self.frozen)
        return Step(name="flatten", op=Plain(op="flatten")), Step(name="linear", op=linear, takes=("flatten",))
