"""One annotation instead of two: the value, the only error, and the schema of a field."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from cnncalc.ops.checked import Checked
from cnncalc.ops.options import invalid


def even(value: Any) -> int:
    if not isinstance(value, int) or value % 2:
        raise invalid("should be even", help="double it")
    return value // 2


class Model(BaseModel):
    half: Annotated[int, Checked(even, {"type": "integer", "multipleOf": 2}), Field(description="Its half.")] = 1
    halves: dict[str, Annotated[int, Checked(even, {"type": "integer"})]] = {}


def test_the_value_is_what_the_function_makes_of_it() -> None:
    assert Model.model_validate({"half": 8, "halves": {"a": 4}}) == Model.model_construct(half=4, halves={"a": 2})


@pytest.mark.parametrize("wrong", [3, "4", None])
def test_what_the_function_refuses_is_the_only_error(wrong: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Model.model_validate({"half": wrong})
    (error,) = caught.value.errors()
    assert (error["loc"], error["msg"], error["ctx"]["help"]) == (("half",), "should be even", "double it")


def test_the_schema_is_the_one_that_is_said() -> None:
    properties = Model.model_json_schema()["properties"]
    assert properties["half"] == {
        "type": "integer",
        "multipleOf": 2,
        "description": "Its half.",
        "default": 1,
        "title": "Half",
    }
    assert properties["halves"]["additionalProperties"] == {"type": "integer"}
