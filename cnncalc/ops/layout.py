"""Ops that only rearrange: flatten, tokens, identity, slices and shuffles of channels."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.base import Inference, Mix, Op, Storage, register
from cnncalc.ops.options import MAX_SIZE, invalid, whole
from cnncalc.ops.refuse import either, indivisible, nearest_divisors, nearest_multiples, shaped


@register("flatten", "tokens", "identity")
class Plain(Op):
    """The same elements in another shape: `flatten` gives C*N, `tokens` CxN, `identity` what it was given.

    N is the number of positions. After `tokens` the positions have no grid, and `linear` acts on each (Dosovitskiy et
    al. 2020, arXiv:2010.11929). No costs; the output is a view of the input.

        flatten
        conv 768 k16 s16 | tokens
        identity

    >>> Plain(op="flatten").infer(TensorShape(512, (7, 7))).output
    25088
    >>> Plain(op="tokens").infer(TensorShape(768, (14, 14))).output
    768x196

    Refuses: `tokens` of a vector (CNN905).
    """

    op: Literal["flatten", "tokens", "identity"]

    def is_steady(self) -> bool:
        """`identity` alone."""
        return self.op == "identity"

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape for one input."""
        (x,) = inputs
        if self.op == "flatten":
            mix = Mix.REDUCE if x.sizes else Mix.NONE
            return Inference(output=shaped(x.numel), mix=mix, storage=Storage.VIEW)
        if self.op == "tokens":
            if not x.sizes:
                raise LayerError("CNN905", f"needs a map with spatial axes, {x} is a vector")
            return Inference(output=shaped(x.channels, (x.positions,), tokens=True), storage=Storage.VIEW)
        return Inference(output=x, storage=Storage.VIEW)


Stretch = tuple[int | None, int | None]


def _stretch(value: Any) -> Stretch:
    """`A:B`, `A:`, `:B`, or a pair; the end is excluded."""
    expected = "A:B, the first channel and the one after the last"
    if isinstance(value, str):
        head, colon, tail = value.partition(":")
        if not colon or not all(part == "" or (part.isascii() and part.isdigit()) for part in (head, tail)):
            raise invalid(f"should be {expected}")
        if max(len(head), len(tail)) > len(str(MAX_SIZE)):
            raise invalid(f"should be at most {MAX_SIZE:,}", code="CNN902")
        value = tuple(int(part) if part else None for part in (head, tail))
    if not isinstance(value, (list, tuple)) or len(value) != 2:  # noqa: PLR2004 - first and last
        raise invalid(f"should be {expected}")
    start, stop = (None if part is None else whole(part, 0, MAX_SIZE, expected) for part in value)
    if stop is not None and stop <= (start or 0):
        raise invalid(f"should be {expected}: {start or 0}:{stop} is empty")
    return start, stop


_STRETCH_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": "^[0-9]*:[0-9]*$"},
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": MAX_SIZE},
            "minItems": 2,
            "maxItems": 2,
        },
    ]
}


@register("slice")
class Slice(Op):
    """Channels A to B-1 of the input: C becomes `B - A`.

    An end that is left out is the input's.

        slice 0:58
        slice 58:

    No costs.

    >>> Slice(channels=(0, 58)).infer(TensorShape(116, (28, 28))).output
    58x28x28

    Refuses channels that the input does not have (CNN905).
    """

    op: Literal["slice"] = "slice"
    channels: Annotated[
        Stretch,
        PlainValidator(_stretch),
        WithJsonSchema(_STRETCH_SCHEMA),
        Field(description="First channel and the one after the last.", examples=["0:58", [0, 58]]),
    ]

    POSITIONAL = "channels"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape for one input."""
        (x,) = inputs
        first, last = self.channels
        start, stop = first or 0, x.channels if last is None else last
        if not start < stop <= x.channels:
            message = f"channels {start}:{stop} of an input that has {x.channels:,}"
            help_ = f"use ends from 0 to {x.channels:,}, the second one larger"
            raise LayerError("CNN905", message, help=help_, option="channels")
        # NB: counted as a copy; PyTorch makes a view.
        return Inference(output=TensorShape(stop - start, x.sizes, x.tokens))


@register("channelshuffle")
class ChannelShuffle(Op):
    """Channel `g*(C/groups) + c` becomes channel `c*groups + g`: the groups of a grouped convolution mix.

    Zhang et al. 2017 (ShuffleNet, arXiv:1707.01083).

        channelshuffle 2

    No costs but the copy.

    >>> ChannelShuffle(groups=2).infer(TensorShape(116, (28, 28))).output
    116x28x28

    Refuses channels that `groups` does not divide (CNN003).
    """

    op: Literal["channelshuffle"] = "channelshuffle"
    groups: options.Groups

    POSITIONAL = "groups"

    STEADY = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape for one input."""
        (x,) = inputs
        if x.channels % self.groups:
            fits = either(nearest_divisors(x.channels, self.groups))
            help_ = f"use {fits} groups, or feed {either(nearest_multiples(x.channels, self.groups))} channels"
            raise indivisible("input channels", x.channels, "groups", self.groups, option="groups", help=help_)
        return Inference(output=x)
