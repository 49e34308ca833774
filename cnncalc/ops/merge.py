"""Merges: several inputs become one."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Literal, Optional

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.geometry.window import AxisRead, AxisWhole, AxisWindow
from cnncalc.ops.base import FlopClass, Inference, Merge, Op, Saved, Storage, register
from cnncalc.ops.options import enum_schema, member
from cnncalc.ops.refuse import axis_names, shaped

Reads = Optional[tuple[AxisRead, ...]]  # noqa: UP045 - a Union of its own is no type on Python 3.10


class Align(str, Enum):
    """What happens to inputs of different sizes."""

    ERROR = "error"
    CROP = "crop"
    PAD = "pad"
    BROADCAST = "broadcast"


ARITHMETIC = {
    Merge.ADD: FlopClass.ADD,
    Merge.SUB: FlopClass.ADD,
    Merge.MUL: FlopClass.MUL,
    Merge.DIV: FlopClass.DIVIDE,
    Merge.MAX: FlopClass.COMPARE,
    Merge.MIN: FlopClass.COMPARE,
}


@register("add", "sub", "mul", "div", "max", "min", "concat")
class Joint(Op):
    """Elementwise sum, difference, product, quotient, maximum or minimum of inputs, or concatenation of their channels.

    A merge extends the stream by the layers that it names: `concat e4` is `[stream, e4]`. `align=crop` cuts larger maps
    to the smallest size, centred, the odd row after; `align=pad` pads smaller ones to the largest with zeros, the same
    way; `align=broadcast` repeats what has size 1 on an axis, or one channel. `mul` also takes a gate of Cx1x1 or 1xHxW
    as it is.

        add stem
        concat e4 align=crop
        mul gate
        sub mean align=broadcast

    FLOPs per output element: one add (`add`, `sub`), multiplication (`mul`), divide (`div`) or compare (`max`, `min`)
    for every input after the first; none for `concat`. Training saves all inputs of `mul`, `div`, `max` and `min` (and,
    of three and more, the results in between), none of the others. `add` and `sub` may overwrite an input.

    >>> Joint(op="concat").infer(TensorShape(64, (28, 28)), TensorShape(32, (28, 28))).output
    96x28x28
    >>> Joint(op="mul").infer(TensorShape(64, (28, 28)), TensorShape(64, (1, 1))).output
    64x28x28

    Refuses: shapes that differ (CNN001), `align=broadcast` for `concat` (CNN905), fewer than two inputs (CNN906).
    """

    op: Literal["add", "sub", "mul", "div", "max", "min", "concat"]
    align: Annotated[
        Align,
        PlainValidator(member(Align)),
        WithJsonSchema(enum_schema(Align)),
        Field(description="What happens to inputs of different sizes."),
    ] = Align.ERROR

    REFERENCES = True
    TAKES = "LAYER..."
    JOINS = True

    def infer(self, *inputs: TensorShape) -> Inference:
        """Shape, reads and costs for two or more inputs."""
        if len(inputs) < 2:  # noqa: PLR2004 - a merge has two sides
            message = f"joins two or more layers, found {len(inputs)}"
            raise LayerError("CNN906", message, help=f"name the others: `{self.op} NAME`")
        kind = Merge(self.op)
        first = inputs[0]
        same = all(x == first for x in inputs)
        output, reads = (first, ()) if same else self._fit(kind, inputs)
        if kind is Merge.CONCAT:
            channels = sum(x.channels for x in inputs)
            output = shaped(channels, output.sizes, tokens=output.tokens)
            return Inference(output=output, reads=reads, merge=kind)
        numel, others = output.numel, len(inputs) - 1
        return Inference(
            output=output,
            reads=reads,
            merge=kind,
            arithmetic={ARITHMETIC[kind]: others * numel},
            storage=Storage.IN_PLACE if kind in (Merge.ADD, Merge.SUB) else Storage.NEW,
            saved=() if kind in (Merge.ADD, Merge.SUB) else _saved(len(inputs), numel),
        )

    def _fit(self, kind: Merge, inputs: Sequence[TensorShape]) -> tuple[TensorShape, tuple[Reads, ...]]:
        """The common shape, and how each input is read."""
        first = inputs[0]
        if any(x.ndim != first.ndim or x.tokens != first.tokens for x in inputs):
            raise LayerError("CNN001", f"{_shapes(inputs)} do not have the same axes", help=_flat_help(inputs))
        if self.align is Align.BROADCAST:
            return self._broadcast(kind, inputs)
        gates = [kind is Merge.MUL and x.ndim > 0 and x.positions == 1 for x in inputs]
        maps = [x for x, gate in zip(inputs, gates, strict=True) if not gate] or list(inputs)
        channels = max(x.channels for x in inputs)
        if kind is not Merge.CONCAT and any(
            x.channels != channels and not (kind is Merge.MUL and x.channels == 1) for x in inputs
        ):
            raise _mismatch(self.op, inputs, with_channels=True)
        per_axis = list(zip(*(x.sizes for x in maps), strict=True))
        if self.align is Align.ERROR and any(len(set(sizes)) > 1 for sizes in per_axis):
            raise _mismatch(self.op, inputs, with_channels=kind is not Merge.CONCAT)
        pick = max if self.align is Align.PAD else min
        target = tuple(pick(sizes) for sizes in per_axis)
        reads = tuple(_read(x, target, gate=gate, tokens=first.tokens) for x, gate in zip(inputs, gates, strict=True))
        return TensorShape(channels, target, first.tokens), reads if any(reads) else ()

    def _broadcast(self, kind: Merge, inputs: Sequence[TensorShape]) -> tuple[TensorShape, tuple[Reads, ...]]:
        """What has size 1 on an axis is the same everywhere on it."""
        if kind is Merge.CONCAT:
            raise LayerError(
                "CNN905", "concat repeats nothing", help="use `upsample size=NAME` before it", option="align"
            )
        channels, *target = (max(numbers) for numbers in zip(*inputs, strict=True))
        if any(number not in (1, most) for x in inputs for number, most in zip(x, (channels, *target), strict=True)):
            raise _mismatch(self.op, inputs, with_channels=True)
        reads = tuple(_repeated(x, tuple(target)) for x in inputs)
        return TensorShape(channels, tuple(target), inputs[0].tokens), reads if any(reads) else ()


def _repeated(x: TensorShape, target: tuple[int, ...]) -> Reads:
    if x.sizes == target:
        return None
    own = AxisWindow(kernel_size=1)
    return tuple(own if n == m else AxisWhole() for n, m in zip(x.sizes, target, strict=True))


def _read(x: TensorShape, target: tuple[int, ...], *, gate: bool, tokens: bool) -> Reads:
    if x.sizes == target:
        return None
    if gate:
        return (AxisWhole(),) * len(target)
    if tokens:
        raise LayerError("CNN001", "tokens have no grid along which to crop or pad", option="align")
    return tuple(AxisWindow(kernel_size=1, padding=_sides(m - n)) for n, m in zip(x.sizes, target, strict=True))


def _sides(missing: int) -> tuple[int, int]:
    """Positions to add before and after (or, where negative, to cut): centred, the odd one after."""
    less = abs(missing) // 2
    more = abs(missing) - less
    return (less, more) if missing >= 0 else (-less, -more)


def _saved(count: int, numel: int) -> tuple[Saved, ...]:
    saved = tuple(Saved(what="input", index=index) for index in range(count))
    between = count - 2
    return (*saved, Saved(what="extra", elements=between * numel)) if between else saved


def _shapes(inputs: Sequence[TensorShape]) -> str:
    names = [f"{x} (tokens)" if x.tokens else str(x) for x in inputs]
    return f"inputs {', '.join(names[:-1])} and {names[-1]}"


def _flat_help(inputs: Sequence[TensorShape]) -> str | None:
    vector = next((x for x in inputs if not x.sizes), None)
    grid = next((x for x in inputs if x.sizes and not x.tokens), None)
    if vector is None or grid is None:
        return None
    ones = "x".join(["1"] * grid.ndim)
    return f"a 1x1 `conv` after `gap` keeps {vector.channels}x{ones}, where `linear` and `fc` give a vector"


def _mismatch(op: str, inputs: Sequence[TensorShape], *, with_channels: bool) -> LayerError:
    first = inputs[0]
    names = axis_names(first.ndim)
    axes = list(zip(("channels", *names), zip(*(tuple(x) for x in inputs), strict=True), strict=True))
    parts = [
        f"{name} {' and '.join(map(str, dict.fromkeys(values)))} ({max(values) - min(values)} apart)"
        for name, values in axes[0 if with_channels else 1 :]
        if len(set(values)) > 1
    ]
    sizes_differ = any(len(set(values)) > 1 for _, values in axes[1:])
    channels_differ = with_channels and len(set(axes[0][1])) > 1
    remedies = []
    repeats = op != "concat" and all(len(set(values) - {1}) <= 1 for _, values in axes)
    if repeats:
        remedies.append("`align=broadcast` repeats what has size 1")
    elif channels_differ:
        remedies.append(f"give both {first.channels} channels with a `conv {first.channels} k1`")
    if sizes_differ and not repeats:
        remedies.append("pad the layers before so that sizes agree, or say `align=crop` or `align=pad`")
    if op == "mul":
        ones = "x".join(["1"] * first.ndim)
        remedies.append(f"a gate is Cx{ones} or has one channel")
    return LayerError("CNN001", f"{_shapes(inputs)} differ: {', '.join(parts)}", help="; ".join(remedies))
