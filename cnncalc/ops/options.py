"""The kinds of values that options take: one strict validator per kind, so that one mistake is one error.

What a validator refuses is a `PydanticCustomError` whose context has `code` (CNN905, or CNN902 beyond a limit)
and `help` (None where there is none). Scalars are strict: True is no integer, "64" is none, 3.0 is none.
Lists become tuples.
"""

from collections.abc import Callable
from enum import Enum
from fractions import Fraction
from typing import Annotated, Any, TypeVar, Union

from pydantic import Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from cnncalc.geometry.window import Boundary, PaddingWord

MAX_WINDOW = 2**24
"""Limit of every window number and scale."""
MAX_SIZE = 2**31
"""Limit of channels and sizes."""
MAX_AXES = 3

Member = TypeVar("Member", bound=Enum)


def invalid(message: str, *, code: str = "CNN905", help: str | None = None) -> PydanticCustomError:  # noqa: A002
    """The error of a value that an option cannot take."""
    kind = "limit_exceeded" if code == "CNN902" else "invalid_value"
    return PydanticCustomError(kind, "{message}", {"message": message, "code": code, "help": help})


def whole(value: Any, low: int, high: int, expected: str = "a whole number") -> int:
    """The value, if it is an integer in low..high."""
    if type(value) is not int:  # bool is an int to isinstance
        raise invalid(f"should be {expected}")
    if value < low:
        raise invalid(f"should be at least {low:,}")
    if value > high:
        raise invalid(f"should be at most {high:,}", code="CNN902")
    return value


def _per_axis(value: Any, one: Callable[[Any], Any], expected: str, least: int = 1) -> Any:
    if not isinstance(value, (list, tuple)):
        return one(value)
    if not least <= len(value) <= MAX_AXES:
        raise invalid(f"should be {expected}: 1 to {MAX_AXES} axes, not {len(value)}")
    return tuple(map(one, value))


def _axes(low: int, high: int) -> Callable[[Any], Any]:
    expected = "a whole number, or one per axis"

    def check(value: Any) -> Any:
        # No values at all are those of a vector: what a computed stride has there.
        return _per_axis(value, lambda one: whole(one, low, high, expected), expected, least=0)

    return check


def _integer(low: int, high: int) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        return whole(value, low, high)

    return check


def _pads(low: int, words: str) -> Callable[[Any], Any]:
    expected = f"a whole number, one per axis, or (before, after) pairs{words}"

    def one(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            return whole(value, low, MAX_WINDOW, expected)
        if len(value) != 2:  # noqa: PLR2004 - before and after
            raise invalid(f"should be {expected}; a pair has two numbers, not {len(value)}")
        return tuple(whole(side, low, MAX_WINDOW, expected) for side in value)

    def check(value: Any) -> Any:
        if words and isinstance(value, str):
            try:
                return PaddingWord(value)
            except ValueError:
                raise invalid(f"should be {expected}") from None
        return _per_axis(value, one, expected)

    return check


def _number(value: Any, expected: str) -> Any:
    if type(value) is not int and not isinstance(value, Fraction):
        raise invalid(f"should be {expected}")
    return value


def _scale(value: Any) -> Any:
    expected = "a number above 0, or one per axis"

    def one(value: Any) -> Any:
        _number(value, expected)
        if value <= 0:
            raise invalid(f"should be {expected}")
        if value > MAX_WINDOW:
            raise invalid(f"should be at most {MAX_WINDOW:,}", code="CNN902")
        return value

    return _per_axis(value, one, expected)


def _shares(value: Any) -> Any:
    expected = "numbers: the starts of all axes, then the ends"
    if not isinstance(value, (list, tuple)) or len(value) not in range(2, 2 * MAX_AXES + 1, 2):
        raise invalid(f"should be {expected}")
    return tuple(_number(one, expected) for one in value)


def _probability(value: Any) -> Any:
    expected = "a number from 0 to 1"
    if not 0 <= _number(value, expected) <= 1:
        raise invalid(f"should be {expected}")
    return value


def _flag(value: Any) -> Any:
    if type(value) is not bool:
        raise invalid("should be true or false")
    return value


def member(kind: type[Member], synonyms: dict[str, Member] | None = None) -> Callable[[Any], Member]:
    """A validator for the words of an enum."""

    def check(value: Any) -> Member:
        if synonyms and isinstance(value, str) and value in synonyms:
            return synonyms[value]
        try:
            return kind(value)
        except ValueError:
            raise invalid(f"should be one of {', '.join(str(word.value) for word in kind)}") from None

    return check


def _integer_schema(low: int, high: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high}


def _axes_schema(one: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_AXES}, *others]}


