"""What a reduction or softmax goes over: channels, all positions, or one axis."""

from enum import Enum
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from cnncalc.errors import LayerError
from cnncalc.geometry.shape import TensorShape
from cnncalc.ops.options import enum_schema, member

AXIS_LETTERS = {1: "l", 2: "hw", 3: "dhw"}
"""What the axes of a map are called, by their number."""


class What(str, Enum):
    """The numbers that become one, or are weighed against each other."""

    CHANNELS = "channels"
    POSITIONS = "positions"
    DEPTH = "d"
    HEIGHT = "h"
    WIDTH = "w"
    LENGTH = "l"


Over = Annotated[
    What,
    PlainValidator(member(What)),
    WithJsonSchema(enum_schema(What)),
    Field(description="Channels, positions, or one axis by its letter.", examples=["channels"]),
]


def axes_over(over: What, x: TensorShape) -> tuple[int, ...]:
    """The axes of a map that are meant, () for the channels; refuses (CNN905) what the map does not have.

    >>> axes_over(What.WIDTH, TensorShape(64, (56, 28)))
    (1,)
    """
    if over is What.CHANNELS:
        return ()
    letters = AXIS_LETTERS.get(x.ndim, "")
    if not letters:
        message = f"needs positions, {x} is a vector"
        raise LayerError("CNN905", message, help="a vector has `channels` alone", option="over")
    if over is What.POSITIONS:
        return tuple(range(x.ndim))
    if over.value not in letters:
        have = " or ".join(f"`{letter}`" for letter in letters)
        raise LayerError("CNN905", f"{x} has no axis `{over.value}`", help=f"use {have}, or `positions`", option="over")
    return (letters.index(over.value),)
