"""Shapes that a line declares: `64x?x?`, `?` for what is as in the input."""

from typing import Annotated, Any, Union

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops import options
from cnncalc.ops.options import MAX_AXES, MAX_SIZE, invalid, whole
from cnncalc.ops.refuse import shaped

ANY = "?"
"""As in the input."""
MAX_DIGITS = 20
"""More than any number within the limits has."""
Pattern = tuple[Union[int, None], ...]


def _pattern(value: Any) -> Pattern:
    """`64x?x?`, 512, or the parts of it; None stands for `?`."""
    expected = "channels x sizes, with `?` for what is as in the input"
    if isinstance(value, str):
        value = tuple(int(part) if _is_number(part) else part for part in value.split("x"))
    elif not isinstance(value, (list, tuple)):
        value = (value,)
    if not 1 <= len(value) <= 1 + MAX_AXES:
        raise invalid(f"should be {expected}")
    return tuple(None if part in (ANY, None) else whole(part, 1, MAX_SIZE, expected) for part in value)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


_PATTERN_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^([0-9]+|\?)(x([0-9]+|\?)){0,3}$"},
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        {
            "type": "array",
            "items": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MAX_SIZE}, {"const": ANY}]},
            "minItems": 1,
            "maxItems": 1 + MAX_AXES,
        },
    ]
}
Out = Annotated[
    Pattern,
    PlainValidator(_pattern),
    WithJsonSchema(_PATTERN_SCHEMA),
    Field(description="Output shape; `?` is the input's number.", examples=["64x?x?", 512]),
]
Tokens = Annotated[
    options.MaybeFlag,
    Field(description="Positions without a grid, on which `linear` acts; as in the input where it is not said."),
]


def declared(out: Pattern, x: TensorShape, *, tokens: bool | None = None) -> TensorShape:
    """The shape that a pattern means for this input; tokens where that is said, or where the input has tokens.

    >>> declared((64, None, None), TensorShape(3, (32, 32)))
    64x32x32

    Refuses `?` at a place that the input does not have, and tokens without just one axis (CNN905).
    """
    numbers = tuple(x)
    parts = []
    for place, part in enumerate(out):
        if part is None and place >= len(numbers):
            message = f"`?` at place {place + 1} of out, but the input {x} has {len(numbers)} numbers"
            raise LayerError("CNN905", message, option="out")
        parts.append(numbers[place] if part is None else part)
    sizes = tuple(parts[1:])
    if tokens and len(sizes) != 1:
        message = f"tokens are CxN, {shaped(parts[0], sizes)} is not"
        raise LayerError("CNN905", message, help="give channels and the number of tokens", option="tokens")
    return shaped(parts[0], sizes, tokens=len(sizes) == 1 and (x.tokens if tokens is None else tokens))