def _pads_schema(low: int, words: bool) -> dict[str, Any]:  # noqa: FBT001 - private
    one = _integer_schema(low, MAX_WINDOW)
    pair = {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
    axis = {"anyOf": [one, pair]}
    named: dict[str, Any] = {"type": "string", "enum": [word.value for word in PaddingWord]}
    per_axis = {"type": "array", "items": axis, "minItems": 1, "maxItems": MAX_AXES}
    return {"anyOf": [one, per_axis, *([named] if words else [])]}


def enum_schema(kind: type[Enum], *more: str) -> dict[str, Any]:
    """The JSON Schema of the words of an enum."""
    return {"type": "string", "enum": [*(word.value for word in kind), *more]}


Channels = Annotated[int, PlainValidator(_integer(1, MAX_SIZE)), WithJsonSchema(_integer_schema(1, MAX_SIZE))]
"""A positive number of channels, groups or heads."""
MaybeChannels = Annotated[
    int | None, PlainValidator(_integer(1, MAX_SIZE)), WithJsonSchema(_integer_schema(1, MAX_SIZE))
]
Amount = Annotated[int | None, PlainValidator(_integer(0, 2**63 - 1)), WithJsonSchema(_integer_schema(0, 2**63 - 1))]
"""A count that may be 0, None where it is not given."""
Factor = Annotated[int, PlainValidator(_integer(1, MAX_WINDOW)), WithJsonSchema(_integer_schema(1, MAX_WINDOW))]
"""A positive factor or window size, the same on every axis."""
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
MaybeFlag = Annotated[bool | None, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]
Numbers = Union[int, tuple[int, ...]]
Pads = Union[int, tuple[Union[int, tuple[int, int]], ...]]
Probability = Annotated[
    Union[int, Fraction], PlainValidator(_probability), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})
]

# A kind that may be left out shares check and schema with the one that may not; null itself is never a value.
_AXES = PlainValidator(_axes(1, MAX_WINDOW))
_AXES_SCHEMA = WithJsonSchema(_axes_schema(_integer_schema(1, MAX_WINDOW)))
_EXTRA = PlainValidator(_axes(0, MAX_WINDOW))
_EXTRA_SCHEMA = WithJsonSchema(_axes_schema(_integer_schema(0, MAX_WINDOW)))
_SIZES = PlainValidator(_axes(1, MAX_SIZE))
_SIZES_SCHEMA = WithJsonSchema(_axes_schema(_integer_schema(1, MAX_SIZE)))

Axes = Annotated[Numbers, _AXES, _AXES_SCHEMA]
"""A positive window number, or one per axis."""
Sizes = Annotated[Numbers, _SIZES, _SIZES_SCHEMA]
"""A size for every axis, or one per axis."""
MaybeAxes = Annotated[Numbers | None, _AXES, _AXES_SCHEMA]
MaybeSizes = Annotated[Numbers | None, _SIZES, _SIZES_SCHEMA]
MaybeExtra = Annotated[Numbers | None, _EXTRA, _EXTRA_SCHEMA]
"""A window number that may be 0, or one per axis."""
MaybeScale = Annotated[
    Union[int, Fraction, tuple[Union[int, Fraction], ...], None],
    PlainValidator(_scale),
    WithJsonSchema(_axes_schema({"type": "number", "exclusiveMinimum": 0, "maximum": MAX_WINDOW})),
]
"""A positive number, exact, or one per axis."""
MaybeShares = Annotated[
    Union[tuple[Union[int, Fraction], ...], None],
    PlainValidator(_shares),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2 * MAX_AXES}),
]
"""A stretch of every axis in shares of its size: the starts, then the ends."""
_PADDING = PlainValidator(_pads(0, ", or same, same_lower, half, valid, full, causal"))
_PADDING_SCHEMA = WithJsonSchema(_pads_schema(0, words=True))
Padding = Annotated[Union[Pads, PaddingWord], _PADDING, _PADDING_SCHEMA]
"""Padding as a number, one per axis, (before, after) pairs, or a word. A single pair holds for every axis."""
MaybePadding = Annotated[Union[Pads, PaddingWord, None], _PADDING, _PADDING_SCHEMA]
Border = Annotated[Pads, PlainValidator(_pads(-MAX_WINDOW, "")), WithJsonSchema(_pads_schema(-MAX_WINDOW, words=False))]
"""Padding in numbers; negative ones crop."""
MaybeCropping = Annotated[Pads | None, PlainValidator(_pads(0, "")), WithJsonSchema(_pads_schema(0, words=False))]
PaddingMode = Annotated[Boundary, PlainValidator(member(Boundary)), WithJsonSchema(enum_schema(Boundary))]

# Fields that several ops share are described once.
OutChannels = Annotated[Channels, Field(description="Channels of the output.", examples=[64])]
KernelSize = Annotated[Axes, Field(description="Taps of the window, for all axes or per axis.", examples=[3, [3, 5]])]
Stride = Annotated[Axes, Field(description="Step between windows, for all axes or per axis.", examples=[2, [2, 1]])]
PoolStride = Annotated[
    MaybeAxes, Field(description="Step between windows; the kernel size where it is not given.", examples=[2])
]
Dilation = Annotated[Axes, Field(description="Step between the taps of a window.", examples=[2, [1, 2]])]
Paddings = Annotated[
    Padding,
    Field(
        description="Padding on both sides, per axis, as [before, after] pairs per axis, or a word.",
        examples=[1, [1, 2], [[0, 1], [2, 2]], "half"],
    ),
]
OutputPadding = Annotated[
    MaybeExtra, Field(description="Rows added at the far end; below stride or dilation.", examples=[1])
]
To = Annotated[MaybeSizes, Field(description="Output sizes, or the layer that has them.", examples=[[56, 56]])]
Groups = Annotated[
    Channels, Field(description="Groups of channels that do not see each other; divides both channel counts.")
]
Multiplier = Annotated[Factor, Field(description="Output channels per input channel.", examples=[2])]
Boundaries = Annotated[PaddingMode, Field(description="What a tap in the padding reads.", examples=["reflect"])]
Bias = Annotated[
    Flag, Field(description="A bias per output channel; on layer lines off by itself where a norm follows.")
]
Frozen = Annotated[Flag, Field(description="Weights that training leaves as they are.")]
CeilMode = Annotated[Flag, Field(description="Round the output size up instead of down.")]
