"""The kinds of values that the file-level models hold: one validator a kind, so that one mistake is one error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from cnncalc.ops.checked import Checked
from cnncalc.ops.options import MAX_SIZE, invalid
from cnncalc.spec.quantities import AxisQuantity, Quantity, QuantityError, numbers

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
"""Of the file format."""
NAMES_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def checked(read: Callable[[Any], Any], json_schema: dict[str, Any]) -> Checked:
    """A value that tells what is wrong with a quantity."""

    def check(value: Any) -> Any:
        try:
            return read(value)
        except QuantityError as error:
            raise invalid(error.message, help=error.help) from None

    return Checked(check, json_schema)


def names(what: str, example: str) -> Checked:
    """A validator of a list of names; a single one stands for a list of one."""

    def check(value: Any) -> tuple[str, ...]:
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            raise invalid(f"should be a list of {what}", help=f"write `{example}`")
        return tuple(found)

    return Checked(check, NAMES_SCHEMA)


def version(value: Any) -> int:
    """The format version; raises PydanticCustomError."""
    if type(value) is not int or value != VERSION:
        raise invalid(f"should be {VERSION}, the only format version there is", help=f"write `cnncalc: {VERSION}`")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise invalid("should be true or false")
    return value


def text(value: Any) -> str:
    """A text; raises PydanticCustomError."""
    if not isinstance(value, str):
        raise invalid("should be a text", help="put it in quotes")
    return value


def _output_shape(value: Any) -> tuple[int, ...]:
    sizes = numbers(value, "a shape: channels, or channels x sizes", 1, MAX_SIZE)
    if len(sizes) > 4:  # noqa: PLR2004 - channels and three axes
        raise QuantityError(f"should be channels and at most three sizes, found {len(sizes)} numbers")
    return sizes


_AMOUNT_PATTERN = r"[-+]?[0-9./]+([eE][-+]?[0-9]+)?\s*(K|M|G|T%s)?"


def _quantity_schema(units: str = "") -> dict[str, Any]:
    one = _AMOUNT_PATTERN % units
    return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": rf"^((min|max)\s+)?{one}$|^{one}\.\.{one}$"}]}


_SIZES_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        {"type": "string", "pattern": "^[1-9][0-9]*(x[1-9][0-9]*){0,3}$"},
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
            "minItems": 1,
            "maxItems": 4,
        },
    ]
}
RANGE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": MAX_SIZE},
        {"type": "string", "pattern": r"^[0-9]+\.\.[0-9]+(/[0-9]+)?$"},
        {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": MAX_SIZE}, "minItems": 1},
    ]
}
_AXIS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        *_quantity_schema()["anyOf"],
        {"type": "string", "pattern": "^[0-9]+(x[0-9]+){1,2}$"},
        {"type": "array", "items": _quantity_schema(), "minItems": 1, "maxItems": 3},
    ]
}

_FORMS = "`N`, `min N`, `max N` or `A..B`"
_PER_AXIS = "for all axes, or a list with one per axis"
Count = Annotated[Quantity | None, checked(Quantity.parse, _quantity_schema())]
Bytes = Annotated[
    Quantity | None,
    checked(lambda value: Quantity.parse(value, in_bytes=True), _quantity_schema("|KiB|MiB|GiB")),
]
PerAxis = Annotated[AxisQuantity | None, checked(AxisQuantity.parse, _AXIS_SCHEMA)]
Shape = Annotated[tuple[int, ...], checked(_output_shape, _SIZES_SCHEMA)]
Axes = Annotated[
    tuple[int, ...],
    checked(lambda value: numbers(value, "a size, or one per axis", 1, MAX_SIZE), _SIZES_SCHEMA),
]
Flag = Annotated[bool, Checked(_flag, {"type": "boolean"})]
Codes = Annotated[tuple[str, ...], names("codes", "[CNN012]")]

Params = Annotated[Count, Field(description=f"Trainable parameters: {_FORMS}, with K M G T.", examples=["max 12M"])]
Buffers = Annotated[Count, Field(description=f"Running statistics: {_FORMS}.", examples=[9600])]
Macs = Annotated[Count, Field(description=f"Multiply-accumulates: {_FORMS}, with K M G T.", examples=["max 2G"])]
Flops = Annotated[Count, Field(description=f"FLOPs: {_FORMS}, with K M G T.", examples=["max 4G"])]
Activations = Annotated[
    Count, Field(description=f"Output elements of convolutions and linear layers: {_FORMS}.", examples=["max 3M"])
]
Rf = Annotated[PerAxis, Field(description=f"Receptive field in pixels, {_PER_AXIS}.", examples=[435, "min 200"])]
Jump = Annotated[PerAxis, Field(description=f"Input pixels between neighbouring units, {_PER_AXIS}.", examples=[32])]
Start = Annotated[PerAxis, Field(description=f"Centre of unit 0 in input pixels, {_PER_AXIS}.", examples=[0.5])]
OneShape = Annotated[Shape | None, Field(description="Shape: channels x sizes.", examples=["512x7x7", 1000])]
