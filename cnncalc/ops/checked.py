"""What a field of a model may hold, said by one function and a JSON Schema."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core.core_schema import CoreSchema, no_info_plain_validator_function


class Checked:
    """Annotation of a field whose values `read` makes of what is given; what it refuses is the field's only error.

    What pydantic's PlainValidator and WithJsonSchema do together. The former also looks at the function's signature and
    builds the schema of the annotated type twice, for serialisation; that was a third of the price of our models.
    """

    def __init__(self, read: Callable[[Any], Any], json_schema: Mapping[str, Any]) -> None:
        self.read = read
        self.json_schema = json_schema

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**self.json_schema}
